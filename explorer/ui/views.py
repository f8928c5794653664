"""Which charts there are of a visitor's newest runs, and how each is drawn."""

import gradio as gr
import plotly.graph_objects as go

from explorer.charts.errors import error_chart
from explorer.charts.groups import group_chart
from explorer.charts.scatter import scatter_chart
from explorer.charts.trade_off import trade_off_chart
from explorer.details import grouped, groupings
from explorer.evaluation import CHECKPOINTS
from explorer.report import Run
from explorer.ui.shelf import Visit
from explorer.ui.text import evaluate as words

TRADE_OFF = "trade-off"


def view_choices(visit: Visit) -> list[tuple[str, str]]:
    """List the views of a visit's newest runs as labels and values, the most telling first."""
    choices: list[tuple[str, str]] = []
    if len(visit.runs) > 1:
        title = words.TRADE_OFF.format(first=visit.runs[0].corpus, second=visit.runs[1].corpus)
        choices.append((title, TRADE_OFF))
    for part, run in enumerate(visit.runs):
        found: list[tuple[str, str]] = []
        results = [result.model for result in run.evaluation.results]
        for name in results:
            if "m1" in results and name not in CHECKPOINTS:
                pair = {"first": run.titles["m1"], "second": run.titles[name]}
                found.append((words.EACH_UTTERANCE.format(**pair), f"{part} utterance {name}"))
                found.append((words.EACH_SPEAKER.format(**pair), f"{part} speaker {name}"))
        groups = groupings(run.evaluation.results[0].heard)
        found += [(words.BY_GROUP.format(group=by), f"{part} group {by}") for by in groups]
        found.append((words.KINDS_OF_ERRORS, f"{part} errors -"))
        several = len(visit.runs) > 1
        choices += [
            (words.OF_CORPUS.format(view=view, corpus=run.corpus) if several else view, at) for view, at in found
        ]
    return choices


def chosen_view(visit: Visit, view: object) -> str:
    """Return the view to show: the one that was on, or the first where that is no more."""
    values = [value for _, value in view_choices(visit)]
    return str(view) if view in values else values[0]


def view_figure(visit: Visit, view: str) -> object:
    """Draw a view; what there is nothing to draw for is hidden."""
    figure = _figure(visit, view)
    return gr.update(value=figure, visible=figure is not None)


def _figure(visit: Visit, view: str) -> go.Figure | None:
    if view == TRADE_OFF:
        return trade_off_chart(visit.trade_off(), (visit.runs[0].corpus, visit.runs[1].corpus))
    part, kind, of = view.split(" ", 2)
    run = visit.runs[int(part)]
    figure = _of_run(run, kind, of)
    if figure is not None:
        figure.update_layout(meta={"part": int(part)})  # a click on a mark has to know whose clips it names
    return figure


def _of_run(run: Run, kind: str, of: str) -> go.Figure | None:
    results = {result.model: result for result in run.evaluation.results}
    if kind == "errors":
        return error_chart(run.evaluation.results, run.titles)
    if kind == "group":
        return group_chart(grouped(run.evaluation, of), run.titles, of)
    return scatter_chart(results["m1"], results[of], run.titles, "speaker" if kind == "speaker" else "utterance")
