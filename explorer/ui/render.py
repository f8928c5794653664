"""Results → what the browser draws: plain dictionaries, no markup. Text of users reaches the page only as text."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.config import TripleSpec
from explorer.ledger import fate_letters, word_fates
from explorer.recipe import Recipe
from explorer.scoring import Alignment, encoded
from explorer.summary import Json, counts_json
from explorer.ui.text import common as words


def model_titles(spec: TripleSpec, recipe: Recipe) -> dict[str, str]:
    """Name the models of a triple, and the merge of a recipe, as the page shows them."""
    return {
        "m0": spec.base.label or words.M0,
        "m1": spec.m1.label or words.M1,
        "m2": spec.m2.label or words.M2,
        "merge": words.MERGE.format(method=recipe.row.title.removesuffix(" Merge")),
    }


@dataclass(frozen=True)
class Column:
    """One model's column on the Explore tab.

    Attributes:
        model: m0, m1, m2 or merge.
        title: its heading.
        state: ``waiting``, ``listening``, ``done`` or ``empty`` (no clip to hear).
        text: what was heard so far.
        alignment: with the reference, once done and if there is one.
        seconds: from the start of the merge to the last word, or None.
        remembered: the answer was at hand.
        cut: the token limit ended it.
    """

    model: str
    title: str
    state: str = "waiting"
    text: str = ""
    alignment: Alignment | None = None
    seconds: float | None = None
    remembered: bool = False
    cut: bool = False

    def as_json(self) -> Json:
        """Return what transcripts.js draws."""
        alignment = self.alignment
        return {
            "model": self.model,
            "title": self.title,
            "state": self.state,
            "text": self.text,
            "words": alignment and encoded(alignment),
            "counts": alignment and counts_json(alignment.counts),
            "seconds": self.seconds,
            "remembered": self.remembered,
            "cut": self.cut,
        }


def transcripts(
    columns: Sequence[Column], state: str, recipe: Json | None, reference: str = "", clip: str = ""
) -> Json:
    """Return the value of the transcripts component.

    Args:
        columns: from left to right.
        state: ``loading``, ``shipped``, ``working`` or ``done``.
        recipe: that the answer is for, as the browser sent it; None while nothing has been heard.
        reference: what was said, if known.
        clip: a name that tells clips apart.
    """
    drawn = [column.as_json() for column in columns]
    alignments = {column.model: column.alignment for column in columns}
    first, merge, second = (alignments.get(model) for model in ("m1", "merge", "m2"))
    if first and merge and second:
        fates = fate_letters(word_fates(first, merge, second))
        drawn = [column | ({"fates": fates} if column["model"] == "merge" else {}) for column in drawn]
    return {
        "columns": drawn,
        "state": state,
        "recipe": recipe,
        "reference": reference,
        "clip": clip,
        "notice": "",
    }


def notice(state: str, sentence: str) -> Json:
    """Return a value of the transcripts component that says a sentence and leaves the columns as they are."""
    return {"columns": None, "state": state, "recipe": None, "reference": None, "notice": sentence}
