"""The section on the Explore tab that lets the curve learn from clips: its handlers and its wiring."""

import importlib
from collections.abc import Iterator
from typing import Any, cast

import gradio as gr

from explorer.corpora.open import READERS
from explorer.errors import RecipeError
from explorer.learning.settings import OBJECTIVES, Learning, Settings
from explorer.summary import Json
from explorer.ui.choosing import Choosing, Place
from explorer.ui.fetching import fetched
from explorer.ui.long_work import LongWork, fault
from explorer.ui.opening import Opening
from explorer.ui.pressing import on_press
from explorer.ui.sent import Sent, entry, recipe_entries, whole
from explorer.ui.text import common
from explorer.ui.text import explore as words

CLIPS = 60
STEPS = 30
_TEXTS = ("corpus", "kind", "folder", "filter", "by", "objective")


class Teaching(LongWork):
    """The handlers of the section; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing, *, open_: bool) -> None:
        """Take what the section works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
            open_: whether visitors may name folders of this machine.
        """
        super().__init__(opening)
        self._choosing = choosing
        self._open = open_

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

    def run(self, shown: Sent, request: gr.Request) -> Iterator[object]:
        """Let the curve learn; after every step it comes with its losses."""
        press = self._press(shown, request)
        if not press.begins():
            yield gr.skip()  # cancelled: the run has been told, and says so itself
            return
        asked, start = entry(shown, "asked"), entry(shown, "start")
        base: Json = {"stamp": press.stamp, "asked": asked, "start": start}
        if entry(shown, "action") == "cancel":
            yield base | {"state": "stopped", "notice": words.LEARNING_NEVER_BEGAN}  # pressed before it was even sent
            return
        try:
            recipe = self._opening.workbench().recipe(recipe_entries({"recipe": start}), "page")
            place, settings = _read(asked)
            workbench = self._opening.workbench()
            yield base | {"state": "running", "notice": common.OPENED.format(triple=recipe.triple)}
            bench = self._opening.bench(recipe.triple)
            for says in fetched([place], self._opening, self._choosing):
                if press.past():
                    yield base | {"state": "stopped", "notice": common.STOPPED_FETCHING.format(says=says)}
                    return
                yield base | {"state": "running", "notice": says}
            chosen = self._choosing.choose(place, bench.normalizer)
            halt = workbench.halt(float("inf"), press.past)
            resume = entry(shown, "action") == "resume"
            decoding = workbench.decoding(recipe)
            yield base | {"state": "running", "notice": words.LEARNING_BEGINS}
            learn = importlib.import_module("explorer.learning.lesson").learn  # torch is there by now, not at the start
            for state in learn(bench, chosen.subset.utterances, recipe, settings, decoding, halt, resume=resume):
                if state.state == "stopped" and press.overtaken():
                    return  # a newer run of this visitor goes on from here
                yield base | _drawn(state, chosen.title, chosen.problems)
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield base | {"state": "error", "notice": says}


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
