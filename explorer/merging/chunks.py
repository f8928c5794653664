"""Entry-by-entry work on big matrices in pieces that stay in a core's cache.

TIES and DARE make a dozen passes over every entry. Done matrix by matrix each pass goes to memory and back; the
intermediate results of a piece never leave the cache.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_CHUNK = 1 << 14  # another one would draw other numbers in DARE


def in_chunks(
    combine: Callable[[Tensor, Tensor], Tensor], base: Tensor, first: Tensor, second: Tensor, chunk: int = _CHUNK
) -> Tensor:
    """Apply a function of (τ1, τ2) that treats entries one by one, piece after piece, in order.

    Args:
        combine: gives a piece of the merged task vector.
        base: W0.
        first: W1.
        second: W2.
        chunk: entries of a piece, on a CPU.

    Returns:
        The merged task vector, a tensor of its own.
    """
    merged = torch.empty_like(base, memory_format=torch.contiguous_format)
    into, origin, one, other = (tensor.reshape(-1) for tensor in (merged, base, first, second))
    step = chunk if base.device.type == "cpu" else max(1, base.numel())
    for start in range(0, into.numel(), step):
        piece = slice(start, start + step)
        into[piece] = combine(one[piece] - origin[piece], other[piece] - origin[piece])
    return merged
