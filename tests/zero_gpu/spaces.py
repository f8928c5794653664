"""A stand-in for the package `spaces` of a ZeroGPU Space: it forks as that does, on the processor.

Of version 0.51 it has what a generator sees: a process that is forked at the first call and used again while it lives,
arguments and answers pickled through pipes, an exception that arrives as its class's name alone, a process that may be
killed, a caller who may stop, and refusals that are Gradio's errors with a title.
"""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from multiprocessing.queues import SimpleQueue
from typing import Any

import gradio as gr

_fork = multiprocessing.get_context("fork")
_DONE, _ABORTED = "done", "aborted"

asked: list[int] = []  # seconds, call by call
refusals: list[Exception] = []  # what the next calls get
pids: list[int] = []  # of the processes that were forked
gradio_auto_wrap = lambda task: task  # noqa: E731  # Gradio asks for it where the package is there


def quota_exceeded(requested: int = 8, left: int = 3) -> gr.Error:
    """What a visitor is told whose quota is used up."""
    message = (
        f"You have exceeded your free ZeroGPU quota ({requested}s requested vs. {left}s left). Try again in 1:02:03. "
    )
    return gr.Error(message, title="ZeroGPU quota exceeded", print_exception=False)


class _Worker:
    def __init__(self, task: Callable[..., Iterator[Any]]) -> None:
        self.arguments, self.answers = SimpleQueue(ctx=_fork), SimpleQueue(ctx=_fork)
        self.stop = _fork.Event()
        self.process = _fork.Process(target=self._serve, args=(task,), daemon=True)
        self.process.start()
        pids.append(self.process.pid)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        self.process.join()
        with suppress(ValueError):  # a process that is killed in the middle of an answer keeps the lock
            self.answers._wlock.release()
        self.answers.put((_ABORTED, None))

    def _serve(self, task: Callable[..., Iterator[Any]]) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        while True:
            args = self.arguments.get()
            self.stop.clear()
            # As there: the work is done in a thread of its own.
            thread = threading.Thread(target=self._iterate, args=(task, args))
            thread.start()
            thread.join()
            self.answers.put((_DONE, None))

    def _iterate(self, task: Callable[..., Iterator[Any]], args: tuple[Any, ...]) -> None:
        answers = task(*args)
        try:
            for answer in answers:
                if self.stop.is_set():
                    answers.close()
                    return
                self.answers.put(("answer", answer))
        except Exception as error:
            self.answers.put(("error", type(error).__name__))


def GPU(task: Callable[..., Iterator[Any]], *, duration: Callable[..., int]) -> Callable[..., Iterator[Any]]:  # noqa: N802
    """Decorate a generator."""
    forked = importlib.import_module("explorer.forked")
    forked.gpu_seconds = lambda errand: 50 * duration(errand)  # what stands in for the GPU here is slower than one
    idle: list[_Worker] = []

    @wraps(task)
    def handler(*args: Any) -> Iterator[Any]:
        asked.append(duration(*args))
        if refusals:
            raise refusals.pop(0)
        worker = idle.pop() if idle else None
        if worker is None or not worker.process.is_alive():
            worker = _Worker(task)
        worker.arguments.put(args)
        while True:
            kind, answer = worker.answers.get()
            if kind == "answer":
                try:
                    yield answer
                except GeneratorExit:
                    worker.stop.set()
                    while worker.answers.get()[0] not in (_DONE, _ABORTED):
                        pass
                    idle.append(worker)
                    raise
            elif kind == _DONE:
                idle.append(worker)
                return
            else:
                message = "GPU task aborted" if kind == _ABORTED else answer
                raise gr.Error(message, title="ZeroGPU worker error", print_exception=False)

    return handler


def take_away() -> None:
    """Kill the newest process, as the Space's host does with one that takes too long."""
    os.kill(pids[-1], signal.SIGKILL)
