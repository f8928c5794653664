"""An evaluation looked at closely: what every model heard in every utterance, which words get mixed up, and for whom.

Counts add up and rates do not: whatever is grouped here is pooled before it is divided.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.evaluation import Evaluation, Heard
from explorer.ledger import fate_letters
from explorer.scoring import WordErrors, encoded, pooled
from explorer.statistics import Interval, wer_interval
from explorer.text_rules import FILLERS

MAX_GROUPS = 40
_SECONDS = (2, 4, 8, 15, 30)
_WORDS = (3, 6, 10, 20, 40)


@dataclass(frozen=True)
class Confusion:
    """Two words that were mixed up.

    Attributes:
        reference: what was said; empty for words that were added.
        hypothesis: what was heard; empty for words that were missed.
        counts: by model, how often.
        utterances: indices of the utterances in which any model did.
    """

    reference: str
    hypothesis: str
    counts: Mapping[str, int]
    utterances: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Utterances that have something in common.

    Attributes:
        label: for example ``7`` or ``2 to 4 s``.
        utterances: their indices.
        counts: pooled, by model.
        intervals: 95 %, by model; None without reference words.
    """

    label: str
    utterances: tuple[int, ...]
    counts: Mapping[str, WordErrors]
    intervals: Mapping[str, Interval | None]


def utterance_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Describe every utterance heard: what is known of it, what each model heard, and what became of each word.

    Returns:
        Rows with ``id``, ``speaker``, ``age``, ``gender``, ``duration``, ``split``, ``extra``, ``reference`` and
        ``models``: by name the ``text``, the ``words`` (see ``encoded``), the ``counts`` (substitutions, deletions,
        insertions, words) and, for a merge compared with M1 and M2, the ``fates`` of its words, a letter each.
    """
    results = {result.model: result for result in evaluation.results}
    fates = {name: evaluation.fates(name) for name in results}
    rows = []
    for index, heard in enumerate(evaluation.results[0].heard):
        utterance = heard.utterance
        row: dict[str, Any] = {
            "id": utterance.id,
            "speaker": utterance.speaker,
            "age": utterance.age,
            "gender": utterance.gender,
            "duration": utterance.duration,
            "split": utterance.split,
            "extra": dict(utterance.extra),
            "reference": utterance.reference,
        }
        models = {}
        for name, result in results.items():
            each = result.heard[index]
            model: dict[str, Any] = {"text": each.hypothesis, "words": encoded(each.alignment)}
            model["counts"] = [
                each.counts.substitutions,
                each.counts.deletions,
                each.counts.insertions,
                each.counts.words,
            ]
            followed = fates[name]
            if followed is not None:
                model["fates"] = fate_letters(followed[index])
            models[name] = model
        rows.append(row | {"models": models})
    return rows


def confusions(evaluation: Evaluation, limit: int = 30) -> list[Confusion]:
    """Return the most frequent errors of all models together, the most frequent first."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    where: dict[tuple[str, str], set[int]] = {}
    for result in evaluation.results:
        for index, heard in enumerate(result.heard):
            for word in heard.alignment.words:
                if word.operation != "equal":
                    pair = (word.reference, word.hypothesis)
                    counts.setdefault(pair, Counter())[result.model] += 1
                    where.setdefault(pair, set()).add(index)
    ordered = sorted(counts, key=lambda pair: (-counts[pair].total(), pair))
    names = [result.model for result in evaluation.results]
    return [
        Confusion(*pair, {name: counts[pair][name] for name in names}, tuple(sorted(where[pair])))
        for pair in ordered[:limit]
    ]


def groupings(heard: Sequence[Heard]) -> dict[str, Callable[[Heard], object]]:
    """Return what these utterances can be grouped by: only what tells at least two groups apart."""
    known: dict[str, Callable[[Heard], object]] = {
        "age": lambda each: each.utterance.age,
        "duration": lambda each: _bin(each.utterance.duration, _SECONDS, "s"),
        "words": lambda each: _bin(each.counts.words, _WORDS, "words"),
        "fillers": lambda each: "with um, uh …" if FILLERS.search(each.utterance.reference) else "without fillers",
        "gender": lambda each: each.utterance.gender,
        "split": lambda each: each.utterance.split,
        "speaker": lambda each: each.utterance.speaker,
    }
    for key in sorted({key for each in heard for key in each.utterance.extra}):
        known.setdefault(key, _extra(key))
    return {name: of for name, of in known.items() if 1 < len({_label(of(each)) for each in heard}) <= MAX_GROUPS}


def grouped(evaluation: Evaluation, by: str) -> list[Group]:
    """Pool an evaluation by something the utterances have in common.

    Args:
        evaluation: so far.
        by: a key of ``groupings``; any other gives no groups.

    Returns:
        The groups in order: numbers by size, texts by the alphabet, what is unknown last.
    """
    first = evaluation.results[0].heard
    of = groupings(first).get(by)
    if of is None:
        return []
    members: dict[object, list[int]] = {}
    for index, heard in enumerate(first):
        members.setdefault(of(heard), []).append(index)
    tallies = {result.model: result.tallies for result in evaluation.results}
    return [
        Group(
            _label(value),
            tuple(members[value]),
            {
                result.model: pooled(result.heard[index].counts for index in members[value])
                for result in evaluation.results
            },
            {name: wer_interval([each[index] for index in members[value]]) for name, each in tallies.items()},
        )
        for value in sorted(members, key=_order)
    ]


def _extra(key: str) -> Callable[[Heard], object]:
    return lambda each: each.utterance.extra.get(key)


@dataclass(frozen=True, order=True)
class _Bin:
    upper: float
    label: str


def _bin(value: float | None, edges: Sequence[int], unit: str) -> _Bin | None:
    if value is None:
        return None
    for low, high in zip((0, *edges), edges, strict=False):
        if value <= high:
            return _Bin(high, f"{'up to' if low == 0 else f'{low} to'} {high} {unit}")
    return _Bin(float("inf"), f"over {edges[-1]} {unit}")


def _label(value: object) -> str:
    if isinstance(value, _Bin):
        return value.label
    if isinstance(value, float):
        return f"{value:g}"
    return "unknown" if value is None else str(value)


def _order(value: object) -> tuple[int, float, str]:
    if isinstance(value, _Bin):
        return (0, value.upper, "")
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (2, 0, "") if value is None else (1, 0, str(value))
