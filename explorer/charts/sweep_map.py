"""A sweep's map: a cell's colour is its WER; glyphs say what a number alone does not.

``customdata`` of a cell is its number.
"""

from typing import Any

import plotly.graph_objects as go

from explorer.attention import LANES
from explorer.charts.anatomy import SEQUENTIAL
from explorer.charts.marks import style
from explorer.recipe import recipe_from

_INK = "#111827"
_BARS = "▁▂▃▄▅▆▇█"
_GLYPHS = {"stopped": "×", "same": "=", "error": "!"}
_SAYS = {
    "waiting": "not complete yet",
    "stopped": "stopped early: it cannot win",
    "error": "an error, no result",
    "done": "complete",
}
LEGEND = (
    "~ cannot be told from M1 · × stopped early, it cannot win · = the same merge as another cell · ★ best so far · "
    "◆ no other cell beats it on both corpora. A click opens the cell's merge on Explore."
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
            x=[f"{value:g}" for value in x["values"]],
            y=[f"{value:g}" for value in y["values"]],
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
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category")
    return figure


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
