"""Headwise Selective Attention Merge (Computer Speech & Language 2026, doi 10.1016/j.csl.2026.102012).

SA Merge of the heads that fine-tuning moved most; the others stay M1's. A head's rows of a q, k or v tensor score

    s[h] = ‖ |τ1[h]| + |τ2[h]| ‖₂

and the K·H best of H heads are merged, each tensor by itself. K = 1 is SA Merge on the same scope.
"""

import torch
from torch import Tensor

from explorer.attention import whole_heads
from explorer.merging.lerp import interpolate
from explorer.merging.operands import Operands, Values, number_of


def head_scores(base: Tensor, first: Tensor, second: Tensor, heads: int) -> Tensor:
    """Score every head by how far the two fine-tunes moved its rows.

    Args:
        base: W0, shape (heads·rows, …).
        first: W1, same shape.
        second: W2, same shape.
        heads: H.

    Returns:
        Norms in float64, shape (H,).
    """
    moved = (first - base).abs() + (second - base).abs()
    return moved.reshape(heads, -1).double().square().sum(dim=1).sqrt()


def chosen_heads(scores: Tensor, share: float) -> Tensor:
    """Return the indices of the heads to merge, ascending; of equal scores the earlier head goes first.

    Args:
        scores: shape (H,).
        share: K in [0, 1]; K·H is rounded to the nearest whole number, half upwards.
    """
    order = torch.sort(scores, descending=True, stable=True).indices
    return torch.sort(order[: whole_heads(share, len(scores))]).values


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one q, k or v tensor, with the number of its heads.
        values: ``ratio``: λ_i in [0, 1]; ``heads``: K in [0, 1].
        out: of the same shape; must share memory with none of them.
    """
    base, first, second = operands.base, operands.first, operands.second
    slot = (operands.name, "head scores")
    scores = operands.kept.recall(slot, None, lambda: head_scores(base, first, second, operands.heads))
    by_head = out.view(operands.heads, -1)
    interpolate(first, second, number_of(values, "ratio"), out)
    left = torch.ones(operands.heads, dtype=torch.bool, device=out.device)
    left[chosen_heads(scores, number_of(values, "heads"))] = False
    by_head[left] = first.reshape(operands.heads, -1)[left]
    return out
