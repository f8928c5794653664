"""A sweep in this process: cell by cell, block by block, with the file as its only memory."""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from explorer.audio import load_clip
from explorer.bench import ENCODER, Bench
from explorer.corpora.utterance import Utterance
from explorer.errors import ConfigError
from explorer.hypotheses import HypothesisStore
from explorer.listening import Listener
from explorer.live_model import Network
from explorer.normalization import Normalizer, normalizer_of
from explorer.recipe import Recipe, recipe_from
from explorer.scoring import align
from explorer.statistics import Tally
from explorer.sweep.begin import decoding_of, rules_of
from explorer.sweep.file import PARENTS, Row, SweepFile
from explorer.sweep.racing import BLOCK_CLIPS, Race
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError

Corpora = Sequence[Sequence[Utterance]]
Tallies = list[list[Tally]]  # of each corpus


@dataclass(frozen=True)
class Block:
    """Some clips as one cell heard them.

    Attributes:
        corpus: index.
        first: place of the first clip.
        counts: errors and words of each clip.
        lost: whether the cell cannot win any more.
    """

    corpus: int
    first: int
    counts: list[tuple[int, int]]
    lost: bool


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes:
        heard: clips heard by cells in this run.
        settled: cells that need nothing more, those of earlier runs among them.
        fresh: of them, those that this run has heard.
        cells: all, M1 and M2 among them.
        seconds: of this run.
        ended: nothing more will come.
        stopped: it was cancelled before its end.
    """

    heard: int
    settled: int
    fresh: int
    cells: int
    seconds: float
    ended: bool = False
    stopped: bool = False

    @property
    def remaining(self) -> float | None:
        """Estimate the seconds to go from the cells that this run has heard, or None before the first."""
        return self.seconds / self.fresh * (self.cells - self.settled) if self.fresh else None


@dataclass
class Hearer:
    """Makes merges and lets them hear clips; one for each device.

    Attributes:
        bench: the open triple.
        decoding: options.
        normalizer: for references and hypotheses.
        halt: asked at every token.
        store: what was heard before; None remembers nothing.
    """

    bench: Bench
    decoding: Decoding
    normalizer: Normalizer
    halt: Halt = field(default_factory=Halt)
    store: HypothesisStore | None = None

    def fingerprint(self, row: Row, prefix: str = "") -> str:
        """Name the weights of a cell, or those whose names begin so, hashed from the tensors themselves."""
        recipe = recipe_of(row)
        if recipe is not None:
            return self.bench.live.merged_fingerprint(recipe, prefix)
        return self.bench.live.fingerprint("m1" if row.number == PARENTS["m1"] else "m2", prefix)

    def race(self, row: Row, corpora: Corpora, heard: Tallies, best: Tallies | None, race: Race) -> Iterator[Block]:
        """Let a cell hear what it has not heard, block by block, until it is lost or has heard all.

        Args:
            row: the cell, M1 or M2.
            corpora: clips.
            heard: of each corpus what the cell has made of its first clips; grows.
            best: of the best cell so far, on all clips; None if there is none.
            race: rules of stopping early.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
            AudioError: a clip cannot be read.
        """
        prints = self.fingerprint(row), self.fingerprint(row, ENCODER)
        while (due := _next_block(corpora, heard)) is not None:
            corpus, block = due
            first = len(heard[corpus])
            counts = self._heard(row, prints, block)
            heard[corpus] += [Tally(each.speaker, *count) for each, count in zip(block, counts, strict=True)]
            # With a second corpus a cell may also be worth its place by what it makes of that.
            lost = best is not None and all(
                race.is_lost(mine, other, len(clips)) for mine, other, clips in zip(heard, best, corpora, strict=True)
            )
            yield Block(corpus, first, counts, lost)
            if lost:
                return

    def _heard(self, row: Row, prints: tuple[str, str], utterances: Sequence[Utterance]) -> list[tuple[int, int]]:
        recipe, name = recipe_of(row), "cell"

        def held(_: str) -> AbstractContextManager[Network]:
            if recipe is not None:
                return self.bench.live.merged(recipe)
            return self.bench.live.checkpoint("m1" if row.number == PARENTS["m1"] else "m2")

        weights, encoder = prints
        listener = Listener(
            held, self.bench.transcriber, self.decoding, self.halt, self.store, {name: weights}, {name: encoder}
        )
        clips = [load_clip(utterance.path, utterance.id) for utterance in utterances]
        ((_, (hypotheses,)),) = listener.hear([clips], [name])
        return [
            (counts.errors, counts.words)
            for counts in (
                align(self.normalizer(utterance.reference), self.normalizer(hypothesis.text)).counts
                for utterance, hypothesis in zip(utterances, hypotheses, strict=True)
            )
        ]


def hearer_of(bench: Bench, about: dict[str, Any], halt: Halt, store: HypothesisStore | None = None) -> Hearer:
    """Make what hears the cells of a file."""
    normalizer = normalizer_of(bench.live.triple.folder, rules_of(about))
    return Hearer(bench, decoding_of(about), normalizer, halt, store)


def recipe_of(row: Row) -> Recipe | None:
    """Return a cell's recipe; M1 and M2 have none."""
    return recipe_from(row.recipe, "sweep") if row.recipe else None


def _next_block(corpora: Corpora, heard: Tallies) -> tuple[int, Sequence[Utterance]] | None:
    """Say what to hear next: of the corpus of which the smaller part was heard."""
    open_ = [index for index, clips in enumerate(corpora) if len(heard[index]) < len(clips)]
    if not open_:
        return None
    corpus = min(open_, key=lambda index: len(heard[index]) / len(corpora[index]))
    first = len(heard[corpus])
    return corpus, corpora[corpus][first : first + BLOCK_CLIPS]


class Standing:
    """What a sweep's file says while it is filled: what is due, what need not be heard, which cell is best.

    Attributes:
        rows: M1, M2 and the cells, in the order of filling.
    """

    def __init__(self, file: SweepFile, corpora: Corpora) -> None:
        """Look at a file.

        Raises:
            ConfigError: the clips are not those of the file.
        """
        if [[(utterance.id, utterance.speaker) for utterance in each] for each in corpora] != file.clips():
            raise ConfigError(f"{file.path}: was begun on other clips; give it the corpus and subset of its beginning.")
        self._file, self._corpora = file, corpora
        self.rows = sorted(file.rows(), key=lambda row: (row.number >= 0, abs(row.number)))
        self._states = {row.number: row.state for row in self.rows}
        self._prints = {row.fingerprint: row for row in self.rows if row.fingerprint and row.state != "error"}
        self._keys: dict[str, int] = {}
        for row in self.rows:
            self._keys.setdefault(row.merge_key, row.number)
        self._best: tuple[float, Tallies] | None = None
        for row in self.rows:
            if row.state == "done":
                self._consider(row)

    @property
    def due(self) -> list[Row]:
        """Return what is not settled; cells that ask for another cell's merge are settled here."""
        for row in self.rows:
            if self._states[row.number] == "waiting" and (other := self._keys[row.merge_key]) != row.number:
                self._settle(row, "same", same_as=other)
        return [row for row in self.rows if self._states[row.number] == "waiting"]

    @property
    def settled(self) -> int:
        """Count what needs nothing more."""
        return sum(state != "waiting" for state in self._states.values())

    @property
    def best(self) -> Tallies | None:
        """Return what the best cell made of all clips."""
        return self._best[1] if self._best else None

    def heard(self, row: Row) -> Tallies:
        """Return what a cell has made of its first clips."""
        return [self._file.heard(row.number, corpus) for corpus in range(len(self._corpora))]

    def admit(self, row: Row, fingerprint: str) -> bool:
        """Take note of a cell's weights; weights that another cell has, whose recipe asks for others, are an error."""
        other = self._prints.get(fingerprint)
        if other is not None and other.number != row.number:
            name = {-1: "M1", -2: "M2"}.get(other.number, f"cell {other.number}")
            says = f"has the weights of {name}, though its recipe asks for others; no number of it can be trusted."
            self._settle(row, "error", fingerprint, says=says)
            return False
        self._prints[fingerprint] = row
        self._file.settle(row.number, "waiting", fingerprint)
        return True

    def take(self, row: Row, block: Block) -> None:
        """Keep a block."""
        self._file.add(row.number, block.corpus, block.first, block.counts)

    def finish(self, row: Row, fingerprint: str, *, lost: bool) -> None:
        """Settle a cell that was heard."""
        self._settle(row, "stopped" if lost else "done", fingerprint)
        if not lost:
            self._consider(row)

    def _settle(self, row: Row, state: str, fingerprint: str = "", same_as: int | None = None, says: str = "") -> None:
        self._file.settle(row.number, state, fingerprint, same_as, says)
        self._states[row.number] = state

    def _consider(self, row: Row) -> None:
        if row.number < 0:
            return
        heard = self.heard(row)
        words = sum(tally.words for tally in heard[0])
        rate = sum(tally.errors for tally in heard[0]) / words if words else 1.0
        if self._best is None or rate < self._best[0]:
            self._best = rate, heard


def sweep(file: SweepFile, hearer: Hearer, corpora: Corpora, race: Race) -> Iterator[Progress]:
    """Fill a sweep's file; what is in it already is not heard again.

    Args:
        file: begun or taken up.
        hearer: with the triple.
        corpora: the clips of the file, in its order; the first corpus is the one whose errors are to be few.
        race: rules of stopping early.

    Yields:
        Progress after every block; the last one says ``ended``.

    Raises:
        ConfigError: the clips are not those of the file.
        AudioError: a clip cannot be read.
    """
    standing = Standing(file, corpora)
    started, heard, fresh = time.monotonic(), 0, 0

    def progress(*, ended: bool = False, stopped: bool = False) -> Progress:
        seconds = time.monotonic() - started
        return Progress(heard, standing.settled, fresh, len(standing.rows), seconds, ended, stopped)

    yield progress()
    try:
        for row in standing.due:
            hearer.halt.check()
            fingerprint, lost = hearer.fingerprint(row), False
            if standing.admit(row, fingerprint):
                best = standing.best if row.number >= 0 else None
                for block in hearer.race(row, corpora, standing.heard(row), best, race):
                    standing.take(row, block)
                    heard, lost = heard + len(block.counts), block.lost
                    yield progress()
                standing.finish(row, fingerprint, lost=lost)
                fresh += 1
            yield progress()
    except InterruptedDecodingError:
        yield progress(ended=True, stopped=True)
        return
    yield progress(ended=True)
