"""The Methods tab's layout and wiring: which methods, on which clips, and the table of what came out."""

import json

import gradio as gr

from explorer.comparison_tables import FLATTERS, TIMES
from explorer.config import Config
from explorer.methods import METHODS
from explorer.ui.choosing import Choosing
from explorer.ui.comparing import SETTINGS, Comparing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.text import common
from explorer.ui.text import methods as words


def methods_tab(config: Config, choosing: Choosing, comparing: Comparing, panel: gr.HTML, *, open_: bool) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        comparing: the handlers.
        panel: of the Explore tab, whose triple is used.
        open_: whether visitors may name folders of this machine.
    """
    gr.Markdown(words.INTRO)
    titles = [row.title for row in METHODS.values()]
    methods = gr.CheckboxGroup(titles, value=titles, label=words.METHODS, info=words.METHODS_INFO, elem_id="methods")
    settings = gr.Radio(list(SETTINGS), value=next(iter(SETTINGS)), label=words.SETTINGS, elem_id="methods-settings")
    with gr.Row():
        corpus, kind, folder = corpus_fields(config, choosing, open_=open_, prefix="methods-")
    with gr.Row():
        expression = gr.Textbox(
            label=common.FILTER, placeholder=common.FILTER_EXAMPLE, elem_id="methods-filter", scale=2
        )
        limit = gr.Number(60, label=common.CLIPS, info=common.CLIPS_INFO, elem_id="methods-limit", scale=1)
        beside = beside_field(choosing, common.BESIDE_SHARES, open_=open_, prefix="methods-")
    with gr.Row():
        run = gr.Button(words.RUN, variant="primary", elem_id="compare", scale=0, min_width=180)
        stop = gr.Button(common.CANCEL, interactive=False, elem_id="compare-cancel", scale=0, min_width=120)
    result = gr.HTML(
        value={"state": "", "notice": ""},
        html_template="",
        js_on_load="SAMerge.mountComparison(element, props, trigger, watch)",
        flatters=FLATTERS,
        times=TIMES,
        elem_id="comparison",
    )
    # As on the Evaluate tab: the first event of a press says past the queue that older work is not wanted any more.
    run.click(
        comparing.announce, result, None, js=f"() => SAMerge.beginComparison({json.dumps(common.WAITING)})", **PLUMBING
    )
    running = run.click(
        comparing.run,
        [result, panel, methods, settings, beside, corpus, kind, folder, expression, limit],
        result,
        js="(shown, ...rest) => [SAMerge.begunComparison(), ...rest]",
        concurrency_id="evaluation",
        concurrency_limit=1,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )
    told_if_refused(running, result)
    stop.click(comparing.cancel, result, js="() => SAMerge.endComparison()", **PLUMBING)
