"""How sure a word error rate is: bootstrap over speakers, 10,000 resamples, vectorised.

Utterances of one speaker resemble each other, so whole speakers are drawn, with replacement (Bisani and Ney,
ICASSP 2004, with the speaker as the block).

Intervals are expanded percentile intervals (Hesterberg, The American Statistician 69:4, 2015): plain percentiles of
few speakers are too narrow, as a standard deviation with n instead of n − 1 and a normal quantile instead of
Student's would be, so the tails left out are as much smaller. Of simulated corpora of 28, 20 and 12 children, who
differ much and skewly and do not all say as much, plain percentiles hold the true rate in 92, 91 and 89 %, these in
94, 93 and 92 %; a true difference in 92, 91 and 90 against 94 %. Bias-corrected and accelerated intervals hold a
difference in 90, 90 and 87 %, studentised ones a rate in 95 % and a difference in 93 %, a tenth wider.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
BOOTSTRAP_SEED = 0
LEVEL = 0.95
NORMAL_QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)
FEW = 5  # utterances that differ; of fewer nothing is said about how many more it takes
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
        differing: number of utterances on which the two do not make as many errors.
        missing: about how many more utterances, of more speakers like these, would take zero out of the interval; 0
            when it is out already, None when no number can be named.
    """

    difference: float
    interval: Interval
    better: float
    speakers: int
    utterances: int
    differing: int
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
        elif self.differing == 0:
            says = "as many errors in every utterance"
        else:
            says = f"undecided, better in {100 * self.better:.0f} % of resamples"
            more = "; no number of utterances in sight would settle it"
            if self.differing < FEW:
                more = f"; only {self.differing} of the utterances {'differs' if self.differing == 1 else 'differ'}"
            elif self.missing is not None:
                more = f"; about {self.missing:,} more utterances would settle it"
        points = f"{100 * self.difference:+.1f} points [{low:+.1f}, {high:+.1f}]".replace("-", "−")
        return (
            f"{model} against {other}: {says}, {points}; {self.speakers} speakers, {self.utterances} utterances{more}."
        )


def wer_interval(tallies: Sequence[Tally]) -> Interval | None:
    """Estimate the 95 % interval of a pooled WER, or None when there are no reference words."""
    errors, words = _by_speaker(tallies)
    return _interval(_resampled_rates(errors, words), len(errors)) if words.sum() else None


def compare(model: Sequence[Tally], other: Sequence[Tally]) -> Verdict | None:
    """Compare two models that heard the same utterances in the same order; None without reference words."""
    errors, words = _by_speaker(model)
    other_errors, _ = _by_speaker(other)
    if not words.sum():
        return None
    difference = float((errors - other_errors).sum() / words.sum())
    resampled = _resampled_rates(errors - other_errors, words)
    interval = _interval(resampled, len(errors))
    return Verdict(
        difference=difference,
        interval=interval,
        better=float((resampled < 0).mean()),
        speakers=len(errors),
        utterances=len(model),
        differing=sum(one.errors != two.errors for one, two in zip(model, other, strict=True)),
        missing=_missing(difference, interval, len(model)),
    )


def _missing(difference: float, interval: Interval, utterances: int) -> int | None:
    """Say how many more utterances are wanted, as the interval narrows with the square root of their number."""
    if interval.high < 0 or interval.low > 0:
        return 0
    if difference == 0 or 0 in (interval.low, interval.high):  # so few differ that resamples come without them
        return None
    reach = interval.high - difference if difference < 0 else difference - interval.low
    factor = (reach / difference) ** 2
    if factor > HOPELESS:
        return None
    return max(1, round(utterances * (factor - 1)))


def _by_speaker(tallies: Sequence[Tally]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up errors and words of each speaker; shapes (speakers,), in order of their names.

    What is drawn must not depend on the order in which a corpus, or a run, goes through its utterances.
    """
    order = {speaker: index for index, speaker in enumerate(sorted({tally.speaker for tally in tallies}))}
    places = np.fromiter((order[tally.speaker] for tally in tallies), np.int64, len(tallies))
    errors = np.fromiter((tally.errors for tally in tallies), np.int64, len(tallies))
    words = np.fromiter((tally.words for tally in tallies), np.int64, len(tallies))
    sums = np.zeros((2, len(order)), dtype=np.int64)
    np.add.at(sums[0], places, errors)
    np.add.at(sums[1], places, words)
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


def _interval(values: NDArray[np.float64], speakers: int) -> Interval:
    tail = (1 - LEVEL) / 2
    if speakers > 1:
        tail = NormalDist().cdf(-math.sqrt(speakers / (speakers - 1)) * student_quantile(speakers - 1))
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def student_quantile(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t, within 0.2 % from 5 degrees of freedom on.

    The expansion around the normal quantile (Abramowitz and Stegun, 26.7.5).
    """
    z = NORMAL_QUANTILE
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    more = 0.0
    for term in reversed(terms):
        more = (more + term) / freedom
    return z + more
