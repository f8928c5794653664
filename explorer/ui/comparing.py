"""What the Methods tab does when asked: methods and a subset → a table of merges that fills while they are heard."""

import importlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from explorer.candidates import Candidate, candidates
from explorer.errors import RecipeError
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.text_rules import WHISPER_RULES
from explorer.ui.choosing import Choosing, Place
from explorer.ui.evaluating import STREAM_SECONDS
from explorer.ui.fetching import fetched
from explorer.ui.long_work import LongWork, Press, fault
from explorer.ui.opening import Opening
from explorer.ui.render import model_titles
from explorer.ui.sent import Sent, entry, recipe_entries
from explorer.ui.text import common
from explorer.ui.text import methods as words

if TYPE_CHECKING:
    from explorer.bench import Bench

Json = dict[str, Any]
# How the methods are set.
SETTINGS = {words.DEFAULTS: "defaults", words.OWN: "own", words.GRID: "grid"}


class Comparing(LongWork):
    """The Methods tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
        """
        super().__init__(opening)
        self._choosing = choosing

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
        press = self._press(shown, request)
        stamp = press.stamp
        places = [Place.sent(corpus, kind, folder, "", expression, "", "", limit, 0)]
        if beside and beside.strip():
            places.append(Place(beside, limit=limit, seed=0))
        try:
            recipe = self._opening.workbench().recipe(recipe_entries(panel), "page")
            chosen = self._candidates(recipe, methods or [], SETTINGS.get(settings or "", "defaults"), shown)
            yield _value("running", common.OPENED.format(triple=recipe.triple), stamp)
            bench = self._opening.bench(recipe.triple)
            for says in fetched(places, self._opening, self._choosing):
                if press.past():
                    yield _value("stopped", common.STOPPED_FETCHING.format(says=says), stamp)
                    return
                yield _value("running", says, stamp)
            document: Json = {}
            for document in self._compared(bench, chosen, places, press):
                yield _value("running", "", stamp, document)
            if document["stopped"] and press.overtaken():
                return  # a newer run of this visitor goes on from here
            yield _value("stopped" if document["stopped"] else "done", _stopped(document), stamp, document)
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield _value("error", says, stamp)

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
        self, bench: "Bench", chosen: tuple[Candidate, ...], places: list[Place], press: Press
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
        halt = workbench.halt(float("inf"), press.past)
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
