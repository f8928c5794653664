"""What the Methods tab does when asked: methods and a subset → a table of merges that fills while they are heard."""

import importlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from explorer.candidates import Candidate, candidates
from explorer.errors import ExplorerError, RecipeError
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.text_rules import WHISPER_RULES
from explorer.ui.choosing import Choosing, Place
from explorer.ui.evaluating import STREAM_SECONDS
from explorer.ui.fetching import fetched
from explorer.ui.newest import CANCELLED, Newest
from explorer.ui.opening import Opening
from explorer.ui.render import model_titles
from explorer.ui.sent import Sent, entry, recipe_entries, stamp_of
from explorer.ui.text import common
from explorer.ui.text import methods as words

if TYPE_CHECKING:
    from explorer.bench import Bench

Json = dict[str, Any]
# How the methods are set.
SETTINGS = {words.DEFAULTS: "defaults", words.OWN: "own", words.GRID: "grid"}


class Comparing:
    """The Methods tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
        """
        self._opening = opening
        self._choosing = choosing
        self._running = Newest()

    def announce(self, shown: Sent, request: gr.Request) -> None:
        """Say at once, past the queue, that an older run of this visitor is no longer wanted."""
        self._running.note(str(request.session_hash), stamp_of(shown))

    def cancel(self, shown: Sent, request: gr.Request) -> None:
        """Stop this visitor's comparison at the next token, or before it starts; what is finished stays."""
        self._running.cancel(str(request.session_hash), stamp_of(shown))

    def leave(self, request: gr.Request) -> None:
        """Stop the comparison of a visitor who has left."""
        self._running.forget(str(request.session_hash))

    def run(
        self,
        shown: Sent,
        panel: Sent,
        methods: list[str] | None,
        settings: str | None,
        beside: str | None,
        corpus: str | None,
        kind: str | None,
        folder: str | None,
        expression: str | None,
        limit: float | None,
        request: gr.Request,
    ) -> Iterator[Json]:
        """Compare methods; the table follows, merge by merge and clip by clip."""
        session, stamp = str(request.session_hash), stamp_of(shown)
        self._running.note(session, stamp)
        places = [Place.sent(corpus, kind, folder, "", expression, "", "", limit, 0)]
        if beside and beside.strip():
            places.append(Place(beside, limit=limit, seed=0))
        try:
            recipe = self._opening.workbench().recipe(recipe_entries(panel), "page")
            chosen = self._candidates(recipe, methods or [], SETTINGS.get(settings or "", "defaults"), shown)
            yield _value("running", common.OPENED.format(triple=recipe.triple), stamp)
            bench = self._opening.bench(recipe.triple)
            for says in fetched(places, self._opening, self._choosing):
                if self._running.is_past(session, stamp):
                    yield _value("stopped", common.STOPPED_FETCHING.format(says=says), stamp)
                    return
                yield _value("running", says, stamp)
            document: Json = {}
            for document in self._compared(bench, chosen, places, (session, stamp)):
                yield _value("running", "", stamp, document)
            if document["stopped"] and self._running.is_past(session, stamp + CANCELLED):
                return  # a newer run of this visitor goes on from here
            yield _value("stopped" if document["stopped"] else "done", _stopped(document), stamp, document)
        except ExplorerError as error:
            if not self._running.is_past(session, stamp + CANCELLED):
                yield _value("error", str(error), stamp)

    def _candidates(self, recipe: Recipe, titles: list[str], settings: str, shown: Sent) -> tuple[Candidate, ...]:
        workbench = self._opening.workbench()
        methods = [name for name, row in METHODS.items() if row.title in titles]
        if not methods:
            raise RecipeError("Methods: expected at least one; tick one.")
        left = entry(shown, "own")
        own = []
        if settings == "own" and isinstance(left, dict):
            own = [workbench.recipe(left[name], "page") for name in methods if isinstance(left.get(name), dict)]
        return candidates(
            recipe.triple, methods, own, lambda entries: workbench.recipe(entries, "page"), grid=settings == "grid"
        )

    def _compared(
        self, bench: "Bench", chosen: tuple[Candidate, ...], places: list[Place], asked: tuple[str, float]
    ) -> Iterator[Json]:
        # Both import torch, which the page does not wait for when it starts.
        compare = importlib.import_module("explorer.comparison").compare
        described = importlib.import_module("explorer.comparison_report").comparison_document
        workbench = self._opening.workbench()
        decoding = workbench.decoding(chosen[0].recipe)
        subsets = [self._choosing.choose(place, bench.normalizer) for place in places]
        left_out = [problem for subset in subsets for problem in subset.problems]
        line = workbench.settings_line(chosen[0].recipe, decoding, WHISPER_RULES, places[0].expression)
        extra = {"settings": line.partition(f" of {bench.spec.name} · ")[2], "triple": bench.spec.name}
        halt = workbench.halt(float("inf"), lambda: self._running.is_past(*asked))
        titles, due = model_titles(bench.spec, chosen[0].recipe), 0.0
        clips = [each.subset.utterances for each in subsets]
        for state in compare(workbench, bench, clips, chosen, decoding, halt):
            began = time.monotonic()
            if state.ended or began >= due:
                document: Json = described(state, [each.title for each in subsets], titles) | extra
                yield document | {"left_out": [*left_out, *document["left_out"]]}
                # A table of many merges takes a moment: it may take a tenth of the time, and no more.
                due = began + max(STREAM_SECONDS, 10 * (time.monotonic() - began))


def _value(state: str, notice: str, stamp: float, document: Json | None = None) -> Json:
    return {"state": state, "notice": notice, "stamp": stamp, **({"table": document} if document else {})}


def _stopped(document: Json) -> str:
    if not document["stopped"]:
        return ""
    if not any(corpus["done"] for corpus in document["corpora"]):
        return common.STOPPED_EARLY
    return words.STOPPED
