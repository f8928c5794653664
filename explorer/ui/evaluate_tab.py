"""The Evaluate tab's layout and wiring: the form, the tables, the charts, every clip."""

import json
from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.text_rules import NORMALIZER_KINDS
from explorer.ui.choosing import Choosing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.evaluating import WINDOWS, Evaluating
from explorer.ui.job import MODELS
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.text import common
from explorer.ui.text import evaluate as words


def evaluate_tab(config: Config, choosing: Choosing, evaluating: Evaluating, panel: gr.HTML, *, open_: bool) -> None:
    """Lay the tab out inside the current ``gr.Tab``.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        evaluating: the handlers.
        panel: of the Explore tab, whose recipe is evaluated.
        open_: whether visitors may name folders and files of this machine.
    """
    pins = gr.HTML(
        value={"pins": []},
        js_on_load="SAMerge.mountPins(element, props, trigger, watch)",
        html_template="",
        elem_id="pins",
    )
    with gr.Row():
        corpus, kind, folder = corpus_fields(config, choosing, open_=open_)
    with gr.Row():
        expression = gr.Textbox(
            label=common.FILTER,
            placeholder=common.FILTER_EXAMPLE,
            info=words.FILTER_INFO,
            elem_id="filter",
            scale=3,
        )
        limit = gr.Number(
            100,
            label=common.CLIPS,
            info=common.CLIPS_INFO,
            elem_id="limit",
            scale=1,
            min_width=130,
        )
        models = gr.CheckboxGroup(list(MODELS), value=list(MODELS)[1:], label=words.MODELS, elem_id="models", scale=2)
    counted = gr.Markdown(elem_id="counted")
    with gr.Accordion(words.MORE, open=False, elem_id="more"):
        beside, split, seed, window, normalizer, fillers, ids, hypotheses = _more(choosing, open_=open_)
    place = [corpus, kind, folder, split, expression, ids, hypotheses, limit, seed]
    with gr.Row():
        run = gr.Button(words.RUN, variant="primary", elem_id="run", scale=0, min_width=180)
        stop = gr.Button(common.CANCEL, interactive=False, elem_id="cancel", scale=0, min_width=120)
        follow = gr.Checkbox(False, label=words.FOLLOW, elem_id="follow", container=False)
    result = gr.HTML(
        value={"state": "", "notice": words.EMPTY},
        html_template="",
        js_on_load="SAMerge.mountEvaluation(element, props, trigger, watch)",
        elem_id="evaluation",
    )
    view = gr.Dropdown([], label=words.VIEW, visible=False, elem_id="view-choice")
    chart = gr.Plot(show_label=False, container=False, visible=False, elem_id="view")
    closer = gr.HTML(
        value={},
        html_template="",
        js_on_load="SAMerge.mountCloser(element, props, trigger, watch)",
        elem_id="closer",
    )

    counting: dict[str, Any] = {"fn": choosing.count, "inputs": place, "outputs": counted}
    for each in place:
        each.change(**counting, trigger_mode="always_last", **PLUMBING)
    # Two events of one press, not a chain: of a chain, Gradio drops what is pressed while its last link is at work.
    # The first says at once that older work is not wanted any more; the second waits for its turn.
    run.click(evaluating.announce, result, None, js=f"() => SAMerge.beginRun({json.dumps(common.WAITING)})", **PLUMBING)
    running = run.click(
        evaluating.run,
        [result, panel, pins, view, models, window, normalizer, fillers, beside, *place],
        [result, view, chart, closer],
        js="(shown, ...rest) => [SAMerge.begunRun(), ...rest]",
        concurrency_id="evaluation",
        concurrency_limit=1,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )
    told_if_refused(running, result)
    stop.click(evaluating.cancel, result, js="() => SAMerge.endRun()", **PLUMBING)
    view.input(evaluating.look, view, chart, **PLUMBING)
    again = "(follow) => { if (follow) document.querySelector('#run').click(); }"
    panel.submit(None, follow, None, js=again, **PLUMBING)


def _more(choosing: Choosing, *, open_: bool) -> tuple[Any, ...]:
    """Lay out what most people leave alone."""
    with gr.Row():
        beside = beside_field(choosing, words.BESIDE_SHARES, open_=open_)
        split = gr.Textbox(
            label=words.SPLIT, placeholder=words.SPLIT_EXAMPLE, info=words.SPLIT_INFO, elem_id="split", scale=1
        )
        seed = gr.Number(0, label=words.SEED, info=words.SEED_INFO, elem_id="seed", scale=1)
    with gr.Row():
        window = gr.Radio(
            list(WINDOWS),
            value=words.WINDOW_DECLARED,
            label=words.WINDOW,
            info=words.WINDOW_INFO,
            elem_id="window",
        )
        normalizer = gr.Radio(
            list(NORMALIZER_KINDS),
            value=NORMALIZER_KINDS[0],
            label=words.NORMALIZER,
            info=words.NORMALIZER_INFO,
            elem_id="normalizer",
        )
        fillers = gr.Checkbox(False, label=words.FILLERS, elem_id="fillers")
    with gr.Row(visible=open_):
        ids = gr.Textbox(
            label=words.IDS,
            placeholder=words.IDS_EXAMPLE,
            info=words.IDS_INFO,
            elem_id="ids",
        )
        hypotheses = gr.Textbox(
            label=words.HYPOTHESES,
            placeholder=words.HYPOTHESES_EXAMPLE,
            info=words.HYPOTHESES_INFO,
            elem_id="hypotheses",
        )
    return beside, split, seed, window, normalizer, fillers, ids, hypotheses
