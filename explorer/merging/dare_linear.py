"""DARE, drop and rescale (arXiv 2311.03099), followed by a weighted sum; each tensor by itself.

    m_k ~ Bernoulli(d) for every entry,   τ̃_k = m_k·τ_k / d,   W = W0 + λ·(w·τ̃1 + (1 − w)·τ̃2)

The expectation of τ̃_k is τ_k. The draw is determined by the seed, the tensor's name and the member alone: the same on
every device and in whatever order tensors are merged, and an entry kept at one density is kept at every higher one.
"""

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor

from explorer.merging.chunks import in_chunks
from explorer.merging.operands import Operands, Values, number_of
from explorer.merging.task_arithmetic import add_scaled, weighted_sum


def draws(operands: Operands, seed: int) -> tuple[torch.Generator, torch.Generator]:
    """Return the generators of m1 and m2 for one tensor, at their start."""

    def started(member: str) -> torch.Generator:
        digest = hashlib.sha256(f"{seed} {member} {operands.name}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)

    return started("m1"), started("m2")


def drop_and_rescale(vector: Tensor, density: float, generator: torch.Generator) -> Tensor:
    """Return τ̃: entries kept with probability d and divided by it, the others 0.

    Args:
        vector: τ, float32, any shape.
        density: d in (0, 1].
        generator: of the CPU, which gives one number for each entry.
    """
    drawn = torch.rand(vector.shape, generator=generator).to(vector.device)
    kept = (density - drawn).sign_().clamp_(min=0)  # 1 or 0; ten times as fast as a mask
    return vector * kept.div_(density)


def merge(operands: Operands, values: Values, out: Tensor) -> Tensor:
    """Write the merge of one tensor into ``out`` and return it.

    Args:
        operands: of one tensor.
        values: ``density``: d in [0.01, 1]; ``scale``: λ in [0, 2]; ``share``: w in [0, 1]; ``seed``.
        out: of the same shape; must share memory with none of them.
    """
    return dropped_and_joined(operands, values, out, "dare", weighted_sum)


def dropped_and_joined(
    operands: Operands, values: Values, out: Tensor, method: str, join: Callable[[Tensor, Tensor, float], Tensor]
) -> Tensor:
    """Drop and rescale both task vectors, join what is left, and add it to the base: what both kinds of DARE do.

    Args:
        operands: of one tensor.
        values: see ``merge``.
        out: see ``merge``.
        method: whose joined vectors are kept for the next move.
        join: of two task vectors of one shape and the weight of the first.
    """
    density, share, seed = number_of(values, "density"), number_of(values, "share"), int(number_of(values, "seed"))

    def joined() -> Tensor:
        one, other = draws(operands, seed)
        return in_chunks(
            lambda first, second: join(
                drop_and_rescale(first, density, one), drop_and_rescale(second, density, other), share
            ),
            operands.base,
            operands.first,
            operands.second,
        )

    vector = operands.kept.recall((operands.name, method), (density, share, seed), joined)
    return add_scaled(operands.base, vector, number_of(values, "scale"), out)
