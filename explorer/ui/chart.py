"""The evaluation as a Plotly figure: what kinds of errors each model makes, and how sure the rate is."""

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.ui.render import Json

# Each kind of error has a colour and a pattern of its own.
_KINDS = (
    ("substitutions", "≠ substituted", "#b91c1c", ""),
    ("deletions", "− deleted", "#b45309", "/"),
    ("insertions", "+ inserted", "#6d28d9", "."),
)


def error_chart(rows: Sequence[Json]) -> go.Figure | None:
    """Draw stacked bars of errors per 100 reference words with the WER's 95 % interval.

    Args:
        rows: of ``render.evaluation_json``.

    Returns:
        The figure, or None when there are no reference words.
    """
    rows = [row for row in rows if row["words"]]
    if not rows:
        return None
    titles = [row["title"] for row in rows]
    figure = go.Figure()
    for kind, label, colour, pattern in _KINDS:
        shares = [100 * row[kind] / row["words"] for row in rows]
        marker = {"color": colour, "pattern": {"shape": pattern}}
        figure.add_bar(y=titles, x=shares, name=label, orientation="h", marker=marker, hovertemplate="%{x:.1f}")
    rates = [100 * row["wer"] for row in rows]
    above = [100 * row["interval"][1] - rate for row, rate in zip(rows, rates, strict=True)]
    below = [rate - 100 * row["interval"][0] for row, rate in zip(rows, rates, strict=True)]
    spread = {"type": "data", "array": above, "arrayminus": below, "thickness": 3, "width": 8, "color": "#0ea5e9"}
    figure.add_scatter(
        y=titles,
        x=rates,
        error_x=spread,
        mode="markers",
        name="WER, 95 % interval",
        marker={"color": "#0ea5e9", "size": 11},
    )
    figure.update_layout(
        barmode="stack",
        height=110 + 52 * len(rows),
        margin={"l": 10, "r": 10, "t": 10, "b": 40},
        legend={"orientation": "h", "y": 1.15},
        xaxis={"title": "errors per 100 words", "rangemode": "tozero", "gridcolor": "#78828f55"},
        yaxis={"autorange": "reversed", "automargin": True},
        font={"color": "#78828f", "size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
