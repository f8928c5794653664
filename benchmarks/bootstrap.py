"""How long an interval takes: 10,000 resamples of 10,000 utterances, against the plain way to write it in NumPy.

    python -m benchmarks.bootstrap

Both are timed in the same run, in turns, in processor time, for they are work of one thread; the ratio is what to
compare from machine to machine. The plain way draws with
the generator's default integers, gathers errors and words one after the other, and takes plain percentiles.
"""

import sys
import time

import numpy as np

from benchmarks.timing import machine, medians
from explorer.statistics import RESAMPLES, Tally, compare, wer_interval

UTTERANCES = 10_000
ROUNDS = 5
ROWS = 1_000  # drawn at a time the plain way, lest 10,000 speakers take gigabytes


def plain(tallies: list[Tally]) -> tuple[float, float]:
    """The interval of a rate as anyone would write it."""
    sums: dict[str, list[int]] = {}
    for tally in tallies:
        of_speaker = sums.setdefault(tally.speaker, [0, 0])
        of_speaker[0] += tally.errors
        of_speaker[1] += tally.words
    errors, words = np.array(list(sums.values())).T.copy()
    generator = np.random.default_rng(0)
    rates = []
    for _ in range(RESAMPLES // ROWS):
        drawn = generator.integers(0, len(errors), (ROWS, len(errors)))
        rates.append(errors[drawn].sum(axis=1) / words[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(rates), [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Print a table: speakers, medians, ratio."""
    sys.stdout.write(
        f"{RESAMPLES:,} resamples of {UTTERANCES:,} utterances; {machine()}; processor time, medians of {ROUNDS}\n"
    )
    sys.stdout.write("speakers   plain NumPy      interval       verdict   interval / plain\n")
    generator = np.random.default_rng(1)
    for speakers in (30, 300, 3_000, UTTERANCES):
        words = generator.integers(3, 12, UTTERANCES)
        one, other = generator.binomial(words, 0.2), generator.binomial(words, 0.22)
        names = [str(number % speakers) for number in range(UTTERANCES)]
        tallies, others = (
            [Tally(*row) for row in zip(names, errors.tolist(), words.tolist(), strict=True)] for errors in (one, other)
        )
        found = medians(
            {
                "plain": lambda tallies=tallies: plain(tallies),
                "interval": lambda tallies=tallies: wer_interval(tallies),
                "verdict": lambda tallies=tallies, others=others: compare(tallies, others),
            },
            ROUNDS,
            time.process_time,
        )
        ratio = found["interval"] / found["plain"]
        times = "".join(f"{found[name] * 1_000:11.0f} ms" for name in ("plain", "interval", "verdict"))
        sys.stdout.write(f"{speakers:8,}{times}{ratio:19.2f}\n")


if __name__ == "__main__":
    main()
