"""Work in steps: a generator that tells how far it is and, at its end, returns what it made.

Whoever wants it no longer closes it; what it has begun, it then takes away.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Made = TypeVar("Made")


@dataclass(frozen=True)
class Step:
    """How far a piece of work is.

    Attributes:
        what: is done now, as a few words.
        share: of the work that is behind it, 0 to 1.
    """

    what: str
    share: float


Steps = Generator[Step, None, Made]


def finished(steps: "Steps[Made]", told: Callable[[Step], object] = lambda step: None) -> Made:
    """Go through all steps and return what they made.

    Args:
        steps: of the work.
        told: called with each step.
    """
    while True:
        try:
            told(next(steps))
        except StopIteration as end:
            made: Made = end.value
            return made
