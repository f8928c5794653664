"""What the Evaluate tab does when asked: subsets → WERs that stream, then charts and a closer look at every clip."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from explorer.evaluation import Evaluation
from explorer.report import Run
from explorer.summary import Json, closer_look, summary
from explorer.text_rules import NORMALIZER_KINDS, text_rules
from explorer.ui.choosing import Choosing, Chosen, Place
from explorer.ui.fetching import fetched
from explorer.ui.job import Job, job_of
from explorer.ui.long_work import LongWork, fault
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent
from explorer.ui.shelf import Shelf, Visit
from explorer.ui.text import common
from explorer.ui.text import evaluate as words
from explorer.ui.views import chosen_view, view_choices, view_figure

if TYPE_CHECKING:
    from explorer.bench import Bench

WINDOWS = {words.WINDOW_DECLARED: None, words.WINDOW_FIT: "fit", words.WINDOW_30: "30"}
STREAM_SECONDS = 0.2  # between two tables on the page
_UNCHANGED: tuple[object, ...] = (gr.skip(), gr.skip(), gr.skip())


class Evaluating(LongWork):
    """The Evaluate tab's handlers; one object serves everyone."""

    def __init__(self, opening: Opening, choosing: Choosing, shelf: Shelf) -> None:
        """Take what the tab works with.

        Args:
            opening: of the workbench.
            choosing: opens corpora.
            shelf: keeps each visitor's newest runs.
        """
        super().__init__(opening)
        self._choosing = choosing
        self._shelf = shelf

    def leave(self, request: gr.Request) -> None:
        """Stop the evaluation of a visitor who has left, and forget what it found."""
        super().leave(request)
        self._shelf.forget(str(request.session_hash))

    def look(self, view: str, request: gr.Request) -> object:
        """Draw another view of the newest runs."""
        visit = self._shelf.visit(str(request.session_hash))
        if not visit.runs:
            return gr.skip()
        return view_figure(visit, chosen_view(visit, view))

    def run(
        self,
        shown: Sent,
        panel: Sent,
        pinned: Sent,
        view: str | None,
        models: list[str],
        window: str | None,
        normalizer: str | None,
        keep_fillers: bool | None,
        beside: str | None,
        corpus: str | None,
        kind: str | None,
        folder: str | None,
        split: str | None,
        expression: str | None,
        ids: str | None,
        hypotheses: str | None,
        limit: float | None,
        seed: float | None,
        request: gr.Request,
    ) -> Iterator[tuple[object, ...]]:
        """Compute WERs over one or two subsets: after every batch the tables, at the end charts and every clip."""
        press = self._press(shown, request)
        places = [Place.sent(corpus, kind, folder, split, expression, ids, hypotheses, limit, seed)]
        if beside and beside.strip():
            places.append(Place(beside, limit=limit, seed=seed))
        try:
            job = job_of(
                self._opening,
                press,
                panel,
                pinned,
                models,
                WINDOWS.get(window or "", window),
                text_rules(normalizer or NORMALIZER_KINDS[0], bool(keep_fillers)),
            )
            yield job.value("running", common.OPENED.format(triple=job.recipe.triple)), *_UNCHANGED
            bench = self._opening.bench(job.recipe.triple)
            for says in fetched(places, self._opening, self._choosing):
                if press.past():
                    yield job.value("stopped", common.STOPPED_FETCHING.format(says=says)), *_UNCHANGED
                    return
                yield job.value("running", says), *_UNCHANGED
            # All of them before the first is evaluated: a mistake in the second field must not come after minutes.
            subsets = [self._choosing.choose(each, bench.normalizer) for each in places]
            for subset in subsets:
                for state in self._evaluated(job, bench, subset):
                    stopped = state.stopped
                    yield job.value("running"), *_UNCHANGED
                if stopped:
                    break
            if stopped and press.overtaken():
                return  # a newer run of this visitor goes on from here
            notice = _stopped(job.drawn) if stopped else ""
            ended = job.value("stopped" if stopped else "done", notice)
            yield ended, *self._closer(job, view)
            if not stopped:
                for run in job.runs:
                    self._opening.needles().note(bench, run)
        except Exception as error:
            says = fault(error)
            if not press.overtaken():
                yield {"state": "error", "notice": says, "stamp": press.stamp}, *_UNCHANGED

    def _evaluated(self, job: Job, bench: "Bench", chosen: Chosen) -> Iterator[Evaluation]:
        """Evaluate one corpus; its table is the last of ``job.drawn``, in the end its run the last of ``job.runs``."""
        workbench = self._opening.workbench()
        settings = workbench.settings_line(job.recipe, job.decoding, job.rules, chosen.described["filter"])
        halt = workbench.halt(float("inf"), job.press.past)
        job.drawn.append({})
        utterances, due = chosen.subset.utterances, 0.0
        for state in workbench.evaluate(
            bench, utterances, job.asked, job.recipe, job.decoding, halt, job.rules, job.merges
        ):
            left_out = (*job.strangers, *chosen.problems, *state.problems)
            began = time.monotonic()
            if state.ended or began >= due:
                job.drawn[-1] = summary(state, chosen.title, job.titles, settings) | {
                    "problems": left_out,
                    "note": chosen.note,
                }
                # Tables of many thousand clips take a moment: they may take a tenth of the time, and no more.
                due = began + max(STREAM_SECONDS, 10 * (time.monotonic() - began))
                yield state
        if state.done:
            names, merges = [*job.asked, *job.merges], {"merge": job.recipe, **job.merges}
            job.runs.append(
                Run(
                    corpus=chosen.title,
                    evaluation=state,
                    titles=job.titles,
                    settings=settings,
                    recipe=job.recipe,
                    pins=job.merges,
                    decoding=job.decoding,
                    rules=job.rules,
                    fingerprints=workbench.fingerprints(bench, names, merges),
                    subset=chosen.described,
                    left_out=left_out,
                )
            )

    def _closer(self, job: Job, view: str | None) -> tuple[object, ...]:
        """Return the views to choose from, the chart of one, and every clip."""
        if not job.runs:
            return _UNCHANGED
        visit = self._shelf.visit(job.press.session)
        before = len(visit.runs)
        visit.put(job.runs, job.sent)
        # What was looked at stays, unless there is something new to see: the trade-off of two corpora.
        on = chosen_view(visit, view if len(visit.runs) == before else None)
        return gr.update(choices=view_choices(visit), value=on, visible=True), view_figure(visit, on), _clips(visit)


def _clips(visit: Visit) -> dict[str, Any]:
    parts = [
        closer_look(run.evaluation, run.titles)
        | {"corpus": run.corpus, "clips": [visit.number(heard.utterance) for heard in run.evaluation.results[0].heard]}
        for run in visit.runs
    ]
    return {"visit": visit.address, "parts": parts, "merges": [step.recipe for step in visit.steps]}


def _stopped(drawn: Sequence[Json]) -> str:
    if not any(part["done"] for part in drawn):
        return common.STOPPED_EARLY
    done, total = (sum(part[key] for part in drawn) for key in ("done", "total"))
    return words.STOPPED.format(done=done, total=total)
