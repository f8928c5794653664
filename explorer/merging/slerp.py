"""Slerp, interpolation along the arc (Shoemake 1985, doi 10.1145/325334.325242), each tensor taken as one vector.

    W = (sin(λΩ)·W1 + sin((1 − λ)Ω)·W2) / sin Ω,   Ω = ∠(W1, W2)

Where the two are nearly parallel or opposite, or one of them is zero, the arc is not determined: there it is Lerp.
"""

import math

import torch
from torch import Tensor

from explorer.merging.lerp import interpolate
from explorer.merging.operands import Operands, Values, number_of

# Nearer than this the arc and the line differ by less than one part in eight thousand.
COLLINEAR = 0.9995


def cosine(first: Tensor, second: Tensor) -> float:
    """Return the cosine between two tensors taken as vectors; 1 if either is zero."""
    one, other = first.reshape(-1).double(), second.reshape(-1).double()
    lengths = float(one.norm()) * float(other.norm())
    return float(torch.dot(one, other)) / lengths if lengths > 0 else 1.0


def arc_weights(angle_cosine: float, ratio: float) -> tuple[float, float] | None:
    """Return the factors of the two ends, or None where it is to be Lerp.

    Args:
        angle_cosine: cos Ω in [−1, 1].
        ratio: λ in [0, 1], how far from the second end to the first.
    """
    if abs(angle_cosine) > COLLINEAR:
        return None
    angle = math.acos(angle_cosine)
    return math.sin(ratio * angle) / math.sin(angle), math.sin((1 - ratio) * angle) / math.sin(angle)


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: M1's and M2's tensor; the base is not used.
        values: ``lambda``: λ in [0, 1], the share of M1; its ends are M1 and M2 bit for bit.
        out: of the same shape; must share memory with none of them.
    """
    first, second, ratio = operands.first, operands.second, number_of(values, "lambda")
    between = operands.kept.recall((operands.name, "cosine of weights"), None, lambda: cosine(first, second))
    weights = arc_weights(between, ratio)
    if weights is None or ratio in (0.0, 1.0):
        return interpolate(first, second, ratio, out)
    return torch.mul(first, weights[0], out=out).add_(second, alpha=weights[1])
