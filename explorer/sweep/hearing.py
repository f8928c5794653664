"""One cell of a sweep hears clips, block by block, until it is lost or has heard them all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer.audio import Clip, load_clip
from explorer.bench import ENCODER, STEM, Bench
from explorer.checkpoints.triple import Member
from explorer.corpora.utterance import Utterance
from explorer.hypotheses import HypothesisStore
from explorer.listening import Listener
from explorer.live_model import Network
from explorer.normalization import Normalizer, normalizer_of
from explorer.recipe import Recipe, recipe_from
from explorer.scoring import align
from explorer.statistics import Tally
from explorer.sweep.begin import decoding_of, rules_of
from explorer.sweep.file import PARENTS, Row
from explorer.sweep.racing import BLOCK_CLIPS, Race
from explorer.transcription.decoding import Decoding, Halt, Prints

_CLIPS = 200  # that stay in memory from one cell to the next: at most 0.4 GB
_BLOCKS_AT_ONCE = 5  # where a cell is not judged after each, nobody waits, and clips gain from being many

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


@dataclass
class Hearer:
    """Makes merges and lets them hear clips; one for each device.

    Attributes:
        bench: the open triple.
        decoding: options.
        normalizer: for references and hypotheses.
        halt: asked before every step.
        store: what was heard before; None remembers nothing.
        alone: nobody else waits for a model between blocks.
    """

    bench: Bench
    decoding: Decoding
    normalizer: Normalizer
    halt: Halt = field(default_factory=Halt)
    store: HypothesisStore | None = None
    alone: bool = False
    _load: Callable[[Path, str], Clip] = field(default_factory=lambda: lru_cache(_CLIPS)(load_clip), init=False)

    def fingerprint(self, row: Row, prefixes: tuple[str, ...] = ("",)) -> str:
        """Name the weights of a cell, or those whose names begin so, hashed from the tensors themselves."""
        recipe = recipe_of(row)
        if recipe is not None:
            return self.bench.live.merged_fingerprint(recipe, prefixes)
        return self.bench.live.fingerprint(_member(row), prefixes)

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
        encoder = [self.fingerprint(row, part) for part in (STEM, (ENCODER,))]
        prints = self.fingerprint(row), Prints(encoder, self.bench.vocabulary(_member(row), recipe_of(row)))
        most = BLOCK_CLIPS * (1 if race.on and best is not None else self._blocks_at_once)
        while (due := _next_block(corpora, heard, most)) is not None:
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

    @property
    def _blocks_at_once(self) -> int:
        many = self.decoding.window == "fit" or self.bench.live.device.type == "cuda"
        return _BLOCKS_AT_ONCE if self.alone and many else 1

    def _heard(self, row: Row, prints: tuple[str, Prints], utterances: Sequence[Utterance]) -> list[tuple[int, int]]:
        recipe, name = recipe_of(row), "cell"

        def held(_: str) -> AbstractContextManager[Network]:
            if recipe is not None:
                return self.bench.live.merged(recipe)
            return self.bench.live.checkpoint(_member(row))

        weights, parts = prints
        listener = Listener(
            held, self.bench.transcriber, self.decoding, self.halt, self.store, {name: weights}, {name: parts}
        )
        clips = [self._load(utterance.path, utterance.id) for utterance in utterances]
        ((_, (hypotheses,)),) = listener.hear([clips], [name])
        return [
            (counts.errors, counts.words)
            for counts in (
                align(self.normalizer(utterance.reference), self.normalizer(hypothesis.text)).counts
                for utterance, hypothesis in zip(utterances, hypotheses, strict=True)
            )
        ]


def hearer_of(
    bench: Bench, about: dict[str, Any], halt: Halt, store: HypothesisStore | None = None, *, alone: bool = False
) -> Hearer:
    """Make what hears the cells of a file; arguments as ``Hearer`` has them."""
    normalizer = normalizer_of(bench.live.triple.folder, rules_of(about))
    return Hearer(bench, decoding_of(about), normalizer, halt, store, alone)


def recipe_of(row: Row) -> Recipe | None:
    """Return a cell's recipe; M1 and M2 have none."""
    return recipe_from(row.recipe, "sweep") if row.recipe else None


def _member(row: Row) -> Member:
    return "m1" if row.number == PARENTS["m1"] else "m2"


def _next_block(corpora: Corpora, heard: Tallies, most: int) -> tuple[int, Sequence[Utterance]] | None:
    """Say what to hear next: of the corpus of which the smaller part was heard."""
    open_ = [index for index, clips in enumerate(corpora) if len(heard[index]) < len(clips)]
    if not open_:
        return None
    corpus = min(open_, key=lambda index: len(heard[index]) / len(corpora[index]))
    first = len(heard[corpus])
    return corpus, corpora[corpus][first : first + most]
