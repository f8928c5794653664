"""KIND:PATH, or the name of a corpus in checkpoints.yaml → the corpus. One row for each kind of folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.checkpoints.cache import Progress, no_progress
from explorer.config import CorpusSpec
from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.cmu_kids import read_cmu_kids, read_cmu_kids_spoken
from explorer.corpora.hub_corpus import corpus_folder, fetch_corpus
from explorer.corpora.index import read_indexed
from explorer.corpora.kaldi import read_kaldi
from explorer.corpora.librispeech import read_librispeech
from explorer.corpora.manifest import read_manifest
from explorer.corpora.myst import read_myst
from explorer.corpora.speechocean import read_speechocean762
from explorer.corpora.table import read_table
from explorer.corpora.utterance import Corpus
from explorer.errors import CorpusError, seen


@dataclass(frozen=True)
class Reader:
    """One kind of corpus.

    Attributes:
        read: from its folder, or file.
        holds: what the folder holds, in a few words for the page and the command line's help.
        indexed: whether what was read is kept in the cache; only where there is a file for each transcript, since
            one table is read as fast as an index.
    """

    read: Callable[[Path], Corpus]
    holds: str
    indexed: bool = False


READERS: dict[str, Reader] = {
    "manifest": Reader(read_manifest, "metadata.jsonl"),
    "audiofolder": Reader(read_audiofolder, "metadata.jsonl or metadata.csv, in the folder or in each split"),
    "table": Reader(read_table, "a CSV or TSV file with columns for audio and text"),
    "kaldi": Reader(read_kaldi, "wav.scp, text and utt2spk"),
    "myst": Reader(read_myst, "MyST, LDC2021S05", indexed=True),
    "cmu-kids": Reader(read_cmu_kids, "CMU Kids, LDC97S63; the reference is the prompt", indexed=True),
    "cmu-kids-spoken": Reader(read_cmu_kids_spoken, "CMU Kids; the reference is what was said", indexed=True),
    "speechocean762": Reader(read_speechocean762, "speechocean762: WAVE, train and test"),
    "librispeech": Reader(read_librispeech, "LibriSpeech", indexed=True),
}


def is_fetched(spec: CorpusSpec) -> bool:
    """Say whether a corpus of checkpoints.yaml is on this machine: a folder is, one of the Hub once it was used."""
    return spec.repo is None or corpus_folder(spec.repo, spec.split).is_dir()


def open_corpus(name: str, specs: Sequence[CorpusSpec] = (), progress: Progress = no_progress) -> Corpus:
    """Open a corpus; one of the Hub is fetched if it is not here yet.

    Args:
        name: ``KIND:PATH``, or a name in ``specs``.
        specs: corpora of checkpoints.yaml.
        progress: follows a download.

    Raises:
        CorpusError: no such name, kind or folder, or nothing usable in it.
        SourceError: it has to be fetched, and cannot be.
    """
    for spec in specs:
        if spec.name == name:
            if spec.repo is not None:
                return read_corpus(spec.kind, fetch_corpus(spec.repo, spec.revision, spec.split, progress))
            if spec.path is not None:
                return read_corpus(spec.kind, spec.path)
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
    return read_corpus(kind, folder)


def read_corpus(kind: str, folder: Path) -> Corpus:
    """Read a folder as a kind of corpus, from its index where there is one that still holds.

    Args:
        kind: a key of ``READERS``.
        folder: of the corpus, or for ``table`` the file.

    Raises:
        CorpusError: no such folder, another layout, or nothing usable in it.
    """
    reader = READERS[kind]
    return read_indexed(kind, folder, reader.read) if reader.indexed else reader.read(folder)
