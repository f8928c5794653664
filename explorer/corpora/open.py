"""KIND:PATH, or the name of a corpus in checkpoints.yaml → the corpus. One row for each kind of folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from explorer.config import CorpusSpec
from explorer.corpora.manifest import Corpus, read_manifest
from explorer.errors import CorpusError, seen

READERS: dict[str, Callable[[Path], Corpus]] = {"manifest": read_manifest}


def open_corpus(name: str, specs: Sequence[CorpusSpec] = ()) -> Corpus:
    """Open a corpus.

    Args:
        name: ``KIND:PATH``, or a name in ``specs``.
        specs: corpora of checkpoints.yaml.

    Raises:
        CorpusError: no such name, kind or folder, or nothing usable in it.
    """
    for spec in specs:
        if spec.name == name:
            return READERS[spec.kind](spec.path)
    kind, colon, path = name.partition(":")
    if not colon or not path:
        known = ", ".join(spec.name for spec in specs) or "none"
        raise CorpusError(f"corpus: {name!r}: expected a name in checkpoints.yaml ({known}) or KIND:PATH.")
    if kind not in READERS:
        raise CorpusError(f"corpus: {kind!r}: no such kind of corpus; there are {', '.join(READERS)}.")
    try:
        folder = Path(path).expanduser()
        folder.is_dir()
    except (OSError, RuntimeError) as error:  # a name too long for the disk; ~ of a user who does not exist
        raise CorpusError(f"corpus: {seen(path)}: no such folder; check the path.") from error
    return READERS[kind](folder)
