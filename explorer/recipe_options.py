"""The options of the command line that make a recipe, built from the table of methods."""

import argparse
from pathlib import Path
from typing import Any

from explorer.attention import PARTS
from explorer.config_file import read_yaml
from explorer.errors import RecipeError
from explorer.formats.link import link_entries
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.workbench import Workbench

# What another method on the command line leaves of a recipe file: its other entries are the old method's.
_KEPT = ("version", "triple", "add")


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of a recipe."""
    group = parser.add_argument_group(
        "recipe",
        "what is not given is taken from --recipe or the link, else from checkpoints.yaml or the method's defaults",
    )
    written = group.add_mutually_exclusive_group()
    written.add_argument("--recipe", type=Path, metavar="R.yaml")
    written.add_argument("--recipe-link", metavar="LINK", help="as the page's Copy link gives it, or its r=… alone")
    group.add_argument("--triple", metavar="NAME")
    group.add_argument("--method", metavar="NAME", help=f"{', '.join(METHODS)}; `methods` explains them")
    group.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=f"a parameter of the method: {_parameters()}"
    )
    group.add_argument("--schedule", metavar="NAME", help="depth, power, decay, groups, constant or custom")
    group.add_argument("--lambda", dest="mixing", metavar="λ", help="0 to 1")
    group.add_argument("--alpha", metavar="α", help="0 to 2; three values with commas for groups")
    group.add_argument("--scope", metavar="PARTS", help=f"of {', '.join(PARTS)}; with commas")
    group.add_argument("--projections", metavar="LETTERS", help="of q, k, v; with commas")
    group.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="VECTOR=β[@PARTS]",
        help="add β·τ of m1, m2, a vector of the triple, folder:PATH or hub:OWNER/NAME, −2 to 2; as often as you like",
    )


def _parameters() -> str:
    rows = (
        (name, ", ".join(f"{each.name} {each.span} ({each.default})" for each in row.parameters))
        for name, row in METHODS.items()
    )
    return "; ".join(f"{name}: {listed}" for name, listed in rows if listed)


def recipe_of(workbench: Workbench, options: argparse.Namespace) -> Recipe:
    """Read the recipe that the options describe.

    Raises:
        ConfigError: the recipe file cannot be read.
        RecipeError: an option is unknown to the method, of another type or out of range.
    """
    entries: dict[str, Any] = read_yaml(options.recipe) if options.recipe else {}
    if options.recipe_link is not None:
        entries = link_entries(options.recipe_link, "--recipe-link")
    if entries:
        # A mistake is named where it was made.
        written = workbench.recipe(entries, options.recipe.name if options.recipe else "--recipe-link")
        entries.pop("sources", None)  # checked; of the file's own triple, which an option may take the place of
        if options.method not in (None, written.method):
            entries = {key: value for key, value in entries.items() if key in _KEPT}
    given = {
        "triple": options.triple,
        "method": options.method,
        "schedule": options.schedule,
        "lambda": None if options.mixing is None else _number(options.mixing, "--lambda"),
        "alpha": None if options.alpha is None else _numbers(options.alpha, "--alpha"),
        "scope": None if options.scope is None else _list(options.scope),
        "projections": None if options.projections is None else _list(options.projections),
        "add": [_addition(each) for each in options.add] or None,
    }
    entries.update({key: value for key, value in given.items() if value is not None})
    entries.update(_parameter(each) for each in options.set)
    if options.schedule not in (None, "custom"):
        entries.pop("finer", None)  # of the file's own curve, which another schedule takes the place of
    return workbench.recipe(entries, "command line")


def _parameter(text: str) -> tuple[str, float | str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise RecipeError(f"--set: expected NAME=VALUE such as density=0.2, but got {text!r}.")
    if any(each.name == name and each.kind == "name" for row in METHODS.values() for each in row.parameters):
        return name, value
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _addition(text: str) -> dict[str, Any]:
    name, sign, rest = text.rpartition("=")  # a path may have the sign in it
    if not sign or not name:
        raise RecipeError(f"--add: expected VECTOR=β such as m2=0.3, but got {text!r}.")
    beta, at, parts = rest.partition("@")
    return {"vector": name, "beta": _number(beta, "--add")} | ({"scope": _list(parts)} if at else {})


def _list(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RecipeError(f"{name}: expected a number, but got {text!r}.") from None


def _numbers(text: str, name: str) -> float | list[float]:
    values = [_number(each, name) for each in text.split(",")]
    return values[0] if len(values) == 1 else values
