"""Values the browser sent. Anyone can send anything, so nothing about them is taken for granted."""

from typing import Any

from explorer.errors import RecipeError

# What a component of the page sends; checked where it is read.
Sent = Any


def entry(value: Sent, key: str) -> Sent:
    """Read an entry, or None where there is none."""
    return value.get(key) if isinstance(value, dict) else None


def stamp_of(*values: Sent) -> float:
    """Return the newest of the stamps that the browser put on these values, 0 without any."""
    stamps = [entry(value, "stamp") for value in values]
    return max([float(stamp) for stamp in stamps if isinstance(stamp, int | float)], default=0.0)


def recipe_entries(panel: Sent) -> dict[str, Any]:
    """Return the recipe that the panel sent.

    Raises:
        RecipeError: it sent none.
    """
    recipe = entry(panel, "recipe")
    if not isinstance(recipe, dict):
        raise RecipeError("page: expected a recipe; reload the page.")
    return recipe


def pins_of(pinned: Sent) -> dict[str, dict[str, Any]]:
    """Return the recipes that were pinned, by the names the visitor gave them.

    Raises:
        RecipeError: something else was sent.
    """
    pins: dict[str, dict[str, Any]] = {}
    for pin in entry(pinned, "pins") or []:
        name, recipe = entry(pin, "name"), entry(pin, "recipe")
        if not isinstance(name, str) or not name.strip() or not isinstance(recipe, dict):
            raise RecipeError("page: expected pins with a name and a recipe; reload the page.")
        if name in pins:
            raise RecipeError(f"pin {name}: two pins have this name; give one another.")
        pins[name] = recipe
    return pins


def whole(value: float | None, name: str) -> int | None:
    """Return a number of the page as a whole number; an empty field is None.

    Raises:
        RecipeError: it has a fraction.
    """
    if value is None:
        return None
    if value != int(value):
        raise RecipeError(f"{name}: expected a whole number, but got {value:g}.")
    return int(value)
