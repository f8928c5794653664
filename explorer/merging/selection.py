"""The magnitude at a given rank, without sorting: Floyd and Rivest, Algorithm 489 (CACM 18, 1975).

A small sorted sample says between which two magnitudes the one looked for very likely lies. One pass counts what
is below them and collects what is between, a few hundredths of all entries, among which it is then selected.
"""

import numpy as np
from torch import Tensor

_PIECE = 1 << 17  # entries whose intermediate results stay in a core's cache
_WORTH = 1 << 16  # entries from which on a sample pays
_SAMPLE = (64, 1 << 17)  # one entry of so many, and at most so many
_SPREAD = 4  # standard deviations of a rank in the sample


def magnitude_at(base: Tensor, end: Tensor, rank: int) -> float:
    """Return the magnitude of an entry of τ = W − W0 that ``rank`` others precede when sorted.

    Args:
        base: W0, float32, any shape, not empty.
        end: W, same shape and device.
        rank: 0 for the smallest magnitude, the number of entries − 1 for the largest.
    """
    if base.device.type != "cpu":
        return float((end - base).abs().reshape(-1).kthvalue(rank + 1).values)
    origin, ends = base.reshape(-1), end.reshape(-1)
    found = _by_sample(origin, ends, rank) if len(origin) >= _WORTH else None
    if found is None:
        magnitudes = _magnitudes(origin, ends)
        magnitudes.partition(rank)  # fifteen times as fast as torch's own selection
        return float(magnitudes[rank])
    return found


def _magnitudes(base: Tensor, end: Tensor) -> np.ndarray:
    return (end - base).abs_().numpy()


def _by_sample(base: Tensor, end: Tensor, rank: int) -> float | None:
    """Return what is looked for, or None where the sample was misleading."""
    stride = max(_SAMPLE[0], len(base) // _SAMPLE[1]) | 1  # odd: not always the same column of a matrix
    sample = np.sort(_magnitudes(base[::stride], end[::stride]))
    place, margin = rank / len(base) * len(sample), _SPREAD * 0.5 * len(sample) ** 0.5
    lowest = sample[int(place - margin)] if place > margin else 0
    highest = sample[int(place + margin)] if place + margin < len(sample) else np.inf
    below, between = 0, []
    for start in range(0, len(base), _PIECE):
        piece = _magnitudes(base[start : start + _PIECE], end[start : start + _PIECE])
        inside = piece >= lowest
        below += len(piece) - int(np.count_nonzero(inside))
        inside &= piece <= highest
        between.append(piece[inside])
    candidates = np.concatenate(between)
    if not 0 <= rank - below < len(candidates):
        return None
    candidates.partition(rank - below)
    return float(candidates[rank - below])
