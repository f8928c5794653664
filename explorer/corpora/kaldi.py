"""Kind ``kaldi``: a data folder with ``wav.scp``, ``text`` and ``utt2spk``, or a folder of such folders, one a split.

``spk2age``, ``spk2gender`` and ``utt2dur`` (seconds) are used where they are there. An entry of wav.scp is a file:
absolute, or relative to the data folder or one of the two folders above it (recipes write paths relative to the place
they run in). What ends in ``|`` is a command; no command is ever run, such entries are named and left out.
``segments`` would need audio to be cut; a folder with that file is refused.

Source: https://kaldi-asr.org/doc/data_prep.html
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import shown
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError, seen

_HUGE = 1e9
_EXPECTED = "wav.scp, text and utt2spk, in the folder or in its subfolders"


def read_kaldi(folder: Path) -> Corpus:
    """Read a Kaldi data folder, or all that lie in a folder; the split is then the subfolder's name.

    Raises:
        CorpusError: no such folder, a table missing or unreadable, ``segments`` there, or nothing usable.
    """
    gathering = Gathering(folder, _EXPECTED)
    look = gathering.look
    if "wav.scp" in look.listing(folder):
        read_data_folder(gathering, folder, (folder, folder.parent, folder.parent.parent))
        return gathering.corpus("wav.scp")
    splits = [name for name in look.folders(folder) if "wav.scp" in look.listing(folder / name)]
    if not splits:
        raise CorpusError(f"{shown(folder)}: holds no wav.scp; expected {_EXPECTED}.")
    for name in splits:
        read_data_folder(gathering, folder / name, (folder / name, folder, folder.parent), name)
    return gathering.corpus("wav.scp")


def read_data_folder(gathering: Gathering, folder: Path, bases: Sequence[Path], split: str | None = None) -> None:
    """Gather the utterances of one data folder.

    Args:
        gathering: takes them, and what is wrong with the others.
        folder: with wav.scp.
        bases: folders that relative entries of wav.scp may be relative to; the first that has the file counts.
        split: of all of them.

    Raises:
        CorpusError: a needed table is missing or unreadable, or there is ``segments``.
    """
    if "segments" in gathering.look.listing(folder):
        raise CorpusError(
            f"{shown(folder / 'segments')}: utterances that are parts of longer recordings are not supported; "
            "cut them into files first, for example with Kaldi's extract_segments."
        )
    tables = {name: _table(gathering, folder / name) for name in ("wav.scp", "text", "utt2spk")}
    for name in ("spk2age", "spk2gender", "utt2dur"):
        there = name in gathering.look.listing(folder)
        tables[name] = _table(gathering, folder / name) if there else {}
    where = "wav.scp" if folder == gathering.folder else gathering.look.name(folder / "wav.scp")
    for utterance, name in tables["wav.scp"].items():
        if utterance in tables["text"]:
            with gathering.naming(f"{where}: {utterance}"):
                gathering.add(_utterance(utterance, _audio(gathering, name, bases), tables, split))
        else:
            gathering.count(f"recordings of {where} have no line in text and are left out", utterance)
    for utterance in tables["text"].keys() - tables["wav.scp"].keys():
        gathering.count(f"lines of text have no entry in {where}", utterance)


def _utterance(key: str, path: Path, tables: Mapping[str, Mapping[str, str]], split: str | None) -> Utterance:
    speaker = tables["utt2spk"].get(key)
    if speaker is None:
        raise CorpusError("has no speaker in utt2spk")
    return Utterance(
        id=key,
        path=path,
        reference=tables["text"][key],
        speaker=speaker,
        age=_number(tables, "spk2age", speaker),
        gender=tables["spk2gender"].get(speaker),
        duration=_number(tables, "utt2dur", key),
        split=split,
    )


def _audio(gathering: Gathering, name: str, bases: Sequence[Path]) -> Path:
    if name.endswith("|"):
        raise CorpusError("is a command (it ends in |) and is not run; write its output to a file and name that")
    for base in bases:
        if gathering.look.has_file(base / name):
            return base / name
    raise CorpusError(f"no such audio file: {seen(name)}")


def _table(gathering: Gathering, path: Path) -> dict[str, str]:
    """Read lines of a key, blanks or a tab, and a value; only in ``text`` may the value be empty."""
    if path.name not in gathering.look.listing(path.parent):
        raise CorpusError(f"{shown(path.parent)}: holds no {path.name}; expected {_EXPECTED}.")
    try:
        lines = gathering.look.lines(path)
    except CorpusError as error:
        raise CorpusError(f"{shown(path)}: {error}; expected a table of Kaldi, in UTF-8.") from error
    table: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        key, *values = line.split(maxsplit=1) or [""]
        if not key:
            continue
        with gathering.naming(f"{gathering.look.name(path)} line {number}"):
            if not values and path.name != "text":
                raise CorpusError(f"expected a value after {seen(key)}")
            if key in table:
                raise CorpusError(f"{seen(key)} occurs twice; the second is left out")
            table[key] = values[0].strip() if values else ""
    return table


def _number(tables: Mapping[str, Mapping[str, str]], name: str, key: str) -> float | None:
    if key not in tables[name]:
        return None
    try:
        value = float(tables[name][key])
    except ValueError:
        value = -1
    if not 0 <= value < _HUGE:  # NaN is not
        raise CorpusError(f"{name}: expected a number for {key}, but got {seen(tables[name][key])}")
    return value
