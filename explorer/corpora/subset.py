"""Subsets of a corpus: a split, a list of ids, a filter, the paper's filter, and a draw even over speakers."""

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from explorer.corpora.filters import matching, value_of
from explorer.corpora.id_list import pick, read_ids
from explorer.corpora.quality import MAX_WER, MIN_WORDS, Judged, judge, read_hypotheses
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError, CorpusError

MAX_HEADERS = 100
"""How many sound files are looked at for the hours of a subset whose corpus does not state them."""


@dataclass(frozen=True, kw_only=True)
class SubsetSpec:
    """How a subset is chosen; the parts apply in this order.

    Attributes:
        split: part of the corpus, as the corpus calls it.
        ids: list file of ids, see ``id_list``.
        expression: filter, see ``filters.parse_filter``; empty keeps all.
        hypotheses: file with what a decoder heard, for the paper's filter, see ``quality``.
        limit: how many to draw, evenly over speakers; None or more than there are keeps all.
        seed: of the draw.
    """

    split: str | None = None
    ids: Path | None = None
    expression: str = ""
    hypotheses: Path | None = None
    limit: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """One rule of a subset, and how many utterances it removed."""

    rule: str
    removed: int


@dataclass(frozen=True)
class Counts:
    """How much a subset would be, for whoever is still typing its filter.

    Attributes:
        total: utterances of the corpus.
        utterances: that are left, before the draw; may be 0.
        speakers: of those.
        drawn: how many of those the limit lets through.
        hours: of those that are left; None where no duration can be had.
        estimated: whether the hours are an estimate: the corpus states no durations, and some headers were read.
    """

    total: int
    utterances: int
    speakers: int
    drawn: int
    hours: float | None
    estimated: bool


@dataclass(frozen=True)
class Subset:
    """Chosen utterances, in the corpus' order.

    Attributes:
        utterances: at least one.
        steps: the rules that were applied, in order.
        problems: a sentence for each utterance left out because its duration cannot be read.
    """

    utterances: tuple[Utterance, ...]
    steps: tuple[Step, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return what tells this subset from any other; see ``subset_fingerprint``."""
        return subset_fingerprint(self.utterances)


def choose(utterances: Sequence[Utterance], spec: SubsetSpec, normalizer: Callable[[str], str] | None = None) -> Subset:
    """Choose a subset; the same arguments give the same subset.

    Args:
        utterances: of a corpus.
        spec: how.
        normalizer: for the paper's filter; needed with ``hypotheses`` only.

    Raises:
        CorpusError: no such split, id, field or file, a bad filter, a limit below 1, or nothing left.
    """
    kept, steps, problems = _filtered(utterances, spec)
    if not kept:
        first = f" First problem: {problems[0]}" if problems else ""
        raise CorpusError(
            f"filter: no utterance meets {spec.expression!r}; loosen it ({len(utterances)} without a filter).{first}"
        )
    if spec.hypotheses is not None:
        kept = _judged(kept, spec.hypotheses, normalizer, steps)
    if spec.limit is not None and spec.limit < len(kept):
        drawn = _evenly(kept, spec.limit, spec.seed)
        steps.append(Step(f"{spec.limit} drawn, seed {spec.seed}", len(kept) - spec.limit))
        kept = [utterance for utterance in kept if utterance.id in drawn]
    return Subset(tuple(kept), tuple(steps), tuple(problems))


def count(utterances: Sequence[Utterance], spec: SubsetSpec, normalizer: Callable[[str], str] | None = None) -> Counts:
    """Count what ``choose`` would choose from, quickly enough to follow a hand that types; nothing left is no error.

    Args:
        utterances: of a corpus.
        spec: how.
        normalizer: for the paper's filter; needed with ``hypotheses`` only.

    Raises:
        CorpusError: what ``choose`` raises of a filter, a half-typed one too, a split, a list or a limit.
    """
    kept, _, _ = _filtered(utterances, spec)
    if spec.hypotheses is not None:
        kept = list(_judge(kept, spec.hypotheses, normalizer).kept)
    unstated = [utterance for utterance in kept if utterance.duration is None]
    sample = unstated[:: math.ceil(len(unstated) / MAX_HEADERS) or 1]
    read = [seconds for utterance in sample if (seconds := _seconds(utterance)) is not None]
    stated = sum(utterance.duration or 0.0 for utterance in kept)
    return Counts(
        total=len(utterances),
        utterances=len(kept),
        speakers=len({utterance.speaker for utterance in kept}),
        drawn=len(kept) if spec.limit is None else min(spec.limit, len(kept)),
        hours=None if sample and not read else (stated + len(unstated) * sum(read) / max(1, len(read))) / 3_600,
        estimated=len(read) < len(unstated),
    )


def subset_fingerprint(utterances: Iterable[Utterance]) -> str:
    """Return 16 hexadecimal digits that tell a subset by its ids and references, in whatever order they come."""
    digest = hashlib.sha256()
    for pair in sorted((utterance.id, utterance.reference) for utterance in utterances):
        digest.update(json.dumps(pair).encode() + b"\n")
    return digest.hexdigest()[:16]


def _filtered(utterances: Sequence[Utterance], spec: SubsetSpec) -> tuple[list[Utterance], list[Step], list[str]]:
    """Apply split, ids and filter; what is left may be nothing."""
    if spec.limit is not None and spec.limit < 1:
        raise CorpusError(f"limit: expected at least 1 utterance, but got {spec.limit}.")
    kept, steps, problems = list(utterances), list[Step](), list[str]()

    def keep(rule: str, chosen: Iterable[Utterance]) -> None:
        nonlocal kept
        before, kept = len(kept), list(chosen)
        steps.append(Step(rule, before - len(kept)))

    if spec.split is not None:
        keep(f"split = {spec.split}", _of_split(kept, spec.split))
    if spec.ids is not None:
        keep(f"ids of {spec.ids.name}", pick(kept, read_ids(spec.ids)))
    if spec.expression.strip():
        keep(spec.expression.strip(), matching(kept, spec.expression, problems))
    return kept, steps, problems


def _of_split(utterances: Sequence[Utterance], split: str) -> list[Utterance]:
    kept = [utterance for utterance in utterances if utterance.split == split]
    if not kept:
        known = ", ".join(sorted({utterance.split for utterance in utterances if utterance.split is not None}))
        raise CorpusError(f"split: this corpus has no {split!r}; there are: {known or 'none'}.")
    return kept


def _judged(
    utterances: Sequence[Utterance], path: Path, normalizer: Callable[[str], str] | None, steps: list[Step]
) -> list[Utterance]:
    judged = _judge(utterances, path, normalizer)
    steps += [
        Step(f"at least {MIN_WORDS} words", judged.short),
        Step(f"heard in {path.name}", judged.unheard),
        Step(f"WER of {path.name} at most {MAX_WER:.0%}", judged.misheard),
    ]
    if not judged.kept:
        raise CorpusError(
            f"hypotheses: no utterance is left: {judged.short} have fewer than {MIN_WORDS} words, {judged.unheard} "
            f"have no line in {path.name}, {judged.misheard} have a WER above {MAX_WER:.0%}."
        )
    return list(judged.kept)


def _judge(utterances: Sequence[Utterance], path: Path, normalizer: Callable[[str], str] | None) -> Judged:
    if normalizer is None:
        raise ValueError("the paper's filter needs a normaliser")
    return judge(utterances, read_hypotheses(path), normalizer)


def _seconds(utterance: Utterance) -> float | None:
    try:
        return cast(float, value_of(utterance, "duration"))
    except AudioError:
        return None


def _evenly(utterances: Sequence[Utterance], limit: int, seed: int) -> set[str]:
    """Deal ids round the speakers until there are ``limit``."""
    generator = random.Random(seed)
    by_speaker: dict[str, list[str]] = {}
    for utterance in utterances:
        by_speaker.setdefault(utterance.speaker, []).append(utterance.id)
    hands = list(by_speaker.values())
    generator.shuffle(hands)
    for hand in hands:
        generator.shuffle(hand)
    drawn: list[str] = []
    while len(drawn) < limit:
        drawn += [hand.pop() for hand in hands if hand]
    return set(drawn[:limit])
