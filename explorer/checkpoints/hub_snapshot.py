"""Which models of the Hub are on this machine, whole and verified.

The Hub library's cache says what was fetched, not what was verified. So a record in the app's own cache names the files
of each verified folder with their sizes and times; where it fits, nothing is hashed or asked again. Folders that other
programs fetched are taken too, after a check: the library names a big file in its cache by its SHA-256.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError

from explorer.checkpoints.cache import cache_folder, disk_errors_named, make_folder

_log = logging.getLogger(__name__)

SIDE_FILES = frozenset(
    {
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "processor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.json",
        "merges.txt",
        "normalizer.json",
        "added_tokens.json",
        "special_tokens_map.json",
    }
)
"""The files beside the weights that a Whisper model, its tokenizer and its features load from."""

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "model-?????-of-?????.safetensors")


def cached_snapshot(repo: str, revision: str) -> Path | None:
    """Return the folder of a model that is on this machine, whole and verified, or None. Never asks the network."""
    if recorded := _recorded(repo, revision):
        return recorded
    try:
        folder = Path(
            snapshot_download(
                repo, revision=revision, local_files_only=True, allow_patterns=[*sorted(SIDE_FILES), *_WEIGHTS]
            )
        )
    except (OSError, HFValidationError):
        # Not there, or in pieces; a name the Hub cannot have is explained where the Hub is asked.
        return None
    if not _whole(folder):
        return None
    for file in sorted(folder.glob("*.safetensors")):
        stated = file.resolve().name
        if re.fullmatch("[0-9a-f]{64}", stated) and remove_if_wrong(file, stated):
            _log.warning("%s: damaged in the cache; removed", file)
            return None
    remember(repo, revision, folder, [file.name for file in folder.iterdir() if file.is_file()])
    return folder


def commit_of(folder: Path) -> str | None:
    """Return the commit, 40 hexadecimal digits, that a folder in the Hub library's cache holds; None for any other."""
    inside = folder.parent.name == "snapshots" and re.fullmatch("[0-9a-f]{40}", folder.name)
    return folder.name if inside else None


def _whole(folder: Path) -> bool:
    """Tell whether a folder has all a model needs; its maker may have fetched only a part."""
    names = {file.name for file in folder.iterdir() if file.exists()}
    if not {"config.json", "preprocessor_config.json"} <= names or not {"tokenizer.json", "vocab.json"} & names:
        return False
    if "model.safetensors" in names:
        return True
    try:
        index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
        return set(index["weight_map"].values()) <= names
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False


def _record(repo: str, revision: str) -> Path:
    return cache_folder() / "hub" / f"{quote(repo, safe='')}@{quote(revision, safe='')}.json"


def _recorded(repo: str, revision: str) -> Path | None:
    """Return the folder that the record names if its files are as they were when verified."""
    try:
        record = json.loads(_record(repo, revision).read_text(encoding="utf-8"))
        folder = Path(record["folder"])
        return folder if record["files"] == _stamps(folder, record["files"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamps(folder: Path, names: Iterable[str]) -> dict[str, list[int]]:
    """Size in bytes and time of last change in nanoseconds of each file."""
    stats = {name: (folder / name).stat() for name in names}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def licence_of(repo: str, revision: str) -> str | None:
    """Return the licence that the Hub stated when a model was fetched; None where it was not asked."""
    try:
        licence = json.loads(_record(repo, revision).read_text(encoding="utf-8")).get("licence")
    except (OSError, ValueError, AttributeError):
        return None
    return licence if isinstance(licence, str) else None


def remember(repo: str, revision: str, folder: Path, names: Iterable[str], licence: str | None = None) -> None:
    """Record that a folder's files are whole and verified, and what the Hub stated of their licence.

    Raises:
        SourceError: The record cannot be written, for want of rights or space.
    """
    path = _record(repo, revision)
    known = {"licence": licence} if licence else {}
    text = json.dumps({"folder": str(folder), "files": _stamps(folder, names)} | known, indent=1)
    with disk_errors_named("written", path):
        make_folder(path.parent)
        beside = path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)


def remove_if_wrong(path: Path, expected: str) -> str | None:
    """Remove a file, and what it links to, if its SHA-256 is not the expected one; return the one seen, else None."""
    with path.open("rb") as stream:
        seen = hashlib.file_digest(stream, "sha256").hexdigest()
    if seen == expected:
        return None
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    return seen
