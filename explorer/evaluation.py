"""WER of several models over a subset, in one pass over the clips: features are computed once, results stream."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from explorer.audio import Clip, clip_seconds, load_clip
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError
from explorer.ledger import Fate, WordFate, added_words_gone, tally, word_fates
from explorer.scoring import Alignment, WordErrors, align, pooled
from explorer.statistics import Interval, Tally, Verdict, compare, wer_interval
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding, Hypothesis, InterruptedDecodingError

if TYPE_CHECKING:  # the page reads from here what its tables are made of, long before torch is there
    from explorer.listening import Listener
    from explorer.normalization import Normalizer

BATCH_POSITIONS = 6_000  # of the encoder, a model's turn: 24 clips in windows of 5 s, 4 in windows of 30 s
# Where nobody waits for the model meanwhile: the rows that are decoded together are fewer at every batch's end.
ALONE_POSITIONS = 4 * BATCH_POSITIONS
GPU_POSITIONS = 20 * BATCH_POSITIONS  # a GPU takes no longer for so many
CHECKPOINTS = ("m0", "m1", "m2")
"""Names that are no merges; every other name is."""


@dataclass(frozen=True)
class Heard:
    """What one model heard in one utterance, aligned with what was said."""

    utterance: Utterance
    hypothesis: str
    alignment: Alignment

    @cached_property
    def counts(self) -> WordErrors:
        """Return the counts of edit operations."""
        return self.alignment.counts


@dataclass(frozen=True)
class ModelResult:
    """One model over the utterances heard so far.

    Attributes:
        heard: by every model so far, in the same order for all models.
    """

    model: str
    heard: tuple[Heard, ...]

    @property
    def counts(self) -> WordErrors:
        """Return the pooled counts."""
        return pooled(each.counts for each in self.heard)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Return errors and words by utterance, for the statistics."""
        return tuple(Tally(h.utterance.speaker, h.counts.errors, h.counts.words) for h in self.heard)

    @property
    def interval(self) -> Interval | None:
        """Return the 95 % interval of the WER, from speakers."""
        return wer_interval(self.tallies)

    def against(self, other: "ModelResult") -> Verdict | None:
        """Compare with another model on the same utterances."""
        return compare(self.tallies, other.tallies)


@dataclass(frozen=True)
class Evaluation:
    """An evaluation so far, or at its end.

    Attributes:
        results: one for each model asked for.
        done: utterances heard by every model.
        total: utterances of the subset that could be read.
        seconds: time taken so far.
        problems: a sentence for each utterance left out.
        stopped: True when it was cancelled before its end.
        hypotheses: heard so far, those of a block that not every model has heard included.
    """

    results: tuple[ModelResult, ...]
    done: int
    total: int
    seconds: float
    problems: tuple[str, ...] = ()
    stopped: bool = False
    hypotheses: int = 0

    def fates(self, merge: str) -> list[tuple[WordFate, ...]] | None:
        """Follow every word of a merge, utterance by utterance, or None when it was not compared with M1 and M2."""
        heard = {result.model: result.heard for result in self.results}
        if merge in CHECKPOINTS or not {"m1", merge, "m2"} <= heard.keys():
            return None
        clips = zip(heard["m1"], heard[merge], heard["m2"], strict=True)
        return [word_fates(first.alignment, merged.alignment, second.alignment) for first, merged, second in clips]

    def ledger(self, merge: str) -> dict[Fate, int] | None:
        """Count what a merge did to the words of M1 and M2, or None when it was not compared with both."""
        fates = self.fates(merge)
        return None if fates is None else tally(fate for clip in fates for fate in clip)

    def added_words_gone(self, merge: str) -> int | None:
        """Count the words that M1 adds and a merge does not; None when there is no ledger either."""
        if self.fates(merge) is None:
            return None
        heard = {result.model: result.heard for result in self.results}
        clips = zip(heard["m1"], heard[merge], strict=True)
        return sum(added_words_gone(first.alignment, merged.alignment) for first, merged in clips)

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come."""
        return self.stopped or self.done == self.total

    @property
    def remaining(self) -> float | None:
        """Estimate the seconds still to go, or None before the first batch."""
        heard = max(self.hypotheses, self.done * len(self.results))
        return self.seconds / heard * (self.total * len(self.results) - heard) if heard else None


@dataclass(frozen=True)
class _Loaded:
    utterance: Utterance
    clip: Clip


def evaluate(
    utterances: Sequence[Utterance],
    models: Sequence[str],
    listener: "Listener",
    normalizer: "Normalizer",
    block: int = 1,
    batch_positions: int | None = None,
) -> Iterator[Evaluation]:
    """Let every model hear every utterance, yielding after each batch.

    Args:
        utterances: the subset.
        models: names that the listener knows, for example m0, m1, m2, merge.
        listener: when its ``halt`` stops the work, what is finished is yielded once more.
        normalizer: for references and hypotheses.
        block: batches that one model hears before the next one is merged; with more than one, it yields after
            each model too.
        batch_positions: of the encoder, in a batch; None: as many as suit a processor that others want too.

    Yields:
        The evaluation so far; the last one is complete, or says ``stopped``.
    """
    started = time.monotonic()
    problems: list[str] = []
    batches = _batches(utterances, listener.decoding, batch_positions or BATCH_POSITIONS, problems)
    total = sum(len(batch) for batch in batches)
    heard: dict[str, list[Heard]] = {model: [] for model in models}

    def so_far(*, stopped: bool = False, under_way: int = 0) -> Evaluation:
        results = tuple(ModelResult(model, tuple(heard[model])) for model in models)
        done = len(heard[models[0]])
        seconds, hypotheses = time.monotonic() - started, done * len(models) + under_way
        return Evaluation(results, done, total, seconds, tuple(problems), stopped, hypotheses)

    yield so_far()
    for start in range(0, len(batches), block):
        groups: list[list[_Loaded]] = []
        for batch in batches[start : start + block]:
            loaded = _load(batch, problems)
            total -= len(batch) - len(loaded)
            groups.append(loaded)
        fresh: dict[str, list[list[Hypothesis]]] = {}
        clips = [[each.clip for each in group] for group in groups]
        try:
            for model, hypotheses in listener.hear(clips, models):
                fresh[model] = hypotheses
                if block > 1 and len(fresh) < len(models):
                    yield so_far(under_way=len(fresh) * sum(map(len, groups)))
        except InterruptedDecodingError:
            yield so_far(stopped=True)
            return
        for model, hypotheses in fresh.items():
            for group, row in zip(groups, hypotheses, strict=True):
                heard[model] += _scored(group, row, normalizer)
        yield so_far()


def room_of_a_batch(*, alone: bool, gpu: bool) -> int:
    """Say how many positions of the encoder a batch has.

    Args:
        alone: nobody else waits for a model meanwhile.
        gpu: it is heard on one.
    """
    if gpu:
        return GPU_POSITIONS
    return ALONE_POSITIONS if alone else BATCH_POSITIONS


def _batches(
    utterances: Sequence[Utterance], decoding: Decoding, most: int, problems: list[str]
) -> list[list[Utterance]]:
    """Cut the subset into pieces of as much work; shuffled, so that a run cut short is no sample of short clips."""
    shuffled = list(utterances)
    random.Random(0).shuffle(shuffled)
    batches: list[list[Utterance]] = []
    room = 0
    for utterance in shuffled:
        try:
            seconds = clip_seconds(utterance.path)
        except AudioError as error:
            problems.append(str(error))
            continue
        positions = decoding.positions(min(seconds, WINDOW_SECONDS))
        if positions > room:
            batches.append([])
            room = most
        batches[-1].append(utterance)
        room -= positions
    return batches


def _load(batch: Sequence[Utterance], problems: list[str]) -> list[_Loaded]:
    loaded = []
    for utterance in batch:
        try:
            loaded.append(_Loaded(utterance, load_clip(utterance.path, utterance.id)))
        except AudioError as error:
            problems.append(str(error))
    return loaded


def _scored(group: Sequence[_Loaded], hypotheses: Sequence[Hypothesis], normalizer: "Normalizer") -> Iterator[Heard]:
    for each, hypothesis in zip(group, hypotheses, strict=True):
        reference = normalizer(each.utterance.reference)
        yield Heard(each.utterance, hypothesis.text, align(reference, normalizer(hypothesis.text)))
