"""Clips to learn from: loaded, parted by speaker, written as tokens, dealt into the steps."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from explorer.audio import Clip, load_clip
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError, CorpusError
from explorer.learning.settings import Settings
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding

_MARKS = re.compile(r"[^\w\s']|_")
_POOL = 4
# Told apart from each other by their number: who is kept aside, and in what order clips come.
_SPEAKERS, _ORDER = range(2)

WRITINGS: dict[str, Callable[[str], str]] = {
    "as they stand": lambda text: text,
    "in lower case without marks": lambda text: _plain(text),
    "as sentences": lambda text: f"{_plain(text)[:1].upper()}{_plain(text)[1:]}.",
}
"""How references may be written for a model that is to say them; corpora write in capitals what models do not."""


@dataclass(frozen=True, eq=False)
class Item:
    """One clip to learn from or to judge by.

    Attributes:
        clip: of at most 30 s.
        text: the reference.
        speaker: who speaks.
        positions: of its window.
    """

    clip: Clip
    text: str
    speaker: str
    positions: int


@dataclass(frozen=True, eq=False)
class Material:
    """Clips in two parts that share no speaker.

    Attributes:
        learned: to take steps by.
        held_out: to stop by.
        problems: a sentence for each clip left out.
    """

    learned: tuple[Item, ...]
    held_out: tuple[Item, ...]
    problems: tuple[str, ...]

    @property
    def speakers(self) -> tuple[int, int]:
        """Count the speakers of both parts."""
        return len({item.speaker for item in self.learned}), len({item.speaker for item in self.held_out})

    def written(self, writing: str) -> "Material":
        """Return the same clips with their references written in a way of ``WRITINGS``."""
        write = WRITINGS[writing]

        def parts(items: Sequence[Item]) -> tuple[Item, ...]:
            return tuple(replace(item, text=write(item.text)) for item in items)

        return replace(self, learned=parts(self.learned), held_out=parts(self.held_out))

    def batch(self, step: int, settings: Settings) -> list[Item]:
        """Deal the clips of a step, counted from 0: a function of step and seed alone, so that a run can be resumed."""
        size = min(settings.clips, len(self.learned))
        per_epoch = -(-len(self.learned) // size)
        epoch, number = divmod(step, per_epoch)
        generator = np.random.default_rng([settings.seed, _ORDER, epoch])
        order = [self.learned[index] for index in generator.permutation(len(self.learned))]
        # Neighbours of one window share a forward pass; between the batches chance rules.
        pools = [order[start : start + _POOL * size] for start in range(0, len(order), _POOL * size)]
        row = [item for pool in pools for item in sorted(pool, key=lambda item: item.positions)]
        batches = [row[start : start + size] for start in range(0, len(row), size)]
        return batches[int(generator.permutation(len(batches))[number])]


def gather(utterances: Sequence[Utterance], settings: Settings, decoding: Decoding) -> Material:
    """Load clips and keep some speakers aside.

    Args:
        utterances: chosen by the user.
        settings: share and seed of the speakers kept aside, and whether references are needed.
        decoding: its window.

    Raises:
        CorpusError: nothing can be learned from, or all clips are one speaker's.
    """
    items, problems = list[Item](), list[str]()
    for utterance in utterances:
        try:
            clip = load_clip(utterance.path, utterance.id)
        except AudioError as error:
            problems.append(str(error))
            continue
        if clip.seconds > WINDOW_SECONDS:
            problems.append(f"{utterance.id}: is longer than {WINDOW_SECONDS:g} s; a curve learns from one window.")
        elif settings.objective == "references" and not _plain(utterance.reference):
            problems.append(f"{utterance.id}: has no reference; learn by entropy, or add one.")
        else:
            positions = decoding.positions(clip.seconds)
            items.append(Item(clip, utterance.reference, utterance.speaker, positions))
    if not items:
        first = f" First problem: {problems[0]}" if problems else ""
        raise CorpusError(f"learning: no clip to learn from; choose clips of at most 30 s with references.{first}")
    speakers = np.array(sorted({item.speaker for item in items}))
    aside = max(1, round(settings.held_out * len(speakers)))
    if aside >= len(speakers):
        raise CorpusError(
            f"learning: these clips are of {len(speakers)} speaker(s), and {aside} are kept aside to stop by; "
            f"choose clips by more speakers."
        )
    order = np.random.default_rng([settings.seed, _SPEAKERS]).permutation(speakers)
    out = {str(name) for name in order[:aside]}
    return Material(
        tuple(item for item in items if item.speaker not in out),
        tuple(item for item in items if item.speaker in out),
        tuple(problems),
    )


def by_window(items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """Part clips into groups of one window and at most ``most`` clips."""
    groups: dict[int, list[Item]] = {}
    for item in items:
        groups.setdefault(item.positions, []).append(item)
    for group in groups.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text.lower()).split())
