"""Text files: read with a sentence for what is none, and written whole or not at all: beside, then renamed."""

import os
import tempfile
from pathlib import Path

from explorer.errors import ConfigError


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        ConfigError: no such file, a folder, or not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected a YAML file there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__}); expected YAML.") from error


def check_place(path: Path) -> None:
    """See that a file can have this name, before the work that is to be written there.

    Raises:
        ConfigError: it is a folder, or there is none to put it in.
    """
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path}: its folder does not exist; create {path.absolute().parent} first.")
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file.")


def write_whole(text: str, path: Path) -> None:
    """Write a text file with ordinary rights; one of that name is replaced once the new one is whole.

    Raises:
        ConfigError: the path is a folder, its folder does not exist, or the disk refuses.
    """
    check_place(path)
    beside: Path | None = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.absolute().parent, delete=False) as file:
            beside = Path(file.name)
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        beside.chmod(0o666 & ~mask)  # a temporary file is its owner's alone; a recipe is to be passed on
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); free space or choose another.") from error
