"""The Sweep tab's layout and wiring: two parameters, a subset, the map that fills."""

from typing import Any

import gradio as gr

from explorer.charts.sweep_map import LEGEND
from explorer.config import Config
from explorer.ui.choosing import Choosing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.evaluate_tab import PLUMBING
from explorer.ui.sweeping import Sweeping
from explorer.ui.text import SWEEP_TAB, WAITING


def sweep_tab(config: Config, choosing: Choosing, sweeping: Sweeping, panel: gr.HTML, *, open_: bool) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        sweeping: the handlers.
        panel: of the Explore tab, whose recipe is varied.
        open_: whether visitors may name folders and files of this machine.
    """
    gr.Markdown(SWEEP_TAB)
    with gr.Row():
        across = gr.Textbox(
            "lambda=0.1:0.3:0.05", label="Across", info="parameter = first : last : step", elem_id="sweep-across"
        )
        up = gr.Textbox(
            "alpha=0.7:0.9:0.1",
            label="Up",
            info="likewise; of a method without a curve: density, scale, …",
            elem_id="sweep-up",
        )
    with gr.Row():
        corpus, kind, folder = corpus_fields(config, choosing, open_=open_, prefix="sweep-")
    with gr.Row():
        expression = gr.Textbox(label="Filter", placeholder="age <= 8 and gender = f", elem_id="sweep-filter", scale=2)
        limit = gr.Number(
            100, label="Clips (n)", info="drawn evenly over speakers; empty: all", elem_id="sweep-limit", scale=1
        )
        beside = beside_field(choosing, "n holds for it too, the filter does not.", open_=open_, prefix="sweep-")
    with gr.Row():
        racing = gr.Checkbox(True, label="stop cells early that cannot win", elem_id="sweep-racing", container=False)
        judge = gr.Checkbox(
            False, label="judge on the other half of the speakers", elem_id="sweep-judge", container=False
        )
    with gr.Row():
        run = gr.Button("Start", variant="primary", elem_id="sweep", scale=0, min_width=140)
        pause = gr.Button("Pause", interactive=False, elem_id="sweep-pause", scale=0, min_width=110)
        resume = gr.Button("Resume", interactive=False, elem_id="sweep-resume", scale=0, min_width=110)
        cancel = gr.Button("Cancel", interactive=False, elem_id="sweep-cancel", scale=0, min_width=110)
    with gr.Row(visible=open_):
        path = gr.Textbox(
            label="A sweep's file on this machine",
            placeholder="/path/to/map.sqlite",
            info="Shows its map without a model; Resume goes on with it.",
            elem_id="sweep-path",
        )
        show = gr.Button("Open file", elem_id="sweep-open", scale=0, min_width=140)
    result = gr.HTML(
        value={"state": "", "notice": ""},
        html_template="",
        js_on_load="SAMerge.mountSweep(element, props, trigger, watch)",
        legend=LEGEND,
        elem_id="sweep-result",
    )
    figure = gr.Plot(show_label=False, container=False, visible=False, elem_id="sweep-map")

    working: dict[str, Any] = {
        "outputs": [result, figure],
        "js": "(shown, ...rest) => [SAMerge.begunSweep(), ...rest]",
        "concurrency_id": "evaluation",
        "concurrency_limit": 1,
        "show_progress": "hidden",
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }
    for button in (run, resume):
        button.click(sweeping.announce, result, None, js=f"() => SAMerge.beginSweep('{WAITING}')", **PLUMBING)
    fields = [across, up, racing, judge, beside, corpus, kind, folder, expression, limit]
    for begun in (
        run.click(sweeping.run, [result, panel, *fields], **working),
        resume.click(sweeping.resume, [result, judge], **working),
    ):
        begun.failure(None, None, None, js="() => SAMerge.brokenSweep()", **PLUMBING)
    pause.click(sweeping.pause, result, js="() => SAMerge.endSweep('pause')", **PLUMBING)
    cancel.click(sweeping.cancel, result, result, js="() => SAMerge.endSweep('cancel')", **PLUMBING)
    opened = "(shown, ...rest) => [SAMerge.beginSweep(''), ...rest]"
    show.click(sweeping.open, [result, path, judge], [result, figure], js=opened, **PLUMBING)
