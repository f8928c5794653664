"""Commands that take a merge out of this program and bring one in: merge, export, import."""

import argparse
import sys
from pathlib import Path
from typing import Any

from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.formats.texts import recipe_text
from explorer.recipe import Recipe
from explorer.recipe_options import recipe_of
from explorer.saving import FORMATS, opened_recipe, sample_clips, saved_text
from explorer.steps import finished
from explorer.text_file import read_text, write_whole
from explorer.workbench import Workbench

__all__ = ["FORMATS", "export", "import_", "merge"]


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def merge(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write a merge as a Hugging Face folder."""
    recipe = recipe_of(workbench, options)
    clips = sample_clips(workbench.config) if options.verify else None
    bench = _open(workbench, recipe)
    fingerprint, verified = finished(workbench.export(bench, recipe, options.out, options.dtype, clips))
    if not options.json:
        sys.stdout.write(f"Wrote {options.out}, weights {fingerprint}.\n" + (f"{verified}\n" if verified else ""))
    document = {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "folder": str(options.out)}
    return document | {"dtype": options.dtype, "verified": verified}


def export(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write a recipe for another tool, as text."""
    recipe = recipe_of(workbench, options)
    text, fingerprint = saved_text(_open(workbench, recipe), recipe, options.format, local=True)
    _give(text, options.out, quiet=options.json)
    return {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "format": options.format, "text": text}


def import_(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Read a recipe out of mergekit's YAML, the authors', or a file that was saved here."""
    text = read_text(options.file)
    if options.triple:
        workbench.config.triple(options.triple)
    with terminal_progress() as progress:
        recipe = opened_recipe(workbench, text, options.file.name, options.triple, progress)
    fingerprint = _open(workbench, recipe).fingerprint("merge", recipe)
    _give(recipe_text(recipe), options.out, quiet=options.json)
    return {"recipe": recipe.as_dict(), "fingerprint": fingerprint}


def _give(text: str, target: Path | None, *, quiet: bool) -> None:
    if target is not None:
        write_whole(text, target)
    if not quiet:
        sys.stdout.write(text if target is None else f"Wrote {target}.\n")
