"""The section on the Explore tab that lets the curve learn from clips: its handlers and its wiring."""

import importlib
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import gradio as gr

from explorer.corpora.open import READERS
from explorer.errors import ExplorerError, RecipeError
from explorer.learning.settings import OBJECTIVES, Learning, Settings
from explorer.summary import Json
from explorer.ui.choosing import Choosing, Place
from explorer.ui.newest import CANCELLED, Newest
from explorer.ui.opening import Opening
from explorer.ui.pressing import on_press
from explorer.ui.sent import Sent, entry, recipe_entries, stamp_of, whole
from explorer.ui.text import common
from explorer.ui.text import explore as words

CLIPS = 60
STEPS = 30
_TEXTS = ("corpus", "kind", "folder", "filter", "by", "objective")


class Teaching:
    """The handlers of the section; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing, *, open_: bool) -> None:
        """Take what the section works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
            open_: whether visitors may name folders of this machine.
        """
        self._opening = opening
        self._choosing = choosing
        self._open = open_
        self._running = Newest()

    def lay_out(self) -> None:
        """Build the section: its value is {state, stamp, start, asked, …}; ``submit`` starts, resumes or cancels."""
        section = gr.HTML(
            value={"state": "", "stamp": 0},
            html_template="",
            js_on_load="SAMerge.mountLearning(element, props, trigger, watch); // fires 'submit'",
            corpora=self._choosing.corpora(),
            kinds={name: reader.holds for name, reader in READERS.items()} if self._open else {},
            objectives=dict(OBJECTIVES),
            preset={"limit": CLIPS, "steps": STEPS},
            elem_id="learning",
        )
        on_press(section, self.announce, self.run, [section], "learning")

    def announce(self, shown: Sent, request: gr.Request) -> None:
        """Say at once, past the queue, that an older run of this visitor, or this one, is no longer wanted."""
        note = self._running.cancel if entry(shown, "action") == "cancel" else self._running.note
        note(str(request.session_hash), stamp_of(shown))

    def leave(self, request: gr.Request) -> None:
        """Stop the run of a visitor who has left; its state stays on disk."""
        self._running.forget(str(request.session_hash))

    def run(self, shown: Sent, request: gr.Request) -> Iterator[object]:
        """Let the curve learn; after every step it comes with its losses."""
        session, stamp = str(request.session_hash), stamp_of(shown)
        if not self._running.begin(session, stamp):
            yield gr.skip()  # cancelled: the run has been told, and says so itself
            return
        asked, start = entry(shown, "asked"), entry(shown, "start")
        base: Json = {"stamp": stamp, "asked": asked, "start": start}
        if entry(shown, "action") == "cancel":
            yield base | {"state": "stopped", "notice": words.LEARNING_NEVER_BEGAN}  # pressed before it was even sent
            return
        try:
            recipe = self._opening.workbench().recipe(recipe_entries({"recipe": start}), "page")
            place, settings = _read(asked)
            workbench = self._opening.workbench()
            yield base | {"state": "running", "notice": common.OPENED.format(triple=recipe.triple)}
            bench = self._opening.bench(recipe.triple)
            if missing := self._choosing.missing(place):
                for says in self._opening.told(missing, partial(self._choosing.fetch, place, self._opening.progress)):
                    if self._running.is_past(session, stamp):
                        yield base | {"state": "stopped", "notice": common.STOPPED_FETCHING.format(says=says)}
                        return
                    yield base | {"state": "running", "notice": says}
            chosen = self._choosing.choose(place, bench.normalizer)
            halt = workbench.halt(float("inf"), lambda: self._running.is_past(session, stamp))
            resume = entry(shown, "action") == "resume"
            decoding = workbench.decoding(recipe)
            yield base | {"state": "running", "notice": words.LEARNING_BEGINS}
            learn = importlib.import_module("explorer.learning.lesson").learn  # torch is there by now, not at the start
            for state in learn(bench, chosen.subset.utterances, recipe, settings, decoding, halt, resume=resume):
                if state.state == "stopped" and self._running.is_past(session, stamp + CANCELLED):
                    return  # a newer run of this visitor goes on from here
                yield base | _drawn(state, chosen.title, chosen.problems)
        except ExplorerError as error:
            if not self._running.is_past(session, stamp + CANCELLED):
                yield base | {"state": "error", "notice": str(error)}


def _drawn(state: Learning, title: str, problems: tuple[str, ...]) -> Json:
    """Return a step, or the end, for the browser."""
    learned, aside = state.speakers
    running = state.state == "learning"
    told = words.LEARNING_CLIPS.format(
        corpus=title, clips=state.clips[0], speakers=learned, aside=state.clips[1], others=aside
    )
    return {
        "state": "running" if running else state.state,
        "notice": told if running else f"{state.summary} {told}",
        "recipe": state.recipe.as_dict(),
        "step": state.step,
        "steps": state.steps,
        "remaining": state.remaining,
        "looks": [[each.step, each.training, each.held_out] for each in state.looks],
        "problems": [*problems, *state.problems],
    }


def _read(asked: Sent) -> tuple[Place, Settings]:
    """Read the form.

    Raises:
        RecipeError: a field is missing, of another type or out of range.
    """
    texts = {key: text if isinstance(text := entry(asked, key), str) else "" for key in _TEXTS}
    numbers = {key: _number(entry(asked, key), key) for key in ("limit", "steps")}
    if not texts["corpus"].strip() and not texts["folder"].strip():
        raise RecipeError("Learning: choose a corpus, or name a folder.")
    place = Place(texts["corpus"], texts["kind"], texts["folder"], expression=texts["filter"], limit=numbers["limit"])
    given: dict[str, Any] = {key: texts[key] for key in ("by", "objective") if texts[key]}
    steps = whole(numbers["steps"], "steps")
    forward = entry(asked, "feed_forward") is True
    return place, Settings(steps=STEPS if steps is None else steps, feed_forward=forward, **given)


def _number(value: Sent, name: str) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9):
        return cast("float | None", value)
    raise RecipeError(f"{name}: expected a number; mend the field.")
