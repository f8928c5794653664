"""Filters on what is known of an utterance, and subsets drawn evenly over speakers."""

import operator
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from explorer.corpora.manifest import Utterance
from explorer.errors import CorpusError

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|!=|==?|<|>)\s*(.+?)\s*")
_FIELDS = ("id", "speaker", "age", "gender", "duration", "words")


@dataclass(frozen=True)
class Condition:
    """One comparison, for example ``age <= 8``."""

    field: str
    sign: str
    value: str

    def holds(self, utterance: Utterance) -> bool:
        """Say whether the utterance meets it; one that lacks the field does not."""
        known = value_of(utterance, self.field)
        if known is None:
            return False
        if isinstance(known, int | float):
            try:
                return _OPERATORS[self.sign](float(known), float(self.value))
            except ValueError:
                raise CorpusError(f"filter: {self.field}: expected a number, but got {self.value!r}.") from None
        if self.sign not in ("=", "!="):
            raise CorpusError(f"filter: {self.field} holds text; expected = or != there, but got {self.sign}.")
        return _OPERATORS[self.sign](str(known), self.value)


def value_of(utterance: Utterance, field: str) -> object:
    """Look up a field: a known one, ``words`` of the reference, or a further entry of the manifest."""
    if field == "words":
        return len(utterance.reference.split())
    return getattr(utterance, field) if field in _FIELDS else utterance.extra.get(field)


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


def select(
    utterances: Sequence[Utterance], expression: str = "", limit: int | None = None, seed: int = 0
) -> tuple[Utterance, ...]:
    """Filter utterances and draw a subset, evenly over speakers; the same arguments give the same subset.

    Args:
        utterances: of a corpus.
        expression: see ``parse_filter``; empty keeps all.
        limit: how many to draw; None or more than there are keeps all.
        seed: of the draw.

    Returns:
        The subset, in the corpus' order.

    Raises:
        CorpusError: a bad filter, an unknown field, a limit below 1, or nothing left.
    """
    if limit is not None and limit < 1:
        raise CorpusError(f"limit: expected at least 1 utterance, but got {limit}.")
    conditions = parse_filter(expression)
    extra = {key for utterance in utterances for key in utterance.extra}
    for condition in conditions:
        if condition.field not in _FIELDS and condition.field not in extra:
            known = ", ".join([*_FIELDS, *sorted(extra)])
            raise CorpusError(f"filter: {condition.field}: no such field in this corpus; there are {known}.")
    kept = [utterance for utterance in utterances if all(condition.holds(utterance) for condition in conditions)]
    if not kept:
        raise CorpusError(f"filter: no utterance meets {expression!r}; loosen it ({len(utterances)} without a filter).")
    if limit is None or limit >= len(kept):
        return tuple(kept)
    drawn = _evenly(kept, limit, seed)
    return tuple(utterance for utterance in kept if utterance.id in drawn)


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
