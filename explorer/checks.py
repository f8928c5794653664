"""Checks of single values out of recipes, each refusing with one sentence that says what was expected and seen."""

from collections.abc import Sequence

from explorer.errors import RecipeError, seen


def number(value: object, lowest: float, highest: float, where: str) -> float:
    """Return ``value`` as a float of [``lowest``, ``highest``].

    Raises:
        RecipeError: it is no number, NaN, or out of range.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest:  # NaN is not
        return float(value) + 0.0  # −0.0 becomes 0.0: one recipe, one id
    raise RecipeError(f"{where}: expected a number from {lowest:g} to {highest:g}, but got {seen(value)}.")


def one_of(value: object, allowed: Sequence[str], where: str) -> str:
    """Return ``value`` if it is among ``allowed``.

    Raises:
        RecipeError: it is not.
    """
    if not isinstance(value, str) or value not in allowed:
        raise RecipeError(f"{where}: expected one of {', '.join(allowed)}, but got {seen(value)}.")
    return value


def some_of(value: object, allowed: Sequence[str], where: str) -> tuple[str, ...]:
    """Return those of ``allowed`` that the list ``value`` names, in their own order and once each.

    Raises:
        RecipeError: it is no list, or names something else.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RecipeError(f"{where}: expected a list out of {', '.join(allowed)}, but got {seen(value)}.")
    for each in value:
        one_of(each, allowed, where)
    return tuple(each for each in allowed if each in value)
