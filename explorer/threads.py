"""How many of torch's threads work: all of them on big products, one on hundreds of short passes.

Short passes wait for memory and gain nothing from a second thread; and where another program has the second core,
torch's threads wait for each other at the end of every pass, many times longer than the pass itself. That they sleep
meanwhile and do not spin, which the package asks for before torch is there, helps the big products alone.

A thread of Python's takes over, at its first product, the number that was set last, whoever set it. So whoever leaves a
block sets the process's own number and not what this thread happened to find.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_MOST_AT_ONCE = 4  # pieces of work; what Python does between products is done by one thread at a time
_threads = torch.get_num_threads()
_here = threading.local()

Item = TypeVar("Item")
Result = TypeVar("Result")


def use_threads(count: int) -> None:
    """Let this process compute on ``count`` threads, at least one."""
    global _threads
    _threads = count
    torch.set_num_threads(count)


@contextmanager
def one_thread(wanted: bool = True) -> Iterator[None]:
    """Give torch one thread inside the block and the process's number afterwards.

    Args:
        wanted: False leaves everything as it is.
    """
    if not wanted or getattr(_here, "inside", False):
        yield
        return
    torch.set_num_threads(1)
    _here.inside = True
    try:
        yield
    finally:
        _here.inside = False
        torch.set_num_threads(_own())


def at_once() -> int:
    """Say how many pieces of work this thread may give to ``side_by_side``."""
    return 1 if getattr(_here, "inside", False) else min(_own(), _MOST_AT_ONCE)


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item], stop: Callable[[], None]) -> list[Result]:
    """Do pieces of work at the same time, on a share of the threads each.

    Threads that share a product wait for each other at the end of it; those that have their own do not.

    Args:
        work: for one item.
        items: at most ``at_once()``, of as much work each.
        stop: called when one failed, or the process is interrupted: ends the others, which are waited for.

    Returns:
        What each gave, in the order of the items.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    share = max(1, _own() // len(items))

    def begun(item: Item) -> Result:
        _here.own = share
        torch.set_num_threads(share)
        return work(item)

    try:
        with ThreadPoolExecutor(len(items)) as pool:
            pieces = [pool.submit(begun, item) for item in items]
            try:
                return [piece.result() for piece in pieces]
            except BaseException:
                stop()
                raise
    finally:
        torch.set_num_threads(_own())


def _own() -> int:
    return getattr(_here, "own", _threads)
