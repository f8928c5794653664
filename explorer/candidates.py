"""Which merges are compared: each method at its defaults, at the user's settings, or over a small grid of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.errors import RecipeError, seen
from explorer.methods import DEFAULT_METHOD, METHODS
from explorer.recipe import Recipe

REFERENCE = DEFAULT_METHOD
"""Name of the candidate that all others are compared with: SA Merge, always there and the first of them."""


@dataclass(frozen=True)
class Candidate:
    """One merge of a comparison.

    Attributes:
        name: short and unique: the method's, and a number from the second of a method on.
        recipe: the merge.
    """

    name: str
    recipe: Recipe

    @property
    def method(self) -> str:
        """Return the method's name in the table of methods."""
        return self.recipe.method

    @property
    def settings(self) -> str:
        """Say the recipe in a few words, its method aside."""
        return self.recipe.summary.removeprefix(self.recipe.row.title).removeprefix(" · ") or "no parameters"


def method_names(text: str) -> list[str]:
    """Read names of methods with commas between them; ``all`` is every method.

    Raises:
        RecipeError: a name is unknown, or there is none.
    """
    names = [each.strip() for each in text.split(",") if each.strip()]
    if names == ["all"]:
        return list(METHODS)
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise RecipeError(f"methods: expected all, or some of {', '.join(METHODS)}, but got {seen(text)}.")
    return [name for name in METHODS if name in names]


def candidates(
    triple: str,
    methods: Sequence[str],
    own: Sequence[Recipe],
    read: Callable[[dict[str, Any]], Recipe],
    *,
    grid: bool,
) -> tuple[Candidate, ...]:
    """List the merges to compare; of two that are the same recipe the first stays.

    Args:
        triple: that all of them are of.
        methods: to compare, beside SA Merge.
        own: recipes at the user's settings; each stands in for its method's defaults.
        read: makes a recipe of entries; what they lack are defaults.
        grid: whether to add the points of each method's small grid.

    Raises:
        RecipeError: a recipe of the user's is of another triple.
    """
    for recipe in own:
        if recipe.triple != triple:
            raise RecipeError(f"recipe: is of the triple {recipe.triple}, and this comparison of {triple}.")
    wanted = {REFERENCE, *methods, *(recipe.method for recipe in own)}
    found: list[Candidate] = []
    for method in sorted(wanted, key=[REFERENCE, *METHODS].index):
        named = {"triple": triple, "method": method}
        recipes = [recipe for recipe in own if recipe.method == method] or [read(named)]
        if grid and method in methods:
            recipes += [read(named | point) for point in METHODS[method].grid()]
        distinct = list({recipe.id: recipe for recipe in recipes}.values())
        found += [
            Candidate(f"{method}-{number}" if number > 1 else method, recipe)
            for number, recipe in enumerate(distinct, start=1)
        ]
    return tuple(found)
