"""Clips → what each model hears in them; what a model has heard before is not decoded again."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from explorer.audio import Clip
from explorer.errand import Away
from explorer.hypotheses import HypothesisStore
from explorer.live_model import Network
from explorer.transcription.decoding import Decoding, Halt, Hypothesis, Prints
from explorer.transcription.transcriber import Transcriber


@dataclass(frozen=True)
class Listener:
    """What it takes to let models hear clips.

    Attributes:
        held: lends a model by name for one batch; between batches others may have it.
        transcriber: of the triple.
        decoding: options; M0's window is 30 s in any case.
        halt: asked before every step.
        store: what was heard before, on disk; None remembers nothing.
        fingerprints: of the models' weights, by name; needed for every model if there is a store.
        spent: of each model, the seconds of decoding so far and the number of clips decoded; features, merging and
            what was remembered aside.
        parts: of parts of their weights, by name; what was made with the same part before is then recalled.
        away: lets a model hear clips elsewhere, merge and decoding in one go; None, or where it gives None: here.
    """

    held: Callable[[str], AbstractContextManager[Network]]
    transcriber: Transcriber
    decoding: Decoding
    halt: Halt
    store: HypothesisStore | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Prints] = field(default_factory=dict)
    spent: dict[str, tuple[float, int]] = field(default_factory=dict)
    away: Away | None = None

    def hear(
        self, groups: Sequence[Sequence[Clip]], models: Sequence[str]
    ) -> Iterator[tuple[str, list[list[Hypothesis]]]]:
        """Let every model hear groups of clips, each in one go; what it has heard before is not decoded again.

        Args:
            groups: of clips of any length; between groups others may have the model.
            models: names that ``held`` knows.

        Yields:
            A model and a hypothesis for each clip of each group; one model after the other.

        Raises:
            InterruptedDecodingError: ``halt`` said so.
        """
        for model in models:
            heard = []
            for clips in groups:
                self.halt.check()
                known = self._known(model, clips)
                # One that is in the list twice is decoded once.
                wanted = {clip.digest: clip for clip in clips if clip.digest not in known}
                known |= self._decoded(model, list(wanted.values()))
                heard.append([known[clip.digest] for clip in clips])
            yield model, heard

    def _known(self, model: str, clips: Sequence[Clip]) -> dict[str, Hypothesis]:
        if self.store is None:
            return {}
        return self.store.known(
            self.fingerprints[model], [clip.digest for clip in clips], self.decoding.heard_by(model)
        )

    def _decoded(self, model: str, clips: Sequence[Clip]) -> dict[str, Hypothesis]:
        if not clips:
            return {}
        decoding = self.decoding.heard_by(model)
        began = time.monotonic()
        answers = self.away(model, clips, decoding, self.halt) if self.away else None
        if answers is not None:
            hypotheses = deque(answers, maxlen=1).pop()
            self._note(model, began, clips)
        else:
            with self.held(model) as network:
                began = time.monotonic()
                parts = self.parts.get(model)
                hypotheses = self.transcriber.transcribe(network, clips, decoding, self.halt, parts)
                self._note(model, began, clips)
        fresh = {clip.digest: hypothesis for clip, hypothesis in zip(clips, hypotheses, strict=True)}
        if self.store is not None:
            self.store.remember(self.fingerprints[model], fresh, decoding)
        return fresh

    def _note(self, model: str, began: float, clips: Sequence[Clip]) -> None:
        seconds, count = self.spent.get(model, (0.0, 0))
        self.spent[model] = (seconds + time.monotonic() - began, count + len(clips))
