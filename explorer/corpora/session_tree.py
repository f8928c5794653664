"""The layout of MyST, which the authors of SA Merge use for CMU Kids too.

data/{train,development,test}/<speaker>/<session>/<utterance>.flac, with <utterance>.trn where it is transcribed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import Look
from explorer.errors import CorpusError

PARTITIONS = ("train", "development", "dev", "test")
AUDIO = (".flac", ".wav")  # in this order where both are there: some recipes unpack the FLAC beside it
LAYOUT = "data/{train,development,test}/<speaker>/<session>/*.flac with *.trn"


@dataclass(frozen=True)
class Recording:
    """One transcribed recording of such a tree.

    Attributes:
        id: the file's name without its ending.
        line: first line of its transcript, as it is.
    """

    id: str
    audio: Path
    line: str
    speaker: str
    session: str
    split: str | None


def find_partitions(look: Look, folder: Path) -> list[tuple[Path, str | None]]:
    """Find the partitions and what they are called: below the folder or its ``data``, or the folder itself.

    Returns:
        Folders of speakers; none where the layout is another.
    """
    bases = [folder, folder / "data"]
    bases += [folder / name / "data" for name in look.folders(folder) if name not in PARTITIONS]
    for base in bases:
        there = [name for name in PARTITIONS if look.listing(base).get(name) == "folder"]
        if there:
            return [(base / name, name) for name in there]
    for base in bases[:2]:
        if _has_sessions(look, base):
            return [(base, base.name if base.name in PARTITIONS else None)]
    return []


def recordings(gathering: Gathering, partition: Path, split: str | None) -> Iterator[Recording]:
    """Read a partition; what lacks its transcript is counted, what lacks its recording or is unreadable named."""
    look = gathering.look
    for speaker in look.folders(partition):
        for session in look.folders(partition / speaker):
            folder = partition / speaker / session
            audio, transcripts = _pairs(look.files(folder))
            for stem in sorted(audio.keys() - transcripts.keys()):
                gathering.count("recordings have no transcript (.trn) and are left out", stem)
            for stem, name in transcripts.items():
                with gathering.naming(folder / name):
                    if stem not in audio:
                        raise CorpusError("is a transcript without a recording")
                    line = look.text(folder / name).split("\n", 1)[0]
                    yield Recording(stem, folder / audio[stem], line, speaker, session, split)


def _pairs(names: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Sort a session's files into recordings and transcripts, by their names without the ending."""
    audio: dict[str, str] = {}
    transcripts: dict[str, str] = {}
    for name in names:
        stem, dot, ending = name.rpartition(".")
        ending = (dot + ending).lower()
        if ending == ".trn":
            transcripts[stem] = name
        elif ending in AUDIO and (stem not in audio or ending == AUDIO[0]):
            audio[stem] = name
    return audio, transcripts


def _has_sessions(look: Look, folder: Path) -> bool:
    """Say whether a folder holds speakers' folders; the first session that has files tells."""
    for speaker in look.folders(folder):
        for session in look.folders(folder / speaker):
            files = look.files(folder / speaker / session)
            if files:
                return any(name.lower().endswith((*AUDIO, ".trn")) for name in files)
    return False
