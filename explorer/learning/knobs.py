"""The numbers that learn: recipe → which ratios there are, and their values; values → recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.attention import AttentionParameter, lane_depths
from explorer.errors import RecipeError
from explorer.finer import FEED_FORWARD, FINER_PARTS, Ratio, feed_forward_layer, part_of_projection
from explorer.learning.settings import Settings
from explorer.methods import DEFAULT_METHOD
from explorer.recipe import Recipe

Vector = NDArray[np.float64]
DIGITS = 4
"""Decimals of a ratio in a recipe: a ten-thousandth of the way from M2 to M1."""


@dataclass(frozen=True)
class Row:
    """One list of ratios of the recipe.

    Attributes:
        part: a lane, or a part as ``finer`` calls it.
        depth: layers.
        heads: ratios a layer.
        start: index of its first ratio; layer after layer, head after head.
    """

    part: str
    depth: int
    heads: int
    start: int


class Knobs:
    """Which ratios of a recipe learn.

    Attributes:
        recipe: the start; everything but its ratios stays.
        rows: of the vector, one after the other.
        tensors: parameter name → indices of its ratios: one, or one for each head.
    """

    def __init__(
        self,
        recipe: Recipe,
        parameters: Sequence[AttentionParameter],
        names: Sequence[str],
        heads: Mapping[str, int],
        settings: Settings,
    ) -> None:
        """Lay them out.

        Args:
            recipe: SA Merge with any schedule.
            parameters: the q, k and v tensors of the model.
            names: of all its tensors.
            heads: of the attention of either stack.
            settings: say what has a ratio of its own.

        Raises:
            RecipeError: another method, nothing in scope, or a curve that does not fit the model.
        """
        if recipe.method != DEFAULT_METHOD:
            raise RecipeError(f"method {recipe.method}: has no curve that could learn; choose sa.")
        if not recipe.scope or not recipe.projections:
            raise RecipeError("scope: nothing is merged, so there is nothing to learn; switch a lane and q, k or v on.")
        self.recipe = recipe
        self.rows: list[Row] = []
        self.tensors: dict[str, tuple[int, ...]] = {}
        self._depths = lane_depths(parameters)
        self._curves = recipe.lane_ratios(self._depths)
        # A drawn curve has all lanes: one that is switched on later is found as it was.
        known = tuple(lane for lane, _ in recipe.ratios) if recipe.schedule == "custom" else tuple(self._depths)
        self._everywhere = {**self._curves, **replace(recipe, scope=known).lane_ratios(self._depths)}
        self._size = 0
        chosen = [each for each in parameters if each.lane in recipe.scope and each.projection in recipe.projections]
        for parameter in chosen:
            part = parameter.lane if settings.by == "lane" else part_of_projection(parameter)
            row = self._row(
                part,
                self._depths[parameter.lane],
                heads[parameter.lane.partition(".")[0]] if settings.by == "head" else 1,
            )
            self._place(parameter.name, row, parameter.layer)
        learn_forward = settings.feed_forward or any(part in FEED_FORWARD for part, _ in recipe.finer)
        found = {name: place for name in names if learn_forward and (place := feed_forward_layer(name))}
        for name, (part, layer) in found.items():
            depth = 1 + max(each for other, each in found.values() if other == part)
            self._place(name, self._row(part, depth, 1), layer)

    def _row(self, part: str, depth: int, heads: int) -> Row:
        known = next((row for row in self.rows if row.part == part), None)
        if known is None:
            known = Row(part, depth, heads, self._size)
            self.rows.append(known)
            self._size += depth * heads
        return known

    def _place(self, name: str, row: Row, layer: int) -> None:
        first = row.start + layer * row.heads
        self.tensors[name] = tuple(range(first, first + row.heads))

    @property
    def start(self) -> Vector:
        """Return the ratios of the recipe, in [0, 1]; feed-forward layers without any start as M1's."""
        finer = dict(self.recipe.finer)
        values: list[float] = []
        for row in self.rows:
            lane: Sequence[Ratio] = (1.0,) * row.depth
            for each, curve in self._curves.items():
                lane = curve if row.part == each or row.part.startswith(f"{each}.") else lane
            found = self._of_lane(row.part, lane) if row.part in self._depths else finer.get(row.part, lane)
            for ratio in found:
                own = ratio if isinstance(ratio, tuple) else (ratio,) * row.heads
                # A recipe of single heads that learns by projection starts from the mean of its heads.
                values += own if len(own) == row.heads else [sum(own) / len(own)] * row.heads
        return np.array(values, dtype=np.float64)

    def _of_lane(self, lane: str, curve: Sequence[Ratio]) -> Sequence[Ratio]:
        """Return a lane's curve; where the recipe has finer ratios, their mean."""
        parts = [row for part, row in self.recipe.finer if part.startswith(f"{lane}.")]
        if not parts:
            return curve
        means = [[float(np.mean(ratio)) for ratio in row] for row in parts]
        return tuple(float(np.mean(layer)) for layer in zip(*means, strict=True))

    def recipe_at(self, values: Vector) -> Recipe:
        """Return the recipe of some ratios, rounded to four decimals; the curve of a lane in parts is their mean."""
        rounded = [round(float(value), DIGITS) + 0.0 for value in values]
        lists: dict[str, tuple[Ratio, ...]] = {}
        for row in self.rows:
            own = rounded[row.start : row.start + row.depth * row.heads]
            layers = [tuple(own[layer * row.heads : (layer + 1) * row.heads]) for layer in range(row.depth)]
            lists[row.part] = tuple(layer if row.heads > 1 else layer[0] for layer in layers)
        curves = dict(self._everywhere)
        for lane in [each for each in curves if each in self.recipe.scope]:
            parts = [row for part, row in lists.items() if part.startswith(f"{lane}.")] or [lists[lane]]
            means = zip(*([np.mean(ratio) for ratio in row] for row in parts), strict=True)
            curves[lane] = tuple(round(float(np.mean(layer)), DIGITS) for layer in means)
        finer = tuple((part, lists[part]) for part in FINER_PARTS if part in lists)
        ratios = tuple((lane, curves[lane]) for lane in curves)
        return replace(self.recipe, schedule="custom", exponents=self.recipe.exponents[:1], ratios=ratios, finer=finer)
