"""One clip under the lens: when each word was said, how likely each model finds it, and where each model looks.

Every model is told the same text, token by token, so what they think of it can be compared and subtracted.
"""

import base64
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.audio import SAMPLE_RATE, Clip
from explorer.bench import Bench
from explorer.errors import AudioError
from explorer.recipe import Recipe
from explorer.scoring import align
from explorer.thoughts import Thoughts, think
from explorer.timing import Attention, follows, token_starts, word_times
from explorer.transcription.decoding import POSITIONS_PER_SECOND, WINDOW_SECONDS, Decoding, Halt
from explorer.transcription.told import tell

# M0 first: the times are read from it, for fine-tuning moves the heads that follow the sound.
LENS_MODELS = ("m0", "m1", "merge", "m2")
LIMIT_BYTES = 200_000_000
_DEPTH = 2.0  # Whisper's log-mel reaches 80 dB down from the loudest, which is 2 of its units
_AVERAGED = 4  # heads in the mean that is shown first
Json = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Look:
    """What is seen of one clip.

    Attributes:
        words: of the text, as written.
        spans: of each word, its first token and the one after its last.
        pieces: what each token stands for; the last one is the end.
        times: of each word, in seconds.
        scored: for each word as it is scored, the index of the word it comes from.
        thoughts: of each of ``LENS_MODELS``.
        sound: log-mel features, shape (mel bins, frames of 10 ms).
        seconds: of the clip itself; the window is longer.
        alternatives: what each id among the likeliest stands for.
    """

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    pieces: tuple[str, ...]
    times: tuple[tuple[float, float], ...]
    scored: tuple[int, ...]
    thoughts: dict[str, Thoughts]
    sound: NDArray[np.float32]
    seconds: float
    alternatives: dict[int, str]

    def document(self) -> Json:
        """Return all but the attention as JSON carries it."""
        end = len(self.pieces) - 1
        return {
            "words": [
                {"text": word, "first": first, "after": after, "start": begin, "end": done}
                for word, (first, after), (begin, done) in zip(self.words, self.spans, self.times, strict=True)
            ],
            "scored": list(self.scored),
            "pieces": [*self.pieces[:end], "■"],
            "models": {name: self._numbers(told) for name, told in self.thoughts.items()},
            "sounds": self.seconds,
            "seconds": self.sound.shape[1] / (2 * POSITIONS_PER_SECOND),
            "mel": _packed(self.sound),
            "heads": np.round(self.shares, 4).tolist(),
            "averaged": min(_AVERAGED, self.shares.size),
        }

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """Say how well each head of M1 follows the sound, see ``timing.followed``; shape (layers, heads)."""
        return follows(self.thoughts["m1"].attention)

    def attention(self, layer: int | None, head: int | None) -> Json:
        """Return where M1, the merge and M2 look, as JSON carries it.

        Args:
            layer: of the decoder; None: the mean of the heads that follow the sound best, the same for all models.
            head: of that layer; None: the mean of the layer's heads.
        """
        maps = {name: self._map(name, layer, head) for name in LENS_MODELS if name != "m0"}
        highest = max(float(each.max()) for each in maps.values())
        packed = {name: _base64(np.round(each / highest * 65_535).astype("<u2")) for name, each in maps.items()}
        tokens, positions = maps["m1"].shape
        return {"tokens": tokens, "positions": positions, "highest": highest, "maps": packed}

    def _map(self, name: str, layer: int | None, head: int | None) -> Attention:
        attention = self.thoughts[name].attention
        heads = attention.reshape(-1, *attention.shape[2:])[self._best()] if layer is None else attention[layer]
        chosen: Attention = heads.mean(axis=0) if layer is None or head is None else heads[head]
        return chosen

    def _best(self) -> NDArray[np.int64]:
        return np.argsort(-self.shares, axis=None, kind="stable")[: min(_AVERAGED, self.shares.size)]

    def _numbers(self, told: Thoughts) -> Json:
        return {
            "p": [round(float(value), 5) for value in told.probabilities],
            "any": [round(min(1.0, float(value)), 5) for value in told.any_case],
            "best": [
                [[self.alternatives[int(token)], round(float(chance), 5)] for token, chance in zip(*row, strict=True)]
                for row in zip(told.likeliest, told.odds, strict=True)
            ],
        }


class Lens:
    """Looks at clips, and remembers what models think of a text for as long as there is room."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        """Take how many bytes of attention may be kept."""
        self._limit = limit
        self._kept: OrderedDict[tuple[str, ...], Thoughts] = OrderedDict()
        self._guard = threading.Lock()

    def look(
        self, bench: Bench, recipe: Recipe, clip: Clip, text: str, decoding: Decoding, halt: Halt
    ) -> Iterator[Look | str]:
        """Look at a clip, naming each model before it is asked; the look itself comes last.

        Args:
            bench: the open triple.
            recipe: of the merge.
            clip: of at most 30 s.
            text: what was said, or what a model heard; at least one word.
            decoding: options.
            halt: stops the work between two layers.

        Raises:
            AudioError: the clip is too long, or the text is empty or too long for it.
            InterruptedDecodingError: ``halt`` said so.
            RecipeError: the recipe does not fit the triple.
        """
        words = tuple(text.split())
        _check(clip, words)
        positions = int(bench.live.triple.config["max_target_positions"])
        told = tell(bench.transcriber, [clip], [" ".join(words)], decoding, positions)
        own = decoding.heard_by("m0")
        told_to_base = told if own == decoding else tell(bench.transcriber, [clip], [" ".join(words)], own, positions)
        tokens = told.targets[0]
        if len(told.words[0]) < len(words) or len(tokens) > decoding.positions(clip.seconds):
            raise AudioError(
                f"{clip.name}: {len(words)} words are too many for {clip.seconds:.1f} s of sound; check the reference."
            )
        thoughts = {}
        for model in LENS_MODELS:
            its = told_to_base if model == "m0" else told
            key = (bench.spec.name, recipe.id if model == "merge" else model, its.key)
            known = self._known(key)
            if known is None:
                yield model
                with bench.held(model, recipe) as network:
                    known = think(network, its, bench.transcriber.vocabulary.folded, halt)
                self._keep(key, known)
            thoughts[model] = known
        ends = np.cumsum([count for _, count in told.words[0]]).tolist()
        spans = list(zip([0, *ends[:-1]], ends, strict=True))
        piece = bench.transcriber.vocabulary.piece
        named = {int(token) for each in thoughts.values() for token in each.likeliest.ravel()}
        # M0 may have heard a longer window: what lies beyond the others' is the silence after the clip.
        within = thoughts["m0"].attention[..., : decoding.positions(clip.seconds)]
        times = word_times(token_starts(within).tolist(), spans, clip.samples, SAMPLE_RATE)
        yield Look(
            words=words,
            spans=tuple(spans),
            pieces=tuple(piece(token) for token in tokens),
            times=tuple(times),
            scored=scored_words(bench, words),
            thoughts=thoughts,
            sound=told.features[0].numpy(),
            seconds=clip.seconds,
            alternatives={token: piece(token) for token in named},
        )

    def _known(self, key: tuple[str, ...]) -> Thoughts | None:
        with self._guard:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            return known

    def _keep(self, key: tuple[str, ...], told: Thoughts) -> None:
        with self._guard:
            self._kept[key] = told
            # What is being looked at stays, however much it is.
            while len(self._kept) > len(LENS_MODELS) and sum(each.bytes for each in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)


def _check(clip: Clip, words: Sequence[str]) -> None:
    if clip.seconds > WINDOW_SECONDS:
        raise AudioError(
            f"{clip.name}: lasts {clip.seconds:.0f} s, but the lens looks at one window of 30 s; cut the clip."
        )
    if not words:
        raise AudioError(f"{clip.name}: there is no word to look at; say in the reference what was said.")


def scored_words(bench: Bench, words: Sequence[str]) -> tuple[int, ...]:
    """Say of each word as it is scored which word of the text it comes from.

    The normaliser drops fillers, and makes two words of one (*can't*) and one of several (*twenty one*).
    """
    parts = [bench.normalizer(word).split() for word in words]
    origins = [index for index, part in enumerate(parts) for _ in part]
    whole = bench.normalizer(" ".join(words))
    found: list[int] = []
    place = 0
    for pair in align(" ".join(word for part in parts for word in part), whole).words:
        if pair.operation != "delete":
            found.append(origins[min(place, len(origins) - 1)] if origins else 0)
        place += pair.operation != "insert"
    return tuple(found)


def _packed(sound: NDArray[np.float32]) -> Json:
    """Pack log-mel features as bytes: 0 is 80 dB below the loudest, which is 255."""
    top = float(sound.max())
    shades = np.clip((sound - (top - _DEPTH)) / _DEPTH, 0, 1)
    bins, frames = sound.shape
    return {"bins": bins, "frames": frames, "shades": _base64(np.round(shades * 255).astype(np.uint8))}


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
