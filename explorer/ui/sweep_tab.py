"""The Sweep tab's layout and wiring: two parameters, a subset, the map that fills."""

import json
from typing import Any

import gradio as gr

from explorer.charts.sweep_map import LEGEND
from explorer.config import Config
from explorer.ui.choosing import Choosing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.sweeping import Sweeping
from explorer.ui.text import common
from explorer.ui.text import sweep as words


def sweep_tab(config: Config, choosing: Choosing, sweeping: Sweeping, panel: gr.HTML, *, open_: bool) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        sweeping: the handlers.
        panel: of the Explore tab, whose recipe is varied.
        open_: whether visitors may name folders and files of this machine.
    """
    gr.Markdown(words.INTRO)
    with gr.Row():
        across = gr.Textbox(words.ACROSS_FIRST, label=words.ACROSS, info=words.ACROSS_INFO, elem_id="sweep-across")
        up = gr.Textbox(
            words.UP_FIRST,
            label=words.UP,
            info=words.UP_INFO,
            elem_id="sweep-up",
        )
    with gr.Row():
        corpus, kind, folder = corpus_fields(config, choosing, open_=open_, prefix="sweep-")
    with gr.Row():
        expression = gr.Textbox(label=common.FILTER, placeholder=common.FILTER_EXAMPLE, elem_id="sweep-filter", scale=2)
        limit = gr.Number(100, label=common.CLIPS, info=common.CLIPS_INFO, elem_id="sweep-limit", scale=1)
        beside = beside_field(choosing, common.BESIDE_SHARES, open_=open_, prefix="sweep-")
    with gr.Row():
        racing = gr.Checkbox(True, label=words.RACING, info=words.RACING_INFO, elem_id="sweep-racing", container=False)
        judge = gr.Checkbox(False, label=words.JUDGE, info=words.JUDGE_INFO, elem_id="sweep-judge", container=False)
    with gr.Row():
        run = gr.Button(words.RUN, variant="primary", elem_id="sweep", scale=0, min_width=140)
        pause = gr.Button(words.PAUSE, interactive=False, elem_id="sweep-pause", scale=0, min_width=110)
        resume = gr.Button(words.RESUME, interactive=False, elem_id="sweep-resume", scale=0, min_width=110)
        cancel = gr.Button(common.CANCEL, interactive=False, elem_id="sweep-cancel", scale=0, min_width=110)
    with gr.Row(visible=open_):
        path = gr.Textbox(
            label=words.PATH,
            placeholder=words.PATH_EXAMPLE,
            info=words.PATH_INFO,
            elem_id="sweep-path",
        )
        show = gr.Button(words.OPEN, elem_id="sweep-open", scale=0, min_width=140)
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
        button.click(
            sweeping.announce, result, None, js=f"() => SAMerge.beginSweep({json.dumps(common.WAITING)})", **PLUMBING
        )
    fields = [across, up, racing, judge, beside, corpus, kind, folder, expression, limit]
    told_if_refused(run.click(sweeping.run, [result, panel, *fields], **working), result)
    told_if_refused(resume.click(sweeping.resume, [result, judge], **working), result)
    pause.click(sweeping.pause, result, js="() => SAMerge.endSweep('pause')", **PLUMBING)
    cancel.click(sweeping.cancel, result, result, js="() => SAMerge.endSweep('cancel')", **PLUMBING)
    opened = "(shown, ...rest) => [SAMerge.beginSweep(''), ...rest]"
    show.click(sweeping.open, [result, path, judge], [result, figure], js=opened, **PLUMBING)
