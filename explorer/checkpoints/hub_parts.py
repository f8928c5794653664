"""A big file of the Hub, fetched so that what has arrived is never fetched twice: it goes on where it broke off.

The piece that is there lies in the app's own cache under the file's SHA-256, so a later run, or another, takes it up.
When it is whole and verified it is moved to where the Hub's library looks for it.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from filelock import FileLock, Timeout
from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import get_session, hf_raise_for_status

from explorer.checkpoints.cache import disk_sentence, make_folder, partial_folder
from explorer.checkpoints.hub_snapshot import remove_if_wrong
from explorer.errors import SourceError

_TRIES = 5  # in a row without a new byte
_PAUSE_SECONDS = 1.0
_BLOCK = 1 << 18
_KEPT_SECONDS = 7 * 24 * 3600  # for which what has arrived waits for somebody to go on with it
_LOOK_SECONDS = 0.5  # between two looks at a file that somebody else is fetching


def piece(sha256: str) -> Path:
    """Return the place of what has arrived of a file, whether or not there is any."""
    return partial_folder() / "hub" / sha256


def arrived(sha256: str | None) -> int:
    """Return how many bytes of a file an earlier try has left."""
    try:
        return piece(sha256).stat().st_size if sha256 else 0
    except OSError:
        return 0


def bring(
    address: str, blob: Path, sha256: str, size: int, timeout: float, progress: Callable[[int], object], name: str
) -> None:
    """Fetch a file of the Hub, from where an earlier try broke off, and put it, verified, to its place.

    Args:
        address: of the file at the Hub, as ``file_address`` gives it.
        blob: its place in the library's cache.
        sha256: as the Hub states it.
        size: bytes, as the Hub states them.
        timeout: seconds without an answer, or without a new byte.
        progress: called with the bytes that are here; what it raises stops the download, and the piece stays.
        name: repository and file, for messages.

    Raises:
        SourceError: what was fetched is not what the Hub states, or the disk refuses.
        httpx2.HTTPError, OSError: as the Hub library raises them; see ``hub_errors_named``.
    """
    part = piece(sha256)
    make_folder(part.parent)
    _clear(part)
    with _disk_named(name, part), _turn(part, progress):
        if blob.exists():
            return
        tries = 0
        while (before := arrived(sha256)) < size:
            try:
                _go_on(address, part, before, timeout, progress)
            except (httpx2.ConnectError, httpx2.TimeoutException, httpx2.RemoteProtocolError, httpx2.ReadError):
                tries = 0 if arrived(sha256) > before else tries + 1
                if tries >= _TRIES:
                    raise
                time.sleep(_PAUSE_SECONDS)
                continue
            if arrived(sha256) < size:
                raise SourceError(f"{name}: the download broke off before its end; start again, what arrived is kept")
        if seen := remove_if_wrong(part, sha256):
            raise SourceError(
                f"{name} is damaged: SHA-256 {sha256} expected, {seen} seen; it was removed from the cache, start "
                f"again to fetch it again"
            )
        blob.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(part, blob)


def file_address(repo: str, commit: str, repo_type: str, name: str, endpoint: str | None) -> str:
    """Return where a file of a commit is to be asked for."""
    return hf_hub_url(repo, name, revision=commit, repo_type=repo_type, endpoint=endpoint)


def blob_place(repo: str, repo_type: str, sha256: str, cache: Path) -> Path:
    """Return where the Hub's library looks for a big file, whether or not it is there."""
    return cache / repo_folder_name(repo_id=repo, repo_type=repo_type) / "blobs" / sha256


def _clear(wanted: Path) -> None:
    """Remove pieces that nobody has gone on with for a week, but for the one that is wanted now.

    Their locks stay, which are empty: whoever waits at one must find the same one that others do.
    """
    for part in wanted.parent.iterdir():
        if part.name.startswith(".") or part == wanted:
            continue
        # Somebody may be fetching it after all, or another may have removed it: then it is none of ours.
        with suppress(OSError), FileLock(_lock_of(part), timeout=0):
            if part.stat().st_mtime < time.time() - _KEPT_SECONDS:
                part.unlink()


def _lock_of(part: Path) -> Path:
    return part.with_name(f".{part.name}.lock")


@contextmanager
def _disk_named(name: str, part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if sentence := disk_sentence(error, "written", part):
            raise SourceError(f"{name}: {sentence}") from error
        raise


@contextmanager
def _turn(part: Path, progress: Callable[[int], object]) -> Iterator[None]:
    """Wait until nobody else fetches the same file; ``progress`` may stop the wait."""
    lock = FileLock(_lock_of(part))
    while True:
        try:
            lock.acquire(timeout=_LOOK_SECONDS)
            break
        except Timeout:
            progress(arrived(part.name))
    try:
        yield
    finally:
        lock.release()


def _go_on(address: str, part: Path, start: int, timeout: float, progress: Callable[[int], object]) -> None:
    """Ask for what is missing and append it, until the answer ends."""
    found = get_hf_file_metadata(address, timeout=timeout, headers=build_hf_headers())
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if urlsplit(found.location).netloc != urlsplit(address).netloc:
        headers.pop("authorization", None)  # the other host has no business with the token
    if start:
        headers["Range"] = f"bytes={start}-"
    wait = max(timeout, constants.HF_HUB_DOWNLOAD_TIMEOUT)
    with get_session().stream("GET", found.location, headers=headers, timeout=wait) as response:
        if response.is_error:
            response.read()  # the library tells errors apart by their text too
        hf_raise_for_status(response)
        whole = response.status_code != 206  # the server ignores ranges: from the beginning
        with part.open("wb" if whole else "ab") as sink:
            here = 0 if whole else start
            progress(here)
            for block in response.iter_bytes(_BLOCK):
                sink.write(block)
                here += len(block)
                progress(here)
