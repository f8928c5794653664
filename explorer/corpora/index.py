"""What a corpus folder held when it was last read, so that opening it again is a matter of a second.

Corpora of a file for each transcript (MyST has 102,433) are slow to read and quick to check: the index keeps, beside
the utterances, the time and size of every folder and text file that was read, and is used only while all of them are
as they were. Whatever else is wrong with it (cut off, damaged, of another version of this code), the folder is read
again and the index replaced.

It holds transcripts, and those of licensed corpora are their licensee's: it lies in the user's own cache, in a folder
and in files that only this user may read. ``clear_indexes`` removes them. Audio is never copied.
"""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from explorer.checkpoints.cache import cache_folder
from explorer.corpora.look import stamp
from explorer.corpora.utterance import Corpus, Utterance

_RACY_NS = 2_000_000_000  # file systems with the coarsest clock round to two seconds


def index_folder() -> Path:
    """Return the folder of the indexes, whether or not it exists."""
    return cache_folder() / "corpora"


def index_file(kind: str, folder: Path) -> Path:
    """Return the place of a corpus folder's index, whether or not it exists."""
    name = hashlib.sha256(f"{kind}\0{folder.resolve()}".encode(errors="surrogateescape")).hexdigest()[:24]
    return index_folder() / f"{name}.jsonl"


def read_indexed(kind: str, folder: Path, read: Callable[[Path], Corpus]) -> Corpus:
    """Open a corpus folder from its index, or read it and write the index.

    Args:
        kind: of the corpus; the same folder read as another kind has an index of its own.
        folder: of the corpus.
        read: reads the folder.

    Raises:
        CorpusError: what ``read`` raises. An index that cannot be used or written is not an error.
    """
    try:
        file = index_file(kind, folder)
    except (OSError, RuntimeError, ValueError):  # no home, links in a circle, a null in the name
        return read(folder)
    kept = _load(file, folder)
    if kept is not None:
        return kept
    began = time.time_ns()
    corpus = read(folder)
    if not any(found and abs(began - found[0]) < _RACY_NS for found in corpus.sources.values()):
        _save(file, corpus)  # else a change within the clock's step of the reading could go unnoticed
    return corpus


def clear_indexes() -> int:
    """Remove all indexes and return how many there were."""
    files = sorted(index_folder().glob("*.jsonl"))
    for file in (*files, *index_folder().glob(".*")):  # the latter of a process that was killed while writing
        file.unlink(missing_ok=True)
    return len(files)


def _load(file: Path, folder: Path) -> Corpus | None:
    """Read an index; None when it is absent, damaged, of other code, or of a folder that has changed."""
    try:
        head, _, body = file.read_bytes().partition(b"\n")
        if json.loads(head) != {"code": _code(), "body": hashlib.sha256(body).hexdigest()}:
            return None
        sources, problems, *rows = json.loads(b"[" + b",".join(body.splitlines()) + b"]")
        root = f"{folder}{os.sep}"
        for name, found in sources.items():
            if stamp(name if name.startswith(os.sep) else root + name) != (found and tuple(found)):
                return None
        utterances = tuple(_utterances(rows, folder))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return Corpus(
        folder, utterances, tuple(problems), {name: found and tuple(found) for name, found in sources.items()}
    )


def _save(file: Path, corpus: Corpus) -> None:
    """Write an index beside its place and rename it; a disk that refuses costs only the time of the next reading."""
    rows = [_row(utterance, corpus.folder) for utterance in corpus.utterances]
    lines = (json.dumps(each, separators=(",", ":")) for each in (dict(corpus.sources), corpus.problems, *rows))
    body = "\n".join(lines).encode()
    head = json.dumps({"code": _code(), "body": hashlib.sha256(body).hexdigest()}).encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        handle, fresh = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # for its owner only
        os.close(handle)
        try:
            Path(fresh).write_bytes(head + b"\n" + body)
            Path(fresh).replace(file)
        finally:
            Path(fresh).unlink(missing_ok=True)
    except OSError:
        return


def _row(utterance: Utterance, folder: Path) -> list[Any]:
    path, root = str(utterance.path), str(folder)
    path = path[len(root) + 1 :] if path.startswith(root + os.sep) else path
    return [
        *(utterance.id, path, utterance.reference, utterance.speaker, utterance.age, utterance.gender),
        *(utterance.duration, dict(utterance.extra), utterance.split),
    ]


def _utterances(rows: list[list[Any]], folder: Path) -> Iterator[Utterance]:
    parents: dict[str, Path] = {}
    for identity, path, *rest in rows:
        name = path.rpartition(os.sep)[2]
        parent = path.removesuffix(name)
        if parent not in parents:
            parents[parent] = folder / parent
        yield Utterance(identity, parents[parent] / name, *rest)


@cache
def _code() -> str:
    """Return a digest of the readers' own code: an index written by other code may say other things."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()
