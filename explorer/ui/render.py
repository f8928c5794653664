"""Results → what the browser draws: plain dictionaries, no markup. Text of users reaches the page only as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explorer.config import TripleSpec
from explorer.scoring import Alignment, WordErrors

if TYPE_CHECKING:
    from explorer.evaluation import Evaluation

Json = dict[str, Any]


def model_titles(spec: TripleSpec) -> dict[str, str]:
    """Name the models of a triple as the page shows them."""
    return {
        "m0": spec.base.label or "M0 · base",
        "m1": spec.m1.label or "M1 · child",
        "m2": spec.m2.label or "M2 · adult",
        "merge": "Merge · SA",
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
            "words": alignment and [[word.operation, word.reference, word.hypothesis] for word in alignment.words],
            "counts": alignment and counts_json(alignment.counts),
            "seconds": self.seconds,
            "remembered": self.remembered,
            "cut": self.cut,
        }


def counts_json(counts: WordErrors) -> Json:
    """Return pooled counts and their WER (a fraction, or None without reference words)."""
    return {
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "words": counts.words,
        "wer": counts.wer,
    }


def transcripts(columns: Sequence[Column], state: str, recipe: Json | None, reference: str = "") -> Json:
    """Return the value of the transcripts component.

    Args:
        columns: from left to right.
        state: ``loading``, ``working`` or ``done``.
        recipe: that the answer is for, as the browser sent it; None while nothing has been heard.
        reference: what was said, if known.
    """
    drawn = [column.as_json() for column in columns]
    return {"columns": drawn, "state": state, "recipe": recipe, "reference": reference, "notice": ""}


def notice(state: str, sentence: str) -> Json:
    """Return a value of the transcripts component that says a sentence and leaves the columns as they are."""
    return {"columns": None, "state": state, "recipe": None, "reference": None, "notice": sentence}


def evaluation_json(evaluation: "Evaluation", titles: Mapping[str, str], settings: str) -> Json:
    """Return the value of the evaluation component.

    Args:
        evaluation: so far.
        titles: of the models.
        settings: what stands beside every number: decoding, normaliser, subset.
    """
    state = "stopped" if evaluation.stopped else "done" if evaluation.done == evaluation.total else "running"
    results = {result.model: result for result in evaluation.results}
    rows, verdicts = [], []
    for name, result in results.items():
        interval = result.interval if evaluation.done else None
        row = {"model": name, "title": titles[name], "interval": interval and [interval.low, interval.high]}
        rows.append(row | counts_json(result.counts))
        if name == "merge" and state != "running":
            for other in ("m1", "m2"):
                if other in results and (verdict := result.against(results[other])):
                    verdicts.append(verdict.sentence("Merge", titles[other]))
    stopped = f"Stopped after {evaluation.done} of {evaluation.total} clips; what was heard by then stays below."
    if not evaluation.done:
        stopped = "Stopped before the first clips were heard."
    return {
        "state": state,
        "notice": stopped if evaluation.stopped else "",
        "done": evaluation.done,
        "total": evaluation.total,
        "seconds": evaluation.seconds,
        "remaining": evaluation.remaining,
        "speakers": len({heard.utterance.speaker for heard in evaluation.results[0].heard}),
        "settings": settings,
        "rows": rows,
        "verdicts": verdicts,
        "ledger": evaluation.ledger if state != "running" else None,
        "problems": list(evaluation.problems),
    }
