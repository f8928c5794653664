"""Intervals and verdicts from resampled speakers."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.statistics import Interval, Tally, Verdict, compare, student_quantile, wer_interval

few = settings(max_examples=15, deadline=None)
speakers = st.sampled_from("abcde")
tallies = st.lists(st.builds(Tally, speakers, st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=20)


STUDENT = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 11: 2.201, 27: 2.052, 59: 2.001, 120: 1.980}
"""97.5 % quantiles as printed in tables, by degrees of freedom."""


def kept_tail(speakers):
    """The share of resamples beyond each end of the interval: as far out as n − 1 and Student's t would put it."""
    return 0.5 * math.erfc(math.sqrt(speakers / (speakers - 1)) * STUDENT[speakers - 1] / math.sqrt(2))


def slow_interval(utterances, score, resamples=3_000):
    """Bootstrap over speakers, one resample at a time: draw speakers, gather their utterances, pool, rank."""
    generator = random.Random(1)
    names = sorted({tally.speaker for tally in utterances})
    rates = []
    for _ in range(resamples):
        drawn = [
            tally for name in generator.choices(names, k=len(names)) for tally in utterances if tally.speaker == name
        ]
        rates.append(score(drawn))
    rates.sort()
    outside = int(kept_tail(len(names)) * resamples)
    return rates[outside], rates[-1 - outside]


def pooled_rate(drawn):
    return sum(tally.errors for tally in drawn) / sum(tally.words for tally in drawn)


def some_corpus(seed, count=12, spread=0.3):
    """Speakers who differ in how well they are heard, ten utterances of eight words each."""
    generator = np.random.default_rng(seed)
    ease = generator.uniform(0.05, 0.05 + spread, count)
    return [Tally(str(who), int(generator.binomial(8, ease[who])), 8) for who in range(count) for _ in range(10)]


def test_the_interval_is_that_of_a_slow_bootstrap():
    corpus = some_corpus(1)
    found = wer_interval(corpus)
    assert (found.low, found.high) == pytest.approx(slow_interval(corpus, pooled_rate), abs=0.01)


def test_the_interval_of_a_difference_is_that_of_a_slow_paired_bootstrap():
    one, other = some_corpus(1), some_corpus(2)
    both = [Tally(a.speaker, a.errors - b.errors, a.words) for a, b in zip(one, other, strict=True)]
    found = compare(one, other).interval
    assert (found.low, found.high) == pytest.approx(slow_interval(both, pooled_rate), abs=0.015)


@pytest.mark.parametrize("seed", range(4))
def test_of_few_speakers_the_interval_is_that_of_all_resamples_there_are(seed):
    """Five speakers, 3,125 resamples, each exactly once; a random choice of 10,000 must come close to that."""
    generator = np.random.default_rng(seed)
    corpus = [Tally(name, int(generator.integers(0, 60)), int(generator.integers(60, 120))) for name in "abcde"]
    rates = sorted(pooled_rate(drawn) for drawn in itertools.product(corpus, repeat=5))
    low, high = (rates[int(share * len(rates))] for share in (kept_tail(5), 1 - kept_tail(5)))
    found = wer_interval(corpus)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


@pytest.mark.parametrize("freedom", STUDENT)
def test_students_quantile_is_that_of_the_tables(freedom):
    assert student_quantile(freedom) == pytest.approx(STUDENT[freedom], rel=0.002 if freedom > 4 else 0.025)


# Simulated children, of whom the truth is known.

WORDS = 5
TRUTH_SPEAKERS = 1_000_000


def children(generator, count):
    """Speakers of a made-up population: how often two models err on a word of theirs, and how much they say.

    A few are hardly understood, as in real corpora; the second model is a little better for most, not for all.
    """
    ease = generator.normal(-1.5, 1.0, count)
    first, second = (1 / (1 + np.exp(-each)) for each in (ease, ease + generator.normal(-0.08, 0.25, count)))
    return first, second, generator.integers(5, 36, count)


def recorded(generator, count):
    """A corpus of as many children: what each of two models makes of the same utterances."""
    first, second, said = children(generator, count)
    models = [], []
    for speaker in range(count):
        shared = 0.85 * min(first[speaker], second[speaker])
        both = generator.binomial(WORDS, shared, said[speaker])
        for tallies, rate in zip(models, (first[speaker], second[speaker]), strict=True):
            alone = generator.binomial(WORDS - both, (rate - shared) / (1 - shared))
            tallies += [Tally(f"{speaker}", int(errors), WORDS) for errors in both + alone]
    return models


@pytest.fixture(scope="module")
def truth():
    """The second model's true rate, and what it differs by: of all children there are, weighed by what they say."""
    first, second, said = children(np.random.default_rng(99), TRUTH_SPEAKERS)
    return float((second * said).sum() / said.sum()), float(((second - first) * said).sum() / said.sum())


@pytest.mark.slow
@pytest.mark.parametrize("speakers", [28, 60])
def test_the_intervals_hold_the_truth_of_simulated_children_as_often_as_they_say(speakers, truth):
    """1,500 corpora; of each the interval of a rate, and that of a difference."""
    generator = np.random.default_rng(1)
    held = np.zeros((1_500, 2), dtype=bool)
    for corpus in held:
        first, second = recorded(generator, speakers)
        intervals = wer_interval(second), compare(second, first).interval
        corpus[:] = [each.low <= true <= each.high for each, true in zip(intervals, truth, strict=True)]
    rate, difference = held.mean(axis=0)
    print(f"\n{speakers} speakers: true rate held in {rate:.1%}, true difference in {difference:.1%}")
    assert 0.92 <= rate <= 0.98
    assert 0.92 <= difference <= 0.98


def test_speakers_and_not_utterances_are_drawn():
    """Utterances of one speaker that say the same are no evidence: the interval must not shrink with them."""
    corpus = some_corpus(3)
    tenfold = [tally for tally in corpus for _ in range(10)]
    assert wer_interval(tenfold) == wer_interval(corpus)


@given(tallies)
@few
def test_an_interval_holds_the_rates_of_no_other_speakers(corpus):
    found = wer_interval(corpus)
    rates = [pooled_rate([tally for tally in corpus if tally.speaker == name]) for name in {t.speaker for t in corpus}]
    assert min(rates) - 1e-12 <= found.low <= found.high <= max(rates) + 1e-12


@given(tallies, st.randoms())
@few
def test_the_order_of_utterances_and_speakers_does_not_matter(corpus, chance):
    shuffled = chance.sample(corpus, len(corpus))
    assert wer_interval(shuffled) == wer_interval(corpus)


@given(tallies)
@few
def test_the_same_input_gives_the_same_interval(corpus):
    assert wer_interval(corpus) == wer_interval(list(corpus))


@given(tallies)
@few
def test_a_model_is_no_better_than_itself(corpus):
    verdict = compare(corpus, corpus)
    assert (verdict.difference, verdict.interval, verdict.better) == (0.0, Interval(0.0, 0.0), 0.0)


@given(tallies, st.integers(1, 5))
@few
def test_swapping_the_models_turns_the_verdict_round(corpus, more):
    worse = [Tally(tally.speaker, tally.errors + (place % 3) * more, tally.words) for place, tally in enumerate(corpus)]
    there, back = compare(worse, corpus), compare(corpus, worse)
    assert there.difference == -back.difference
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert there.interval.high == pytest.approx(-back.interval.low)


def test_the_difference_is_of_pooled_rates():
    one = [Tally("a", 1, 1), Tally("b", 0, 9)]
    other = [Tally("a", 0, 1), Tally("b", 3, 9)]
    assert compare(one, other).difference == pytest.approx(0.1 - 0.3)


def test_a_pairing_by_utterance_makes_the_difference_surer_than_either_rate():
    corpus = some_corpus(5)
    worse = [Tally(tally.speaker, tally.errors + 1, tally.words) for tally in corpus]
    verdict, interval = compare(worse, corpus), wer_interval(corpus)
    assert verdict.interval.high - verdict.interval.low < (interval.high - interval.low) / 10
    assert verdict.better == 0.0


def test_one_speaker_has_an_interval_without_width_and_a_verdict_that_says_so():
    corpus = [Tally("a", 2, 8), Tally("a", 4, 8)]
    assert wer_interval(corpus) == Interval(0.375, 0.375)
    better = [Tally("a", 0, 8), Tally("a", 0, 8)]
    assert compare(better, corpus).sentence("merge", "M1") == (
        "merge against M1: undecided, for one speaker says nothing about others, −37.5 points [−37.5, −37.5]; "
        "1 speakers, 2 utterances."
    )


def test_without_reference_words_there_is_neither_interval_nor_verdict():
    silent = [Tally("a", 1, 0), Tally("b", 0, 0)]
    assert wer_interval(silent) is None
    assert compare(silent, silent) is None


def test_speakers_without_reference_words_do_not_break_the_resampling():
    corpus = [Tally("a", 1, 4), *(Tally(name, 1, 0) for name in "bcdefgh")]
    found = wer_interval(corpus)
    assert found.low >= 0.25
    assert np.isfinite(found.high)


BETTER = "better in 97 % of resamples, −2.0 points"
WHOLE = "27 speakers, 540 utterances"
NO_END = "no number of utterances in sight would settle it"


@pytest.mark.parametrize(
    ("low", "high", "missing", "says"),
    [
        (-0.04, -0.01, 0, f"{BETTER} [−4.0, −1.0]; {WHOLE}."),
        (0.01, 0.04, 0, f"worse in 3 % of resamples, −2.0 points [+1.0, +4.0]; {WHOLE}."),
        (-0.04, 0.02, 1200, f"undecided, {BETTER} [−4.0, +2.0]; {WHOLE}; about 1,200 more utterances would settle it."),
        (
            -0.04,
            0.0,
            None,
            f"undecided, {BETTER} [−4.0, +0.0]; {WHOLE}; no number of utterances in sight would settle it.",
        ),
    ],
)
def test_a_verdict_is_one_honest_sentence(low, high, missing, says):
    verdict = Verdict(-0.02, Interval(low, high), 0.97, 27, 540, 40, missing)
    assert verdict.sentence("merge", "M1") == f"merge against M1: {says}"


def test_a_verdict_that_is_settled_needs_no_more_utterances():
    corpus = some_corpus(5)
    assert compare([Tally(t.speaker, t.errors + 1, t.words) for t in corpus], corpus).missing == 0


def mixed(speakers):
    """A model that is worse for every other speaker and a little less better for the others; and another model."""
    other = [Tally(str(who), 10, 80) for who in range(speakers)]
    return [Tally(str(who), 10 + (4 if who % 2 else -3), 80) for who in range(speakers)], other


def test_as_many_more_utterances_of_more_speakers_as_are_called_for_settle_a_verdict():
    missing = compare(*mixed(12)).missing
    assert missing > 12
    assert compare(*mixed(12 + int(1.2 * missing))).missing == 0
    assert compare(*mixed(12 + int(0.7 * missing))).missing > 0


def test_where_nothing_differs_no_number_is_named():
    corpus = some_corpus(5)
    assert compare(corpus, corpus).missing is None


def test_a_verdict_on_few_differences_says_so_and_promises_nothing():
    one = [Tally(str(index), 1, 5) for index in range(24)]
    other = [Tally("0", 2, 5), *one[1:]]
    verdict = compare(other, one)
    assert verdict.differing == 1
    assert verdict.missing is None
    assert verdict.sentence("A", "B").endswith("24 utterances; only 1 of the utterances differs.")
    same = compare(one, one)
    assert same.sentence("A", "B").startswith("A against B: as many errors in every utterance, +0.0 points")
    assert "settle" not in same.sentence("A", "B")
