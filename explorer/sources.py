"""Does a recipe's file speak of the weights that are here? It carries fingerprints; a branch may have moved on."""

from collections.abc import Mapping
from typing import Any

from explorer.bench import Bench
from explorer.errors import RecipeError, seen
from explorer.recipe import Recipe

_KEYS = {"repo", "revision", "file", "weights"}
_MEMBERS = ("m0", "m1", "m2")


def check_sources(entries: Mapping[str, Any], recipe: Recipe, bench: Bench, where: str) -> None:
    """See that M0, M1 and M2 have the weights that a recipe's file names; those it does not name may be any.

    Args:
        entries: of the file; ``sources`` is looked at.
        recipe: that was read from them.
        bench: of its triple.
        where: what messages call the file.

    Raises:
        RecipeError: ``sources`` is no such list, or the weights are others.
    """
    sources = entries["sources"]
    if not isinstance(sources, Mapping):
        raise RecipeError(f"{where}: sources: expected m0, m1 and m2 with their weights, but got {seen(sources)}.")
    for name, row in sources.items():
        if not isinstance(row, Mapping) or not set(row) <= _KEYS or not all(isinstance(v, str) for v in row.values()):
            raise RecipeError(f"{where}: sources.{name}: expected some of {', '.join(sorted(_KEYS))}, got {seen(row)}.")
        if name in _MEMBERS and "weights" in row and (here := bench.fingerprint(name, recipe)) != row["weights"]:
            remedy = (
                f"give that triple revision {row.get('revision')} of {row['repo']} in checkpoints.yaml"
                if "repo" in row
                else f"give that triple the {row.get('file', 'checkpoint')} it was made with"
            )
            raise RecipeError(
                f"{where}: sources.{name}: made with weights {seen(row['weights'])}, but {name} of {recipe.triple} "
                f"is {here} here; {remedy}, or take sources out of the file to merge what is here."
            )
