"""Every text format a recipe can be exported to and read from, by name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from explorer.attention import attention_parameters, lane_depths
from explorer.config import TripleSpec
from explorer.config_file import read_yaml
from explorer.errors import RecipeError
from explorer.formats.authors import authors_text, recipe_from_authors
from explorer.formats.heading import written_recipe
from explorer.formats.mergekit import mergekit_text, recipe_from_mergekit
from explorer.formats.script import script_text
from explorer.recipe import Recipe

Format = Literal["recipe", "json", "mergekit", "sa-merge", "python"]
FORMATS: tuple[Format, ...] = get_args(Format)
FILE_NAMES: dict[Format, str] = {
    "recipe": "recipe.yaml",
    "json": "recipe.json",
    "mergekit": "mergekit.yaml",
    "sa-merge": "merge_configs.yaml",
    "python": "merge.py",
}


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as the YAML that ``--recipe`` reads."""
    return yaml.safe_dump(recipe.as_dict(), sort_keys=False, allow_unicode=True, width=1_000, default_flow_style=None)


def export_text(
    kind: Format, recipe: Recipe, spec: TripleSpec, names: Iterable[str], fingerprint: str, *, local: bool = True
) -> str:
    """Write a recipe for other tools.

    Args:
        kind: of text.
        recipe: any.
        spec: its triple.
        names: of all tensors of the triple's models.
        fingerprint: of the merged weights.
        local: whether the reader may see where on this machine a checkpoint lies.

    Raises:
        RecipeError: this kind cannot express the recipe; the message says why.
    """
    names = tuple(names)
    if kind == "recipe":
        return recipe_text(recipe)
    if kind == "json":
        return json.dumps(recipe.as_dict(), indent=2, ensure_ascii=False) + "\n"
    if kind == "mergekit":
        return mergekit_text(recipe, names, fingerprint)
    if kind == "sa-merge":
        return authors_text(recipe, names, fingerprint)
    return script_text(recipe, spec, lane_depths(attention_parameters(names)), fingerprint, local=local)


def read_foreign(path: Path) -> tuple[Mapping[str, Any], str, str | None]:
    """Read a file of mergekit's or the authors'.

    Returns:
        Its entries, its text, and the triple that an export of this program names in its first lines.

    Raises:
        ConfigError: it cannot be read or is not YAML.
    """
    entries = read_yaml(path)
    text = path.read_text(encoding="utf-8")
    triple = (written_recipe(text) or {}).get("triple")
    return entries, text, triple if isinstance(triple, str) else None


def recipe_from_foreign(entries: Mapping[str, Any], text: str, names: Iterable[str], triple: str, where: str) -> Recipe:
    """Read a recipe out of mergekit's or the authors' YAML, told apart by their keys.

    Args:
        entries: of the YAML.
        text: the same as text.
        names: of all tensors of the triple's models.
        triple: that the recipe is for.
        where: what messages call the file.

    Raises:
        RecipeError: it is neither, or no recipe here says the same.
    """
    names = tuple(names)
    if "merge_configs" in entries:
        found = recipe_from_authors(entries, text, names, triple, where)
    elif "merge_method" in entries:
        found = recipe_from_mergekit(entries, text, names, triple, where)
    else:
        raise RecipeError(f"{where}: expected mergekit's merge_method or the authors' merge_configs, but got neither.")
    return replace(found, triple=triple)
