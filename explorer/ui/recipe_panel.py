"""The recipe panel: what recipe.js needs to draw its menus, sliders and curve, all of it from the project's tables."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import gradio as gr

from explorer.addition import MAX_BETA
from explorer.attention import LANES, PARTS, Lane
from explorer.config import Config, TripleSpec
from explorer.methods import METHODS
from explorer.recipe import Recipe, recipe_from
from explorer.schedule import SCHEDULES
from explorer.ui.text import common as words


def recipe_panel(config: Config, recipe: Recipe, *, own_places: bool) -> gr.HTML:
    """Build the panel; its value is {recipe, stamp}, and ``submit`` fires when the hand rests.

    Args:
        config: of checkpoints.yaml.
        recipe: shown first.
        own_places: whether visitors may add checkpoints named by folder or repository, and open triples by it.
    """
    rows = [triple_row(spec, dict.fromkeys(LANES, spec.layers)) | {"title": _title(spec)} for spec in config.triples]
    return gr.HTML(
        value={"recipe": recipe.as_dict(), "stamp": 0},
        html_template="",
        js_on_load="SAMerge.mountRecipe(element, props, trigger); // fires 'submit'",
        triples={row["name"]: row["title"] for row in rows},
        depths={row["name"]: row["depths"] for row in rows},
        vectors={row["name"]: row["vectors"] for row in rows},
        max_beta=MAX_BETA,
        own_places=own_places,
        parts=list(PARTS),
        schedules={name: asdict(row) for name, row in SCHEDULES.items()},
        methods=method_rows(recipe),
        preset=recipe.as_dict(),
        elem_id="recipe",
    )


def triple_row(spec: TripleSpec, depths: Mapping[Lane, int]) -> dict[str, Any]:
    """Return what the browser has to know of a triple that is in its menu.

    Args:
        spec: of the triple.
        depths: layers of each lane.
    """
    return {"name": spec.name, "title": spec.title, "depths": dict(depths), "vectors": dict(_vectors(spec))}


def method_rows(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Return the table of methods for the browser, each with the recipe that choosing it starts from.

    Args:
        recipe: the default one; its own method starts from it.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, row in METHODS.items():
        start = recipe if name == recipe.method else recipe_from({"triple": recipe.triple, "method": name})
        shown = {key: value for key, value in asdict(row).items() if key not in ("module", "defaults")}
        rows[name] = shown | {"parts": list(row.parts), "preset": start.as_dict()}
    return rows


def _title(spec: TripleSpec) -> str:
    """Say which triples have to be fetched first: their M1 is not part of this repository."""
    return words.TO_DOWNLOAD.format(triple=spec.title) if spec.m1.repo else spec.title


def _vectors(spec: TripleSpec) -> Mapping[str, str]:
    labels = {name: source.label or name for name, source in spec.vectors.items()}
    return {"m1": words.TAU_1, "m2": words.TAU_2, **labels}
