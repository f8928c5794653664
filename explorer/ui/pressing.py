"""A section of the page whose buttons are one event, and whose work can be called off."""

from collections.abc import Callable, Sequence

import gradio as gr

from explorer.ui.evaluate_tab import PLUMBING


def on_press(
    section: gr.HTML,
    announce: Callable[..., object],
    run: Callable[..., object],
    inputs: Sequence[gr.HTML],
    queue: str,
    at_once: int = 1,
) -> None:
    """Let one press be two events: the first says at once what is not wanted any more, the second waits for its turn.

    Args:
        section: whose ``submit`` it is; what ``run`` yields is its value.
        announce: takes the section's value, past the queue.
        run: takes the values of ``inputs``.
        inputs: of ``run``, the section first.
        queue: in which ``at_once`` runs at a time have their turn.
        at_once: see there.
    """
    section.submit(announce, section, None, **PLUMBING)
    section.submit(
        run,
        list(inputs),
        section,
        concurrency_id=queue,
        concurrency_limit=at_once,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )
