"""Memory that is freed is kept for the next pass instead of going back to the system.

An encoder's pass over eight clips of 30 s makes and frees about a gigabyte, in pieces of up to 74 MB (of small.en,
147 MB). glibc gives pieces of that size back at once, and the next pass has to have every page of them made and zeroed
again: a quarter of the time of the pass, measured with `benchmarks/one_point.py`. Threads share one heap, for those of
their own may not hold pieces that big.
"""

import ctypes
import sys
from collections.abc import Callable

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_PIECE_BYTES, _KEPT_BYTES = 1 << 28, 1 << 29


def keep_freed_memory() -> None:
    """Let this process keep up to half a gigabyte that it has freed; without glibc nothing happens.

    To be called before the first thread is started.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is None:
        return
    for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _PIECE_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES)):
        mallopt(option, value)


def give_back() -> None:
    """Give what is free back to the system after work that is not done again; without glibc nothing happens."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of the C library, or None where it is another one."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
