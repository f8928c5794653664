"""Two parameters of a recipe, each over some values → the cells of a map, in the order in which they are filled."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explorer.attention import Lane, whole_heads
from explorer.errors import RecipeError
from explorer.recipe import Recipe, recipe_from

MAX_CELLS = 2_500
_DIGITS = 7  # two ratios that differ in the eighth place merge the same float32 weights


@dataclass(frozen=True)
class Axis:
    """One parameter, and the values it takes.

    Attributes:
        name: its key in a recipe: lambda, alpha or a parameter of the method.
        values: growing.
    """

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Cell:
    """One merge of a map.

    Attributes:
        number: its place in the order of filling.
        x: index on the first axis.
        y: index on the second axis.
        recipe: of the merge.
    """

    number: int
    x: int
    y: int
    recipe: Recipe


def read_axis(name: str, text: str) -> Axis:
    """Read ``first:last:step``, or values with commas.

    Raises:
        RecipeError: something else was written, or there are too many values.
    """
    try:
        if ":" in text:
            first, last, step = (float(part) for part in text.split(":"))
            if not (math.isfinite(first + last) and 0 < step < math.inf and first <= last):
                raise ValueError
            count = int((last - first) / step + 1e-6) + 1
            values = [round(first + index * step, 10) for index in range(min(count, MAX_CELLS + 1))]
        else:
            values = sorted({float(part) for part in text.split(",")})
    except ValueError:
        raise RecipeError(
            f"{name}: expected first:last:step such as 0.1:0.3:0.05, or values with commas, but got {text!r}."
        ) from None
    return Axis(name, tuple(values))


def cells_of(base: Recipe, x: Axis, y: Axis) -> tuple[Cell, ...]:
    """Make the cells, coarse to fine: the corners and the middle first, then what lies between.

    Raises:
        RecipeError: the recipe has no such parameter, a value is out of range, or there are too many cells.
    """
    if x.name == y.name:
        raise RecipeError(f"x and y: expected two parameters, but got {x.name} twice.")
    if len(x.values) * len(y.values) > MAX_CELLS:
        raise RecipeError(f"x and y: expected at most {MAX_CELLS:,} cells; choose wider steps.")
    known = [*(("lambda", "alpha") if base.row.curve else ()), *(name for name, _ in base.values)]
    for axis in (x, y):
        if axis.name not in known:
            listed = ", ".join(known)
            raise RecipeError(f"{axis.name}: a sweep of method {base.method} takes two of {listed}.")
    places = [(a, b) for a in range(len(x.values)) for b in range(len(y.values))]
    places.sort(key=lambda place: (max(_level(place[0], len(x.values)), _level(place[1], len(y.values))), place))
    return tuple(
        Cell(number, a, b, recipe_from(base.as_dict() | {x.name: x.values[a], y.name: y.values[b]}, "sweep"))
        for number, (a, b) in enumerate(places)
    )


def _level(index: int, count: int) -> int:
    """Say how fine a grid has to be to hold an index: 0 for both ends, 1 for the middle, 2 for the quarters."""
    if index in (0, count - 1):
        return 0
    stride, level = 1 << max(0, (count - 1).bit_length() - 1), 1
    while index % stride:
        stride, level = stride // 2, level + 1
    return level


def merge_key(recipe: Recipe, depths: Mapping[Lane, int], heads: int) -> str:
    """Return a text that is the same for recipes that ask for the same merge; ``m1`` for one that changes nothing.

    Under ``depth`` only λ^α counts: 0.04 to the power 0.5 is 0.2 to the power 1. Of a share of the heads whole heads
    count, and a sum of length 0 is M0 whatever else is said of it.

    Args:
        recipe: of the merge.
        depths: layers of each lane.
        heads: of an attention.
    """
    entries: dict[str, Any] = recipe.as_dict()
    values = dict(recipe.values)
    if values.get("scale") == 0:
        for name in values:
            entries.pop(name)
        return json.dumps(entries | {"scale": 0}, sort_keys=True)
    if not recipe.row.curve:
        return json.dumps(entries, sort_keys=True)
    if "heads" in values:
        entries["heads"] = whole_heads(float(values["heads"]), heads)
    ratios = {lane: [round(ratio, _DIGITS) for ratio in values] for lane, values in recipe.lane_ratios(depths).items()}
    flat = all(ratio == 1.0 for values in ratios.values() for ratio in values) or not recipe.projections
    flat = flat or entries.get("heads") == 0
    if flat and not recipe.add:
        return "m1"
    for name in ("schedule", "lambda", "alpha", "ratios", "scope"):
        entries.pop(name, None)
    return json.dumps(entries | {"curve": ratios}, sort_keys=True)
