"""The zips of models that visitors saved, for as long as they fetch them: a few, for a while, and then gone."""

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

MOST = 4  # a Space's disk is small; the oldest goes when there are more
SECONDS = 1800.0


@dataclass(frozen=True)
class _Place:
    session: str
    folder: Path
    begun: float


class SavedFiles:
    """Folders for one file each, at addresses that only their visitor is told."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._guard = threading.Lock()

    def place(self, session: str) -> tuple[str, Path]:
        """Make room for a visitor's file, in place of their last one; returns its address and an empty folder.

        Raises:
            OSError: the temporary folder cannot be written to.
        """
        self.forget(session)
        folder = Path(tempfile.mkdtemp(prefix="sa-merge-saved-"))
        address = secrets.token_urlsafe(32)
        with self._guard:
            self._places[address] = _Place(session, folder, time.monotonic())
            gone = [self._places.popitem(last=False)[1] for _ in range(len(self._places) - MOST)]
        self._drop(gone)
        return address, folder

    def at(self, address: str) -> Path | None:
        """Find a file by its address, or None when there is none, or no more."""
        self._expire()
        with self._guard:
            place = self._places.get(address)
        return next(iter(sorted(place.folder.glob("*.zip"))), None) if place else None

    def forget(self, session: str) -> None:
        """Take away what a visitor saved."""
        self._expire()
        with self._guard:
            mine = [address for address, place in self._places.items() if place.session == session]
            gone = [self._places.pop(address) for address in mine]
        self._drop(gone)

    def close(self) -> None:
        """Take away everything, at the end of the server."""
        with self._guard:
            gone = list(self._places.values())
            self._places.clear()
        self._drop(gone)

    def _expire(self) -> None:
        now = time.monotonic()
        with self._guard:
            old = [address for address, place in self._places.items() if now - place.begun > SECONDS]
            gone = [self._places.pop(address) for address in old]
        self._drop(gone)

    @staticmethod
    def _drop(places: list[_Place]) -> None:
        for place in places:
            shutil.rmtree(place.folder, ignore_errors=True)
