"""Kind ``table``: a CSV or TSV file with a header, or a folder that holds one such file.

A column with the audio (``path``, ``file``, ``audio``, ``file_name``, …) and one with the text (``text``,
``transcript``, ``sentence``, …) are needed; ``id``, ``speaker``, ``age``, ``gender``, ``duration`` (seconds) and
``split`` are used where there are such columns (``rows.ALIASES`` lists their names), and every other column is kept
and can be filtered by. Names of audio files are relative to the table's folder, or absolute. An empty cell counts as
absent. A ``.tsv`` is split at tabs; in a ``.csv`` the header tells whether commas, semicolons or tabs are meant.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import Look, shown
from explorer.corpora.rows import aliased, utterance_of
from explorer.corpora.utterance import Corpus
from explorer.errors import CorpusError, seen

TABLE_SUFFIXES = (".csv", ".tsv")
_EXPECTED = "a .csv or .tsv file with a header, or a folder with one"
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")  # not 0049: that is a name
Row = tuple[int, list[str]]


def read_table(path: Path) -> Corpus:
    """Read the utterances of a table; broken rows and absent files are named and left out.

    Raises:
        CorpusError: no such file, no table, no header with the needed columns, or not one usable utterance.
    """
    table = _table(path)
    gathering = Gathering(table.parent, _EXPECTED)
    try:
        text = gathering.look.text(table)
    except CorpusError as error:
        raise CorpusError(f"{shown(table)}: {error}; expected a table in UTF-8.") from error
    rows = table_rows(text, table.suffix.lower())
    header = next(rows, (1, []))[1]
    columns, locate = columns_of(header, shown(table)), _anywhere(gathering.look, table)
    name = gathering.look.name(table)
    for number, cells in rows:
        with gathering.naming(f"{name} line {number}"):
            gathering.add(utterance_of(row_of(cells, header, columns), locate, columns))
    return gathering.corpus(name)


def table_rows(text: str, suffix: str) -> Iterator[Row]:
    """Split a table into rows that are not empty, each with the number of its last line; the header comes first.

    A row that cannot be split is given as a row of no cells.
    """
    first = text.split("\n", 1)[0]
    counts = {mark: first.count(mark) for mark in ",;\t"}
    delimiter = "\t" if suffix == ".tsv" else max(counts, key=lambda mark: counts[mark])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a quote that never ends makes a cell beyond csv's limit
            yield reader.line_num, []
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def columns_of(header: list[str], where: str) -> dict[str, str]:
    """Find what the columns of a header mean: entry → column.

    Raises:
        CorpusError: no column for the audio or the text, or two of one name.
    """
    twice = [name for place, name in enumerate(header) if name.strip() and name in header[:place]]
    if twice:
        raise CorpusError(f"{where}: the header has two columns {seen(twice[0])}; rename one.")
    columns = aliased(header)
    for entry, examples in (("file_name", "path, file or audio"), ("text", "text, transcript or sentence")):
        if entry not in columns:
            there = ", ".join(name if name.isprintable() else repr(name) for name in header) or "none"
            raise CorpusError(f"{where}: the header has no column {examples}; its columns are {_cut(there)}.")
    return columns


def row_of(cells: list[str], header: list[str], columns: dict[str, str]) -> dict[str, Any]:
    """Name a row's cells as ``rows.utterance_of`` expects them; empty ones are left out, numbers become numbers.

    Raises:
        CorpusError: the row has not as many cells as the header.
    """
    if not cells:
        raise CorpusError("cannot be split into cells; a quotation mark may be missing")
    if len(cells) != len(header):
        raise CorpusError(f"expected {len(header)} cells as in the header, but got {len(cells)}")
    entries = {column: entry for entry, column in columns.items()}
    row: dict[str, Any] = {}
    for column, cell in zip(header, cells, strict=True):
        entry = entries.get(column)
        value = cell.strip()
        if entry == "text" or (value and entry in ("file_name", "id", "speaker", "gender", "split")):
            row[entry] = value
        elif value and column.strip():
            row[entry or column.strip()] = number_or_text(value)
    return row


def number_or_text(value: str) -> int | float | str:
    """Read a cell: a number where it is written as one, otherwise the text; 0049 and 1e5 are text."""
    if not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def _table(path: Path) -> Path:
    try:
        if path.is_file():
            found = [path]
        elif path.is_dir():
            found = sorted(each for each in path.iterdir() if each.suffix.lower() in TABLE_SUFFIXES)
        else:
            raise CorpusError(f"{shown(path)}: no such file or folder; expected {_EXPECTED}.")
    except (OSError, ValueError) as error:
        raise CorpusError(f"{shown(path)}: cannot be opened; expected {_EXPECTED}.") from error
    if len(found) != 1:
        there = " and ".join(each.name for each in found[:3]) or "none"
        raise CorpusError(f"{shown(path)}: expected one .csv or .tsv in the folder, but got {there}; name the file.")
    if found[0].suffix.lower() not in TABLE_SUFFIXES:
        raise CorpusError(f"{shown(path)}: expected {_EXPECTED}, but got a file {seen(path.suffix)}.")
    return found[0]


def _anywhere(look: Look, table: Path) -> Callable[[str], Path]:
    def locate(name: str) -> Path:
        found = table.parent / name
        if not look.has_file(found):
            raise CorpusError(f"no such audio file: {seen(name)}")
        return found

    return locate


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}…"
