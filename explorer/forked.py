"""What a forked process does with an errand: it merges and decodes in one go, from weights that it inherited.

Of what the process was forked from only those weights are used, and they are never written to. Everything that has a
lock or a thread is made anew: whoever held such a lock at that moment does not exist in the fork.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import cast
from weakref import WeakValueDictionary

from explorer.checkpoints.cache import no_progress
from explorer.checkpoints.triple import Member, Triple, load_triple
from explorer.config import TripleSpec
from explorer.device import pick_device
from explorer.errand import Errand, gpu_seconds
from explorer.errors import ExplorerError
from explorer.live_model import LiveModel, Network
from explorer.threads import use_threads
from explorer.transcription.decoding import WINDOW_SECONDS, Halt, Hypothesis
from explorer.transcription.transcriber import Transcriber

ANSWER_SECONDS = 0.1  # between two answers: each goes through a pipe
_SPARE = 0.9  # of the time asked for: whoever stops in time can still say why


class Fork:
    """The work of a forked process; the object itself is made before.

    Attributes:
        triples: loaded, by name; filled before the fork, read in it.
    """

    def __init__(self) -> None:
        self.triples: WeakValueDictionary[str, Triple] = WeakValueDictionary()
        self._ready: tuple[TripleSpec, LiveModel, Transcriber] | None = None

    def work(self, errand: Errand) -> Iterator[list[Hypothesis] | ExplorerError]:
        """Let a model hear the clips of an errand.

        Args:
            errand: what is to be heard, by whom.

        Yields:
            A hypothesis for each clip, as far as decoding is; or, at the end, what was wrong: an exception would lose
            its words on the way.
        """
        # The threads of the process it was forked from are not there; torch would wait for them.
        use_threads(1)
        try:
            yield from self._heard(errand)
        except ExplorerError as error:
            yield error

    def _heard(self, errand: Errand) -> Iterator[list[Hypothesis]]:
        halt = Halt.after(_SPARE * gpu_seconds(errand))
        live, transcriber = self._opened(errand.spec)
        clips, told = list(errand.clips), time.monotonic()
        with _held(live, errand) as network:
            if len(clips) > 1 and any(clip.seconds > WINDOW_SECONDS for clip in clips):
                yield transcriber.transcribe(network, clips, errand.decoding, halt)
                return
            heard: list[Hypothesis] = []
            for heard in transcriber.stream(network, clips, errand.decoding, halt):
                if time.monotonic() - told > ANSWER_SECONDS:
                    told = time.monotonic()
                    yield heard
            yield heard

    def _opened(self, spec: TripleSpec) -> tuple[LiveModel, Transcriber]:
        """Place a triple on the device, once; a process that is older than the triple reads it from the disk."""
        if self._ready is None or self._ready[0] != spec:
            triple = self.triples.get(spec.name)
            if triple is None or triple.spec != spec:
                triple = load_triple(spec, no_progress)
            self._ready = None  # two triples need not have room at once
            self._ready = (
                spec,
                LiveModel(triple, pick_device("auto")),
                Transcriber(triple.folder, spec.language),
            )
        return self._ready[1:]


def _held(live: LiveModel, errand: Errand) -> AbstractContextManager[Network]:
    return live.checkpoint(cast(Member, errand.model)) if errand.recipe is None else live.merged(errand.recipe)
