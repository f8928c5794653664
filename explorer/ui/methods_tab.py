"""The Methods tab's layout and wiring: which methods, on which clips, and the table of what came out."""

import gradio as gr

from explorer.comparison_tables import FLATTERS, TIMES
from explorer.config import Config
from explorer.methods import METHODS
from explorer.ui.choosing import Choosing
from explorer.ui.comparing import SETTINGS, Comparing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.evaluate_tab import PLUMBING
from explorer.ui.text import METHODS_TAB, WAITING


def methods_tab(config: Config, choosing: Choosing, comparing: Comparing, panel: gr.HTML, *, open_: bool) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        comparing: the handlers.
        panel: of the Explore tab, whose triple is used.
        open_: whether visitors may name folders of this machine.
    """
    gr.Markdown(METHODS_TAB)
    titles = [row.title for row in METHODS.values()]
    methods = gr.CheckboxGroup(
        titles, value=titles, label="Methods", info="SA Merge is always there, to compare with.", elem_id="methods"
    )
    settings = gr.Radio(list(SETTINGS), value=next(iter(SETTINGS)), label="Settings", elem_id="methods-settings")
    with gr.Row():
        corpus, kind, folder = corpus_fields(config, choosing, open_=open_, prefix="methods-")
    with gr.Row():
        expression = gr.Textbox(
            label="Filter", placeholder="age <= 8 and gender = f", elem_id="methods-filter", scale=2
        )
        limit = gr.Number(
            60, label="Clips (n)", info="drawn evenly over speakers; empty: all", elem_id="methods-limit", scale=1
        )
        beside = beside_field(choosing, "n holds for it too, the filter does not.", open_=open_, prefix="methods-")
    with gr.Row():
        run = gr.Button("Compare", variant="primary", elem_id="compare", scale=0, min_width=180)
        stop = gr.Button("Cancel", interactive=False, elem_id="compare-cancel", scale=0, min_width=120)
    result = gr.HTML(
        value={"state": "", "notice": ""},
        html_template="",
        js_on_load="SAMerge.mountComparison(element, props, trigger, watch)",
        flatters=FLATTERS,
        times=TIMES,
        elem_id="comparison",
    )
    # As on the Evaluate tab: the first event of a press says past the queue that older work is not wanted any more.
    run.click(comparing.announce, result, None, js=f"() => SAMerge.beginComparison('{WAITING}')", **PLUMBING)
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
    running.failure(None, None, None, js="() => SAMerge.brokenComparison()", **PLUMBING)
    stop.click(comparing.cancel, result, js="() => SAMerge.endComparison()", **PLUMBING)
