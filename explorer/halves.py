"""Choose on some speakers, judge on others: the only way a best point of a grid says something about anybody else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.corpora.utterance import Utterance
from explorer.statistics import Interval, Tally, Verdict, compare, wer_interval

Tallies = Mapping[str, Sequence[Tally]]
"""Of each model, a tally for each utterance, in one order for all."""


def shuffled_speakers(utterances: Sequence[Utterance], seed: int) -> list[str]:
    """Return the speakers in an order that the seed alone determines."""
    return shuffled_names({utterance.speaker for utterance in utterances}, seed)


def shuffled_names(speakers: Iterable[str], seed: int) -> list[str]:
    """Return names of speakers in an order that they and the seed alone determine."""
    return [str(name) for name in np.random.default_rng([seed, 2]).permutation(np.array(sorted(speakers)))]


def speaker_halves(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """Split a corpus into two halves of its speakers, the same ones on every machine and with every seed.

    Returns:
        Half a, half b, each in the corpus' order; a has the odd speaker.
    """
    first = set(shuffled_speakers(utterances, seed=0)[::2])
    return [u for u in utterances if u.speaker in first], [u for u in utterances if u.speaker not in first]


@dataclass(frozen=True)
class Hearing:
    """A corpus as all models heard it.

    Attributes:
        tallies: of each model.
        halves: speakers of either half; choosing uses one, judging the other.
    """

    tallies: Tallies
    halves: tuple[frozenset[str], frozenset[str]]

    def of(self, model: str, half: int) -> list[Tally]:
        """Return a model's tallies on one half of the speakers, 0 or 1."""
        return [each for each in self.tallies[model] if each.speaker in self.halves[half]]


@dataclass(frozen=True)
class Judgement:
    """What was chosen on one half of the speakers, and what it was worth on the other.

    Attributes:
        chosen: name of the model.
        chosen_wer: its WER on the half it was chosen on, a fraction: flattering.
        wer: its WER on the other half.
        interval: of ``wer``, 95 %, from speakers.
        verdict: against the reference model on the other half.
    """

    chosen: str
    chosen_wer: float
    wer: float
    interval: Interval
    verdict: Verdict


@dataclass(frozen=True)
class CrossJudgement:
    """Both ways round, on one corpus.

    Attributes:
        ways: chosen on half a and judged on b, then the other way.
        wer: pooled over all speakers, each judged by what the half without them chose.
        verdict: the same, against the reference model.
        tallies: what both are counted from; in one order for all that is chosen on the same halves.
    """

    ways: tuple[Judgement, Judgement]
    wer: float
    verdict: Verdict
    tallies: tuple[Tally, ...] = ()


def choose_and_judge(
    hearings: Sequence[Hearing], candidates: Sequence[str], reference: str = "m1"
) -> list[CrossJudgement]:
    """Choose the candidate with the lowest WER on one half of the speakers and judge it on the other, both ways.

    Args:
        hearings: corpora; with several, the mean of their WERs chooses.
        candidates: names of models; of equals the first is chosen.
        reference: what is compared with.

    Returns:
        A judgement for each hearing.
    """
    chosen = tuple(
        min(candidates, key=lambda name: sum(wer(hearing.of(name, half)) for hearing in hearings)) for half in (0, 1)
    )
    return [_judged(hearing, (chosen[0], chosen[1]), reference) for hearing in hearings]


def _judged(hearing: Hearing, chosen: tuple[str, str], reference: str) -> CrossJudgement:
    ways, judged, compared = [], list[Tally](), list[Tally]()
    for here, name in enumerate(chosen):
        mine, other = hearing.of(name, 1 - here), hearing.of(reference, 1 - here)
        interval = wer_interval(mine)
        assert interval is not None, "a half of the speakers has words"
        ways.append(Judgement(name, wer(hearing.of(name, here)), wer(mine), interval, verdict_of(mine, other)))
        judged += mine
        compared += other
    return CrossJudgement((ways[0], ways[1]), wer(judged), verdict_of(judged, compared), tuple(judged))


def verdict_of(model: Sequence[Tally], other: Sequence[Tally]) -> Verdict:
    """Compare two models on utterances that have words."""
    verdict = compare(model, other)
    assert verdict is not None, "the utterances have words"
    return verdict


def wer(tallies: Sequence[Tally]) -> float:
    """Return the pooled WER, a fraction."""
    return sum(each.errors for each in tallies) / sum(each.words for each in tallies)
