"""How far a run is and how long it will take, on standard error."""

import statistics
import sys
import time
from collections import deque

_EVERY_SECONDS = 10.0
_REMEMBERED = 101


class Progress:
    """Says now and then where a run stands.

    The time to go is told from the median step: a pause, or a neighbour who takes the processor for a while, does not
    make the rest look longer.
    """

    def __init__(self, steps: int) -> None:
        """Take the number of steps in all."""
        self._steps = steps
        self._times: deque[float] = deque(maxlen=_REMEMBERED)
        self._losses: deque[float] = deque(maxlen=_REMEMBERED)
        self._last = self._spoken = time.monotonic()

    def stepped(self, done: int, loss: float) -> None:
        """Take note of a step and speak up if it is time; ``done`` counts it in."""
        now = time.monotonic()
        self._times.append(now - self._last)
        self._losses.append(loss)
        self._last = now
        if now - self._spoken >= _EVERY_SECONDS or done == self._steps:
            self._spoken = now
            left = statistics.median(self._times) * (self._steps - done)
            self.say(f"step {done}/{self._steps}, loss {statistics.fmean(self._losses):.3f}, {_clock(left)} to go")

    def resting(self) -> None:
        """Take note that time was spent on something else than a step."""
        self._last = time.monotonic()

    def say(self, line: str) -> None:
        """Write one line."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
