"""What the transcript stripe does when asked: the shipped one at once, or every stop of λ heard, with progress."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import gradio as gr

from explorer.errors import AudioError
from explorer.recipe import Recipe, recipe_from
from explorer.scoring import encoded
from explorer.shipped import Heard, Shipped
from explorer.stripe import STOPS, Stop, stripe, swept
from explorer.summary import Json
from explorer.transcription.decoding import InterruptedDecodingError
from explorer.ui.clips import Clips
from explorer.ui.long_work import LongWork, fault
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, entry, recipe_entries
from explorer.ui.text.explore import NO_CLIP, STRIPE_STOPPED

if TYPE_CHECKING:
    from explorer.bench import Bench


class Striping(LongWork):
    """The stripe's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, clips: Clips, shipped: Shipped | None) -> None:
        """Take what the stripe works with.

        Args:
            opening: of the workbench.
            clips: finds the clip.
            shipped: results that need no model, if they belong to what is here.
        """
        super().__init__(opening)
        self._clips = clips
        self._shipped = shipped

    def run(
        self, shown: Sent, panel: Sent, chosen: Sent, player: str | None, reference: str | None, request: gr.Request
    ) -> Iterator[object]:
        """Let the merge hear the clip at every stop of λ; the stripe grows as they are heard.

        Unless ``shown`` asks for the ``whole``, only what is known without a model is given.
        """
        press = self._press(shown, request)
        said = (reference or "").strip()
        try:
            sent = recipe_entries(panel)
            key = swept(recipe_from(sent, "page"))
            drawn: Json = {"stamp": press.stamp, "recipe": sent, "reference": said, "total": STOPS, "key": key}
            sample = self._clips.sample(chosen)
            if self._shipped and sample and said == sample.reference:
                known = self._known(self._shipped, sample.id, sent)
                if known is not None:
                    yield drawn | known | {"clip": sample.id}
                    return
            if not entry(shown, "whole"):
                yield drawn | {"state": "offer", "stops": []}
                return
            clip = self._clips.clip(chosen, player, press.session)
            if clip is None:
                raise AudioError(NO_CLIP)
            drawn["clip"] = self._clips.mark(chosen, clip)
            workbench = self._opening.workbench()
            recipe = workbench.recipe(sent, "page")
            bench = self._opening.bench(recipe.triple)
            decoding = workbench.decoding(recipe)
            halt = workbench.halt(float("inf"), press.past)
            began = time.monotonic()
            stops: tuple[Stop, ...] = ()
            yield drawn | {"state": "working", "stops": [], "remaining": None}
            try:
                for stops in stripe(workbench, bench, recipe, clip, said, decoding, halt):
                    left = (time.monotonic() - began) / len(stops) * (STOPS - len(stops))
                    yield drawn | {"state": "working", "stops": _stops(stops), "remaining": left}
                yield drawn | {"state": "done", "stops": _stops(stops)}
            except InterruptedDecodingError:
                if not press.overtaken():
                    yield drawn | {"state": "stopped", "stops": _stops(stops), "notice": STRIPE_STOPPED}
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield {"state": "error", "stamp": press.stamp, "notice": says}

    def _known(self, shipped: Shipped, clip: str, sent: Json) -> Json | None:
        """Return the shipped stripe of a clip, if it is of this recipe and of the weights that are loaded."""
        known = shipped.stripe(clip, recipe_from(sent, "page"))
        if known is None:
            return None
        if not self._opening.waiting(0) and not _of_these_weights(shipped, self._opening.bench(shipped.recipe.triple)):
            return None
        stops = [_stop(value, heard) for value, heard in sorted(known.items())]
        return {"state": "done", "stops": stops, "shipped": True}


def _of_these_weights(shipped: Shipped, bench: "Bench") -> bool:
    recipe = Recipe(bench.spec.name)
    return all(bench.fingerprint(member, recipe) == known for member, known in shipped.fingerprints.items())


def _stops(stops: Sequence[Stop]) -> list[Json]:
    return [_stop(stop.value, stop) for stop in stops]


def _stop(value: float, heard: Stop | Heard) -> Json:
    words = heard.alignment and encoded(heard.alignment)
    return {"value": value, "text": heard.text, "words": words, "cut": heard.cut}
