"""A grid of λ and α under every schedule → the few merges it really holds.

Under ``depth`` and ``power`` only λ^α counts, under ``groups`` with one α for all too: most cells of the grid are a
merge that another cell is already. Ratios are rounded to twentieths, and each merge that is left is heard once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.attention import Lane
from explorer.recipe import Recipe
from explorer.schedule import ScheduleName

STEP = 0.05
SCHEDULES: tuple[ScheduleName, ...] = ("depth", "power", "decay", "groups", "constant")
# λ, α. A grid holds the one before, so that what was heard for it counts. "full" is the whole question; on two
# processor cores one pairing takes about ten minutes on "quick", an hour on "coarse".
GRIDS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "quick": ((0.1, 0.2, 0.7, 1.0), (0.3, 0.8)),
    "coarse": ((0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0), (0.1, 0.3, 0.5, 0.8, 1.1, 1.5)),
    "full": (tuple(round(0.05 * n, 2) for n in range(1, 21)), tuple(round(0.1 * n, 1) for n in range(1, 16))),
}


@dataclass(frozen=True)
class Cell:
    """One place of the grid.

    Attributes:
        schedule: rule that gives λ_i.
        mixing: λ.
        exponent: α.
        merge: name of the merge that stands for it.
    """

    schedule: ScheduleName
    mixing: float
    exponent: float
    merge: str

    @property
    def label(self) -> str:
        """Say the cell in a few words."""
        alpha = "" if self.schedule == "constant" else f", α {self.exponent:g}"
        return f"{self.schedule} λ {self.mixing:g}{alpha}"


def cells_of(
    triple: str, depths: Mapping[Lane, int], schedules: Sequence[ScheduleName], grid: str
) -> tuple[list[Cell], dict[str, Recipe]]:
    """Lay out a grid.

    Args:
        triple: name of the triple.
        depths: layers of each lane.
        schedules: to lay out.
        grid: a key of ``GRIDS``.

    Returns:
        The cells, and the merges by the names that cells call them.
    """
    cells: list[Cell] = []
    merges: dict[str, Recipe] = {}
    for schedule in schedules:
        mixings, exponents = GRIDS[grid]
        for mixing in mixings:
            for exponent in exponents[:1] if schedule == "constant" else exponents:
                spread = (exponent,) * 3 if schedule == "groups" else (exponent,)
                recipe = rounded(Recipe(triple, "sa", schedule, mixing, spread), depths)
                merges.setdefault(recipe.id, recipe)
                cells.append(Cell(schedule, mixing, exponent, recipe.id))
    return cells, merges


def rounded(recipe: Recipe, depths: Mapping[Lane, int]) -> Recipe:
    """Return the merge as a drawn curve whose ratios are multiples of ``STEP``; the ends stay exact."""
    curves = recipe.lane_ratios(depths)
    ratios = tuple((lane, tuple(round(round(value / STEP) * STEP, 4) for value in curves[lane])) for lane in curves)
    return Recipe(recipe.triple, recipe.method, "custom", 0.0, (0.0,), ratios=ratios)
