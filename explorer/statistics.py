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
NORMAL_QUANTILE = 1.96
HOPELESS = 200.0  # as many times the utterances at hand as are still worth naming
_WORD_BITS = 36
_DRAWS_AT_ONCE = 2_500_000


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
        missing: about how many more utterances, of more speakers like these, would take zero out of the interval; 0
            when it is out already, None when no number can be named.
    """

    difference: float
    interval: Interval
    better: float
    speakers: int
    utterances: int
    missing: int | None = None

    def sentence(self, model: str, other: str) -> str:
        """Say in one sentence how ``model`` compares with ``other``, in points of WER."""
        low, high = 100 * self.interval.low, 100 * self.interval.high
        more = ""
        if self.speakers < 2:
            says = "undecided, for one speaker says nothing about others"
        elif high < 0:
            says = f"better in {100 * self.better:.0f} % of resamples"
        elif low > 0:
            says = f"worse in {100 * (1 - self.better):.0f} % of resamples"
        else:
            says = f"undecided, better in {100 * self.better:.0f} % of resamples"
            more = "; no number of utterances in sight would settle it"
            if self.missing is not None:
                more = f"; about {self.missing:,} more utterances would settle it"
        points = f"{100 * self.difference:+.1f} points [{low:+.1f}, {high:+.1f}]".replace("-", "−")
        return (
            f"{model} against {other}: {says}, {points}; {self.speakers} speakers, {self.utterances} utterances{more}."
        )


def wer_interval(tallies: Sequence[Tally]) -> Interval | None:
    """Estimate the 95 % interval of a pooled WER, or None when there are no reference words."""
    errors, words = _by_speaker(tallies)
    return _interval(_resampled_rates(errors, words)) if words.sum() else None


def compare(model: Sequence[Tally], other: Sequence[Tally]) -> Verdict | None:
    """Compare two models that heard the same utterances in the same order; None without reference words."""
    errors, words = _by_speaker(model)
    other_errors, _ = _by_speaker(other)
    if not words.sum():
        return None
    difference = float((errors - other_errors).sum() / words.sum())
    resampled = _resampled_rates(errors - other_errors, words)
    interval = _interval(resampled)
    return Verdict(
        difference=difference,
        interval=interval,
        better=float((resampled < 0).mean()),
        speakers=len(errors),
        utterances=len(model),
        missing=_missing(difference, interval, float(resampled.std()), len(model)),
    )


def _missing(difference: float, interval: Interval, deviation: float, utterances: int) -> int | None:
    """Say how many more utterances are wanted, as the interval narrows with the square root of their number."""
    if interval.high < 0 or interval.low > 0:
        return 0
    if difference == 0 or deviation == 0:
        return None
    factor = (NORMAL_QUANTILE * deviation / difference) ** 2
    if factor > HOPELESS:
        return None
    return max(1, round(utterances * (factor - 1)))


def _by_speaker(tallies: Sequence[Tally]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up errors and words of each speaker; shapes (speakers,), speakers in order of first appearance."""
    order = {speaker: index for index, speaker in enumerate(dict.fromkeys(tally.speaker for tally in tallies))}
    sums = np.zeros((2, len(order)), dtype=np.int64)
    for tally in tallies:
        sums[:, order[tally.speaker]] += tally.errors, tally.words
    return sums[0], sums[1]


def _resampled_rates(errors: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw speakers with replacement and return errors per word; resamples without a word are left out.

    Args:
        errors: of each speaker, or differences of errors; shape (speakers,).
        words: of each speaker, not negative; shape (speakers,).
    """
    speakers = len(errors)
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    # Both counts travel in one integer, errors above words: one gather and one sum instead of two.
    packed = (errors << _WORD_BITS) + words
    draw = np.uint16 if speakers <= np.iinfo(np.uint16).max + 1 else np.uint32
    rows = max(1, _DRAWS_AT_ONCE // speakers)
    sums = np.empty(RESAMPLES, dtype=np.int64)
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        drawn = generator.integers(0, speakers, (size, speakers), dtype=draw)
        sums[start : start + size] = packed[drawn].sum(axis=1)
    drawn_words = sums & ((1 << _WORD_BITS) - 1)
    usable = drawn_words > 0
    rates: NDArray[np.float64] = (sums[usable] >> _WORD_BITS) / drawn_words[usable]
    return rates


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
