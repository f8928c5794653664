"""Kind ``audiofolder``: Hugging Face's layout, a folder with metadata.jsonl or metadata.csv, or one for each split.

    folder/metadata.csv, folder/data/train/a.wav …            file_name is relative to the metadata
    folder/train/metadata.jsonl, folder/test/metadata.jsonl …   each split has its own; the same inside folder/data

``file_name`` is needed and one of ``text``, ``transcription``, ``transcript`` and ``sentence``; the rest is as in kind
``manifest``. The split is the one that a row states, else the folder's name among those that the Hub knows. Audio lies
in the folder, nowhere else. metadata.parquet is not read.

Source: https://huggingface.co/docs/datasets/audio_dataset#audiofolder
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import shown
from explorer.corpora.manifest import json_row
from explorer.corpora.rows import aliased, inside, utterance_of
from explorer.corpora.table import columns_of, row_of, table_rows
from explorer.corpora.utterance import Corpus
from explorer.errors import CorpusError

METADATA = ("metadata.jsonl", "metadata.csv")
SPLITS = ("train", "training", "validation", "valid", "val", "dev", "development", "test", "testing", "eval")
_EXPECTED = "metadata.jsonl or metadata.csv, in the folder or in each split's"


def read_audiofolder(folder: Path) -> Corpus:
    """Read the utterances of an audiofolder; broken rows and absent files are named and left out.

    Raises:
        CorpusError: no such folder, no metadata in it, or not one usable utterance.
    """
    gathering = Gathering(folder, _EXPECTED)
    found = _metadata(gathering, folder)
    if not found:
        parquet = " metadata.parquet is not read: write it as metadata.jsonl." * (
            "metadata.parquet" in gathering.look.listing(folder)
        )
        raise CorpusError(f"{shown(folder)}: holds no metadata; expected {_EXPECTED}.{parquet}")
    for path in found:
        _read_metadata(gathering, path)
    return gathering.corpus(" and ".join(gathering.look.name(path) for path in found))


def _metadata(gathering: Gathering, folder: Path) -> list[Path]:
    """Find the metadata: of the folder, or of its splits, there or in ``data``."""
    look = gathering.look
    for base in (folder, folder / "data"):
        for places in ([base], [base / split for split in look.folders(base)]):
            found = [place / name for place in places for name in METADATA if name in look.listing(place)]
            if found:
                return found
    return []


def _read_metadata(gathering: Gathering, path: Path) -> None:
    where = gathering.look.name(path)
    locate = inside(gathering.look, path.parent)
    try:
        text = gathering.look.text(path)
    except CorpusError as error:
        raise CorpusError(f"{shown(path)}: {error}; expected metadata in UTF-8.") from error
    rows = _json_rows(text, gathering, where) if path.suffix == ".jsonl" else _csv_rows(text, gathering, where)
    for number, row, names in rows:
        with gathering.naming(f"{where} line {number}"):
            utterance = utterance_of(row, locate, names)
            relative = utterance.path.relative_to(gathering.folder)
            given = {key for key in ("id", "speaker") if row.get(key) is not None}
            # Two splits may each have an a.wav.
            identity = utterance.id if "id" in given else relative.as_posix()
            speaker = utterance.speaker if "speaker" in given else identity
            split = utterance.split or _split(relative)
            gathering.add(replace(utterance, id=identity, speaker=speaker, split=split))


def _json_rows(text: str, gathering: Gathering, where: str) -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            with gathering.naming(f"{where} line {number}"):
                row = json_row(line)
                names = aliased(row)
                known = {column: entry for entry, column in names.items()}
                yield number, {known.get(key, key): value for key, value in row.items()}, names


def _csv_rows(text: str, gathering: Gathering, where: str) -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
    rows = table_rows(text, ".csv")
    header = next(rows, (1, []))[1]
    columns = columns_of(header, shown(gathering.folder / where))
    for number, cells in rows:
        with gathering.naming(f"{where} line {number}"):
            yield number, row_of(cells, header, columns), columns


def _split(relative: Path) -> str | None:
    return next((part for part in relative.parts[:-1] if part.lower() in SPLITS), None)
