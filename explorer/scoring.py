"""Reference and hypothesis → one alignment, from which the words on the page, the counts and the WER are views."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import jiwer
from rapidfuzz.distance import Levenshtein

EditOperation = Literal["equal", "substitute", "delete", "insert"]
_SIGNS: dict[EditOperation, str] = {"equal": "=", "substitute": "~", "delete": "-", "insert": "+"}
_OPERATIONS = {sign: operation for operation, sign in _SIGNS.items()}


@dataclass(frozen=True)
class AlignedWord:
    """One column of an alignment.

    Attributes:
        operation: what became of the reference word.
        reference: empty for ``insert``.
        hypothesis: empty for ``delete``.
    """

    operation: EditOperation
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class WordErrors:
    """Counts of edit operations. They add up; rates do not, so none is stored.

    ``sum(counts, WordErrors())`` pools a corpus.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: "WordErrors") -> "WordErrors":
        """Pool two counts."""
        return WordErrors(
            self.hits + other.hits,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def words(self) -> int:
        """Return the number of words in the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def errors(self) -> int:
        """Return substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float | None:
        """Return errors per reference word, or None when the reference has no words."""
        return self.errors / self.words if self.words else None


@dataclass(frozen=True)
class Alignment:
    """A reference and a hypothesis, word by word.

    Where several alignments have as few errors, words that look alike are paired: *closet* with *class*, not *the*.
    """

    words: tuple[AlignedWord, ...]

    @property
    def counts(self) -> WordErrors:
        """Count the edit operations."""
        tally = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
        for word in self.words:
            tally[word.operation] += 1
        return WordErrors(tally["equal"], tally["substitute"], tally["delete"], tally["insert"])


def align(reference: str, hypothesis: str) -> Alignment:
    """Align two normalised texts with as few edit operations as possible.

    Args:
        reference: words separated by spaces; may be empty, then every word of the hypothesis is an insertion.
        hypothesis: words separated by spaces; may be empty, then every word of the reference is a deletion.
    """
    spoken, heard = reference.split(), hypothesis.split()
    if not spoken:
        return Alignment(tuple(AlignedWord("insert", "", word) for word in heard))
    if not heard:
        return Alignment(tuple(AlignedWord("delete", word, "") for word in spoken))
    words: list[AlignedWord] = []
    missed: list[str] = []
    added: list[str] = []
    for chunk in jiwer.process_words(" ".join(spoken), " ".join(heard)).alignments[0]:
        left = spoken[chunk.ref_start_idx : chunk.ref_end_idx]
        right = heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
        if chunk.type == "equal":
            words += [*_paired(missed, added), *(AlignedWord("equal", word, word) for word in left)]
            missed, added = [], []
        else:
            missed, added = missed + left, added + right
    return Alignment((*words, *_paired(missed, added)))


def encoded(alignment: Alignment) -> list[str]:
    """Write an alignment compactly: ``=word``, ``~said<tab>heard``, ``-missed``, ``+added``."""
    return [
        _SIGNS[word.operation]
        + (
            f"{word.reference}\t{word.hypothesis}"
            if word.operation == "substitute"
            else word.reference or word.hypothesis
        )
        for word in alignment.words
    ]


def decoded(words: Iterable[str]) -> Alignment:
    """Read back what ``encoded`` wrote."""
    return Alignment(tuple(_decoded(word) for word in words))


def _decoded(word: str) -> AlignedWord:
    operation, text = _OPERATIONS[word[:1]], word[1:]
    reference, _, hypothesis = text.partition("\t")
    if operation == "insert":
        return AlignedWord(operation, "", text)
    heard = {"equal": text, "substitute": hypothesis, "delete": ""}
    return AlignedWord(operation, reference, heard[operation])


def _paired(missed: list[str], added: list[str]) -> list[AlignedWord]:
    """Pair the words between two hits: as many substitutions as can be, in order, of words as alike as can be.

    The shorter side is paired whole, so the number of errors is that of any optimal alignment.
    """
    swapped = len(missed) > len(added)
    few, many = (added, missed) if swapped else (missed, added)
    # costs[i][j]: of pairing the first i of the few with i of the first j of the many.
    costs = [[0.0] * (len(many) + 1)] + [[math.inf] * (len(many) + 1) for _ in few]
    for i, one in enumerate(few):
        for j, other in enumerate(many):
            unlike = Levenshtein.normalized_distance(one, other)
            costs[i + 1][j + 1] = min(costs[i + 1][j], costs[i][j] + unlike)
    pairs: list[AlignedWord] = []
    i, j = len(few), len(many)
    while j:
        if i and costs[i][j] < costs[i][j - 1]:
            i, j = i - 1, j - 1
            reference, hypothesis = (many[j], few[i]) if swapped else (few[i], many[j])
            pairs.append(AlignedWord("substitute", reference, hypothesis))
        else:
            j -= 1
            pairs.append(AlignedWord("delete", many[j], "") if swapped else AlignedWord("insert", "", many[j]))
    return pairs[::-1]


def pooled(counts: Iterable[WordErrors]) -> WordErrors:
    """Pool the counts of many clips."""
    return sum(counts, WordErrors())
