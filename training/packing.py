"""Clips one after the other in windows of 30 s, with the times at which each was said, as long recordings have them.

Without such windows a fine-tune on short clips forgets how to go through a recording that is longer than a window, for
which Whisper has to say when a sentence ends, and that the last one is not over.
"""

from collections.abc import Sequence

import numpy as np

from explorer.audio import SAMPLE_RATE
from explorer.transcription.decoding import POSITIONS_PER_SECOND, WINDOW_SECONDS
from training.material import MAX_TOKENS, Example
from training.perturbation import Samples

PAUSE_SECONDS = (0.1, 1.0)
_WINDOW = round(WINDOW_SECONDS * SAMPLE_RATE)
_SAMPLES_PER_POSITION = SAMPLE_RATE // POSITIONS_PER_SECOND  # a timestamp's step is the encoder's: 0.02 s


def packed(clips: Sequence[Samples], examples: Sequence[Example], generator: np.random.Generator) -> list[Example]:
    """Put clips behind each other, with pauses, in as few windows as they need.

    A clip that does not fit any more is heard up to the window's end, where only the time of its beginning is said, and
    whole at the beginning of the next window.

    Args:
        clips: what is heard of each example, perturbed; at most 30 s each.
        examples: what was said in them; all of one tokenizer.
        generator: draws the pauses.

    Returns:
        An example for each window.
    """
    windows: list[Example] = []
    row = _Row(examples[0])
    for samples, example in zip(clips, examples, strict=True):
        pause = round(float(generator.uniform(*PAUSE_SECONDS)) * SAMPLE_RATE)
        if not row.holds(pause, samples, example):
            windows.append(row.cut_off_by(pause, samples))
            row = _Row(example)
        row.take(pause, samples, example)
    windows.append(row.finished())
    return windows


class _Row:
    """A window that is being filled."""

    def __init__(self, example: Example) -> None:
        """Begin with the prompt of any example: its last token, "no timestamps", stands right before time 0."""
        *prompt, without_times = example.tokens[: example.prompt_length]
        self._zero, self._end = without_times + 1, example.tokens[-1]
        self._prompt_length = len(prompt)
        self._tokens = list(prompt)
        self._parts: list[Samples] = []
        self._length = 0

    def holds(self, pause: int, samples: Samples, example: Example) -> bool:
        """Say whether a clip still fits; the first one always does."""
        if not self._parts:
            return True
        room = len(self._tokens) + len(example.tokens) + 3 <= MAX_TOKENS
        return room and self._length + pause + len(samples) <= _WINDOW

    def take(self, pause: int, samples: Samples, example: Example) -> None:
        """Append a clip whole."""
        # What begins a window has no pause if the pause would push it out.
        self._append(np.zeros(min(pause, max(0, _WINDOW - self._length - len(samples))), np.float32))
        begun = self._now()
        self._append(samples)
        self._tokens += [begun, *example.tokens[example.prompt_length : -1], self._now()]

    def cut_off_by(self, pause: int, samples: Samples) -> Example:
        """Return the window with a clip at its end that goes on after it."""
        self._append(np.zeros(pause, np.float32))
        if self._length < _WINDOW:
            self._tokens.append(self._now())
            self._append(samples)
        return self.finished()

    def finished(self) -> Example:
        """Return the window."""
        samples = np.concatenate(self._parts)[:_WINDOW]
        return Example(samples, (*self._tokens, self._end), self._prompt_length)

    def _append(self, samples: Samples) -> None:
        self._parts.append(samples)
        self._length += len(samples)

    def _now(self) -> int:
        return self._zero + min(_WINDOW, self._length) // _SAMPLES_PER_POSITION
