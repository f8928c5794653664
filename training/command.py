"""What every command of training does with a mistake of the user's, and with Ctrl-C."""

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Protocol

from explorer.errors import ExplorerError
from explorer.heap import keep_freed_memory


class Command(Protocol):
    """A ``main``."""

    def __call__(self, arguments: Sequence[str] | None = None) -> int:
        """Do the work and return the exit code."""
        ...


def command(main: Callable[[Sequence[str] | None], int]) -> Command:
    """Let a ``main`` say mistakes in one line: 2 for a mistake of the user's, 130 for Ctrl-C, else what it returns."""

    @wraps(main)
    def run(arguments: Sequence[str] | None = None) -> int:
        keep_freed_memory()
        try:
            return main(arguments)
        except ExplorerError as error:
            sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
            return 2
        except KeyboardInterrupt:
            sys.stderr.write("Stopped; the same command goes on with what is finished.\n")
            return 130

    return run
