"""The language of filters: ``split = test and age <= 8, bin = 1``."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer.audio import clip_seconds
from explorer.corpora.look import stamp
from explorer.corpora.utterance import Stamp, Utterance
from explorer.errors import AudioError, CorpusError

FIELDS = ("id", "speaker", "age", "gender", "duration", "words", "split")
"""What the app knows of an utterance: duration in seconds, words of the reference. More stands in ``extra``."""

HALVES = {"up to 30 s": "duration <= 30", "over 30 s": "duration > 30"}
"""The paper's two halves of a test set: what fits Whisper's window, and what has to be decoded piece by piece."""

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|!=|==?|<|>)\s*(.+?)\s*")


@dataclass(frozen=True)
class Condition:
    """One comparison, for example ``age <= 8``."""

    field: str
    sign: str
    value: str

    def holds(self, utterance: Utterance) -> bool:
        """Say whether the utterance meets it; one that lacks the field does not.

        Some utterances may have a number there and others a word (grade 1, 2, K): order is asked of numbers only.

        Raises:
            CorpusError: order is asked, and value or field are words.
            AudioError: duration has to be read from the file's header, and cannot be.
        """
        known, wanted = value_of(utterance, self.field), _number(self.value)
        if known is None:
            return False
        compare, equality = _OPERATORS[self.sign], self.sign in ("=", "!=")
        if isinstance(known, int | float) and not isinstance(known, bool):
            if wanted is None and not equality:
                raise CorpusError(f"filter: {self.field}: expected a number, but got {self.value!r}.")
            return compare(float(known), wanted)
        if not equality:
            if wanted is None:
                raise CorpusError(f"filter: {self.field} holds text; expected = or != there, but got {self.sign}.")
            return False
        return compare(str(known).lower() if isinstance(known, bool) else str(known), self.value)


def value_of(utterance: Utterance, field: str) -> object:
    """Look up a field: a known one, ``words`` of the reference, or what else the corpus states.

    A duration that the corpus does not state is read from the file's header, once.

    Raises:
        AudioError: duration has to be read, and cannot be.
    """
    if field == "words":
        return len(utterance.reference.split())
    if field == "duration" and utterance.duration is None:
        return _seconds(utterance.path, stamp(utterance.path))
    return getattr(utterance, field) if field in FIELDS else utterance.extra.get(field)


def parse_filter(expression: str) -> tuple[Condition, ...]:
    """Read conditions joined by ``and`` (or commas), all of which must hold: ``age <= 8 and gender = f``.

    Raises:
        CorpusError: not of that form.
    """
    conditions = []
    for part in re.split(r"\band\b|,|&", expression):
        if not part.strip():
            if expression.strip():
                raise CorpusError(
                    f"filter: a condition is missing in {expression!r}; write for example age <= 8 and gender = f."
                )
            continue
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise CorpusError(f"filter: {part.strip()!r}: expected a field, a sign and a value, such as age <= 8.")
        field, sign, value = match.groups()
        conditions.append(Condition(field, "=" if sign == "==" else sign, value.strip("'\"")))
    return tuple(conditions)


def fields_of(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    """List what these utterances can be filtered by: what at least one of them states."""
    extra = {key for utterance in utterances for key in utterance.extra}
    return tuple(field for field in (*FIELDS, *sorted(extra)) if _is_stated(field, utterances))


def matching(utterances: Sequence[Utterance], expression: str, problems: list[str]) -> list[Utterance]:
    """Return the utterances that meet a filter, possibly none.

    Args:
        utterances: of a corpus.
        expression: see ``parse_filter``; empty keeps all.
        problems: takes a sentence for each utterance whose duration is asked for and cannot be read; it is left out.

    Raises:
        CorpusError: a bad filter, or a field that no utterance has.
    """
    conditions = parse_filter(expression)
    for condition in conditions:
        if not _is_stated(condition.field, utterances):
            known = ", ".join(fields_of(utterances))
            raise CorpusError(f"filter: {condition.field}: no such field in this corpus; there are {known}.")
    # Durations last: their headers are read for what the other conditions leave.
    ordered = sorted(conditions, key=lambda condition: condition.field == "duration")
    kept = []
    for utterance in utterances:
        try:
            if all(condition.holds(utterance) for condition in ordered):
                kept.append(utterance)
        except AudioError as error:
            problems.append(str(error))
    return kept


def _is_stated(field: str, utterances: Sequence[Utterance]) -> bool:
    if field in ("words", "duration"):  # there for the asking
        return True
    return any(value_of(utterance, field) is not None for utterance in utterances)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=300_000)
def _seconds(path: Path, _: Stamp | None) -> float:
    return clip_seconds(path)
