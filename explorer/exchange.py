"""Commands that take a merge out of this program and bring one in: merge, export, import."""

import argparse
import sys
from pathlib import Path
from typing import Any

from explorer import pushing
from explorer.bench import Bench
from explorer.checkpoints.base import terminal_progress
from explorer.formats.texts import recipe_text
from explorer.recipe import Recipe
from explorer.recipe_options import recipe_of
from explorer.saving import FORMATS, opened_recipe, sample_clips, saved_text
from explorer.steps import finished
from explorer.text_file import read_text, write_whole
from explorer.workbench import Workbench

__all__ = ["FORMATS", "add_push_options", "export", "import_", "merge", "push"]


def add_push_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of a push."""
    parser.add_argument("--public", action="store_true", help="what is pushed is for everybody; default: private")
    parser.add_argument("--replace", action="store_true", help="push also where other files are, in their place")


def _open(workbench: Workbench, recipe: Recipe) -> Bench:
    with terminal_progress() as progress:
        return workbench.bench(recipe.triple, progress)


def merge(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Write a merge as a Hugging Face folder."""
    recipe = recipe_of(workbench, options)
    if options.push:  # a login that is missing is told before the work, not after it
        pushing.check_push(_place(options, options.push))
    clips = sample_clips(workbench.config) if options.verify else None
    bench = _open(workbench, recipe)
    fingerprint, verified = finished(workbench.export(bench, recipe, options.out, options.dtype, clips))
    if not options.json:
        sys.stdout.write(f"Wrote {options.out}, weights {fingerprint}.\n" + (f"{verified}\n" if verified else ""))
    document: dict[str, Any] = {"recipe": recipe.as_dict(), "fingerprint": fingerprint, "folder": str(options.out)}
    document |= {"dtype": options.dtype, "verified": verified}
    return document | (_push(options, options.out, options.push) if options.push else {})


def push(workbench: Workbench, options: argparse.Namespace) -> dict[str, Any]:
    """Put a folder that merge wrote on the Hub."""
    return _push(options, options.folder, options.repo)


def _place(options: argparse.Namespace, repo: str) -> pushing.Place:
    return pushing.Place(repo, public=options.public, replace=options.replace)


def _push(options: argparse.Namespace, folder: Path, repo: str) -> dict[str, Any]:
    done = pushing.push(folder, _place(options, repo))
    if not options.json:
        seen_by = "for your eyes only" if done.private else "for everybody"
        sys.stdout.write(f"Pushed {folder} to {done.address}, {seen_by}, commit {done.commit}.\n")
    return {"repository": repo, "address": done.address, "commit": done.commit, "private": done.private}


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
