"""Kind ``librispeech``: adults who read, to see what a child model loses on them.

    LibriSpeech/SPEAKERS.TXT, LibriSpeech/dev-clean/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt and …-0000.flac

The folder is LibriSpeech, the one that holds it, or one split of it. The split is the folder's name; gender is F or M
in SPEAKERS.TXT and becomes f or m; extra: ``chapter``. LibriTTS and MLS are laid out otherwise.

Source: https://www.openslr.org/12, CC BY 4.0.
"""

from pathlib import Path

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import Look, shown
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError

_EXPECTED = "LibriSpeech: <split>/<speaker>/<chapter>/*.flac with *.trans.txt"


def read_librispeech(folder: Path) -> Corpus:
    """Read the splits that are there.

    Raises:
        CorpusError: no such folder, no split in it, or nothing usable.
    """
    gathering = Gathering(folder, _EXPECTED)
    splits = _splits(gathering.look, folder)
    if not splits:
        raise CorpusError(f"{shown(folder)}: is not LibriSpeech; expected {_EXPECTED}.")
    genders = _genders(gathering, splits[0].parent)
    for split in splits:
        for speaker in gathering.look.folders(split):
            for chapter in gathering.look.folders(split / speaker):
                _read_chapter(gathering, split / speaker / chapter, genders)
    return gathering.corpus("LibriSpeech")


def _splits(look: Look, folder: Path) -> list[Path]:
    if _is_split(look, folder):
        return [folder]
    for root in (folder, folder / "LibriSpeech"):
        splits = [root / name for name in look.folders(root) if _is_split(look, root / name)]
        if splits:
            return splits
    return []


def _is_split(look: Look, folder: Path) -> bool:
    """Speakers and chapters are numbers; the first that there is tells."""
    for speaker in look.folders(folder):
        if not speaker.isdigit():
            return False
        chapters = look.folders(folder / speaker)
        if chapters:
            return chapters[0].isdigit()
    return False


def _read_chapter(gathering: Gathering, folder: Path, genders: dict[str, str]) -> None:
    split, speaker, chapter = folder.parts[-3:]
    table = folder / f"{speaker}-{chapter}.trans.txt"
    names = {name for name in gathering.look.files(folder) if name.endswith(".flac")}
    lines: list[str] = []
    with gathering.naming(gathering.look.name(table)):
        lines = gathering.look.lines(table)
    for number, line in enumerate(lines, start=1):
        key, _, text = line.strip().partition(" ")
        if key and f"{key}.flac" not in names:
            gathering.count("lines of the transcripts have no recording", key)
        elif key:
            with gathering.naming(f"{gathering.look.name(table)} line {number}"):
                gathering.add(
                    Utterance(
                        id=key,
                        path=folder / f"{key}.flac",
                        reference=text.strip(),
                        speaker=speaker,
                        gender=genders.get(speaker),
                        extra={"chapter": chapter},
                        split=split,
                    )
                )
    spoken = {line.strip().partition(" ")[0] for line in lines}
    for name in sorted(names):
        if name.removesuffix(".flac") not in spoken:
            gathering.count("recordings have no transcript and are left out", name.removesuffix(".flac"))


def _genders(gathering: Gathering, root: Path) -> dict[str, str]:
    """Read ``14   | F | train-clean-360  | 25.03 | Kristin LeMoine``; comments begin with a semicolon."""
    path = root / "SPEAKERS.TXT"
    genders: dict[str, str] = {}
    if path.name in gathering.look.listing(root):
        with gathering.naming(path.name):
            for line in gathering.look.lines(path, fallback="latin-1"):
                cells = [cell.strip() for cell in line.split("|")]
                if not line.startswith(";") and len(cells) > 1:
                    genders[cells[0]] = cells[1].lower()
    return genders
