"""Work on one thread of the CPU, for hundreds of short passes over tensors.

They wait for memory and gain little from more threads; and where another program has the second core, torch's threads
wait for each other at the end of every pass, ten times longer than the pass itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch one thread inside the block and its former number afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
