"""Evaluations as one HTML file that needs nothing else: tables, verdicts, figures, every word. No audio in it."""

import html
import json
from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go
import plotly.offline

from explorer.charts.errors import error_chart
from explorer.charts.groups import group_chart
from explorer.charts.scatter import scatter_chart
from explorer.details import grouped, groupings
from explorer.evaluation import CHECKPOINTS
from explorer.report import Run, evaluation_document
from explorer.summary import Json, closer_look, summary

PAGE = Path(__file__).parents[1] / "assets" / "page"
_SCRIPTS = ("text", "dom", "grid", "words", "evaluation", "results", "report")


def html_text(runs: Sequence[Run]) -> str:
    """Return the report of one or more runs as a document that draws itself, with no request to anywhere."""
    title = f"Word error rates on {' and '.join(run.corpus for run in runs)}"
    scripts = [plotly.offline.get_plotlyjs(), *((PAGE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)]
    value = {
        "title": title,
        "parts": [_part(run) for run in runs],
        "document": [evaluation_document(run) for run in runs],
    }
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title>",
            f"<style>{(PAGE / 'style.css').read_text(encoding='utf-8')}</style></head>",
            '<body class="sam-report"><main id="report"></main>',
            f'<script type="application/json" id="value">{_inert(value)}</script>',
            *(f"<script>{script}</script>" for script in scripts),
            "<script>SAMerge.mountReport(document.querySelector('#report'));</script>",
            "</body></html>\n",
        ]
    )


def _inert(value: Json) -> str:
    """Write JSON that cannot end the element it stands in, whatever a transcript says."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _part(run: Run) -> Json:
    evaluation = run.evaluation
    results = {result.model: result for result in evaluation.results}
    figures: list[tuple[str, go.Figure | None]] = [
        ("What kinds of errors", error_chart(evaluation.results, run.titles))
    ]
    for name in results:
        if "m1" in results and name not in CHECKPOINTS:
            for unit in ("utterance", "speaker"):
                heading = f"{run.titles['m1']} against {run.titles[name]}, a point for each {unit}"
                figures.append((heading, scatter_chart(results["m1"], results[name], run.titles, unit)))
    for by in groupings(evaluation.results[0].heard):
        if by != "speaker":
            figures.append((f"WER by {by}", group_chart(grouped(evaluation, by), run.titles, by)))
    drawn = [
        {"heading": heading, "figure": json.loads(figure.to_json())}
        for heading, figure in figures
        if figure is not None
    ]
    part = summary(evaluation, run.corpus, run.titles, run.settings)
    return part | {"problems": list(run.left_out), "figures": drawn, "look": closer_look(evaluation, run.titles)}
