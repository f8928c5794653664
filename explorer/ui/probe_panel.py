"""The needle and what lies behind the curve: where they stand on the Explore tab, and what answers them."""

from typing import Any

import gradio as gr

from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.probing import Probing


class ProbePanel:
    """Lays both out, then wires them to the clip that is open: first the needle, then why, then the wires."""

    def __init__(self, probing: Probing) -> None:
        """Lay the needle out inside the current column.

        Args:
            probing: the handlers.
        """
        self._probing = probing
        self._needle = _html("needle", "SAMerge.mountNeedle(element, props, watch)")
        # What the browser asks has components of its own: an answer on its way must not write over a newer question.
        self._asked = _html("needle-ask", "SAMerge.mountAsk(element, props, trigger, 'needle'); // fires 'submit'")

    def lay_out_why(self) -> None:
        """Lay out what lies behind the curve inside the current column."""
        self._measures = _html("behind", "SAMerge.mountMeasures(element, props, trigger, watch); // fires 'submit'")
        self._layers = _html("layers", "SAMerge.mountLayers(element, props, watch)")
        self._search = _html("layers-ask", "SAMerge.mountAsk(element, props, trigger, 'layers'); // fires 'submit'")

    def wire(self, chosen: gr.HTML, player: gr.Audio, reference: gr.Textbox) -> None:
        """Wire it.

        Args:
            chosen: which clip is open.
            player: a clip of the visitor's own.
            reference: what was said in it.
        """
        probing, clip = self._probing, [chosen, player, reference]
        quiet: dict[str, Any] = {"concurrency_limit": 1, "show_progress": "hidden", "api_visibility": "private"}
        self._asked.submit(probing.announce, self._asked, None, **PLUMBING)
        reading = self._asked.submit(
            probing.read,
            [self._asked, *clip],
            self._needle,
            concurrency_id="needle",
            trigger_mode="always_last",
            **quiet,
        )
        self._search.submit(probing.announce_layers, self._search, None, **PLUMBING)
        searching = self._search.submit(
            probing.which,
            [self._search, *clip],
            self._layers,
            concurrency_id="layers",
            trigger_mode="multiple",
            **quiet,
        )
        measuring = self._measures.submit(
            probing.behind,
            self._measures,
            self._measures,
            concurrency_id="anatomy",
            trigger_mode="always_last",
            **quiet,
        )
        for event, section in ((reading, self._needle), (searching, self._layers), (measuring, self._measures)):
            told_if_refused(event, section)
        # A clip of one's own is among those that are read as soon as its words are known.
        for words_known in (chosen.submit, reference.submit, reference.blur):
            words_known(None, None, None, js="() => SAMerge.clipChanged()", **PLUMBING)


def _html(name: str, mount: str) -> gr.HTML:
    return gr.HTML(value={"state": ""}, html_template="", js_on_load=mount, elem_id=name)
