"""What models have heard, kept on disk: nothing is decoded twice, and a run that was killed goes on where it was.

One SQLite file in the app's cache folder, readable by its owner alone. It holds texts, never audio; a clip is known
only by the hash of its samples, a model only by the fingerprint of its weights.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from explorer.errors import ConfigError
from explorer.transcription.decoding import Decoding, Hypothesis

MAX_ROWS = 500_000
FILE_NAME = "hypotheses.sqlite"
# What says in a key how products are rounded; in bfloat16 attention was once computed in float32, the encoder's first,
# then the decoder's to what is heard.
_ROUNDED = {"float32": "", "bfloat16": "/bfloat16 throughout, decoder too"}
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS heard (weights TEXT, clip TEXT, decoding TEXT, text TEXT, ended INTEGER,"
    " PRIMARY KEY (weights, clip, decoding)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS age (number INTEGER PRIMARY KEY AUTOINCREMENT, weights TEXT, clip TEXT, decoding TEXT)",
)


class HypothesisStore:
    """A bounded store of hypotheses by (weights, clip, decoding); when it is full, the oldest go."""

    def __init__(self, folder: Path, max_rows: int = MAX_ROWS) -> None:
        """Open the store, or make it.

        Args:
            folder: of the app's cache; made if need be.
            max_rows: how many hypotheses are kept.

        Raises:
            ConfigError: the folder cannot be written to.
        """
        self._path = folder / FILE_NAME
        self._max_rows = max_rows
        self._guard = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"{self._path}: cannot be used to remember hypotheses ({error}); free space there, make it writable, "
                "or set SA_MERGE_CACHE."
            ) from error

    def _opened(self) -> sqlite3.Connection:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))
        try:
            return self._connected()
        except sqlite3.DatabaseError:
            # Not a database, or a damaged one: it is only a memory, so begin a new one.
            self._path.unlink()
            os.close(os.open(self._path, os.O_CREAT, 0o600))
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, check_same_thread=False, timeout=30)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            for statement in _SCHEMA:
                database.execute(statement)
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def known(self, weights: str, clips: Sequence[str], decoding: Decoding) -> dict[str, Hypothesis]:
        """Look up what a model heard.

        Args:
            weights: fingerprint of the model.
            clips: digests of clips.
            decoding: options.

        Returns:
            Digest → hypothesis, for those that are known.
        """
        marks = ",".join("?" * len(clips))
        query = f"SELECT clip, text, ended FROM heard WHERE weights=? AND decoding=? AND clip IN ({marks})"
        with self._guard:
            rows = self._database.execute(query, (weights, _key(decoding), *clips)).fetchall()
        return {clip: Hypothesis(text, bool(ended)) for clip, text, ended in rows}

    def remember(self, weights: str, heard: Mapping[str, Hypothesis], decoding: Decoding) -> None:
        """Keep what a model heard; once this returns, it survives the process.

        Args:
            weights: fingerprint of the model.
            heard: digest of a clip → hypothesis.
            decoding: options.
        """
        key = _key(decoding)
        rows = [(weights, clip, key, each.text, int(each.ended)) for clip, each in heard.items()]
        with self._guard, self._database:
            self._database.executemany("INSERT OR REPLACE INTO heard VALUES (?,?,?,?,?)", rows)
            self._database.executemany(
                "INSERT INTO age (weights, clip, decoding) VALUES (?,?,?)", [row[:3] for row in rows]
            )
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        (kept,) = self._database.execute("SELECT COUNT(*) FROM age").fetchone()
        if kept <= self._max_rows:
            return
        oldest = self._database.execute(
            "SELECT number, weights, clip, decoding FROM age ORDER BY number LIMIT ?", (kept - self._max_rows,)
        ).fetchall()
        self._database.executemany(
            "DELETE FROM heard WHERE weights=? AND clip=? AND decoding=?", [row[1:] for row in oldest]
        )
        self._database.executemany("DELETE FROM age WHERE number=?", [row[:1] for row in oldest])

    def count(self) -> int:
        """Return how many hypotheses are kept."""
        with self._guard:
            return int(self._database.execute("SELECT COUNT(*) FROM heard").fetchone()[0])

    def clear(self) -> int:
        """Forget everything and return how many hypotheses were kept."""
        kept = self.count()
        with self._guard, self._database:
            self._database.execute("DELETE FROM heard")
            self._database.execute("DELETE FROM age")
        return kept

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._database.close()


def _key(decoding: Decoding) -> str:
    exact = f"{decoding.window}/{decoding.max_new_tokens}"
    return exact + _ROUNDED[decoding.precision]
