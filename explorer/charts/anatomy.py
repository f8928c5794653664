"""Task vectors as figures: heat maps by layer and place, energy by part, heads, and how the vectors are aligned.

``customdata`` of a cell is its index among ``reading.cells`` or ``reading.head_cells``. Scales run from
pale to violet, or from brown through white to teal, which colour-blind people can tell apart; numbers stand in the
cells while there is room.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from explorer.charts.marks import colour, style
from explorer.measures import MEASURES, Measure, Row, head_rows, lane_label, place_label, vector_label

# All of them light enough for the dark numbers in the cells, on a light page and on a dark one.
_INK = "#111827"
SEQUENTIAL = [(0, "#faf7ff"), (1, "#a78bfa")]
DIVERGING = [(0, "#e0a458"), (0.5, "#f7f7f7"), (1, "#4fb3a5")]
# Half of the entries conflicting is neutral, more is the brown end, as a negative cosine is.
_TURNED = [(0, "#4fb3a5"), (0.5, "#f7f7f7"), (1, "#e0a458")]
_MOST_NUMBERS = 12  # columns that leave room for numbers on a wide screen
_ROW = 25  # pixels
_NO_LEGEND = 40  # pixels below a figure that needs no room for one
_BAR = {"orientation": "h", "y": 1, "yanchor": "bottom", "thickness": 9, "len": 1, "tickfont": {"size": 11}}
_PATTERNS = ("", "/", "x", ".", "|", "-")
_PARTS = ("encoder.self", "decoder.self", "decoder.cross", "output", "feed-forward", "norms", "embeddings", "stem")
_PART_LABELS = {
    "decoder.cross": "cross q, k, v",
    "encoder.self": "encoder self q, k, v",
    "decoder.self": "decoder self q, k, v",
}


def measure_chart(matrices: Sequence[Row], name: str) -> go.Figure:
    """Draw one measure of every matrix: a row for each place, a column for each layer.

    Args:
        matrices: of an anatomy.
        name: of ``MEASURES``.
    """
    measure = MEASURES[name]
    values = {(place_label(row), row["layer"]): (row[name], index) for index, row in enumerate(matrices)}
    places = sorted({place_label(row): _order(row) for row in matrices}.items(), key=lambda item: item[1])
    return _heat(
        [place for place, _ in places],
        sorted({row["layer"] for row in matrices}),
        values,
        measure,
        "layer %{x}, %{y}",
        "layer",
    )


def heads_chart(matrices: list[Row], member: str) -> go.Figure | None:
    """Draw how far a fine-tune moved every head; None without heads.

    Args:
        matrices: of an anatomy.
        member: m1 or m2.
    """
    key = "heads_2" if member == "m2" else "heads_1"
    values: dict[tuple[str, int], tuple[float, int]] = {}
    places = []
    for row in head_rows(matrices):
        places.append(f"{lane_label(row)} {row['layer']}")
        for head, norm in enumerate(row[key]):
            values[places[-1], head] = (norm, len(values))
    if not values:
        return None
    columns = sorted({head for _, head in values})
    measure = Measure(f"‖{vector_label(member)}‖", "", 3)
    return _heat(places, columns, values, measure, "%{y}, head %{x}", "head")


def energy_chart(energy: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Draw the share of every task vector's energy in each part of the model that anything changed."""
    parts = [part for part in _PARTS if any(shares.get(part) for shares in energy.values())]
    figure = go.Figure()
    for index, (name, shares) in enumerate(energy.items()):
        figure.add_bar(
            y=[_PART_LABELS.get(part, part) for part in parts],
            x=[100 * shares[part] for part in parts],
            name=vector_label(name),
            orientation="h",
            text=[f"{100 * shares[part]:.1f}" for part in parts],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour(name, index), "pattern": {"shape": _PATTERNS[index % len(_PATTERNS)]}},
            hovertemplate=f"{vector_label(name)}: %{{x:.1f}} % in %{{y}}<extra></extra>",
        )
    style(figure, "share of ‖τ‖², %", "", 130 + 20 * len(parts) * len(energy))
    # At the right there is room for the number of the longest bar, however narrow the screen.
    figure.update_layout(barmode="group", yaxis={"autorange": "reversed", "automargin": True}, margin={"r": 36})
    return figure


def cosines_chart(names: Sequence[str], cosines: Sequence[Sequence[float]]) -> go.Figure:
    """Draw the cosine of every task vector of the triple with every other."""
    labels = [vector_label(name) for name in names]
    text = [[MEASURES["cosine"].bare(value) for value in line] for line in cosines]
    figure = go.Figure()
    figure.add_heatmap(
        x=[label.removeprefix("τ · ") for label in labels],  # a narrow screen turns them: one line, and short
        y=labels,
        z=cosines,
        text=text,
        texttemplate="%{text}",
        textfont={"color": _INK},
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        showscale=False,
        hovertemplate="%{y} with %{x}: %{text}<extra></extra>",
    )
    style(figure, "", "", 70 + 44 * len(names))
    figure.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False}, xaxis={"showgrid": False}, margin={"b": _NO_LEGEND}
    )
    return figure


def _heat(
    places: list[str],
    columns: list[int],
    values: Mapping[tuple[str, int], tuple[float, int]],
    measure: Measure,
    where: str,
    across: str,
) -> go.Figure:
    def grid(entry: Callable[[float, int], Any]) -> list[list[Any]]:
        # Stacks may differ in depth, and in heads: what is not there is a hole.
        return [
            [entry(*values[place, column]) if (place, column) in values else None for column in columns]
            for place in places
        ]

    seen = [measure.scaled(value) for value, _ in values.values()]
    figure = go.Figure()
    figure.add_heatmap(
        x=[str(column) for column in columns],
        y=places,
        z=grid(lambda value, _: measure.scaled(value)),
        text=grid(lambda value, _: measure.bare(value)),
        customdata=grid(lambda _, index: index),
        texttemplate="%{text}" if len(columns) <= _MOST_NUMBERS else None,
        textfont={"color": _INK},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        colorbar={**_BAR, "ticksuffix": " %" if measure.percent else ""},
        hovertemplate=f"{where}: %{{text}}{' %' if measure.percent else ''}<extra></extra>",
        **_scale(seen, measure),
    )
    style(figure, across, "", 80 + _ROW * len(places))
    figure.update_layout(
        margin={"b": _NO_LEGEND},
        xaxis={"type": "category", "showgrid": False},
        yaxis={"autorange": "reversed", "showgrid": False, "dtick": 1, "tickfont": {"size": 12}},
    )
    return figure


def _scale(seen: Sequence[float], measure: Measure) -> dict[str, Any]:
    if measure.neutral is None:
        return {"zmin": 0, "zmax": max(seen) or 1, "colorscale": SEQUENTIAL}
    middle = measure.scaled(measure.neutral)
    # The same distance to both sides, so that the pale middle is always "nothing to do with each other".
    reach = max(abs(value - middle) for value in seen) or 1
    scale = _TURNED if measure.percent else DIVERGING
    return {"zmin": middle - reach, "zmax": middle + reach, "colorscale": scale}


def _order(row: Row) -> tuple[bool, int, int]:
    kinds, projections = ("self", "cross", "feed-forward"), ("q", "k", "v", "out", "fc1", "fc2")
    return (row["stack"] == "decoder", kinds.index(row["kind"]), projections.index(row["projection"]))
