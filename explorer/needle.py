"""The needle: how well a model expects what was said in a handful of clips, in nats per token; smaller is better.

It needs no decoding, so it can follow a hand; how far it can be trusted to follow the word error rate, see
``needle_record``.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.audio import Clip, load_clip
from explorer.bench import Bench
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError, CorpusError, RecipeError
from explorer.layer_cache import LIMIT_BYTES, LayerCache
from explorer.likelihood import Expectation, expectations, weights_key
from explorer.recipe import Recipe
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding, Halt
from explorer.transcription.told import Told, tell

MAX_CLIPS = 8
_MAX_PROBES = 16
_MAX_KNOWN = 4_000


@dataclass(frozen=True, eq=False)
class Probe:
    """Clips that models are told, with what was said.

    Attributes:
        key: differs when a clip, a reference, their order or the window does.
        utterances: in the order they were asked for.
        words: of each, the words told, with the number of tokens of each.
        groups: those that share a window, with their places among ``utterances``.
    """

    key: str
    utterances: tuple[Utterance, ...]
    words: tuple[tuple[tuple[str, int], ...], ...]
    groups: tuple[tuple[Told, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Reading:
    """How well one model expects the clips of a probe.

    Attributes:
        clips: one for each utterance.
    """

    clips: tuple[Expectation, ...]

    @property
    def tokens(self) -> int:
        """Return the number of tokens of all clips, each clip's end included."""
        return sum(len(clip.losses) for clip in self.clips)

    @property
    def value(self) -> float:
        """Return the mean negative log-likelihood in nats per token."""
        return sum(sum(clip.losses) for clip in self.clips) / self.tokens


class Needle:
    """Reads the needle of one open triple; what a move left alone is used again.

    Attributes:
        cache: what went into the layers.
    """

    def __init__(self, bench: Bench, limit_bytes: int = LIMIT_BYTES) -> None:
        """Take the triple.

        Args:
            bench: open.
            limit_bytes: for what goes into the layers.
        """
        self.cache = LayerCache(limit_bytes)
        self._bench = bench
        self._probes: OrderedDict[tuple[object, ...], Probe] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], tuple[Expectation, ...]] = OrderedDict()
        self._preparing = threading.Lock()

    def probe(self, utterances: Sequence[Utterance], decoding: Decoding) -> Probe:
        """Prepare clips; the last few probes are kept.

        Args:
            utterances: one to ``MAX_CLIPS``, each of at most 30 s and with a reference.
            decoding: options; of them only the window matters.

        Raises:
            RecipeError: none, or too many.
            AudioError: a clip cannot be read, or is too long to be told in one window.
            CorpusError: a clip has no reference.
        """
        if not 1 <= len(utterances) <= MAX_CLIPS:
            raise RecipeError(f"needle: expected 1 to {MAX_CLIPS} clips with a reference, but got {len(utterances)}.")
        asked = (decoding.window, *((str(each.path), _changed(each), each.reference) for each in utterances))
        with self._preparing:
            if asked not in self._probes:
                self._probes[asked] = self._prepared(utterances, decoding)
                if len(self._probes) > _MAX_PROBES:
                    self._probes.popitem(last=False)
            self._probes.move_to_end(asked)
            return self._probes[asked]

    def read(self, model: str, recipe: Recipe, probe: Probe, halt: Halt, *, keep: bool = True) -> Reading:
        """Read the needle of one model; between groups of clips others may have the models.

        Args:
            model: m0, m1, m2 or merge.
            recipe: of the merge.
            probe: the clips.
            halt: asked before every layer.
            keep: whether what goes into the layers is kept for what is read next.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
            RecipeError: the recipe does not fit the triple.
        """
        found: dict[int, Expectation] = {}
        for told, places in probe.groups:
            halt.check()
            with self._bench.held(model, recipe) as network:
                made = self._bench.live.made(model)
                key = (told.key, weights_key(made))
                if key not in self._known:
                    self._known[key] = expectations(network, made, told, self.cache, halt, keep=keep)
                    if len(self._known) > _MAX_KNOWN:
                        self._known.popitem(last=False)
                found |= zip(places, self._known[key], strict=True)
        return Reading(tuple(found[place] for place in range(len(probe.utterances))))

    def _prepared(self, utterances: Sequence[Utterance], decoding: Decoding) -> Probe:
        windows: dict[int, list[int]] = {}
        clips: list[Clip] = []
        for place, utterance in enumerate(utterances):
            clip = load_clip(utterance.path, utterance.id)
            if clip.seconds > WINDOW_SECONDS:
                raise AudioError(
                    f"{utterance.id}: is longer than {WINDOW_SECONDS:g} s; the needle needs shorter clips."
                )
            if not utterance.reference.split():
                raise CorpusError(f"{utterance.id}: has no reference; the needle needs to know what was said.")
            clips.append(clip)
            windows.setdefault(decoding.positions(clip.seconds), []).append(place)
        positions = int(self._bench.live.triple.config["max_target_positions"])
        groups = []
        for places in windows.values():
            chosen, said = zip(*((clips[place], utterances[place].reference) for place in places), strict=True)
            groups.append((tell(self._bench.transcriber, chosen, said, decoding, positions), tuple(places)))
        words = {place: listed for told_, places in groups for place, listed in zip(places, told_.words, strict=True)}
        return Probe(
            key=" ".join(f"{told_.key}:{places}" for told_, places in groups),
            utterances=tuple(utterances),
            words=tuple(words[place] for place in range(len(clips))),
            groups=tuple(groups),
        )


def _changed(utterance: Utterance) -> int:
    try:
        return utterance.path.stat().st_mtime_ns
    except OSError:
        return 0  # reading it will say what is wrong
