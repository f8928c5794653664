"""What the merge did to every word, compared with its parents: kept, fixed, broken, borrowed from M2, new error.

A word that M1 adds and the merge leaves out is no word of the merge, so it has no fate; such words are counted apart.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from explorer.scoring import Alignment

Fate = Literal["kept", "fixed", "borrowed", "broken", "same error", "new error"]
FATE_LETTERS: dict[Fate, str] = {
    "kept": "k",
    "fixed": "f",
    "borrowed": "b",
    "broken": "x",
    "same error": "s",
    "new error": "n",
}
FATES: tuple[Fate, ...] = tuple(FATE_LETTERS)


@dataclass(frozen=True)
class WordFate:
    """What became of one word.

    Attributes:
        fate: ``kept``: M1 and the merge have it right. ``borrowed``: M1 has it wrong, M2 and the merge right.
            ``fixed``: only the merge has it right. ``broken``: M1 has it right, the merge wrong. ``same error``: M1 and
            the merge are wrong alike. ``new error``: the merge is wrong in its own way, or adds a word M1 does not.
        reference: empty for an added word.
        first: M1's word, empty where it has none.
        second: M2's word.
        merge: the merge's word.
    """

    fate: Fate
    reference: str
    first: str
    second: str
    merge: str


def word_fates(first: Alignment, merge: Alignment, second: Alignment) -> tuple[WordFate, ...]:
    """Follow every reference word, and every word the merge adds.

    Args:
        first: of M1, with the same reference as the other two.
        merge: of the merge.
        second: of M2.
    """
    heard_first, heard_second = _by_reference(first), _by_reference(second)
    added_by_first = Counter(word.hypothesis for word in first.words if word.operation == "insert")
    fates: list[WordFate] = []
    index = 0
    for word in merge.words:
        if word.operation == "insert":
            known = added_by_first[word.hypothesis] > 0
            added_by_first[word.hypothesis] -= known
            fates.append(WordFate("same error" if known else "new error", "", "", "", word.hypothesis))
            continue
        one, two = heard_first[index], heard_second[index]
        fate = _fate(word.reference, one, word.hypothesis, two)
        fates.append(WordFate(fate, word.reference, one, two, word.hypothesis))
        index += 1
    return tuple(fates)


def added_words_gone(first: Alignment, merge: Alignment) -> int:
    """Count the words that M1 adds, though nobody said them, and the merge does not add as often.

    With the fates it accounts for every error: those of M1 less those of the merge are fixed + borrowed + gone − broken
    − the added words among the new errors.

    Args:
        first: of M1.
        merge: of the merge, with the same reference.
    """
    added, still = (
        Counter(word.hypothesis for word in each.words if word.operation == "insert") for each in (first, merge)
    )
    return (added - still).total()


def _by_reference(alignment: Alignment) -> Sequence[str]:
    """Return what was heard for each reference word; empty where it was missed."""
    return [word.hypothesis for word in alignment.words if word.operation != "insert"]


def _fate(reference: str, first: str, merge: str, second: str) -> Fate:
    if merge == reference:
        if first == reference:
            return "kept"
        return "borrowed" if second == reference else "fixed"
    if first == reference:
        return "broken"
    return "same error" if merge == first else "new error"


def fate_letters(fates: Iterable[WordFate]) -> str:
    """Write fates compactly, a letter for each word of the merge's alignment."""
    return "".join(FATE_LETTERS[fate.fate] for fate in fates)


def tally(fates: Iterable[WordFate]) -> dict[Fate, int]:
    """Count fates, all of them named even where there are none."""
    counts = Counter(fate.fate for fate in fates)
    return {fate: counts[fate] for fate in FATES}
