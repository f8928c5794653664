"""Gathering utterances: whatever is broken becomes a sentence, and only a corpus with nothing usable is an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.corpora.look import Look, shown
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError, seen


class Gathering:
    """The utterances of one folder while they are being found."""

    def __init__(self, folder: Path, expected: str) -> None:
        """Begin with a folder.

        Args:
            folder: of the corpus.
            expected: what should be there, for messages: "a folder with metadata.jsonl".

        Raises:
            CorpusError: no such folder, or no right to list it.
        """
        if not _is_folder(folder):
            raise CorpusError(f"{shown(folder)}: no such folder; expected {expected}.")
        self.look = Look(folder)
        if not self.look.listing(folder) and self.look.closed:
            raise CorpusError(f"{shown(folder)}: cannot be listed; check its rights.")
        self.folder = folder
        self._expected = expected
        self._utterances: dict[str, Utterance] = {}
        self._problems: list[str] = []
        self._counts: dict[str, tuple[int, str]] = {}

    @contextmanager
    def naming(self, where: str | Path) -> Iterator[None]:
        """Turn what is raised in the block into a problem of ``where``, so that the rest goes on."""
        try:
            yield
        except CorpusError as error:
            name = where if isinstance(where, str) else self.look.name(where)
            self._problems.append(f"{name}: {error}.")

    def add(self, utterance: Utterance) -> None:
        """Take an utterance.

        Raises:
            CorpusError: its id is taken or no id at all.
        """
        if not utterance.id.isprintable() or not utterance.id.strip():
            raise CorpusError(f"id: expected a word on one line, but got {seen(utterance.id)}")
        if utterance.id in self._utterances:
            raise CorpusError(f"id {seen(utterance.id)} occurs twice; the second is left out")
        self._utterances[utterance.id] = utterance

    def count(self, rule: str, example: str) -> None:
        """Count an entry left out by a rule; the rule becomes one sentence, with their number and an example.

        Args:
            rule: reads on from a number, as in "3 recordings have no transcript".
            example: id or name of the entry.
        """
        number, first = self._counts.get(rule, (0, example if example.isprintable() else repr(example)))
        self._counts[rule] = (number + 1, first)

    def corpus(self, name: str = "this folder") -> Corpus:
        """Return what was gathered.

        Args:
            name: of what was read, for the message when there is nothing.

        Raises:
            CorpusError: not one usable utterance; the message tells the first problem.
        """
        counted = [f"{number:,} {rule}, for example {first}." for rule, (number, first) in self._counts.items()]
        closed = [
            f"{self.look.name(folder)}: this folder cannot be listed; check its rights." for folder in self.look.closed
        ]
        problems = (*self._problems, *closed, *counted)
        if not self._utterances:
            first = f" First problem: {problems[0]}" if problems else f" Expected {self._expected}."
            raise CorpusError(f"{shown(self.folder)}: {name} has no usable utterance.{first}")
        return Corpus(self.folder, tuple(self._utterances.values()), problems, self.look.sources)


def _is_folder(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except (OSError, ValueError):
        return False
