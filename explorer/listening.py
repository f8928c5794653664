"""Clips of one window → what each model hears in them; what a model has heard before is not decoded again."""

from collections.abc import Callable, Mapping, Sequence
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
    """

    held: Callable[[str], AbstractContextManager[Network]]
    transcriber: Transcriber
    decoding: Decoding
    halt: Halt
    store: HypothesisStore | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def hear(self, clips: Sequence[Clip], models: Sequence[str]) -> dict[str, list[Hypothesis]]:
        """Let every model hear the clips; their features are computed once, and only if a model needs them.

        Args:
            clips: of one window, or one alone that is longer than 30 s.
            models: names that ``held`` knows.

        Returns:
            Of each model, a hypothesis for each clip.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        features: Features | None = None
        heard: dict[str, list[Hypothesis]] = {}
        for model in models:
            self.halt.check()
            known = self._known(model, clips)
            wanted = [index for index, clip in enumerate(clips) if clip.digest not in known]
            if wanted and features is None and clips[0].seconds <= WINDOW_SECONDS:
                features = self.transcriber.features(clips, self.decoding)
            fresh = self._decoded(model, [clips[index] for index in wanted], features, wanted)
            known |= fresh
            heard[model] = [known[clip.digest] for clip in clips]
        return heard

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
            hypotheses = self.transcriber.transcribe(network, clips, self.decoding, self.halt, chosen)
        fresh = {clip.digest: hypothesis for clip, hypothesis in zip(clips, hypotheses, strict=True)}
        if self.store is not None:
            self.store.remember(self.fingerprints[model], fresh, self.decoding)
        return fresh
