"""How presses reach their handlers: what computes nothing goes past the queue, and what is refused is told."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

# Events that compute nothing go past the queue; none is part of a public interface.
PLUMBING: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def told_if_refused(event: Any, section: gr.HTML) -> None:  # noqa: ANN401 - gradio's, which has no types
    """Let a press be answered in its section also when no handler is reached: Gradio's queue is full, say.

    Args:
        event: of the press.
        section: where its answers are shown; its value is {state, notice, stamp, …}.
    """
    event.failure(None, section, section, js="SAMerge.refused", **PLUMBING)


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
    running = section.submit(
        run,
        list(inputs),
        section,
        concurrency_id=queue,
        concurrency_limit=at_once,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
    )
    told_if_refused(running, section)
