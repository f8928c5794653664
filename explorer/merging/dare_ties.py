"""DARE with TIES' election (arXiv 2311.03099): τ̃_k = m_k·τ_k / d, then a sign for every entry and a disjoint mean.

As ``ties``, with a random draw in place of the trim: W = W0 + λ·mean{w_k·τ̃_k : sign τ̃_k = γ}.
"""

from torch import Tensor

from explorer.merging.chunks import in_chunks
from explorer.merging.dare_linear import draws, drop_and_rescale
from explorer.merging.operands import Operands, Values, number_of
from explorer.merging.task_arithmetic import add_scaled
from explorer.merging.ties import disjoint_mean


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``density``: d in [0.01, 1]; ``scale``: λ in [0, 2]; ``share``: w in [0, 1]; ``seed``.
        out: of the same shape; must share memory with none of them.
    """
    density, share, seed = number_of(values, "density"), number_of(values, "share"), int(values["seed"])

    def merged_vector() -> Tensor:
        one, other = draws(operands, seed)
        return in_chunks(
            lambda first, second: disjoint_mean(
                drop_and_rescale(first, density, one), drop_and_rescale(second, density, other), share
            ),
            operands.base,
            operands.first,
            operands.second,
        )

    vector = operands.kept.recall((operands.name, "dare-ties"), (density, share, seed), merged_vector)
    return add_scaled(operands.base, vector, number_of(values, "scale"), out)
