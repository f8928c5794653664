"""TIES: trim, elect sign, disjoint merge (arXiv 2306.01708), each tensor by itself.

    τ̂_k = τ_k where |τ_k| is among the d·n largest of its n entries, else 0
    γ    = sign(w·τ̂1 + (1 − w)·τ̂2), 0 counted as +
    τ    = Σ w_k·τ̂_k / Σ w_k over those k with sign τ̂_k = γ, 0 where there is none
    W    = W0 + λ·τ

The paper trims 80 % (d = 0.2). Entries as large as the smallest one kept are kept too, whatever their place.
"""

import numpy as np
import torch
from torch import Tensor

from explorer.merging.chunks import in_chunks
from explorer.merging.operands import Operands, Values, number_of
from explorer.merging.selection import magnitude_at
from explorer.merging.task_arithmetic import add_scaled

_PIECE = 1 << 16  # entries between which Python's own work no longer counts


def threshold(base: Tensor, end: Tensor, density: float) -> float:
    """Return the magnitude of the smallest entry of τ = W − W0 that trimming keeps.

    Args:
        base: W0, float32, any shape, not empty.
        end: W, same shape.
        density: share kept, in (0, 1]; at least one entry is.
    """
    count = base.numel()
    return magnitude_at(base, end, count - max(1, int(density * count)))


def trim(vector: Tensor, lowest: float) -> Tensor:
    """Return τ̂: τ with 0 in place of entries below ``lowest`` in magnitude."""
    return torch.nn.functional.hardshrink(vector, _just_below(lowest))


def _just_below(lowest: float) -> float:
    # hardshrink keeps what is strictly larger, and the smallest kept entry has to stay.
    return float(np.nextafter(np.float32(lowest), np.float32(-1)))


def disjoint_mean(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Elect a sign for every entry and average those task vectors that have it.

    Args:
        first: τ̂1, float32, any shape.
        second: τ̂2, same shape.
        share: w in [0, 1], the weight of τ̂1; that of τ̂2 is 1 − w.

    Returns:
        The merged task vector.
    """
    if share in (0.0, 1.0):  # the other one has no say: what it alone holds has weight 0
        return first if share else second
    # Signs and extremes are ten times as fast as masks. With two vectors the election has three outcomes. Signs agree:
    # the weighted mean. Signs differ: whichever has the elected sign. One is zero: the other, which has it too.
    weighted = torch.lerp(second, first, share)
    elected = torch.copysign(torch.ones(1, device=weighted.device), weighted)
    winner = elected * torch.maximum(elected * first, elected * second)
    agree = (first.sign() * second.sign()).clamp_(min=0)
    return torch.lerp(winner, weighted, agree)


def merged_vector(operands: Operands, density: float, share: float) -> Tensor:
    """Return the merged task vector of one tensor; thresholds are recalled from earlier densities."""
    base, ends = operands.base, (operands.first, operands.second)

    def lowest_kept(member: int) -> float:
        slot = (operands.name, "smallest kept", member, density)  # small enough to keep for every place of the slider
        return operands.kept.recall(slot, None, lambda: threshold(base, ends[member], density))

    def combine(one: Tensor, two: Tensor) -> Tensor:
        return disjoint_mean(trim(one, lowest[0]), trim(two, lowest[1]), share)

    lowest = lowest_kept(0), lowest_kept(1)
    return in_chunks(combine, base, *ends, _PIECE)


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``density``: d in [0.01, 1]; ``scale``: λ in [0, 2]; ``share``: w in [0, 1].
        out: of the same shape; must share memory with none of them.
    """
    density, share = number_of(values, "density"), number_of(values, "share")
    slot = (operands.name, "ties")
    vector = operands.kept.recall(slot, (density, share), lambda: merged_vector(operands, density, share))
    return add_scaled(operands.base, vector, number_of(values, "scale"), out)
