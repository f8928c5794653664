"""Turns at the model: a lock that serves whoever waits longest.

`threading.Lock` lets the thread that just released it take it again at once: an evaluation that frees the model between
batches would still starve the person moving a slider. Here the next turn goes to the first in line.
"""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A fair, non-reentrant lock, used as ``with turns:``."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def __enter__(self) -> None:
        """Wait for one's turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Hand the turn to the first in line."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
