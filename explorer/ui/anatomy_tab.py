"""The Anatomy tab's layout and wiring: what fine-tuning changed in the triple that is chosen on Explore."""

import json
from typing import Any

import gradio as gr

from explorer.measures import DEFAULT_MEASURE, MEASURES
from explorer.ui.looking import HEADS, Looking
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.text import anatomy as words


def anatomy_tab(tab: gr.Tab, looking: Looking, panel: gr.HTML) -> None:
    """Lay the tab out inside ``tab``, the current one.

    Args:
        tab: opening it asks for the figures.
        looking: the handlers.
        panel: of the Explore tab, whose triple is looked into.
    """
    gr.Markdown(words.INTRO)
    notice = gr.HTML(
        value={"state": "", "notice": ""},
        html_template="",
        js_on_load="SAMerge.mountAnatomy(element, props, trigger, watch)",
        elem_id="anatomy",
    )
    with gr.Column(visible=False) as box:
        gr.Markdown(words.MATRICES)
        measure = gr.Radio(
            [row.label for row in MEASURES.values()],
            value=MEASURES[DEFAULT_MEASURE].label,
            label=words.MEASURE,
            elem_id="measure",
        )
        chart = _plot("anatomy-map")
        cell = _cell("anatomy-cell", "anatomy-map")
        reading = _reading("anatomy-map-reading")
        gr.Markdown(words.ENERGY)
        energy = _plot("anatomy-energy")
        energy_reading = _reading("anatomy-energy-reading")
        gr.Markdown(words.HEADS)
        heads = gr.Radio(list(HEADS), value=next(iter(HEADS)), label=words.WHOSE, elem_id="whose-heads")
        heads_chart = _plot("anatomy-heads")
        head_cell = _cell("anatomy-head", "anatomy-heads")
        heads_reading = _reading("anatomy-heads-reading")
        gr.Markdown(words.COSINES)
        cosines = _plot("anatomy-cosines")
        cosines_reading = _reading("anatomy-cosines-reading")

    figures = [chart, reading, cell, energy, energy_reading, heads_chart, heads_reading, head_cell]
    showing: dict[str, Any] = {
        "fn": looking.open,
        "inputs": [panel, notice, measure, heads],
        "outputs": [notice, box, *figures, cosines, cosines_reading],
        "concurrency_id": "anatomy",
        "concurrency_limit": 1,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    # Somebody else's triple may be being measured: say at once, in the browser, that this one waits.
    told_if_refused(tab.select(None, notice, notice, js=_say(words.WAITING), **PLUMBING).then(**showing), notice)
    measure.input(looking.measure, [notice, measure], [chart, reading], trigger_mode="always_last", **PLUMBING)
    heads.input(looking.heads, [notice, heads], [heads_chart, heads_reading], trigger_mode="always_last", **PLUMBING)


def _plot(name: str) -> gr.Plot:
    return gr.Plot(show_label=False, container=False, elem_id=name, elem_classes="sam-figure")


def _cell(name: str, figure: str) -> gr.HTML:
    return gr.HTML(
        value={"cells": []},
        html_template="",
        # Not as a prop: those of a component that is hidden at first are not there yet when it is mounted.
        js_on_load=f"SAMerge.mountCell(element, props, watch, '{figure}')",
        elem_id=name,
    )


def _reading(name: str) -> gr.Markdown:
    return gr.Markdown(elem_id=name, elem_classes="sam-says")


def _say(says: str) -> str:
    return f"(shown) => (shown.state === 'done' ? shown : {{state: 'loading', notice: {json.dumps(says)}}})"
