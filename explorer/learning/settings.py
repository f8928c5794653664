"""How a curve learns: everything the user may set, checked, and what the steps so far have given."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from explorer.errors import RecipeError
from explorer.recipe import Recipe
from explorer.transcription.decoding import Precision

By = Literal["lane", "projection", "head"]
Objective = Literal["references", "entropy"]

OBJECTIVES: dict[Objective, str] = {
    "references": "the loss of the references, word by word",
    "entropy": "the entropy of what the merge itself says (AdaMerging); needs no references",
}
MAX_STEPS = 1_000
LOOK_EVERY = 5
PATIENCE = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a curve learns.

    Attributes:
        by: what has a ratio of its own in every layer: a lane, each of q, k and v, or each head of these.
        feed_forward: whether the feed-forward layers learn ratios too, one a layer.
        objective: what is made smaller.
        steps: most steps.
        rate: how far a ratio may move in the first step, above 0 and at most 0.5; the rate falls to a tenth of it.
        pull: weight of the mean squared distance to the start, in nats, at least 0.
        clips: of a step, at least 1.
        held_out: share of the speakers that only say when to stop, above 0 and below 1; one speaker at the least.
        seed: of the speakers kept aside and of the order of clips.
        precision: ``bfloat16`` computes gradients in it, on processors that know it twice as fast; the held-out
            speakers are heard in float32 in any case.
    """

    by: By = "lane"
    feed_forward: bool = False
    objective: Objective = "references"
    steps: int = 60
    rate: float = 0.05
    pull: float = 0.05
    clips: int = 8
    held_out: float = 0.25
    seed: int = 0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        """Check.

        Raises:
            RecipeError: a value is unknown or out of range.
        """
        for name, kind in (("by", By), ("objective", Objective), ("precision", Precision)):
            if getattr(self, name) not in get_args(kind):
                raise RecipeError(
                    f"{name}: expected one of {', '.join(get_args(kind))}, but got {getattr(self, name)!r}."
                )
        checks = (
            ("steps", 1 <= self.steps <= MAX_STEPS, f"1 to {MAX_STEPS}"),
            ("rate", 0 < self.rate <= 0.5, "a number above 0 and at most 0.5"),
            ("pull", 0 <= self.pull <= 100, "0 to 100"),
            ("clips", 1 <= self.clips <= 256, "1 to 256 clips a step"),
            ("held-out", 0 < self.held_out < 1, "a share between 0 and 1"),
            ("seed", 0 <= self.seed < 2**31, "a whole number of at least 0"),
        )
        for name, fine, expected in checks:
            if not fine:
                raise RecipeError(f"{name}: expected {expected}, but got {getattr(self, name.replace('-', '_')):g}.")

    def identity(self, *facts: object) -> str:
        """Name a run by 24 hexadecimal digits: these settings and all else that its result depends on."""
        return hashlib.sha256(json.dumps([asdict(self), *facts], sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Look:
    """What was seen after some steps.

    Attributes:
        step: steps done.
        training: mean loss since the last look, in nats a token; None before the first step.
        held_out: loss of the held-out speakers, in nats a token; None between two looks at them.
    """

    step: int
    training: float | None
    held_out: float | None


@dataclass(frozen=True)
class Learning:
    """A curve that learns, so far or at its end.

    Attributes:
        recipe: the curve now; at the end the best one by the held-out speakers, which may be the start.
        step: steps done.
        steps: most steps.
        looks: so far.
        seconds: taken so far, by this call.
        remaining: seconds still to go if nothing stops it early; None when it cannot be told yet.
        speakers: how many learn, and how many are kept aside.
        clips: how many are learned from, and how many are kept aside.
        writing: how references are written for the loss, in a few words; empty for the entropy.
        problems: a sentence for each clip left out.
        state: ``learning``, ``done`` (all steps), ``early`` (the held-out speakers got worse) or ``stopped``.
    """

    recipe: Recipe
    step: int
    steps: int
    looks: tuple[Look, ...]
    seconds: float
    remaining: float | None
    speakers: tuple[int, int]
    clips: tuple[int, int]
    writing: str = ""
    problems: tuple[str, ...] = ()
    state: Literal["learning", "done", "early", "stopped"] = "learning"

    @property
    def best(self) -> Look | None:
        """Return the look at which the held-out speakers were heard best, the first of equals; None before any."""
        looks = [each for each in self.looks if each.held_out is not None]
        return min(looks, key=lambda each: each.held_out or 0.0) if looks else None

    @property
    def summary(self) -> str:
        """Say what came out, in a sentence."""
        best = self.best
        if best is None:
            return "Stopped before the first step; the curve is as it was."
        found = (
            f"step {best.step} of {self.step} was best"
            if best.step
            else f"no step of {self.step} was better than the start, which stays"
        )
        ends = {"early": ", and learning ended there early", "stopped": ", when it was stopped"}.get(self.state, "")
        first = self.looks[0].held_out
        return f"Held-out speakers: loss {first:.3f} → {best.held_out:.3f} nats a token; {found}{ends}."
