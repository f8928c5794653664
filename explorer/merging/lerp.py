"""Lerp, linear interpolation of weights (model soups, arXiv 2203.05482): W = λ·W1 + (1 − λ)·W2."""

import torch
from torch import Tensor

from explorer.merging.operands import Operands, Values, number_of


def interpolate(first: Tensor, second: Tensor, ratio: float, out: Tensor) -> Tensor:
    """Write ``ratio``·first + (1 − ``ratio``)·second into ``out``.

    Args:
        first: float32, any shape.
        second: same shape.
        ratio: in [0, 1], the share of ``first``.
        out: same shape; must share memory with neither.

    Returns:
        ``out``.
    """
    # lerp alone would turn −0.0 into 0.0 at the ends: copy there, so that the ends are exact in every bit.
    if ratio == 1.0:
        return out.copy_(first)
    if ratio == 0.0:
        return out.copy_(second)
    return torch.lerp(second, first, ratio, out=out)


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: M1's and M2's tensor; the base is not used.
        values: ``lambda``: λ in [0, 1], the share of M1; its ends are M1 and M2 bit for bit.
        out: of the same shape; must share memory with none of them.
    """
    return interpolate(operands.first, operands.second, number_of(values, "lambda"), out)
