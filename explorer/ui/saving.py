"""The Save section on the Explore tab: a recipe leaves as a text, as a zip, to the Hub, and comes back from a file."""

import importlib
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import gradio as gr

from explorer.errors import ConfigError, RecipeError, seen
from explorer.formats.texts import FILE_NAMES, FORMATS
from explorer.recipe import Recipe
from explorer.steps import Step
from explorer.summary import Json
from explorer.ui.long_work import LongWork, Press, fault
from explorer.ui.opening import Opening
from explorer.ui.pressing import on_press
from explorer.ui.pushing import Logins, place_of, pushed
from explorer.ui.saved import SavedFiles
from explorer.ui.sent import Sent, entry, recipe_entries
from explorer.ui.text import explore as words
from explorer.ui.text import hub as hub_words

if TYPE_CHECKING:
    from explorer.bench import Bench
    from explorer.pushing import Place
    from explorer.verification import DataType

FOLDER, HUB = "folder", "hub"
DTYPES: "tuple[DataType, ...]" = ("float32", "float16", "bfloat16")
LONGEST = 1_000_000  # characters of a file that is opened


class Saving(LongWork):
    """The handlers of the section; one object serves everyone."""

    def __init__(self, opening: Opening, saved: SavedFiles, logins: Logins = "none") -> None:
        """Take what the section works with.

        Args:
            opening: of the workbench.
            saved: keeps the zips for their visitors.
            logins: under whose login merges are pushed to the Hub.
        """
        super().__init__(opening)
        self._saved = saved
        self._logins = logins

    def lay_out(self, panel: gr.HTML) -> None:
        """Build the section: its value is {state, notice, stamp, action, …}; ``submit`` saves, opens or cancels.

        Args:
            panel: the recipe panel, whose recipe is saved.
        """
        section = gr.HTML(
            value={"state": "", "stamp": 0},
            html_template="",
            js_on_load="SAMerge.mountSave(element, props, trigger, watch); // fires 'submit'",
            kinds=[FOLDER, *([] if self._logins == "none" else [HUB]), *FORMATS],
            visitor=self._logins == "visitor",
            dtypes=list(DTYPES),
            longest=LONGEST,
            elem_id="save",
        )
        signing = self._logins == "visitor"
        on_press(section, self.announce, self.run_signed_in if signing else self.run, [section, panel], "saving")
        if signing:
            gr.LoginButton(hub_words.SIGN_IN, hub_words.SIGN_OUT.format(name="{}"), size="sm", elem_id="sign-in")

    @staticmethod
    def keep_private(demo: gr.Blocks) -> None:
        """Take Gradio's question whether a visitor has signed in out of the API; it is the page's own affair."""
        for each in demo.fns.values():
            if each.name == "_check_login_status":
                each.api_visibility = "private"

    def leave(self, request: gr.Request) -> None:
        """Stop the work of a visitor who has left, and take away what they saved."""
        super().leave(request)
        self._saved.forget(str(request.session_hash))

    def run_signed_in(
        self, shown: Sent, panel: Sent, request: gr.Request, token: gr.OAuthToken | None
    ) -> Iterator[object]:
        """Do what ``run`` does for a visitor of a Space, who may have signed in."""
        yield from self.run(shown, panel, request, token.token if token else None)

    def run(self, shown: Sent, panel: Sent, request: gr.Request, token: str | None = None) -> Iterator[object]:
        """Save the panel's recipe, push it, or open a file."""
        press, action = self._press(shown, request), entry(shown, "action")
        if not press.begins():
            yield gr.skip()  # cancelled: the work has been told, and says so itself
            return
        if action == "cancel":
            # Pressed before the work was even sent.
            yield {"stamp": press.stamp, "action": action, "state": "stopped", "notice": words.SAVING_STOPPED}
            return
        base: Json = {"stamp": press.stamp, "action": action, "kind": entry(shown, "kind")}
        try:
            if action == "open":
                yield from self._open(shown, base)
            else:
                yield from self._save(shown, panel, base, press, token)
        except Exception as error:
            says = words.SAVING_REFUSED.format(why=error.strerror) if isinstance(error, OSError) else fault(error)
            if not press.overtaken():
                yield base | {"state": "error", "notice": says}

    def _open(self, shown: Sent, base: Json) -> Iterator[Json]:
        text, name = entry(shown, "text"), entry(shown, "name")
        if not isinstance(text, str) or not isinstance(name, str) or len(text) > LONGEST:
            raise ConfigError("Open: expected a text file of at most 1 MB; choose another.")
        workbench, found = self._opening.workbench(), list[Recipe]()
        opened = importlib.import_module("explorer.saving").opened_recipe
        # Mergekit's and the authors' files name tensors: their triple may have to be fetched first.
        for says in self._opening.told(
            words.OPENING_FILE.format(name=name),
            lambda: found.append(opened(workbench, text, name[:80], None, self._opening.progress)),
        ):
            yield base | {"state": "running", "notice": says}
        opened_file = words.OPENED_FILE.format(name=name, recipe=found[0].summary)
        yield base | {"state": "opened", "notice": opened_file, "recipe": found[0].as_dict()}

    def _save(self, shown: Sent, panel: Sent, base: Json, press: Press, token: str | None) -> Iterator[Json]:
        kind, dtype = entry(shown, "kind"), entry(shown, "dtype")
        if kind not in (FOLDER, HUB, *FORMATS):
            raise RecipeError(f"Save: expected one of {', '.join((FOLDER, *FORMATS))}, but got {seen(kind)}.")
        workbench = self._opening.workbench()
        place = place_of(shown, self._logins, token) if kind == HUB else None
        recipe = workbench.recipe(recipe_entries(panel), "page")
        if not workbench.is_open(recipe.triple):
            for says in self._opening.told(recipe.triple, lambda: self._opening.bench(recipe.triple)):
                yield base | {"state": "running", "notice": says}
        bench = self._opening.bench(recipe.triple)
        saving = importlib.import_module("explorer.saving")  # torch is there by now, not at the start
        if kind in FORMATS:
            text, fingerprint = saving.saved_text(bench, recipe, kind, local=self._opening.own_places)
            told = words.SAVED_TEXT.format(recipe=recipe.summary, fingerprint=fingerprint)
            yield base | {"state": "saved", "notice": told, "text": text, "file": FILE_NAMES[kind]}
            return
        if dtype not in DTYPES:
            raise RecipeError(f"Save: expected {', '.join(DTYPES)}, but got {seen(dtype)}.")
        verify, began = entry(shown, "verify") is True, time.monotonic()
        if place is not None:
            yield from self._push(base, press, bench, recipe, dtype, place, verify=verify)
            return
        clips = saving.sample_clips(workbench.config) if verify else None
        address, folder = self._saved.place(press.session)
        target = folder / f"{recipe.stem}.zip"
        with closing(saving.write_zip(workbench, bench, recipe, target, dtype, clips)) as steps:
            while True:
                try:
                    step: Step = next(steps)
                except StopIteration as end:
                    fingerprint, verified = end.value
                    break
                if press.past():
                    self._saved.forget(press.session)
                    # A newer run of this visitor goes on from here; only who pressed Cancel is told.
                    if not press.overtaken():
                        yield base | {"state": "stopped", "notice": words.SAVING_STOPPED}
                    return
                yield base | _told(step, time.monotonic() - began)
        saved = {"recipe": recipe.summary, "dtype": dtype, "megabytes": target.stat().st_size / 1e6}
        yield base | {
            "state": "saved",
            "notice": words.SAVED_MODEL.format(**saved, fingerprint=fingerprint),
            "verified": verified,
            "address": address,
            "file": target.name,
        }

    def _push(
        self,
        base: Json,
        press: Press,
        bench: "Bench",
        recipe: Recipe,
        dtype: "DataType",
        place: "Place",
        *,
        verify: bool,
    ) -> Iterator[Json]:
        began = time.monotonic()
        for value in pushed(self._opening, bench, recipe, dtype, place, verify=verify, past=press.past):
            if isinstance(value, Step):
                yield base | _told(value, time.monotonic() - began)
            elif not press.overtaken():
                yield base | value  # else a newer run of this visitor goes on from here


def _told(step: Step, seconds: float) -> Json:
    """Return how far it is; what is left is told once a tenth is done."""
    left: Any = seconds * (1 - step.share) / step.share if step.share >= 0.1 else None
    return {"state": "running", "notice": step.what, "share": step.share, "remaining": left}
