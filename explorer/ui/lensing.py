"""What the lens does when asked: every model is told the words; what it thinks of each, and where it looks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from explorer.errors import AudioError, RecipeError
from explorer.summary import Json
from explorer.ui.clips import Clips
from explorer.ui.long_work import LongWork, fault
from explorer.ui.opening import Opening
from explorer.ui.render import model_titles
from explorer.ui.sent import Sent, entry, recipe_entries
from explorer.ui.text.explore import LENS_WORKING, NO_CLIP

if TYPE_CHECKING:
    from explorer.audio import Clip
    from explorer.bench import Bench
    from explorer.recipe import Recipe
    from explorer.transcription.decoding import Halt

DEADLINE_SECONDS = 120.0


class Lensing(LongWork):
    """The lens's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, clips: Clips) -> None:
        """Take what the lens works with.

        Args:
            opening: of the workbench.
            clips: finds the clip.
        """
        super().__init__(opening)
        self._clips = clips

    def run(
        self, shown: Sent, panel: Sent, chosen: Sent, player: str | None, reference: str | None, request: gr.Request
    ) -> Iterator[object]:
        """Look at the clip; one head's attention comes with it.

        ``shown`` asks for ``text`` (``reference`` or ``merge``: what the merge heard), ``layer`` and ``head``, and says
        in ``have`` which look the browser still has.
        """
        press = self._press(shown, request)
        said = (reference or "").strip()
        try:
            sent = recipe_entries(panel)
            clip = self._clips.clip(chosen, player, press.session)
            if clip is None:
                raise AudioError(NO_CLIP)
            workbench = self._opening.workbench()
            recipe = workbench.recipe(sent, "page")
            bench = self._opening.bench(recipe.triple)
            halt = workbench.halt(DEADLINE_SECONDS, press.past)
            titles = model_titles(bench.spec, recipe)
            drawn: Json = {"stamp": press.stamp, "recipe": sent, "reference": said, "titles": titles}
            drawn["clip"] = self._clips.mark(chosen, clip)
            source = "reference" if said and entry(shown, "text") != "merge" else "merge"
            text = said if source == "reference" else self._heard(bench, recipe, clip, halt)
            layer, head = self._head(shown, bench)
            key = f"{recipe.id} {clip.digest} {text}"
            for look in workbench.lens.look(bench, recipe, clip, text, workbench.decoding(recipe), halt):
                if isinstance(look, str):
                    yield drawn | {"state": "working", "notice": LENS_WORKING.format(model=titles[look])}
                    continue
                drawn |= {"state": "done", "key": key, "text": source, "layer": layer, "head": head}
                drawn["attention"] = look.attention(layer, head)
                if entry(shown, "have") != key:
                    drawn["look"] = look.document()
                    drawn["sound"] = self._clips.sound(chosen, player, press.session)
                yield drawn
        except Exception as error:
            says = fault(error)
            if not press.past():
                yield {"state": "error", "stamp": press.stamp, "notice": says}

    def _heard(self, bench: "Bench", recipe: "Recipe", clip: "Clip", halt: "Halt") -> str:
        workbench = self._opening.workbench()
        for hypothesis in workbench.stream(bench, "merge", recipe, clip, workbench.decoding(recipe), halt):
            heard = hypothesis.text
        return heard

    def _head(self, shown: Sent, bench: "Bench") -> tuple[int | None, int | None]:
        """Return the layer and the head that are asked for; None for the mean of several.

        Raises:
            RecipeError: there is no such head.
        """
        config = bench.live.triple.config
        limits = (("layer", int(config["decoder_layers"])), ("head", int(config["decoder_attention_heads"])))
        found = []
        for name, limit in limits:
            value = entry(shown, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit):
                raise RecipeError(f"{name}: expected a whole number from 0 to {limit - 1}; choose one from the menu.")
            found.append(value)
        return found[0], found[1]
