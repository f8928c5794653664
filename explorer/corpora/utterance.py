"""What every reader gives: the utterances of a folder, and a sentence for whatever had to be left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Stamp = tuple[int, int]
"""Of a file: time of its last change in nanoseconds, and size in bytes; of a folder: the time, and −1."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One clip of a corpus, with what is known of it.

    Attributes:
        id: unique in its corpus.
        path: audio file.
        reference: what was said, not normalised; markup of the corpus is taken away.
        speaker: utterances without one count as speakers of their own.
        age: in years.
        gender: as the corpus writes it; ``f`` and ``m`` wherever the reader can tell.
        duration: in seconds, where the corpus states it.
        extra: whatever else the corpus states, for example ``grade`` or ``bin``; filters know its keys.
        split: part of the corpus, as the corpus calls it: train, development, test, dev-clean.
    """

    id: str
    path: Path
    reference: str
    speaker: str
    age: float | None = None
    gender: str | None = None
    duration: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    split: str | None = None

    @property
    def title(self) -> str:
        """What people call the clip: by the corpus' title for it, else by its id."""
        return str(self.extra.get("title") or self.id)


@dataclass(frozen=True)
class Corpus:
    """Utterances of a folder.

    Attributes:
        folder: that was opened.
        utterances: in the order of the corpus' files or lines.
        problems: a sentence for each entry left out, and one for each kind of entry that is left out by rule, with
            their number: recordings without a transcript, transcripts without words.
        sources: every folder and text file that was read, relative to ``folder`` where inside it, with its stamp;
            None for a file that was looked for and is not there.
    """

    folder: Path
    utterances: tuple[Utterance, ...]
    problems: tuple[str, ...] = ()
    sources: Mapping[str, Stamp | None] = field(default_factory=dict, repr=False, compare=False)
