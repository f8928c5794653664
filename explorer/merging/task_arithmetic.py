"""Task Arithmetic (arXiv 2212.04089): W = W0 + λ·(w·τ1 + (1 − w)·τ2).

The paper's λ·(τ1 + τ2) is w = 0.5 and twice its λ; with a weight, λ = 1 stays on the line between M1 and M2.
"""

import torch
from torch import Tensor

from explorer.merging.operands import Operands, Values, number_of


def weighted_sum(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Return w·τ1 + (1 − w)·τ2.

    Args:
        first: τ1, float32, any shape.
        second: τ2, same shape.
        share: w in [0, 1].
    """
    return torch.lerp(second, first, share)


def add_scaled(base: Tensor, vector: Tensor, scale: float, out: Tensor) -> Tensor:
    """Write W0 + λ·τ into ``out`` and return it.

    Args:
        base: W0.
        vector: τ, same shape.
        scale: λ.
        out: same shape; may be either's memory.
    """
    return torch.add(base, vector, alpha=scale, out=out)


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``scale``: λ in [0, 2]; ``share``: w in [0, 1].
        out: of the same shape; must share memory with none of them.
    """
    base, scale, share = operands.base, number_of(values, "scale"), number_of(values, "share")
    # W0·(1 − λ) + λ·(w·W1 + (1 − w)·W2): three passes over memory and nothing beside them.
    torch.lerp(operands.second, operands.first, share, out=out)
    return torch.lerp(base, out, scale, out=out)
