"""Reference and hypothesis → one alignment, from which the words on the page, the counts and the WER are views."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import jiwer

EditOperation = Literal["equal", "substitute", "delete", "insert"]


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

    Where several alignments have as few errors, it is the one rapidfuzz finds; the counts are the same up to such ties.
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
    chunks = jiwer.process_words(" ".join(spoken), " ".join(heard)).alignments[0]
    words: list[AlignedWord] = []
    for chunk in chunks:
        left = spoken[chunk.ref_start_idx : chunk.ref_end_idx]
        right = heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
        if chunk.type in ("equal", "substitute"):
            operation: EditOperation = "equal" if chunk.type == "equal" else "substitute"
            words += [AlignedWord(operation, r, h) for r, h in zip(left, right, strict=True)]
        else:
            words += [AlignedWord("delete", r, "") for r in left] + [AlignedWord("insert", "", h) for h in right]
    return Alignment(tuple(words))


def pooled(counts: Iterable[WordErrors]) -> WordErrors:
    """Pool the counts of many clips."""
    return sum(counts, WordErrors())
