"""How all charts look: colours that are never alone, error bars, axes that both page themes can carry."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from explorer.statistics import Interval

GREY, SKY = "#78828f", "#0ea5e9"
COLOURS = {"m0": "#78828f", "m1": "#d97706", "m2": "#3b82f6", "merge": "#a21caf"}
_GRID = "#78828f55"
_MORE_COLOURS = ("#0f766e", "#be123c", "#4d7c0f", "#7c2d12", "#4338ca")


def colour(model: str, index: int) -> str:
    """Return a model's colour; pins take turns by their place in the chart."""
    return COLOURS.get(model) or _MORE_COLOURS[index % len(_MORE_COLOURS)]


def spread(rates: Sequence[tuple[float, Interval | None]], colour: str, thickness: float = 2.5) -> dict[str, Any]:
    """Return Plotly's error bars for rates and intervals (fractions), in percent."""
    above = [100 * (interval.high - rate) if interval else 0.0 for rate, interval in rates]
    below = [100 * (rate - interval.low) if interval else 0.0 for rate, interval in rates]
    return {"type": "data", "array": above, "arrayminus": below, "thickness": thickness, "width": 6, "color": colour}


def style(figure: go.Figure, across: str, up: str, height: int) -> None:
    """Give a figure its axes' titles, its height in pixels, and colours that are legible on light and on dark."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 90},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        xaxis={"title": across, "gridcolor": _GRID, "zerolinecolor": _GRID, "automargin": True},
        yaxis={"title": up, "gridcolor": _GRID, "zerolinecolor": _GRID, "automargin": True},
        font={"color": GREY, "size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
