"""The app's own cache folder, and writing to it so that nothing half-written is ever taken for whole.

A folder is built beside its final place and renamed there when it is complete, so its presence is its proof. Two
processes that want the same folder take turns at a file lock.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from huggingface_hub import constants

from explorer.errors import SourceError

Progress = Callable[[str, int, int], None]
"""What is fetched or written, bytes done so far, bytes in all (0 where that is not known)."""


def no_progress(what: str, done: int, total: int) -> None:
    """Take progress and show nothing."""


_MEGABYTE = 1_000_000


def cache_folder() -> Path:
    """Return the folder everything fetched is kept in, whether or not it exists yet.

    ``SA_MERGE_CACHE`` names it outright; otherwise it is ``sa-merge-explorer`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    if own := os.environ.get("SA_MERGE_CACHE"):
        return Path(own).expanduser()
    if general := os.environ.get("XDG_CACHE_HOME"):
        return Path(general).expanduser() / "sa-merge-explorer"
    return Path.home() / ".cache" / "sa-merge-explorer"


def model_folder(repo: str) -> Path:
    """Return the place of a converted model in the cache, ``models/<owner>--<name>``, whether or not it exists yet."""
    return cache_folder() / "models" / repo.replace("/", "--")


def partial_folder() -> Path:
    """Return the place of downloads that have not been converted yet, whether or not it exists."""
    return cache_folder() / "partial"


def make_folder(folder: Path) -> Path:
    """Create a folder of the cache with its parents and return it.

    Raises:
        SourceError: The folder cannot be created, for want of rights or space.
    """
    with disk_errors_named("created", folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` and rename it to ``target`` when the block ends well.

    Whatever stood at ``target`` is replaced. When the block raises, the new folder is removed and ``target`` is left
    as it was. What a killed process left beside ``target`` is removed first, so the caller must hold the cache's lock.

    Raises:
        SourceError: The disk is full or the folder may not be written; also for such errors raised by the block.
    """
    with disk_errors_named("written", target):
        make_folder(target.parent)
        for leftover in target.parent.glob(f".{target.name}.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
        try:
            yield fresh
            _settle(fresh)
            if target.exists():
                shutil.rmtree(target)
            fresh.replace(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Force a folder's files to the disk and give them the rights of ordinary files.

    Without this a power cut soon after the rename could leave a complete-looking folder of empty files; and mkdtemp
    and safetensors write what only the owner can read, wrong for a cache that several accounts may share.
    """
    mask = os.umask(0)
    os.umask(mask)
    for file in folder.iterdir():
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
        file.chmod(0o666 & ~mask)
    folder.chmod(0o777 & ~mask)


@dataclass(frozen=True)
class Room:
    """What a disk and its budget have room for, in bytes.

    Attributes:
        free: on the disk.
        budget: the most that the app's cache and the Hub library's may hold; None without a budget.
        kept: what they hold; 0 without a budget.
    """

    free: int
    budget: int | None
    kept: int


def room_in(folder: Path) -> Room:
    """Look how much room there is.

    ``SA_MERGE_DISK_BUDGET`` is the most, in GB, that the app's cache and the Hub library's may hold together.

    Args:
        folder: existing, on the disk that is to be written to.

    Raises:
        SourceError: the budget is no number.
    """
    free = shutil.disk_usage(folder).free
    budget = os.environ.get("SA_MERGE_DISK_BUDGET", "").strip()
    if not budget:
        return Room(free, None, 0)
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", budget):
        raise SourceError(f"SA_MERGE_DISK_BUDGET: expected gigabytes such as 20, but got {budget!r}; mend or unset it")
    kept = sum(_size_of(each) for each in _apart(cache_folder(), Path(constants.HF_HUB_CACHE)))
    return Room(free, int(float(budget) * 1_000 * _MEGABYTE), kept)


def require_free_space(folder: Path, needed: int) -> None:
    """Check that the disk of an existing ``folder`` has ``needed`` bytes free, and the budget for them if there is one.

    Raises:
        SourceError: There is less; the sentence names the folder and both sizes in MB. Or the budget is no number.
    """
    if needed == 0:
        return
    room = room_in(folder)
    if room.free < needed:
        raise SourceError(
            f"{folder}: needs {needed / _MEGABYTE:.0f} MB of free disk space and has {room.free / _MEGABYTE:.0f} MB; "
            f"free some, or point SA_MERGE_CACHE at another disk"
        )
    if room.budget is not None and room.kept + needed > room.budget:
        raise SourceError(
            f"{needed / _MEGABYTE:.0f} MB more do not fit into SA_MERGE_DISK_BUDGET ({room.budget / 1e9:g} GB), of "
            f"which {room.kept / _MEGABYTE:.0f} MB are taken; raise it, or delete models you no longer need "
            f"(hf cache rm)"
        )


def _apart(*folders: Path) -> list[Path]:
    """Leave out folders inside others, so that nothing is counted twice."""
    places = {folder.expanduser().resolve() for folder in folders}
    return [place for place in places if not any(other in place.parents for other in places)]


def _size_of(folder: Path) -> int:
    """Add up a folder's files, in bytes; links and what vanishes meanwhile count nothing."""
    total = 0
    for outer, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                stat = os.lstat(Path(outer) / name)
                total += stat.st_size if S_ISREG(stat.st_mode) else 0
    return total


@contextmanager
def disk_errors_named(verb: str, place: Path) -> Iterator[None]:
    """Turn what the disk refuses in the block into one sentence: "``place`` cannot be ``verb``: …".

    Raises:
        SourceError: For what ``disk_sentence`` knows; any other OSError passes through unchanged.
    """
    try:
        yield
    except OSError as error:
        sentence = disk_sentence(error, verb, place)
        if sentence is None:
            raise
        raise SourceError(sentence) from error


def disk_sentence(error: OSError, verb: str, place: Path | str) -> str | None:
    """Return the sentence for a disk that is full or closed or a file in the way; None for any other error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{place} cannot be {verb}: the disk is full; free some space and start again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be {verb}: no permission; choose a folder you may write to (SA_MERGE_CACHE, HF_HOME)"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{place} cannot be {verb}: a file is in its way; move it, or choose another folder (SA_MERGE_CACHE)"
    return None
