"""One run of the Evaluate tab: what a visitor asks for, read from the form, and what of it is there so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from explorer.errors import RecipeError
from explorer.recipe import Recipe
from explorer.report import Run
from explorer.summary import Json
from explorer.text_rules import TextRules
from explorer.ui.long_work import Press
from explorer.ui.opening import Opening
from explorer.ui.render import model_titles
from explorer.ui.sent import Sent, pins_of, recipe_entries
from explorer.ui.text import evaluate as words

if TYPE_CHECKING:
    from explorer.transcription.decoding import Decoding
    from explorer.workbench import ModelName

MODELS: "dict[str, ModelName]" = {"M0": "m0", "M1": "m1", "M2": "m2", "merge": "merge"}


@dataclass
class Job:
    """One run of one visitor: what is asked for, and what of it is there.

    Attributes:
        press: that asked for it.
        sent: the recipe, as the browser sent it.
        recipe: of the merge.
        merges: pinned recipes by model.
        titles: of all models, for people.
        asked: checkpoints and the merge.
        decoding: options.
        rules: for text.
        strangers: sentences about pins that cannot take part.
        drawn: tables so far, one for each corpus.
        runs: what is finished.
    """

    press: Press
    sent: Json
    recipe: Recipe
    merges: Mapping[str, Recipe]
    titles: Mapping[str, str]
    asked: "Sequence[ModelName]"
    decoding: "Decoding"
    rules: TextRules
    strangers: tuple[str, ...]
    drawn: list[Json] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def value(self, state: str, notice: str = "") -> Json:
        """Return the value of the evaluation component."""
        value: Json = {"state": state, "notice": notice, "stamp": self.press.stamp, "recipe": self.sent}
        return value | {"parts": self.drawn} if self.drawn else value


def job_of(
    opening: Opening,
    press: Press,
    panel: Sent,
    pinned: Sent,
    models: Sequence[str],
    window: str | None,
    rules: TextRules,
) -> Job:
    """Read what a visitor asks for.

    Args:
        opening: of the workbench.
        press: that asks for it.
        panel: the recipe.
        pinned: further recipes.
        models: keys of ``MODELS``.
        window: ``fit``, ``30`` or None for what the triple declares.
        rules: for text.

    Raises:
        ExplorerError: a recipe or an option is wrong, or there is nothing to evaluate.
    """
    workbench = opening.workbench()
    sent = recipe_entries(panel)
    recipe = workbench.recipe(sent, "page")
    asked = [MODELS[model] for model in MODELS if model in models]
    merges, titles, strangers = {}, model_titles(opening.config.triple(recipe.triple), recipe), []
    for number, (name, entries) in enumerate(pins_of(pinned).items(), start=1):
        pin = workbench.recipe(entries, f"pin {name}")
        if pin.id == recipe.id and "merge" in asked:
            strangers.append(words.PIN_SHOWN.format(name=name))
        elif pin.triple == recipe.triple:
            merges[f"pin-{number}"], titles[f"pin-{number}"] = pin, name
        else:
            strangers.append(words.PIN_ELSEWHERE.format(name=name, other=pin.triple, triple=recipe.triple))
    if not asked and not merges:
        raise RecipeError("Models: expected at least one of M0, M1, M2 and merge; tick one.")
    decoding = workbench.decoding(recipe, window)
    return Job(press, sent, recipe, merges, titles, asked, decoding, rules, tuple(strangers))
