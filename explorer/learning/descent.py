"""Adam on a few dozen numbers that stay in [0, 1], with a state that is put down and taken up exactly.

After every step the ratios are projected onto [0, 1]. A sigmoid would keep them inside too, but it has no gradient at
the ends, where most schedules start their low layers, and never reaches 0 and 1, where a tensor is M2's or M1's bit
for bit. Numbers are float64, which JSON carries exactly: a run that is resumed ends as one that was not.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.learning.knobs import Vector
from explorer.learning.settings import PATIENCE, Look, Settings

_BETAS, _EPSILON = (0.9, 0.99), 1e-8
_LAST_RATE = 0.1
_VECTORS = ("start", "values", "best", "mean", "square")


@dataclass
class Descent:
    """Where a run stands.

    Attributes:
        start: the ratios it began with, which pull it back.
        values: the ratios now.
        best: those at which the held-out speakers were heard best.
        step: steps done.
        looks: what was seen so far.
        ended: why no step will follow: ``done`` or ``early``; empty while one may.
    """

    start: Vector
    values: Vector
    best: Vector
    mean: Vector
    square: Vector
    step: int = 0
    looks: list[Look] = field(default_factory=list)
    ended: str = ""

    @classmethod
    def begun(cls, start: Vector) -> "Descent":
        """Return a run that has not taken a step."""
        return cls(start, start.copy(), start.copy(), np.zeros_like(start), np.zeros_like(start))

    def move(self, gradient: Vector, settings: Settings) -> None:
        """Take one step.

        Args:
            gradient: of the mean loss of a batch; the pull towards the start is added here.
            settings: rate and pull.
        """
        pulled = gradient + settings.pull * 2 * (self.values - self.start) / len(self.start)
        self.step += 1
        self.mean = _BETAS[0] * self.mean + (1 - _BETAS[0]) * pulled
        self.square = _BETAS[1] * self.square + (1 - _BETAS[1]) * pulled**2
        mean = self.mean / (1 - _BETAS[0] ** self.step)
        square = self.square / (1 - _BETAS[1] ** self.step)
        rate = settings.rate * (1 - (1 - _LAST_RATE) * (self.step - 1) / max(1, settings.steps - 1))
        self.values = np.clip(self.values - rate * mean / (np.sqrt(square) + _EPSILON), 0.0, 1.0)

    def note(self, look: Look, settings: Settings) -> None:
        """Note what was seen after a step, keep the best ratios, and see whether to end."""
        before = [each.held_out for each in self.looks if each.held_out is not None]
        self.looks.append(look)
        if look.held_out is not None:
            if not before or look.held_out < min(before):
                self.best = self.values.copy()
            elif len(before) - before.index(min(before)) >= PATIENCE:
                self.ended = "early"
        if self.step == settings.steps:
            self.ended = self.ended or "done"

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON carries it."""
        vectors = {name: getattr(self, name).tolist() for name in _VECTORS}
        looks = [[each.step, each.training, each.held_out] for each in self.looks]
        return vectors | {"step": self.step, "looks": looks, "ended": self.ended}

    @classmethod
    def from_dict(cls, entries: dict[str, Any]) -> "Descent":
        """Take a state up again."""
        vectors: dict[str, Any] = {name: np.array(entries[name], dtype=np.float64) for name in _VECTORS}
        begun = cls(**vectors)
        begun.step, begun.ended = int(entries["step"]), str(entries["ended"])
        begun.looks = [Look(*each) for each in entries["looks"]]
        return begun
