"""DARE with TIES' election (arXiv 2311.03099): τ̃_k = m_k·τ_k / d, then a sign for every entry and a disjoint mean.

As ``ties``, with a random draw in place of the trim: W = W0 + λ·mean{w_k·τ̃_k : sign τ̃_k = γ}.
"""

from torch import Tensor

from explorer.merging.dare_linear import dropped_and_joined
from explorer.merging.operands import Operands, Values
from explorer.merging.ties import disjoint_mean


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``density``: d in [0.01, 1]; ``scale``: λ in [0, 2]; ``share``: w in [0, 1]; ``seed``.
        out: of the same shape; must share memory with none of them.
    """
    return dropped_and_joined(operands, values, out, "dare-ties", disjoint_mean)
