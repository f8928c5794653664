"""What a merge costs on one corpus and gives on another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explorer.charts.marks import COLOURS, colour, spread, style
from explorer.statistics import Interval

_SYMBOLS = {"m0": "x", "m1": "square", "m2": "diamond", "merge": "star"}
_PIN_SYMBOLS = ("triangle-up", "hexagon", "cross", "pentagon", "triangle-down")


@dataclass(frozen=True)
class TradeOffPoint:
    """One model on two corpora.

    Attributes:
        model: its name; several merges of one session have the name ``merge``.
        title: as the page shows it.
        rates: WER on the two corpora, fractions.
        intervals: 95 % each.
        number: of the merge in the session, to find its recipe again; None for what is no merge.
        current: whether it is of the newest run.
    """

    model: str
    title: str
    rates: tuple[float, float]
    intervals: tuple[Interval | None, Interval | None]
    number: int | None = None
    current: bool = True


def trade_off_chart(points: Sequence[TradeOffPoint], corpora: tuple[str, str]) -> go.Figure | None:
    """Draw what a merge costs on one corpus and gives on another; a session's merges are joined in their order."""
    if not points:
        return None
    figure = go.Figure()
    trail = [point for point in points if point.model == "merge"]
    if len(trail) > 1:
        figure.add_scatter(
            x=[100 * point.rates[0] for point in trail],
            y=[100 * point.rates[1] for point in trail],
            mode="lines",
            line={"color": COLOURS["merge"], "dash": "dot", "width": 1.5},
            name="the way the merge has gone",
            hoverinfo="skip",
        )
    for index, point in enumerate(points):
        hue = colour(point.model, index)
        marker: dict[str, Any] = {
            "color": hue,
            "symbol": _SYMBOLS.get(point.model) or _PIN_SYMBOLS[index % len(_PIN_SYMBOLS)],
            "size": 15,
        }
        if not point.current:
            marker |= {"symbol": "star-open", "size": 9}
        figure.add_scatter(
            x=[100 * point.rates[0]],
            y=[100 * point.rates[1]],
            error_x=spread([(point.rates[0], point.intervals[0])], hue, 1.2) if point.current else None,
            error_y=spread([(point.rates[1], point.intervals[1])], hue, 1.2) if point.current else None,
            mode="markers",
            name=point.title,
            showlegend=point.current,
            customdata=[[{"merge": point.number}]],
            marker=marker,
            hovertemplate=f"{point.title}<br>%{{x:.1f}} % · %{{y:.1f}} %<extra></extra>",
        )
    style(figure, f"WER on {corpora[0]}, %", f"WER on {corpora[1]}, %", 500)
    figure.update_layout(hovermode="closest")
    return figure
