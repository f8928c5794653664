"""How many of torch's threads work: all on one big product, a share on each of several works, one on short passes.

Short passes wait for memory and gain nothing from a second thread; and where another program has the second core,
torch's threads wait for each other at the end of every pass, many times longer than the pass itself. That they sleep
meanwhile and do not spin, which the package asks for before torch is there, helps the big products alone.

A thread of Python's takes over, at its first product, the number that was set last, whoever set it. So whoever leaves a
block sets its own number, the process's but for pieces of work side by side, and not what this thread happened to find.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TypeVar, cast

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
    """Give torch one thread inside the block and afterwards this thread's number, which mostly is the process's.

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
        items: at most ``at_once()``; those with more work first, which have the larger shares.
        stop: called when one failed, or this thread was interrupted: ends the others, which are waited for.

    Returns:
        What each gave, in the order of the items.

    Raises:
        Exception: the first that ``work`` raised.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    ended: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()
    more, rest = divmod(_own(), len(items))

    def begin(place: int) -> None:
        torch.get_num_threads()  # a new thread's first look at the number would otherwise undo what it sets here
        _here.own = max(1, more + (place < rest))
        torch.set_num_threads(_here.own)
        try:
            ended.put((place, work(items[place]), None))
        except BaseException as error:  # told where it is waited for
            ended.put((place, None, error))

    # Daemons, as those who ask for them may be: a process that ends does not wait for a batch.
    pieces = [threading.Thread(target=begin, args=(place,), daemon=True) for place in range(len(items))]
    found: dict[int, Result] = {}
    try:
        for piece in pieces:
            piece.start()
        while len(found) < len(items):
            place, result, error = ended.get()
            if error is not None:
                raise error
            found[place] = cast(Result, result)
    except BaseException:
        stop()
        for piece in pieces:
            if piece.ident is not None:
                piece.join()
        raise
    finally:
        torch.set_num_threads(_own())
    return [found[place] for place in range(len(items))]


def _own() -> int:
    return getattr(_here, "own", _threads)
