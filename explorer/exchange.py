"""Commands that take a merge out of this program and bring one in: merge, export, import."""

import argparse
import sys
from pathlib import Path
from typing import Any

from explorer.audio import Clip, load_clip
from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.corpora.manifest import read_manifest
from explorer.formats.texts import FORMATS, export_text, read_foreign, recipe_from_foreign, recipe_text
from explorer.recipe import Recipe
from explorer.recipe_options import recipe_of
from explorer.text_file import write_whole
from explorer.workbench import Workbench

__all__ = ["FORMATS", "export", "import_", "merge"]


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def merge(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write a merge as a Hugging Face folder."""
    recipe = recipe_of(workbench, options)
    clips = _sample_clips(workbench) if options.verify else None
    bench = _open(workbench, recipe)
    fingerprint, verified = workbench.export(bench, recipe, options.out, options.dtype, clips)
    if not options.json:
        sys.stdout.write(f"Wrote {options.out}, weights {fingerprint}.\n" + (f"{verified}\n" if verified else ""))
    document = {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "folder": str(options.out)}
    return document | {"dtype": options.dtype, "verified": verified}


def _sample_clips(workbench: Workbench) -> list[Clip]:
    """Load the sample clips: the first of checkpoints.yaml's corpora."""
    folders = [corpus.path for corpus in workbench.config.corpora[:1] if corpus.path]
    return [load_clip(each.path, each.id) for folder in folders for each in read_manifest(folder).utterances]


def export(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write a recipe for another tool, as text."""
    recipe = recipe_of(workbench, options)
    bench = _open(workbench, recipe)
    fingerprint = bench.fingerprint("merge", recipe)
    text = export_text(options.format, recipe, bench.spec, bench.names, fingerprint)
    _give(text, options.out, quiet=options.json)
    return {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "format": options.format, "text": text}


def import_(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Read a recipe out of mergekit's YAML or the authors'."""
    entries, text, named = read_foreign(options.file)
    triple = options.triple or named or workbench.default_recipe().triple
    workbench.config.triple(triple)
    bench = _open(workbench, Recipe(triple))
    found = recipe_from_foreign(entries, text, bench.names, triple, options.file.name)
    recipe = workbench.recipe(found.as_dict(), options.file.name)
    fingerprint = bench.fingerprint("merge", recipe)
    _give(recipe_text(recipe), options.out, quiet=options.json)
    return {"recipe": recipe.as_dict(), "fingerprint": fingerprint}


def _give(text: str, target: Path | None, *, quiet: bool) -> None:
    if target is not None:
        write_whole(text, target)
    if not quiet:
        sys.stdout.write(text if target is None else f"Wrote {target}.\n")
