"""What the Sweep tab does when asked: two parameters over a subset → a map that fills, pauses and goes on."""

import importlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from explorer.charts.sweep_map import sweep_chart
from explorer.checkpoints.cache import cache_folder, make_folder
from explorer.errors import RecipeError
from explorer.sweep.file import SweepFile
from explorer.sweep.grid import read_axis
from explorer.sweep.map import FLATTERS, Mapper, as_csv, best_sentence
from explorer.sweep.racing import Race, race_order
from explorer.text_rules import WHISPER_RULES
from explorer.ui.choosing import Choosing, Place
from explorer.ui.fetching import fetched
from explorer.ui.long_work import LongWork, Press, fault
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, recipe_entries, stamp_of
from explorer.ui.text import common
from explorer.ui.text import sweep as words

if TYPE_CHECKING:
    from explorer.bench import Bench
    from explorer.corpora.utterance import Utterance

Json = dict[str, Any]
Answer = tuple[object, object]
MAP_SECONDS = 2.0  # between two pictures of the map
MOST_CELLS = 400  # of a visitor's map: more would keep the models from everybody else


class Sweeping(LongWork):
    """The Sweep tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing, *, open_: bool) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
            open_: whether visitors may name files of this machine.
        """
        super().__init__(opening)
        self._choosing = choosing
        self._open = open_
        self._files: dict[str, tuple[Path, list[Place]]] = {}  # of each visitor, what can be gone on with
        self._cancelled: dict[str, float] = {}  # of each visitor, the stamp of the run that is to be forgotten

    def pause(self, shown: Sent, request: gr.Request) -> None:
        """Stop at the next token; what was heard is in the file."""
        super().cancel(shown, request)

    def cancel(self, shown: Sent, request: gr.Request) -> Json:
        """Stop, and forget the sweep."""
        session, stamp = str(request.session_hash), stamp_of(shown)
        self.pause(shown, request)
        self._cancelled[session] = stamp
        self._forget(session)
        return _forgotten(stamp)

    def leave(self, request: gr.Request) -> None:
        """Stop the sweep of a visitor who has left; a file of the owner of this machine stays."""
        super().leave(request)
        self._cancelled.pop(str(request.session_hash), None)
        if not self._open:
            self._forget(str(request.session_hash))

    def run(
        self,
        shown: Sent,
        panel: Sent,
        across: str | None,
        up: str | None,
        racing: bool | None,
        judge: bool | None,
        beside: str | None,
        corpus: str | None,
        kind: str | None,
        folder: str | None,
        expression: str | None,
        limit: float | None,
        request: gr.Request,
    ) -> Iterator[Answer]:
        """Begin a map."""
        press = self._press(shown, request)
        session, stamp = press.session, press.stamp
        places = [Place.sent(corpus, kind, folder, "", expression, "", "", limit, 0)]
        if beside and beside.strip():
            places.append(Place(beside, limit=limit, seed=0))
        try:
            workbench = self._opening.workbench()
            recipe = workbench.recipe(recipe_entries(panel), "page")
            axes = [_axis(text) for text in (across, up)]
            if not self._open and len(axes[0].values) * len(axes[1].values) > MOST_CELLS:
                raise RecipeError(f"Across and up: this server draws maps of at most {MOST_CELLS} cells.")
            yield _value("running", common.OPENED.format(triple=recipe.triple), stamp), gr.skip()
            bench = self._opening.bench(recipe.triple)
            for says in fetched(places, self._opening, self._choosing):
                yield _value("running", says, stamp), gr.skip()
                if press.past():
                    if not press.overtaken():
                        stopped = _value("stopped", common.STOPPED_FETCHING.format(says=says), stamp)
                        yield self._unless_cancelled(session, stopped), gr.skip()
                    return
            if self._cancelled.get(session) == stamp:
                yield _forgotten(stamp), gr.skip()
                return
            beginning = importlib.import_module("explorer.sweep.begin")
            clips, chosen = self._clips(places, bench)
            question = beginning.Question(
                recipe, *axes, workbench.decoding(recipe), WHISPER_RULES, tuple(chosen), racing=bool(racing)
            )
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}.sqlite"
            path = make_folder(cache_folder() / "sweeps") / name
            file = beginning.begin(path, question, bench, clips)
            self._forget(session)
            self._files[session] = path, places
            yield from self._filled(file, bench, clips, press, judge=bool(judge))
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield _value("error", says, stamp), gr.skip()

    def resume(self, shown: Sent, judge: bool | None, request: gr.Request) -> Iterator[Answer]:
        """Go on with the visitor's map."""
        press = self._press(shown, request)
        session, stamp = press.session, press.stamp
        try:
            if session not in self._files:
                raise RecipeError("Resume: there is no sweep to go on with; press Start, or open a file and go on.")
            path, places = self._files[session]
            file = SweepFile.open(path)
            yield _value("running", words.RESUMED, stamp), gr.skip()
            bench = self._opening.bench(file.about()["base"]["triple"])
            importlib.import_module("explorer.sweep.begin").check_members(file, bench)
            clips, _ = self._clips(places, bench)
            yield from self._filled(file, bench, clips, press, judge=bool(judge))
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield _value("error", says, stamp), gr.skip()

    def open(self, shown: Sent, path: str | None, judge: bool | None, request: gr.Request) -> Answer:
        """Show a file of this machine; no model is needed."""
        press = self._press(shown, request)
        try:
            if not self._open:
                raise RecipeError("Files of this server are not open to visitors; start a sweep of your own.")
            file = SweepFile.open(Path((path or "").strip()).expanduser())
            places = [_place(each) for each in file.about()["corpora"]]
            document = Mapper(file).document(judged=bool(judge))
            file.close()
        except Exception as error:
            return _value("error", fault(error), press.stamp), gr.skip()
        self._files[press.session] = file.path, places
        return _value("done" if document["ended"] else "stopped", "", press.stamp, document), _figure(document)

    def _clips(self, places: list[Place], bench: "Bench") -> tuple[list[list["Utterance"]], list[Json]]:
        found, described = [], []
        for place in places:
            subset = self._choosing.choose(place, bench.normalizer)
            found.append(race_order(subset.subset.utterances))
            spec = place.spec
            kept = {"split": spec.split, "filter": spec.expression, "limit": spec.limit, "seed": spec.seed}
            described.append({"name": place.name, "title": subset.title, **kept})
        return found, described

    def _filled(
        self, file: SweepFile, bench: "Bench", clips: list[list["Utterance"]], press: Press, *, judge: bool
    ) -> Iterator[Answer]:
        hearing, running = (importlib.import_module(f"explorer.sweep.{name}") for name in ("hearing", "run"))  # torch
        workbench = self._opening.workbench()
        halt = workbench.halt(float("inf"), press.past)
        hearer = hearing.hearer_of(bench, file.about(), halt, workbench.store)
        mapper, due = Mapper(file), 0.0
        race = Race(on=bool(file.about()["racing"]))
        try:
            for state in running.sweep(file, hearer, clips, race):
                began = time.monotonic()
                if not state.ended and began >= due:
                    document = mapper.document()
                    yield _value("running", "", press.stamp, document, state.remaining), _figure(document)
                    # A map of many cells takes a moment: it may take a tenth of the time, and no more.
                    due = began + max(MAP_SECONDS, 10 * (time.monotonic() - began))
            document = mapper.document(judged=judge)
        finally:
            file.close()
        if state.stopped and press.overtaken():
            return  # a newer run of this visitor goes on from here
        notice = words.PAUSED if state.stopped else ""
        if self._open:
            notice = f"{notice} {words.FILE.format(path=file.path)}".strip()
        ended = _value("stopped" if state.stopped else "done", notice, press.stamp, document)
        yield self._unless_cancelled(press.session, ended), _figure(document)

    def _unless_cancelled(self, session: str, value: Json) -> Json:
        """Return a run's last value, or that it is forgotten: whatever came on its way must not have the last word."""
        return _forgotten(value["stamp"]) if self._cancelled.get(session) == value["stamp"] else value

    def _forget(self, session: str) -> None:
        known = self._files.pop(session, None)
        if known is not None and not self._open:
            for beside in ("", "-wal", "-shm"):
                known[0].with_name(known[0].name + beside).unlink(missing_ok=True)


def _axis(text: str | None) -> Any:  # noqa: ANN401 - an axis
    name, sign, values = (text or "").partition("=")
    if not sign:
        raise RecipeError(f"Across and up: expected lambda=0.1:0.3:0.05 or the like, but got {text!r}.")
    return read_axis(name.strip(), values.strip())


def _place(kept: Json) -> Place:
    kind, sign, folder = kept["name"].partition(":")
    split, expression = kept["split"] or "", kept["filter"]
    if sign:
        return Place("", kind, folder, split, expression, limit=kept["limit"], seed=kept["seed"])
    return Place(kept["name"], "", "", split, expression, limit=kept["limit"], seed=kept["seed"])


def _value(state: str, notice: str, stamp: float, document: Json | None = None, remaining: float | None = None) -> Json:
    value: Json = {"state": state, "notice": notice, "stamp": stamp, "remaining": remaining}
    if document is None:
        return value
    told = {"best": best_sentence(document), "flatters": FLATTERS, "csv": as_csv(document), "document": document}
    return value | told


def _forgotten(stamp: float) -> Json:
    return _value("stopped", words.CANCELLED, stamp) | {"forgotten": True}


def _figure(document: Json) -> object:
    return gr.update(value=sweep_chart(document), visible=True)
