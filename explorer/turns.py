"""Turns at the model: a lock that serves whoever waits longest.

`threading.Lock` lets the thread that just released it take it again at once: an evaluation that frees the model between
batches would still starve the person moving a slider. Here the next turn goes to the first in line.
"""

import threading
import time
from collections import deque
from types import TracebackType


class Turns:
    """A fair, non-reentrant lock, used as ``with turns:``."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False
        self._left = 0.0

    def quiet(self, seconds: float, patience: float) -> bool:
        """Wait until nobody has had a turn for a while; whoever does this comes behind all who do not.

        Args:
            seconds: how long there has to be quiet.
            patience: how long to wait for it at most.

        Returns:
            Whether it became quiet.
        """
        until = time.monotonic() + patience
        while self._taken or time.monotonic() - self._left < seconds:
            if time.monotonic() >= until:
                return False
            time.sleep(min(0.02, seconds))
        return True

    @property
    def wanted(self) -> bool:
        """Say whether anybody stands in line."""
        return bool(self._waiting)

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
            self._left = time.monotonic()
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
