"""Slerp of task vectors: along the arc between what the two trainings changed (Shoemake 1985, each tensor one vector).

    W = W0 + (sin(λΩ)·τ1 + sin((1 − λ)Ω)·τ2) / sin Ω,   Ω = ∠(τ1, τ2)

Unlike weights of two fine-tunes, their task vectors point different ways, so this arc differs from the straight line.
"""

import torch
from torch import Tensor

from explorer.merging.lerp import interpolate
from explorer.merging.operands import Operands, Values, number_of
from explorer.merging.slerp import arc_weights, cosine


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``lambda``: λ in [0, 1], the share of τ1; its ends are M1 and M2 bit for bit.
        out: of the same shape; must share memory with none of them.
    """
    base, first, second, ratio = operands.base, operands.first, operands.second, number_of(values, "lambda")
    slot = (operands.name, "cosine of task vectors")
    between = operands.kept.recall(slot, None, lambda: cosine(first - base, second - base))
    weights = arc_weights(between, ratio)
    if weights is None or ratio in (0.0, 1.0):
        return interpolate(first, second, ratio, out)
    # W0 + a·(W1 − W0) + b·(W2 − W0), without a task vector in memory.
    torch.mul(base, 1.0 - weights[0] - weights[1], out=out)
    return out.add_(first, alpha=weights[0]).add_(second, alpha=weights[1])
