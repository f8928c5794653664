"""For whom is each model right: WER by age, grade, duration and whatever else the corpus states."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.charts.marks import GREY, colour, spread, style
from explorer.details import Group

_PATTERNS = {"m0": ".", "m1": "", "m2": "/", "merge": "x"}


def group_chart(groups: Sequence[Group], titles: Mapping[str, str], by: str) -> go.Figure | None:
    """Draw the WER of every model in every group, with 95 % intervals; None when there are no reference words."""
    groups = [group for group in groups if all(counts.words for counts in group.counts.values())]
    if not groups:
        return None
    figure = go.Figure()
    labels = [f"{group.label}<br>n = {len(group.utterances)}" for group in groups]
    for index, model in enumerate(groups[0].counts):
        rates = [(group.counts[model].wer or 0.0, group.intervals[model]) for group in groups]
        figure.add_bar(
            x=labels,
            y=[100 * rate for rate, _ in rates],
            name=titles[model],
            error_y=spread(rates, GREY),
            customdata=[[list(group.utterances)] for group in groups],
            marker={"color": colour(model, index), "pattern": {"shape": _PATTERNS.get(model, "|")}},
            hovertemplate=f"{titles[model]}: %{{y:.1f}} %<extra></extra>",
        )
    style(figure, by, "WER, %", 430)
    figure.update_layout(barmode="group", xaxis={"type": "category"}, yaxis={"rangemode": "tozero"})
    return figure
