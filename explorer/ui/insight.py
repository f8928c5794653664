"""The sections below the transcripts: the stripe along λ, and the lens with the sound and each word's probabilities."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from explorer.ui.lensing import Lensing
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.striping import Striping
from explorer.ui.text.explore import STOP

# An answer on its way replaces a component's value, so what was asked last is kept beside it.
_ASKED = "(shown, ...rest) => [SAMerge.asked.{} || shown, ...rest]"


def insight(lensing: Lensing, striping: Striping, asked: Sequence[gr.components.Component], queue: str) -> None:
    """Build both sections and wire them.

    Args:
        lensing: answers the lens.
        striping: answers the stripe.
        asked: panel, chosen clip, player and reference.
        queue: of everything that keeps the models busy for long.
    """
    lens = gr.HTML(
        value={"state": "closed", "stamp": 0},
        html_template="",
        js_on_load="SAMerge.mountLens(element, props, trigger, watch); // fires 'submit'",
        elem_id="lens",
    )
    stripe = gr.HTML(
        value={"state": "closed", "stamp": 0},
        html_template="",
        js_on_load="SAMerge.mountStripe(element, props, trigger, watch); // fires 'submit'",
        elem_id="stripe",
    )
    stop = gr.Button(STOP, elem_id="stripe-stop", visible="hidden")
    answering: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
    lens.submit(lensing.announce, lens, None, js=_ASKED.format("lens"), **PLUMBING)
    looking = lens.submit(
        lensing.run,
        [lens, *asked],
        lens,
        js=_ASKED.format("lens"),
        concurrency_id=queue,
        concurrency_limit=1,
        **answering,
    )
    stripe.submit(striping.announce, stripe, None, js=_ASKED.format("stripe"), **PLUMBING)
    # Not in the models' line: it takes seconds, and between two stops whoever moves a slider has a turn.
    hearing = stripe.submit(
        striping.run,
        [stripe, *asked],
        stripe,
        js=_ASKED.format("stripe"),
        concurrency_id="stripe",
        concurrency_limit=4,
        **answering,
    )
    told_if_refused(looking, lens)
    told_if_refused(hearing, stripe)
    stop.click(striping.cancel, stripe, None, js=_ASKED.format("stripe"), **PLUMBING)
