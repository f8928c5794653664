"""Files of a repository on the Hugging Face Hub: listed, fetched into the Hub library's own cache, verified.

``HF_ENDPOINT`` and ``HF_TOKEN`` are honoured as the library documents them, the first one as it stands at the call.
Files are fetched one by one rather than with ``snapshot_download``, whose listing request waits without limit for a Hub
that has stopped answering.

What is resumed: finished files stay, and a big file goes on where it broke off, in this run or a later one
(``hub_parts``). The library itself would begin it anew, because it gives its temporary files random names.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import XetDownloadError
from huggingface_hub.hf_api import DatasetInfo, ModelInfo, RepoSibling
from huggingface_hub.utils.tqdm import tqdm

from explorer.checkpoints.cache import Progress, make_folder, require_free_space
from explorer.checkpoints.hub_errors import HubUnreachableError, named_failure
from explorer.checkpoints.hub_parts import arrived, blob_place, bring, file_address
from explorer.checkpoints.hub_snapshot import remove_if_wrong
from explorer.config import NOT_STATED
from explorer.errors import SourceError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

# One request may take this long, and the first answer no longer than the second, name look-up included: then the next
# source has its turn. A slow download is another matter, it only has to keep moving.
REQUEST_SECONDS = 8.0
_ANSWER_SECONDS = 10.0
_LIBRARY_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, TypeError, RuntimeError, XetDownloadError)

RepoType = Literal["model", "dataset"]


@dataclass(frozen=True)
class HubFile:
    """A file as the Hub lists it: size in bytes, SHA-256 where the Hub states one."""

    name: str
    size: int
    sha256: str | None


@dataclass(frozen=True)
class Listing:
    """What a repository holds.

    Attributes:
        commit: 40 hexadecimal digits: what the revision stood for when the Hub was asked.
        files: all of them, or those that are needed.
        licence: as the repository's card states it, or ``not stated``.
        name: what the Hub calls the repository now.
    """

    commit: str
    files: tuple[HubFile, ...]
    licence: str
    name: str

    @property
    def size(self) -> int:
        """Return the bytes of all files together."""
        return sum(file.size for file in self.files)


@contextmanager
def hub_errors_named(repo: str, revision: str) -> Iterator[None]:
    """Turn what the Hub library raises in the block into one sentence.

    Raises:
        HubUnreachableError: No Hub answers, within about ten seconds, or it must not be asked.
        SourceError: The Hub refuses, has no such repository, or the download broke off or is damaged.
    """
    if constants.is_offline_mode():
        raise HubUnreachableError(f"{repo}: the Hub is not asked because HF_HUB_OFFLINE is set; unset it to fetch")
    try:
        yield
    except SourceError:
        raise
    except _LIBRARY_ERRORS as error:
        # Not "from error": the library's own words can hold the token, e.g. when it is not a legal header.
        raise named_failure(error, repo, revision) from None


def listed_files(repo: str, revision: str, repo_type: RepoType) -> Listing:
    """Ask the Hub what a repository holds, with sizes and hashes; one that was renamed answers under its old name."""
    info = _within(_ANSWER_SECONDS, lambda: _ask(repo, revision, repo_type))
    if info.id != repo:
        _log.warning("%s: is called %s on the Hub now; name it so", repo, info.id)
    licences = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    files = tuple(_file(sibling) for sibling in info.siblings or ())
    return Listing(str(info.sha), files, licences[0] if licences else NOT_STATED, info.id)


def fetched_files(
    repo: str, commit: str, repo_type: RepoType, files: Sequence[HubFile], progress: Progress
) -> dict[str, Path]:
    """Fetch the files of one commit that are not here yet, and verify them.

    Returns:
        Of each file's name, its place in the library's cache.

    Raises:
        SourceError: The disk has no room, or a file's SHA-256 is not what the Hub states.
    """
    cache = make_folder(Path(constants.HF_HUB_CACHE))
    present = {file.name: path for file in files if (path := _present(repo, commit, repo_type, file))}
    absent = [file for file in files if file.name not in present]
    require_free_space(cache, sum(file.size - min(file.size, arrived(file.sha256)) for file in absent))
    total, done = sum(file.size for file in files), 0
    for file in files:
        if file.name not in present:
            present[file.name] = _fetch(
                repo, commit, repo_type, file, cache, _told(f"{repo} from the Hub", done, total, progress)
            )
        done += file.size
    return present


def _told(what: str, before: int, total: int, progress: Progress) -> Callable[[int], object]:
    """Return what reports the bytes of one file, after ``before`` bytes of others."""
    return lambda here: progress(what, before + here, total)


def missing(repo: str, commit: str, files: Iterable[HubFile]) -> int:
    """Return how many bytes of a model's files are still to be fetched."""
    return sum(
        file.size - min(file.size, arrived(file.sha256))
        for file in files
        if not isinstance(try_to_load_from_cache(repo, file.name, revision=commit), str)
    )


def _ask(repo: str, revision: str, repo_type: RepoType) -> ModelInfo | DatasetInfo:
    api = HfApi(endpoint=hub_endpoint())
    ask = api.dataset_info if repo_type == "dataset" else api.model_info
    return ask(repo, revision=revision, files_metadata=True, timeout=REQUEST_SECONDS)


def hub_endpoint() -> str | None:
    """Return the address that HF_ENDPOINT names now; None is the library's own."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _within(seconds: float, ask: Callable[[], _T]) -> _T:
    """Return what ``ask`` returns, or give up on it; a request's own limit covers neither name look-up nor trickle.

    Raises:
        httpx2.TimeoutException: No answer in time.
    """
    answers: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise httpx2.TimeoutException("no answer")
    return answers[0]


def _file(sibling: RepoSibling) -> HubFile:
    lfs = sibling.lfs
    return HubFile(sibling.rfilename, (lfs.size if lfs else sibling.size) or 0, lfs.sha256 if lfs else None)


def _present(repo: str, commit: str, repo_type: RepoType, file: HubFile) -> Path | None:
    """Return a file that an earlier start left in the library's cache, if it is whole; remove it if it is not."""
    found = try_to_load_from_cache(repo, file.name, revision=commit, repo_type=repo_type)
    if not isinstance(found, str):
        return None
    if file.sha256 and remove_if_wrong(Path(found), file.sha256):
        _log.warning("%s: damaged in the cache; removed, fetching it again", found)
        return None
    return Path(found)


def _fetch(
    repo: str, commit: str, repo_type: RepoType, file: HubFile, cache: Path, told: Callable[[int], object]
) -> Path:
    """Fetch one file into the library's cache and verify it.

    Raises:
        SourceError: Its SHA-256 is not what the Hub states.
    """
    if file.sha256:
        address = file_address(repo, commit, repo_type, file.name, hub_endpoint())
        blob = blob_place(repo, repo_type, file.sha256, cache)
        bring(address, blob, file.sha256, file.size, REQUEST_SECONDS, told, f"{repo}: {file.name}")
    path = Path(
        hf_hub_download(
            repo,
            file.name,
            revision=commit,
            repo_type=repo_type,
            cache_dir=cache,
            endpoint=hub_endpoint(),
            etag_timeout=REQUEST_SECONDS,
            tqdm_class=_bar(told),
        )
    )
    if file.sha256 and (seen := remove_if_wrong(path, file.sha256)):
        raise SourceError(
            f"{repo}: {file.name} is damaged: SHA-256 {file.sha256} expected, {seen} seen; it was removed from the "
            f"cache, start again to fetch it again"
        )
    return path


def _bar(told: Callable[[int], object]) -> type[tqdm]:
    """Return a tqdm class that draws nothing and reports the bytes that are here to ``told``.

    The Hub library takes a class where a callback would do.
    """

    class Bar(tqdm):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> bool | None:
            self.n += n or 0
            told(int(self.n))
            return None

    return Bar
