"""Clips of one window → what each model hears in them; what a model has heard before is not decoded again."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from explorer.audio import Clip
from explorer.hypotheses import HypothesisStore
from explorer.live_model import Network
from explorer.transcription.decoding import WINDOW_SECONDS, Decoding, Halt, Hypothesis
from explorer.transcription.transcriber import Features, Transcriber


@dataclass(frozen=True)
class Listener:
    """What it takes to let models hear clips.

    Attributes:
        held: lends a model by name for one batch; between batches others may have it.
        transcriber: of the triple.
        decoding: options.
        halt: asked at every token.
        store: what was heard before, on disk; None remembers nothing.
        fingerprints: of the models' weights, by name; needed for every model if there is a store.
        spent: of each model, the seconds of decoding so far and the number of clips decoded; features, merging and
            what was remembered aside.
    """

    held: Callable[[str], AbstractContextManager[Network]]
    transcriber: Transcriber
    decoding: Decoding
    halt: Halt
    store: HypothesisStore | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    spent: dict[str, tuple[float, int]] = field(default_factory=dict)

    def hear(
        self, groups: Sequence[Sequence[Clip]], models: Sequence[str]
    ) -> Iterator[tuple[str, list[list[Hypothesis]]]]:
        """Let every model hear groups of clips; their features are computed once, and only if a model needs them.

        Args:
            groups: each of clips of one window, or of one alone that is longer than 30 s.
            models: names that ``held`` knows.

        Yields:
            A model and a hypothesis for each clip of each group; one model after the other.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        features: dict[int, Features] = {}
        for model in models:
            heard = []
            for number, clips in enumerate(groups):
                self.halt.check()
                known = self._known(model, clips)
                wanted = [index for index, clip in enumerate(clips) if clip.digest not in known]
                if wanted and number not in features and clips[0].seconds <= WINDOW_SECONDS:
                    features[number] = self.transcriber.features(clips, self.decoding)
                fresh = self._decoded(model, [clips[index] for index in wanted], features.get(number), wanted)
                known |= fresh
                heard.append([known[clip.digest] for clip in clips])
            yield model, heard

    def _known(self, model: str, clips: Sequence[Clip]) -> dict[str, Hypothesis]:
        if self.store is None:
            return {}
        return self.store.known(self.fingerprints[model], [clip.digest for clip in clips], self.decoding)

    def _decoded(
        self, model: str, clips: Sequence[Clip], features: Features | None, rows: Sequence[int]
    ) -> dict[str, Hypothesis]:
        if not clips:
            return {}
        chosen = None if features is None else features[list(rows)]
        with self.held(model) as network:
            began = time.monotonic()
            hypotheses = self.transcriber.transcribe(network, clips, self.decoding, self.halt, chosen)
            seconds, count = self.spent.get(model, (0.0, 0))
            self.spent[model] = (seconds + time.monotonic() - began, count + len(clips))
        fresh = {clip.digest: hypothesis for clip, hypothesis in zip(clips, hypotheses, strict=True)}
        if self.store is not None:
            self.store.remember(self.fingerprints[model], fresh, self.decoding)
        return fresh
