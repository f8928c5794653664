"""What kinds of errors each model makes, and how sure its WER is."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.charts.marks import SKY, spread, style
from explorer.evaluation import ModelResult

# Each kind of error has a colour and a pattern of its own.
_KINDS = (
    ("substitutions", "≠ substituted", "#b91c1c", ""),
    ("deletions", "− deleted", "#b45309", "/"),
    ("insertions", "+ inserted", "#6d28d9", "."),
)


def error_chart(results: Sequence[ModelResult], titles: Mapping[str, str]) -> go.Figure | None:
    """Draw stacked bars of errors per 100 reference words with the WER's 95 % interval.

    Args:
        results: of an evaluation.
        titles: of the models.

    Returns:
        The figure, or None when there are no reference words.
    """
    results = [result for result in results if result.counts.words]
    rows = [(titles[result.model], result.counts, result.interval) for result in results]
    rated = [(title, counts, counts.wer, interval) for title, counts, interval in rows if counts.wer is not None]
    if not rated:
        return None
    names = [title for title, _, _, _ in rated]
    figure = go.Figure()
    for kind, label, colour, pattern in _KINDS:
        shares = [100 * getattr(counts, kind) / counts.words for _, counts, _, _ in rated]
        marker = {"color": colour, "pattern": {"shape": pattern}}
        # Each bar leads to the utterances in which its model makes that kind of error.
        behind = [
            [[index for index, heard in enumerate(result.heard) if getattr(heard.counts, kind)]] for result in results
        ]
        figure.add_bar(
            customdata=behind, y=names, x=shares, name=label, orientation="h", marker=marker, hovertemplate="%{x:.1f}"
        )
    figure.add_scatter(
        y=names,
        x=[100 * wer for _, _, wer, _ in rated],
        error_x=spread([(wer, interval) for _, _, wer, interval in rated], SKY),
        mode="markers",
        name="WER, 95 % interval",
        marker={"color": SKY, "size": 11},
    )
    style(figure, "errors per 100 words", "", 160 + 52 * len(rated))
    figure.update_layout(
        barmode="stack", xaxis={"rangemode": "tozero"}, yaxis={"autorange": "reversed", "automargin": True}
    )
    return figure
