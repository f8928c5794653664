"""Runs on disk: a small file for each in the app's cache, written beside and renamed, so that a kill loses one step."""

import json
from pathlib import Path

from explorer.checkpoints.cache import cache_folder, disk_errors_named, make_folder
from explorer.learning.descent import Descent

MAX_FILES = 64


def run_folder() -> Path:
    """Return where runs are kept, whether or not it exists."""
    return cache_folder() / "learning"


def load_run(identity: str) -> Descent | None:
    """Take up a run; None where there is none, or its file is damaged: it is only a memory."""
    try:
        return Descent.from_dict(json.loads((run_folder() / f"{identity}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_run(identity: str, descent: Descent) -> None:
    """Put a run down; the oldest of many are forgotten.

    Raises:
        SourceError: the disk is full or closed.
    """
    folder = make_folder(run_folder())
    place, beside = folder / f"{identity}.json", folder / f".{identity}.new"
    with disk_errors_named("written", place):
        beside.write_text(json.dumps(descent.as_dict()), encoding="utf-8")
        beside.replace(place)
    if descent.step == 0:
        files = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for each in files[:-MAX_FILES]:
            each.unlink(missing_ok=True)


def clear_runs() -> int:
    """Forget all runs and return how many there were."""
    files = list(run_folder().glob("*.json"))
    for each in files:
        each.unlink(missing_ok=True)
    return len(files)
