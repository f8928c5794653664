"""A free corpus from the Hugging Face Hub: its Parquet files, fetched and verified → an ordinary ``manifest`` folder.

The folder lies in the app's cache; from then on it is read like any other, without the Hub. Sound files are kept as
they come, nothing is decoded. Only for corpora that anyone may have: a licensed one is read where its owner keeps it.
"""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from filelock import FileLock

from explorer.checkpoints.cache import Progress, cache_folder, make_folder, require_free_space, written_beside
from explorer.checkpoints.hub_files import fetched_files, hub_errors_named, listed_files
from explorer.corpora.manifest import MANIFEST
from explorer.errors import CorpusError

AUDIO_COLUMN, TEXT_COLUMN = "audio", "text"
KNOWN_COLUMNS = ("id", "speaker", "age", "gender", "duration")
"""What of a row is kept beside sound and text, where the corpus has it."""

_ROWS_AT_ONCE = 64
_UNSAFE = re.compile(r"[^\w.\-]+")


def corpus_folder(repo: str, split: str) -> Path:
    """Return the place of a fetched corpus in the cache, whether or not it is there."""
    return cache_folder() / "fetched-corpora" / f"{repo.replace('/', '--')}--{split}"


def fetch_corpus(repo: str, revision: str, split: str, progress: Progress) -> Path:
    """Return the folder of a corpus, from the cache or fetched into it.

    Args:
        repo: of the dataset on the Hub, owner/name.
        revision: branch, tag or commit.
        split: part of the corpus; its files are ``data/SPLIT-*.parquet``.
        progress: follows the download, then the unpacking.

    Raises:
        SourceError: the Hub cannot be reached or refuses, the download is damaged, or the disk is full.
        CorpusError: the files are not there, or hold no sound and text.
    """
    folder = corpus_folder(repo, split)
    if (folder / MANIFEST).is_file():
        return folder
    with FileLock(make_folder(folder.parent) / ".lock"):
        if (folder / MANIFEST).is_file():  # another process was quicker
            return folder
        with hub_errors_named(repo, revision):
            listing = listed_files(repo, revision, "dataset")
            wanted = [file for file in listing.files if fnmatch(file.name, f"data/{split}-*.parquet")]
            if not wanted:
                raise CorpusError(f"{repo}: holds no data/{split}-*.parquet; check the repository and its splits.")
            files = fetched_files(repo, listing.commit, "dataset", wanted, progress)
        require_free_space(folder.parent, sum(file.size for file in wanted))
        with written_beside(folder) as fresh:
            _unpack(repo, split, [files[file.name] for file in wanted], fresh, progress)
    return folder


def _unpack(repo: str, split: str, files: list[Path], folder: Path, progress: Progress) -> None:
    try:
        total = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
        with (folder / MANIFEST).open("w", encoding="utf-8") as lines:
            for number, row in enumerate(_rows(repo, files)):
                name = _name(number, row)
                if (folder / name).exists():
                    name = f"{number:06}-{name}"
                (folder / name).write_bytes(row[AUDIO_COLUMN]["bytes"])
                known = {key: row[key] for key in KNOWN_COLUMNS if row.get(key) is not None}
                entry = {"file_name": name, "text": row[TEXT_COLUMN], "split": split}
                lines.write(json.dumps({"id": Path(name).stem} | entry | known, ensure_ascii=False) + "\n")
                progress(f"{repo}: unpacking", number + 1, total)
    except (pa.ArrowException, AttributeError, TypeError, KeyError) as error:
        raise CorpusError(
            f"{repo}: a Parquet file of {split} cannot be read as rows of {AUDIO_COLUMN} and {TEXT_COLUMN}; "
            "check that it is a corpus of speech."
        ) from error


def _rows(repo: str, files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with pyarrow.parquet.ParquetFile(file) as table:
            names = table.schema_arrow.names
            missing = [name for name in (AUDIO_COLUMN, TEXT_COLUMN) if name not in names]
            if missing:
                raise CorpusError(f"{repo}: {file.name} has no column {missing[0]}; it has {', '.join(names)}.")
            columns = [name for name in (AUDIO_COLUMN, TEXT_COLUMN, *KNOWN_COLUMNS) if name in names]
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=columns):
                yield from batch.to_pylist()


def _name(number: int, row: dict[str, Any]) -> str:
    """Name a sound file as the corpus does, made safe, by its number where the corpus has no name."""
    stated = Path(str(row[AUDIO_COLUMN].get("path") or "")).name
    return _UNSAFE.sub("_", stated) or f"{number:06}.wav"
