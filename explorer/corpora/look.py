"""Looking into a corpus folder: each folder is listed once, no audio is touched, and what was read is remembered."""

import os
from pathlib import Path
from typing import Literal

from explorer.corpora.utterance import Stamp
from explorer.errors import CorpusError

Entry = Literal["folder", "file", "link"]
AUDIO_SUFFIXES = (".flac", ".wav", ".sph", ".ogg", ".opus", ".mp3", ".aiff", ".aif")


def shown(path: Path) -> str:
    """Show a path in a message: on one line, whatever its characters; of a very long one the end."""
    text = str(path)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= 240 else f"…{text[-200:]}"


def stamp(path: Path | str) -> Stamp | None:
    """Return what tells whether a file or folder has changed, or None when it is not there."""
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - making a Path of each of 100,000 names takes a second
    except (OSError, ValueError):  # ValueError: a null in the name
        return None


def stamp_of(found: os.stat_result) -> Stamp:
    """Return the stamp of what ``os.stat`` has found."""
    is_folder = found.st_mode & 0o170000 == 0o040000
    return (found.st_mtime_ns, -1 if is_folder else found.st_size)


class Look:
    """Lists and reads a corpus folder.

    Attributes:
        root: the corpus folder.
        sources: everything that was looked at, a later change of which changes the corpus, with its stamp.
        closed: folders that are there and may not be listed.
    """

    def __init__(self, root: Path) -> None:
        """Take the corpus folder; nothing is read yet."""
        self.root = root
        self.sources: dict[str, Stamp | None] = {}
        self.closed: list[Path] = []
        self._listings: dict[str, dict[str, Entry]] = {}
        self._inside: dict[str, bool] = {}
        self._resolved: Path | None = None

    def listing(self, folder: Path) -> dict[str, Entry]:
        """List a folder by name; one that is absent is empty, and so is a file. Links are followed."""
        key = str(folder)
        if key not in self._listings:
            self._note(folder, stamp(folder))
            self._listings[key] = self._scanned(folder)
        return self._listings[key]

    def folders(self, folder: Path) -> list[str]:
        """Return the names of the folders in a folder, sorted."""
        return sorted(name for name, entry in self.listing(folder).items() if entry == "folder")

    def files(self, folder: Path) -> list[str]:
        """Return the names of the files in a folder, sorted."""
        return sorted(name for name, entry in self.listing(folder).items() if entry != "folder")

    def has_file(self, path: Path) -> bool:
        """Say whether a file is there, from the list of its folder."""
        return self.listing(path.parent).get(path.name) in ("file", "link")

    def child(self, folder: Path, *names: str) -> Path:
        """Find an entry whatever the case of its name; the first of ``names`` where none is there.

        LDC's disks were made for file systems that know only capitals.
        """
        there = {name.lower(): name for name in sorted(self.listing(folder), reverse=True)}
        found = next((there[name] for name in names if name in there), names[0])
        return folder / found

    def is_inside(self, path: Path) -> bool:
        """Say whether a file lies in the corpus folder, links followed."""
        key = str(path.parent)
        if key not in self._inside:
            self._inside[key] = self._is_below(path.parent)
        return self._inside[key] and (self.listing(path.parent).get(path.name) != "link" or self._is_below(path))

    def text(self, path: Path, fallback: str | None = None) -> str:
        """Read a text file.

        Args:
            path: of the file.
            fallback: encoding of files that are not UTF-8; None refuses them.

        Raises:
            CorpusError: it cannot be read, or is not text; without the file's name.
        """
        try:
            with path.open("rb", buffering=0) as stream:
                self._note(path, stamp_of(os.fstat(stream.fileno())))
                data = stream.readall()
        except (OSError, ValueError) as error:
            self._note(path, None)
            raise CorpusError(f"cannot be read ({type(error).__name__})") from error
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if fallback is None:
                raise CorpusError("is not UTF-8 text") from error
            return data.decode(fallback)

    def lines(self, path: Path, fallback: str | None = None) -> list[str]:
        """Read a text file line by line, ends of lines taken away; see ``text``."""
        return [line.removesuffix("\r") for line in self.text(path, fallback).split("\n")]

    def name(self, path: Path) -> str:
        """Name a file in a message: relative to the corpus folder where it lies there."""
        try:
            return shown(path.relative_to(self.root))
        except ValueError:
            return shown(path)

    def _scanned(self, folder: Path) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir():
                        found[entry.name] = "folder"
                    elif entry.is_file():  # not a broken link, a socket or a device
                        found[entry.name] = "link" if entry.is_symlink() else "file"
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        except OSError:  # no right to it, or a disk or network that fails
            self.closed.append(folder)
            self._note(folder, None)  # as if absent: so that no index is believed while it is closed
        return found

    def _note(self, path: Path, found: Stamp | None) -> None:
        text, root = str(path), str(self.root)
        inside = text[len(root) + 1 :] if text.startswith(root + os.sep) else None
        self.sources["" if text == root else inside or text] = found

    def _is_below(self, path: Path) -> bool:
        try:
            self._resolved = self._resolved or self.root.resolve()
            return path.resolve().is_relative_to(self._resolved)
        except (OSError, RuntimeError, ValueError):  # links in a circle; a name too long, or with a null in it
            return False
