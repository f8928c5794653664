"""A sweep's map: a cell's colour is its WER; strokes and glyphs say what a number alone does not.

``customdata`` of a cell is its number.
"""

from typing import Any

import plotly.graph_objects as go

from explorer.attention import LANES
from explorer.charts.anatomy import SEQUENTIAL
from explorer.charts.marks import style
from explorer.recipe import recipe_from

_INK = "#111827"
_STROKE = "rgba(17, 24, 39, 0.22)"  # faint: the number is read through it
_STROKES = 7  # across a hatched cell
_HALF = 0.47  # of a cell, where strokes end
_BARS = "▁▂▃▄▅▆▇█"
_GLYPHS = {"stopped": "×", "same": "=", "error": "!"}
_SAYS = {
    "waiting": "not complete yet",
    "stopped": "stopped early: it cannot win",
    "error": "an error, no result",
    "done": "complete",
}
LEGEND = (
    "hatched, ~ cannot be told from M1 · × stopped early, it cannot win · = the same merge as another cell · "
    "★ best so far · ◆ no other cell beats it on both corpora. A click opens the cell's merge on Explore."
)


def sweep_chart(document: dict[str, Any]) -> go.Figure:
    """Draw a map.

    Args:
        document: of ``sweep.map.Mapper``.
    """
    x, y = document["x"], document["y"]
    width, height = len(x["values"]), len(y["values"])
    rates: list[list[float | None]] = [[None] * width for _ in range(height)]
    texts = [[""] * width for _ in range(height)]
    told = [[""] * width for _ in range(height)]
    numbers = [[0] * width for _ in range(height)]
    for cell in document["cells"]:
        column, row = cell["x"], cell["y"]
        numbers[row][column] = cell["number"]
        rates[row][column] = None if cell["wer"] is None else 100 * cell["wer"]
        texts[row][column] = _text(cell, best=cell["number"] == document["best"])
        told[row][column] = _told(document, cell)
    figure = go.Figure(
        go.Heatmap(
            z=rates,
            x=list(range(width)),
            y=list(range(height)),
            customdata=numbers,
            text=texts,
            texttemplate="%{text}",
            textfont={"color": _INK},
            hovertext=told,
            hovertemplate="%{hovertext}<extra></extra>",
            hoverongaps=True,
            colorscale=SEQUENTIAL,
            colorbar={"title": {"text": "WER %"}, "thickness": 10},
            xgap=2,
            ygap=2,
        )
    )
    style(figure, x["name"], y["name"], 160 + 44 * height)
    hatched = [(cell["x"], cell["y"]) for cell in document["cells"] if cell.get("undecided")]
    figure.add_scatter(
        x=[
            place
            for column, _ in hatched
            for each in _strokes()
            for place in (*(column + end for end in each[0]), None)
        ],
        y=[place for _, row in hatched for each in _strokes() for place in (*(row + end for end in each[1]), None)],
        mode="lines",
        line={"color": _STROKE, "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    # Numbered, not named: strokes end between the values.
    for update, axis, count in ((figure.update_xaxes, x, width), (figure.update_yaxes, y, height)):
        update(
            tickvals=list(range(count)),
            ticktext=[f"{value:g}" for value in axis["values"]],
            range=[-0.5, count - 0.5],
            zeroline=False,
            showgrid=False,
        )
    return figure


def _strokes() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return strokes across a cell around the origin, as two ends across and two ends up."""
    found = []
    for number in range(1, _STROKES + 1):
        apart = 2 * _HALF * (2 * number / (_STROKES + 1) - 1)  # how much higher than the diagonal
        left, right = max(-_HALF, -_HALF - apart), min(_HALF, _HALF - apart)
        found.append(((left, right), (left + apart, right + apart)))
    return found


def sparkline(document: dict[str, Any], cell: dict[str, Any]) -> list[str]:
    """Draw a cell's curve in characters, a line for each lane in scope, lowest layer first; none without a curve."""
    recipe = recipe_from(cell["recipe"], "sweep")
    if not recipe.row.curve or recipe.schedule == "custom":
        return []
    curves = recipe.lane_ratios({lane: int(document["depths"][lane]) for lane in LANES if lane in recipe.scope})
    return [
        f"{lane} " + "".join(_BARS[round(ratio * (len(_BARS) - 1))] for ratio in values)
        for lane, values in curves.items()
    ]


def _text(cell: dict[str, Any], *, best: bool) -> str:
    glyphs = ("★" if best else "") + _GLYPHS.get(cell["state"], "")
    glyphs += ("~" if cell.get("undecided") else "") + ("◆" if cell["front"] else "")
    return glyphs if cell["wer"] is None else f"{100 * cell['wer']:.1f} {glyphs}".strip()


def _told(document: dict[str, Any], cell: dict[str, Any]) -> str:
    x, y = document["x"], document["y"]
    lines = [f"{x['name']} {x['values'][cell['x']]:g}, {y['name']} {y['values'][cell['y']]:g}"]
    if cell["wer"] is not None:
        interval = "" if cell["low"] is None else f" [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"
        lines.append(f"WER {100 * cell['wer']:.1f} %{interval}, {cell['clips']} clips")
    if cell.get("difference") is not None:
        points = (100 * cell[name] for name in ("difference", "difference_low", "difference_high"))
        against = "{:+.1f} [{:+.1f}, {:+.1f}] points against M1".format(*points).replace("-", "−")
        lines.append(against + (": not distinguishable" if cell["undecided"] else ""))
    if cell["adult_wer"] is not None:
        lines.append(f"WER of the second corpus {100 * cell['adult_wer']:.1f} %")
    if cell["state"] == "same":
        lines.append("the same merge as " + ("M1" if cell["same_as"] == -1 else f"cell {cell['same_as']}"))
    else:
        lines.append(cell["says"] or _SAYS[cell["state"]])
    return "<br>".join([*lines, *sparkline(document, cell)])
