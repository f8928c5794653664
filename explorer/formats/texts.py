"""Every text format a recipe can be exported to and read from, by name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

import yaml

from explorer.attention import attention_parameters, lane_depths
from explorer.config import TripleSpec
from explorer.config_file import yaml_entries
from explorer.errors import ConfigError, RecipeError
from explorer.formats.authors import authors_text, recipe_from_authors
from explorer.formats.ctranslate2 import ctranslate2_text
from explorer.formats.heading import written_recipe
from explorer.formats.mergekit import mergekit_text, recipe_from_mergekit
from explorer.formats.places import Sources, place_lines, source_entries
from explorer.formats.script import script_text
from explorer.recipe import Recipe

Format = Literal["recipe", "json", "mergekit", "sa-merge", "python", "ctranslate2"]
FORMATS: tuple[Format, ...] = get_args(Format)
FILE_NAMES: dict[Format, str] = {
    "recipe": "recipe.yaml",
    "json": "recipe.json",
    "mergekit": "mergekit.yaml",
    "sa-merge": "merge_configs.yaml",
    "python": "merge.py",
    "ctranslate2": "to_ctranslate2.sh",
}
_OWN_KEYS = frozenset({"version", "triple", "method", "schedule", "lambda"})


def recipe_text(recipe: Recipe, sources: Sources | None = None) -> str:
    """Return a recipe as the YAML that ``--recipe`` reads, with what is known of its checkpoints."""
    return yaml.safe_dump(
        recipe.as_dict() | ({"sources": sources} if sources else {}),
        sort_keys=False,
        allow_unicode=True,
        width=1_000,
        default_flow_style=None,
    )


def export_text(
    kind: Format,
    recipe: Recipe,
    spec: TripleSpec,
    names: Iterable[str],
    fingerprint: str,
    *,
    local: bool = True,
    fingerprints: Mapping[str, str] | None = None,
) -> str:
    """Write a recipe for other tools.

    Args:
        kind: of text.
        recipe: any.
        spec: its triple.
        names: of all tensors of the triple's models.
        fingerprint: of the merged weights.
        local: whether the reader may see where on this machine a checkpoint lies.
        fingerprints: of m0, m1 and m2, for the recipe's own formats.

    Raises:
        RecipeError: this kind cannot express the recipe; the message says why.
    """
    names = tuple(names)
    vectors = [each.vector for each in recipe.add]
    sources = source_entries(spec, vectors, fingerprints) if fingerprints else None
    if kind == "recipe":
        return recipe_text(recipe, sources)
    if kind == "json":
        entries = recipe.as_dict() | ({"sources": sources} if sources else {})
        return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
    origins = place_lines(spec, vectors, local=False)
    if kind == "mergekit":
        return mergekit_text(recipe, names, fingerprint, origins)
    if kind == "sa-merge":
        return authors_text(recipe, names, fingerprint, origins)
    if kind == "ctranslate2":
        return ctranslate2_text(recipe, fingerprint, spec.language, origins)
    return script_text(recipe, spec, lane_depths(attention_parameters(names)), fingerprint, local=local)


def written_entries(text: str, where: str) -> dict[str, Any]:
    """Read the entries of a file that holds a recipe, mergekit's YAML or the authors'.

    Of a script that this program wrote, and of a document with a recipe in it (an exported folder's
    ``merge_recipe.json``, a report), it is that recipe.

    Args:
        text: of the file.
        where: what messages call it.

    Raises:
        ConfigError: it is nothing of these.
    """
    try:
        entries = yaml_entries(text, where)
    except ConfigError:
        written = written_recipe(text)
        if written is None:
            raise
        return written
    inner = entries.get("recipe")
    return inner if isinstance(inner, dict) else entries


def is_foreign(entries: Mapping[str, Any]) -> bool:
    """Say whether these are no entries of a recipe of ours."""
    return "merge_configs" in entries or "merge_method" in entries or not _OWN_KEYS & entries.keys()


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
        raise RecipeError(
            f"{where}: expected a recipe (triple, method, …), mergekit's merge_method or the authors' merge_configs."
        )
    return replace(found, triple=triple)
