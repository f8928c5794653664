"""What the Explore tab does when asked: values of the page → one call into the workbench → values of the page."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import gradio as gr

from explorer.audio import Clip
from explorer.errors import AudioError, ExplorerError
from explorer.recipe import Recipe, recipe_from
from explorer.shipped import Shipped
from explorer.summary import Json
from explorer.ui.aside import WAIT_SECONDS
from explorer.ui.clips import Clips
from explorer.ui.long_work import fault
from explorer.ui.newest import Newest
from explorer.ui.opening import Opening
from explorer.ui.render import Column, model_titles, notice, transcripts
from explorer.ui.sent import Sent, recipe_entries, stamp_of
from explorer.ui.text.common import OPENED
from explorer.ui.text.explore import NO_CLIP

if TYPE_CHECKING:
    from explorer.workbench import ModelName

DEADLINE_SECONDS = 120.0
STREAM_SECONDS = 0.08  # between two updates of the words on the page
# M1 and M2 are usually remembered and stand at once; then the merge is heard.
ORDER: "tuple[ModelName, ...]" = ("m1", "m2", "merge", "m0")


@dataclass(frozen=True)
class _Request:
    """One request of one visitor: what to hear, and how to tell whether it is still wanted."""

    session: str
    stamp: float
    recipe: Recipe
    sent: Json
    clip: Clip
    mark: str
    reference: str


class Exploring:
    """The Explore tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, clips: Clips, shipped: Shipped | None) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            clips: finds the clip.
            shipped: results that are shown until the models are there, if they belong to what is here.
        """
        self._opening = opening
        self._clips = clips
        self._shipped = shipped
        self._newest = Newest()

    def announce(self, panel: Sent, chosen: Sent, with_base: bool, request: gr.Request) -> object:
        """Say at once, past the queue, that older work of this visitor is no longer wanted.

        While the models are loading, what is known without them is shown.
        """
        self._newest.note(str(request.session_hash), stamp_of(panel, chosen))
        return self.meanwhile(panel, chosen, with_base) or gr.skip()

    def meanwhile(self, panel: Sent, chosen: Sent, with_base: bool = False) -> Json | None:
        """Return shipped results for a sample clip and a recipe; None without any, and once the models are there."""
        sample = self._clips.sample(chosen)
        if self._shipped is None or sample is None or not self._opening.waiting(0):
            return None
        try:
            sent = recipe_entries(panel)
            recipe = recipe_from(sent, "page")
        except ExplorerError:
            return None  # it is said when the models are there
        known = self._shipped.heard(sample.id, recipe)
        if known is None:
            return None
        titles = model_titles(self._opening.config.triple(recipe.triple), recipe)
        columns = [
            Column(model, titles[model], "done", known[model].text, known[model].alignment, cut=known[model].cut)
            for model in _shown(with_base)
        ]
        return transcripts(columns, "shipped", sent, sample.reference, sample.id)

    def leave(self, request: gr.Request) -> None:
        """Stop what a visitor who has left had asked for."""
        self._newest.forget(str(request.session_hash))

    def choose(self, chosen: Sent, request: gr.Request) -> tuple[str | None, str]:
        """Put a sample clip into the player, with its reference.

        A clip of an evaluation has a player of its own: Gradio's would copy it to where others could find it.
        """
        sample = self._clips.sample(chosen)
        if sample is not None:
            return str(sample.path), sample.reference
        utterance = self._clips.evaluated(chosen, str(request.session_hash))
        return None, utterance.reference if utterance else ""

    def loading(self) -> Iterator[object]:
        """Tell how far the models are, until they are there."""
        while self._opening.waiting(WAIT_SECONDS):
            yield notice("loading", self._opening.says)
        yield gr.skip()

    def transcribe(
        self,
        panel: Sent,
        chosen: Sent,
        player: str | None,
        reference: str | None,
        with_base: bool,
        request: gr.Request,
    ) -> Iterator[object]:
        """Let M1, the merge and M2 hear the clip; the words come as they are heard."""
        session, stamp = str(request.session_hash), stamp_of(panel, chosen)
        self._newest.note(session, stamp)
        try:
            sent = recipe_entries(panel)
            recipe = self._opening.workbench().recipe(sent, "page")
            titles = model_titles(self._opening.config.triple(recipe.triple), recipe)
            columns = {model: Column(model, titles[model]) for model in _shown(with_base)}
            # Whatever stood there was heard in another clip: with no clip, or a broken one, the columns are empty.
            empty = transcripts([replace(column, state="empty") for column in columns.values()], "done", sent)
            try:
                clip = self._clips.clip(chosen, player, session)
            except AudioError as error:
                yield empty | {"state": "error", "notice": str(error)}
                return
            if clip is None:
                yield empty | {"notice": NO_CLIP}
                return
            wanted = _Request(
                session, stamp, recipe, sent, clip, self._clips.mark(chosen, clip), (reference or "").strip()
            )
            yield from self._opened(recipe.triple, list(columns.values()), wanted)
            order = [model for model in ORDER if model in columns]
            for model in order:
                for column in self._listen(wanted, model, columns[model]):
                    columns[model] = column
                    # To draw takes the page longer than a token takes the model: what is remembered, and what is heard
                    # last, need no drawing of their own.
                    if column.state != "done" or not (column.remembered or model == order[-1]):
                        yield self._drawn(columns, wanted, "working")
            yield self._drawn(columns, wanted, "done")
        except Exception as error:
            says = fault(error)
            # Whoever asked has moved on: the newer request's answer is the one to show.
            yield gr.skip() if self._newest.is_past(session, stamp) else notice("error", says)

    def _drawn(self, columns: Mapping[str, Column], wanted: _Request, state: str) -> Json:
        return transcripts(list(columns.values()), state, wanted.sent, wanted.reference, wanted.mark)

    def _opened(self, triple: str, columns: Sequence[Column], wanted: _Request) -> Iterator[Json]:
        """Open a triple that is not open yet, telling how far its download is."""
        if self._opening.workbench().is_open(triple):
            return
        for says in self._opening.told(OPENED.format(triple=triple), lambda: self._opening.bench(triple)):
            yield notice("loading", says)
        yield transcripts(columns, "working", wanted.sent, wanted.reference, wanted.mark)

    def _listen(self, wanted: _Request, model: "ModelName", column: Column) -> Iterator[Column]:
        """Let one model hear the clip; its column follows, last with its score."""
        workbench = self._opening.workbench()
        bench = self._opening.bench(wanted.recipe.triple)
        decoding = workbench.decoding(wanted.recipe)
        halt = workbench.halt(DEADLINE_SECONDS, lambda: self._newest.is_past(wanted.session, wanted.stamp))
        remembered = workbench.remembers(bench, model, wanted.recipe, wanted.clip, decoding)
        started = shown = time.monotonic()
        for hypothesis in workbench.stream(bench, model, wanted.recipe, wanted.clip, decoding, halt):
            if time.monotonic() - shown > STREAM_SECONDS:
                shown = time.monotonic()
                yield replace(column, state="listening", text=hypothesis.text)
        yield replace(
            column,
            state="done",
            text=hypothesis.text,
            alignment=bench.align(wanted.reference, hypothesis.text) if wanted.reference else None,
            seconds=time.monotonic() - started,
            remembered=remembered,
            cut=not hypothesis.ended,
        )


def _shown(with_base: bool) -> list[str]:
    return ["m1", "merge", "m2", *(["m0"] if with_base else [])]
