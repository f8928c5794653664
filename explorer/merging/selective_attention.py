"""Selective Attention Merge (arXiv 2501.08468): only q, k and v are merged, layer by layer; the rest is M1's.

    W = W0 + λ_i·τ1 + (1 − λ_i)·τ2,   τ1 = W1 − W0,   τ2 = W2 − W0

W0 cancels: W = W2 + λ_i·(W1 − W2). It is computed like that, in float32 and always from the stored endpoints, so that
λ_i = 1 is M1 bit for bit, λ_i = 0 is M2 bit for bit, and moving a slider to and fro does not drift.
"""

from torch import Tensor

from explorer.merging.lerp import interpolate
from explorer.merging.operands import Operands, Values, number_of


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out``.

    Args:
        operands: of one q, k or v tensor.
        values: ``ratio``: λ_i in [0, 1], the share of M1; or one for each head, whose rows follow each other.
        out: of the same shape; must share memory with none of them.

    Returns:
        ``out``.
    """
    ratio = values["ratio"]
    if not isinstance(ratio, tuple):
        return interpolate(operands.first, operands.second, number_of(values, "ratio"), out)
    rows = (tensor.chunk(len(ratio)) for tensor in (operands.first, operands.second, out))
    for first, second, place, each in zip(*rows, ratio, strict=True):
        interpolate(first, second, each, place)
    return out
