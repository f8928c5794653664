"""How clips are decoded, and how decoding is stopped."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from explorer.config import Window
from explorer.errors import ExplorerError

Precision = Literal["float32", "bfloat16"]

WINDOW_SECONDS = 30.0
FIT_SPARE_SECONDS = 1.3
POSITIONS_PER_SECOND = 50
FRAMES_PER_POSITION = 2
MIN_TOKENS, TOKENS_PER_SECOND, MAX_TOKENS = 64, 8, 224


@dataclass(frozen=True)
class Decoding:
    """Greedy decoding options; they stand beside every number that depends on them.

    Attributes:
        window: ``30`` pads every clip to 30 s, as Whisper does; ``fit`` cuts the window to the clip.
        max_new_tokens: where a model that repeats itself is stopped; None: eight tokens a second, 64 to 224.
        precision: of matrix products; sums, norms and what is merged are float32 in any case.
    """

    window: Window = "30"
    max_new_tokens: int | None = None
    precision: Precision = "float32"

    def heard_by(self, model: str) -> "Decoding":
        """Return the options for one model: M0 has learned on windows of 30 s, and repeats itself in shorter ones.

        Args:
            model: m0, or any other name.
        """
        return replace(self, window="30") if model == "m0" else self

    @property
    def summary(self) -> str:
        """Say the options in a few words, to stand beside a number."""
        window = "window cut to the clip (M0: 30 s)" if self.window == "fit" else "30 s window"
        return f"greedy, {window}" + ("" if self.precision == "float32" else f", {self.precision}")

    def positions(self, seconds: float) -> int:
        """Return the number of encoder positions (20 ms each) for a clip of at most 30 s.

        ``fit`` leaves at least 1.3 s to spare and rounds up to whole seconds, so that what is heard does not depend on
        which clips share a batch.
        """
        whole = int(WINDOW_SECONDS)
        kept = whole if self.window == "30" else min(whole, math.ceil(seconds + FIT_SPARE_SECONDS))
        return kept * POSITIONS_PER_SECOND

    def token_limit(self, seconds: float) -> int:
        """Return how many tokens a clip of ``seconds`` may give: nobody speaks eight a second for long."""
        if self.max_new_tokens is not None:
            return self.max_new_tokens
        return min(MAX_TOKENS, max(MIN_TOKENS, math.ceil(TOKENS_PER_SECOND * seconds)))

    def as_dict(self) -> dict[str, object]:
        """Return the options as they stand beside a number."""
        limit = "8 per second, 64 to 224" if self.max_new_tokens is None else self.max_new_tokens
        options: dict[str, object] = {"search": "greedy", "window": self.window, "max_new_tokens": limit}
        return options if self.precision == "float32" else options | {"precision": self.precision}


@dataclass(frozen=True)
class Hypothesis:
    """What a model heard in a clip.

    Attributes:
        text: as decoded, stripped.
        ended: False when the token limit or the deadline cut it off.
    """

    text: str
    ended: bool = True


@dataclass(frozen=True)
class Prints:
    """Fingerprints of a model's weights: what was computed with the same ones is recalled.

    Attributes:
        encoder: as ``encoder.recalled`` takes them.
        vocabulary: of the matrix of the vocabulary; None where to name it takes longer than it gains.
    """

    encoder: Sequence[str]
    vocabulary: str | None


class InterruptedDecodingError(ExplorerError):
    """Decoding was cancelled, or ran past its deadline."""


@dataclass(frozen=True)
class Halt:
    """Asked before every step whether to go on.

    Attributes:
        cancelled: returns True once the work is no longer wanted.
        deadline: of ``time.monotonic()``, in seconds.
    """

    cancelled: Callable[[], bool] = field(default=lambda: False)
    deadline: float = math.inf

    @staticmethod
    def after(seconds: float, cancelled: Callable[[], bool] = lambda: False) -> "Halt":
        """Make a halt whose deadline is ``seconds`` from now."""
        return Halt(cancelled, time.monotonic() + seconds)

    def check(self) -> None:
        """Go on, or raise.

        Raises:
            InterruptedDecodingError: cancelled or past the deadline.
        """
        if self.cancelled():
            raise InterruptedDecodingError("Stopped: this answer is no longer wanted.")
        if time.monotonic() > self.deadline:
            raise InterruptedDecodingError("Stopped: decoding took longer than its deadline; try a shorter clip.")
