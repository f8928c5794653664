"""RegMean (arXiv 2212.09849): the linear layer whose outputs are nearest to those of both models, on their own inputs.

    W = (W1·G1 + W2·G2)·(G1 + G2)⁻¹,   G_k = X_kᵀX_k / n with what is off the diagonal times α

for weights as torch stores them, (outputs, inputs), and inputs X_k of shape (n, inputs) that model k was given. It is
the least-squares solution of Σ_k ‖X_k·Wᵀ − X_k·W_kᵀ‖². α below 1 shields it against chance correlations; the paper
takes 0.9. All that is no weight of a linear layer is averaged.
"""

import torch
from torch import Tensor

from explorer.merging.operands import Operands, Values, number_of

# Directions that no clip went in are determined by neither model: there it is the average.
_RIDGE = 1e-9


def shielded(gram: Tensor, offdiagonal: float) -> Tensor:
    """Return G with what is off its diagonal times α, in float64.

    Args:
        gram: shape (inputs, inputs).
        offdiagonal: α in [0, 1].
    """
    wide = gram.double()
    return wide * offdiagonal + torch.diag(torch.diagonal(wide) * (1.0 - offdiagonal))


def regression_mean(first: Tensor, second: Tensor, grams: tuple[Tensor, Tensor], offdiagonal: float) -> Tensor:
    """Solve for the merged weight, in float64.

    Args:
        first: W1, shape (outputs, inputs).
        second: W2, same shape.
        grams: G1 and G2, shape (inputs, inputs).
        offdiagonal: α in [0, 1].

    Returns:
        W, shape (outputs, inputs), float64.
    """
    one, other = (shielded(gram, offdiagonal) for gram in grams)
    ridge = torch.eye(len(one), dtype=one.dtype, device=one.device) * (_RIDGE * float((one + other).trace()) / len(one))
    one, other = one + ridge, other + ridge
    target = first.double() @ one + second.double() @ other
    return torch.linalg.solve(one + other, target, left=False)  # type: ignore[no-any-return]


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor, with its Gram matrices if it is the weight of a linear layer.
        values: ``offdiagonal``: α in [0, 1]; ``grams``: the matrices' name, which is never given twice.
        out: of the same shape; must share memory with none of them.
    """
    if operands.grams is None or not any(bool(gram.any()) for gram in operands.grams):
        return torch.lerp(operands.second, operands.first, 0.5, out=out)
    alpha, grams = number_of(values, "offdiagonal"), operands.grams
    # A solved system is worth keeping: an evaluation comes back to this merge with every batch.
    solved = operands.kept.recall(
        (operands.name, "regmean"),
        (alpha, values.get("grams")),
        lambda: regression_mean(operands.first, operands.second, grams, alpha).to(out.dtype),
    )
    return out.copy_(solved)
