"""A sweep on disk: one SQLite file with the question, the clips' ids, and of every cell the errors in every clip.

It holds no text and no audio. What was written survives the process; opening it again needs no model.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.errors import ConfigError
from explorer.statistics import Tally

VERSION = 1
PARENTS = {"m1": -1, "m2": -2}
"""Numbers of the two models beside the cells."""
_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE clips (corpus INTEGER, place INTEGER, id TEXT, speaker TEXT, PRIMARY KEY (corpus, place));
CREATE TABLE cells (number INTEGER PRIMARY KEY, x INTEGER, y INTEGER, recipe TEXT, merge_key TEXT, state TEXT,
  fingerprint TEXT, same_as INTEGER, says TEXT);
CREATE TABLE heard (cell INTEGER, corpus INTEGER, place INTEGER, errors INTEGER, words INTEGER,
  PRIMARY KEY (cell, corpus, place)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Row:
    """A cell as the file has it.

    Attributes:
        number: place in the order of filling; −1 and −2 are M1 and M2.
        x: index on the first axis.
        y: index on the second axis.
        recipe: entries; of M1 and M2 none.
        merge_key: the same for cells that ask for the same merge.
        state: ``waiting``, ``done``, ``stopped`` (cannot win), ``same`` (as another cell) or ``error``.
        fingerprint: of the merged weights, empty before it was made.
        same_as: number of the cell, or of M1, whose merge it is.
        says: what is wrong with it.
    """

    number: int
    x: int
    y: int
    recipe: Mapping[str, Any]
    merge_key: str
    state: str = "waiting"
    fingerprint: str = ""
    same_as: int | None = None
    says: str = ""


class SweepFile:
    """One sweep's file."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        """Take an open file; ``create`` and ``open`` make one."""
        self.path = path
        self._database = database
        self._guard = threading.Lock()

    @classmethod
    def create(
        cls, path: Path, about: Mapping[str, Any], clips: Sequence[Sequence[tuple[str, str]]], rows: Iterable[Row]
    ) -> "SweepFile":
        """Begin a sweep: written whole beside its place, then put there.

        Args:
            path: must not exist.
            about: everything that numbers depend on, as JSON.
            clips: of each corpus the ids and speakers, in the order in which they are heard.
            rows: M1, M2 and the cells.

        Raises:
            ConfigError: the file is there already or cannot be written.
        """
        if path.exists():
            raise ConfigError(f"{path}: is there already; take it up with --resume, or choose another name.")
        beside = path.with_name(f"{path.name}.new")
        try:
            beside.unlink(missing_ok=True)
            database = sqlite3.connect(beside)
            with database:
                database.executescript(_SCHEMA)
                entries = {"version": VERSION, **about}
                database.executemany("INSERT INTO about VALUES (?,?)", [(k, json.dumps(v)) for k, v in entries.items()])
                database.executemany(
                    "INSERT INTO clips VALUES (?,?,?,?)",
                    [(c, p, *clip) for c, listed in enumerate(clips) for p, clip in enumerate(listed)],
                )
                database.executemany(
                    "INSERT INTO cells VALUES (?,?,?,?,?,?,?,?,?)",
                    [
                        (
                            r.number,
                            r.x,
                            r.y,
                            json.dumps(r.recipe),
                            r.merge_key,
                            r.state,
                            r.fingerprint,
                            r.same_as,
                            r.says,
                        )
                        for r in rows
                    ],
                )
            database.close()
            beside.replace(path)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path}: cannot be written ({error}); choose another place.") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "SweepFile":
        """Open a sweep that was begun.

        Raises:
            ConfigError: there is none, or the file is something else.
        """
        if not path.is_file():
            raise ConfigError(f"{path}: no such file; begin a sweep with --out, then take it up with --resume.")
        try:
            database = sqlite3.connect(path, check_same_thread=False, timeout=30)
            found = cls(path, database)
            database.execute("PRAGMA journal_mode=WAL")
            version = found.about().get("version")
        except (sqlite3.Error, ValueError) as error:
            raise ConfigError(f"{path}: is no sweep, or a damaged one ({error}); begin a new one.") from error
        if version != VERSION:
            raise ConfigError(f"{path}: is a sweep of version {version}, and this program reads version {VERSION}.")
        return found

    def about(self) -> dict[str, Any]:
        """Return what the numbers depend on."""
        return {name: json.loads(value) for name, value in self._rows("SELECT name, value FROM about")}

    def clips(self) -> list[list[tuple[str, str]]]:
        """Return ids and speakers of each corpus."""
        found: list[list[tuple[str, str]]] = []
        for corpus, identity, speaker in self._rows("SELECT corpus, id, speaker FROM clips ORDER BY corpus, place"):
            if corpus == len(found):
                found.append([])
            found[corpus].append((identity, speaker))
        return found

    def rows(self) -> list[Row]:
        """Return M2, M1 and the cells, in the order of their numbers."""
        query = "SELECT number, x, y, recipe, merge_key, state, fingerprint, same_as, says FROM cells ORDER BY number"
        return [Row(number, x, y, json.loads(recipe), *rest) for number, x, y, recipe, *rest in self._rows(query)]

    def heard(self, cell: int, corpus: int) -> list[Tally]:
        """Return what a cell made of the clips of a corpus that it has heard, the first ones, in their order."""
        query = (
            "SELECT speaker, errors, words FROM heard JOIN clips USING (corpus, place) "
            "WHERE cell=? AND corpus=? ORDER BY place"
        )
        return [Tally(*row) for row in self._rows(query, (cell, corpus))]

    def add(self, cell: int, corpus: int, first: int, counts: Sequence[tuple[int, int]]) -> None:
        """Keep errors and words of clips, beginning with place ``first``; once this returns, they are on disk."""
        rows = [(cell, corpus, first + index, *each) for index, each in enumerate(counts)]
        with self._guard, self._database:
            self._database.executemany("INSERT OR REPLACE INTO heard VALUES (?,?,?,?,?)", rows)

    def settle(self, cell: int, state: str, fingerprint: str = "", same_as: int | None = None, says: str = "") -> None:
        """Note what became of a cell."""
        values = (state, fingerprint, same_as, says, cell)
        with self._guard, self._database:
            self._database.execute("UPDATE cells SET state=?, fingerprint=?, same_as=?, says=? WHERE number=?", values)

    def close(self) -> None:
        """Close the file; nothing is left beside it."""
        with self._guard:
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.close()

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._guard:
            return self._database.execute(query, values).fetchall()
