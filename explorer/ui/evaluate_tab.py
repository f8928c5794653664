"""The Evaluate tab's layout and wiring: the form, the tables, the charts, every clip."""

from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.text_rules import NORMALIZER_KINDS
from explorer.ui.choosing import Choosing
from explorer.ui.corpus_fields import beside_field, corpus_fields
from explorer.ui.evaluating import WINDOWS, Evaluating
from explorer.ui.job import MODELS
from explorer.ui.text import EVALUATION_EMPTY, WAITING

# Events that compute nothing go past the queue; none is part of a public interface.
PLUMBING: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


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
            label="Filter",
            placeholder="age <= 8 and gender = f",
            info="duration <= 30 is the first of the paper's halves, duration > 30 the second.",
            elem_id="filter",
            scale=3,
        )
        limit = gr.Number(
            100,
            label="Clips (n)",
            info="drawn evenly over speakers; empty: all",
            elem_id="limit",
            scale=1,
            min_width=130,
        )
        models = gr.CheckboxGroup(list(MODELS), value=["M1", "M2", "merge"], label="Models", elem_id="models", scale=2)
    counted = gr.Markdown(elem_id="counted")
    with gr.Accordion("More settings: a second corpus, window, normaliser, lists of ids", open=False, elem_id="more"):
        beside, split, seed, window, normalizer, fillers, ids, hypotheses = _more(choosing, open_=open_)
    place = [corpus, kind, folder, split, expression, ids, hypotheses, limit, seed]
    with gr.Row():
        run = gr.Button("Evaluate", variant="primary", elem_id="run", scale=0, min_width=180)
        stop = gr.Button("Cancel", interactive=False, elem_id="cancel", scale=0, min_width=120)
        follow = gr.Checkbox(False, label="again whenever the curve moves", elem_id="follow", container=False)
    result = gr.HTML(
        value={"state": "", "notice": EVALUATION_EMPTY},
        html_template="",
        js_on_load="SAMerge.mountEvaluation(element, props, trigger, watch)",
        elem_id="evaluation",
    )
    view = gr.Dropdown([], label="Chart · click a mark to see its clips", visible=False, elem_id="view-choice")
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
    run.click(evaluating.announce, result, None, js=f"() => SAMerge.beginRun('{WAITING}')", **PLUMBING)
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
    running.failure(None, None, None, js="() => SAMerge.brokenRun()", **PLUMBING)
    stop.click(evaluating.cancel, result, js="() => SAMerge.endRun()", **PLUMBING)
    view.input(evaluating.look, view, chart, **PLUMBING)
    again = "(follow) => { if (follow) document.querySelector('#run').click(); }"
    panel.submit(None, follow, None, js=again, **PLUMBING)


def _more(choosing: Choosing, *, open_: bool) -> tuple[Any, ...]:
    """Lay out what most people leave alone."""
    with gr.Row():
        beside = beside_field(choosing, "n and seed hold for it too, filter and split do not.", open_=open_)
        split = gr.Textbox(label="Split", placeholder="test", info="empty: all", elem_id="split", scale=1)
        seed = gr.Number(0, label="Seed", info="of the draw", elem_id="seed", scale=1)
    with gr.Row():
        window = gr.Radio(
            list(WINDOWS),
            value="as declared",
            label="Window",
            info="30 s as Whisper pads, or cut to fit the clip where the triple was trained so",
            elem_id="window",
        )
        normalizer = gr.Radio(
            list(NORMALIZER_KINDS),
            value=NORMALIZER_KINDS[0],
            label="Normaliser",
            info="makes texts comparable before they are scored",
            elem_id="normalizer",
        )
        fillers = gr.Checkbox(False, label="score fillers (um, uh)", elem_id="fillers")
    with gr.Row(visible=open_):
        ids = gr.Textbox(
            label="List of ids",
            placeholder="/path/to/test_ids.txt",
            info="A text file on this machine, one id a line, as the authors publish theirs.",
            elem_id="ids",
        )
        hypotheses = gr.Textbox(
            label="Hypotheses, for the paper's filter",
            placeholder="/path/to/large-v2.txt",
            info="Lines of id and text: keeps at least 3 words, and a WER of that decoder of at most 50 %.",
            elem_id="hypotheses",
        )
    return beside, split, seed, window, normalizer, fillers, ids, hypotheses
