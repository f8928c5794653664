"""How many of torch's threads work: all of them on big products, one on hundreds of short passes.

Short passes wait for memory and gain nothing from a second thread; and where another program has the second core,
torch's threads wait for each other at the end of every pass, many times longer than the pass itself. That they sleep
meanwhile and do not spin, which the package asks for before torch is there, helps the big products alone.

A thread of Python's takes over, at its first product, the number that was set last, whoever set it. So whoever leaves a
block sets the process's own number and not what this thread happened to find.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_threads = torch.get_num_threads()
_here = threading.local()


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
        torch.set_num_threads(_threads)
