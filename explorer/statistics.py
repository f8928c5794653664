"""How sure a word error rate is: bootstrap over speakers, 10,000 resamples, vectorised.

Utterances of one speaker resemble each other, so whole speakers are drawn, with replacement (Bisani and Ney,
ICASSP 2004, with the speaker as the block).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
BOOTSTRAP_SEED = 0
LEVEL = 0.95


@dataclass(frozen=True)
class Tally:
    """Errors and reference words of one model on one utterance."""

    speaker: str
    errors: int
    words: int


@dataclass(frozen=True)
class Interval:
    """A 95 % interval; WER as a fraction."""

    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """A model compared with another on the same utterances.

    Attributes:
        difference: WER of the model minus WER of the other, a fraction; negative is better.
        interval: of the difference.
        better: share of resamples, 0 to 1, in which the model makes fewer errors.
        speakers: number of speakers.
        utterances: number of utterances.
    """

    difference: float
    interval: Interval
    better: float
    speakers: int
    utterances: int

    def sentence(self, model: str, other: str) -> str:
        """Say in one sentence how ``model`` compares with ``other``, in points of WER."""
        low, high = 100 * self.interval.low, 100 * self.interval.high
        if high < 0:
            says = f"better in {100 * self.better:.0f} % of resamples"
        elif low > 0:
            says = f"worse in {100 * (1 - self.better):.0f} % of resamples"
        else:
            says = f"open, better in {100 * self.better:.0f} % of resamples"
        if self.speakers < 2:
            says = "open, for one speaker says nothing about others"
        points = f"{100 * self.difference:+.1f} points [{low:+.1f}, {high:+.1f}]".replace("-", "−")
        return f"{model} against {other}: {says}, {points}; {self.speakers} speakers, {self.utterances} utterances."


def wer_interval(tallies: Sequence[Tally]) -> Interval | None:
    """Estimate the 95 % interval of a pooled WER, or None when there are no reference words."""
    errors, words = _by_speaker(tallies)
    if not words.sum():
        return None
    drawn = _resampled(len(errors))
    rates = _rate(drawn @ errors, drawn @ words)
    return _interval(rates)


def compare(model: Sequence[Tally], other: Sequence[Tally]) -> Verdict | None:
    """Compare two models that heard the same utterances in the same order; None without reference words."""
    errors, words = _by_speaker(model)
    other_errors, _ = _by_speaker(other)
    total = words.sum()
    if not total:
        return None
    drawn = _resampled(len(errors))
    difference = _rate(drawn @ (errors - other_errors), drawn @ words)
    return Verdict(
        difference=float((errors - other_errors).sum() / total),
        interval=_interval(difference),
        better=float((difference < 0).mean()),
        speakers=len(errors),
        utterances=len(model),
    )


def _by_speaker(tallies: Sequence[Tally]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up errors and words of each speaker; shapes (speakers,), speakers in order of first appearance."""
    order = {speaker: index for index, speaker in enumerate(dict.fromkeys(tally.speaker for tally in tallies))}
    sums = np.zeros((2, len(order)))
    for tally in tallies:
        sums[:, order[tally.speaker]] += tally.errors, tally.words
    return sums[0], sums[1]


def _resampled(speakers: int) -> NDArray[np.float64]:
    """Draw how often each speaker occurs in each resample; shape (resamples, speakers)."""
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    return generator.multinomial(speakers, np.full(speakers, 1 / speakers), size=RESAMPLES).astype(np.float64)


def _rate(errors: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, leaving out resamples that drew only speakers without reference words."""
    usable = words > 0
    rates: NDArray[np.float64] = errors[usable] / words[usable]
    return rates


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
