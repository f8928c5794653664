"""One clip along λ: what the merge hears at every stop from all adult to all child, the rest of the recipe as it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.audio import Clip
from explorer.errors import RecipeError
from explorer.recipe import Recipe, recipe_from
from explorer.scoring import Alignment
from explorer.transcription.decoding import Decoding, Halt

if TYPE_CHECKING:  # the page moves along a shipped stripe before torch is there
    from explorer.bench import Bench
    from explorer.workbench import Workbench

STOPS = 21
_SWEPT = ("lambda", "share")  # what methods call the share of M1, the curve's λ first


@dataclass(frozen=True)
class Stop:
    """One merge on the way.

    Attributes:
        value: of λ, or of the method's own share of M1.
        text: what the merge heard.
        alignment: with the reference, or None where there is none.
        cut: the token limit ended it.
    """

    value: float
    text: str
    alignment: Alignment | None
    cut: bool


def swept(recipe: Recipe) -> str:
    """Return the entry of a recipe that says how much of M1 there is: ``lambda`` or ``share``.

    Raises:
        RecipeError: it has none: a curve drawn by hand, or a method without such a parameter.
    """
    entries = recipe.as_dict()
    for key in _SWEPT:
        if key in entries and entries.get("schedule") != "custom":
            return key
    what = "a curve drawn by hand" if recipe.row.curve else f"the method {recipe.row.title}"
    raise RecipeError(f"stripe: {what} has no single λ to move along; choose a schedule, or a method with λ.")


def stop_values() -> tuple[float, ...]:
    """Return the values of λ, from 0 to 1."""
    return tuple(round(index / (STOPS - 1), 6) for index in range(STOPS))


def along(recipe: Recipe, key: str, value: float) -> Recipe:
    """Return a recipe with another λ."""
    return recipe_from(recipe.as_dict() | {key: value}, "stripe")


def stripe(
    workbench: "Workbench", bench: "Bench", recipe: Recipe, clip: Clip, reference: str, decoding: Decoding, halt: Halt
) -> Iterator[tuple[Stop, ...]]:
    """Let the merge hear a clip at every stop, from 1 down to 0; after each stop all so far come, the lowest first.

    Others may use the model between two stops. What was heard before is not decoded again.

    Args:
        workbench: remembers what was heard.
        bench: the open triple.
        recipe: all but λ of it counts.
        clip: any.
        reference: what was said; may be empty.
        decoding: options.
        halt: stops the work.

    Raises:
        InterruptedDecodingError: ``halt`` said so.
        RecipeError: the recipe has no λ, or does not fit the triple.
    """
    key = swept(recipe)
    stops: tuple[Stop, ...] = ()
    for value in reversed(stop_values()):
        halt.check()
        for hypothesis in workbench.stream(bench, "merge", along(recipe, key, value), clip, decoding, halt):
            heard = hypothesis
        alignment = bench.align(reference, heard.text) if reference else None
        stops = (Stop(value, heard.text, alignment, not heard.ended), *stops)
        yield stops
