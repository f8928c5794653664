"""ZeroGPU: a Hugging Face Space that is lent a GPU for the length of a call, in a process forked for it.

`spaces` is there on such a Space, and only there. What is refused, for want of quota or of a GPU, is told in words;
what the Space's own processor can hear in a minute it then hears.
"""

import importlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.context import LocalContext

from explorer.errors import ExplorerError
from explorer.ui.text.common import GPU_INSTEAD, GPU_LOST, GPU_REFUSED

if TYPE_CHECKING:
    from explorer.errand import Errand, Inherited
    from explorer.transcription.decoding import Halt, Hypothesis

PATIENCE_SECONDS = 60.0  # what may take longer on the processor is refused with the GPU
PAUSE_SECONDS = 60.0  # a visitor who was refused is not made to queue again before
_log = logging.getLogger(__name__)


def zero_gpu() -> "ZeroGpu | None":
    """Return the way to a GPU on a ZeroGPU Space, and None everywhere else; `spaces` wants it before the launch."""
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    return ZeroGpu(importlib.import_module("spaces").GPU)


class ZeroGpu:
    """Takes errands to a GPU; what ``Workbench`` is given as its elsewhere."""

    def __init__(self, gpu: Callable[..., Callable[["Errand"], Iterator[Any]]]) -> None:
        """Take ``spaces.GPU``, the decorator."""
        self._errands = importlib.import_module("explorer.errand")
        self._fork = importlib.import_module("explorer.forked").Fork()
        self._send = gpu(self._fork.work, duration=self._errands.gpu_seconds)
        self._refused_at: dict[str | None, float] = {}

    def __call__(self, errand: "Errand", triple: "Inherited", halt: "Halt") -> "Iterator[list[Hypothesis]] | None":
        """Take an errand, once a GPU is there.

        Args:
            errand: what is to be heard.
            triple: its own, on the CPU.
            halt: asked at every answer.

        Returns:
            Hypotheses, as decoding goes on; None where no GPU is to be had and the processor does it soon enough.

        Raises:
            ExplorerError: no GPU is to be had, and the processor would take too long.
        """
        halt.check()
        visitor = _visitor()
        if time.monotonic() - self._refused_at.get(visitor, -PAUSE_SECONDS) < PAUSE_SECONDS and self._is_small(errand):
            return None
        self._fork.triples[errand.spec.name] = triple
        answers = self._send(errand)
        try:
            first = next(answers)
        except Exception as error:  # ZeroGPU's client has no error of its own
            _log.warning("no GPU: %s", _words(error))
            self._note(visitor)
            if not self._is_small(errand):
                raise ExplorerError(GPU_REFUSED.format(why=_words(error))) from error
            gr.Warning(GPU_INSTEAD.format(why=_words(error)))
            return None
        return _told(first, answers, halt)

    def _is_small(self, errand: "Errand") -> bool:
        return bool(self._errands.cpu_seconds(errand) <= PATIENCE_SECONDS)

    def _note(self, visitor: str | None) -> None:
        now = time.monotonic()
        self._refused_at = {
            each: refused for each, refused in self._refused_at.items() if now - refused < PAUSE_SECONDS
        } | {visitor: now}


def _told(
    first: "list[Hypothesis] | ExplorerError", answers: Iterator[Any], halt: "Halt"
) -> "Iterator[list[Hypothesis]]":
    """Hand answers on; an error among them, and a GPU that is taken away, are raised here."""
    try:
        answer: Any = first
        while answer is not None:
            if isinstance(answer, ExplorerError):
                raise answer
            yield answer
            halt.check()
            answer = next(answers, None)
    except ExplorerError:
        raise
    except Exception as error:
        raise ExplorerError(GPU_LOST.format(why=_words(error))) from error
    finally:
        answers.close()  # type: ignore[attr-defined]  # a generator's: the process is told to stop


def _visitor() -> str | None:
    """Name the visitor for whom this is done; None for work that nobody on the page asked for."""
    request = LocalContext.request.get(None)
    return getattr(request, "session_hash", None)


def _words(error: Exception) -> str:
    """Say in a line what ZeroGPU said: title and message of an error meant for people, else its kind."""
    if isinstance(error, gr.Error):
        return f"{getattr(error, 'title', '')}: {error.message!s}".strip(": .\n")
    return f"{type(error).__name__}: {error}".strip(": .\n")
