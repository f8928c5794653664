"""Entries of a merge that its definition leaves open, so that two programs may rightly differ there.

Trimming keeps the d·n largest entries: of several as large as the smallest one kept, which ones is not said. Task
vectors that were stored in half precision have many such. This program keeps all of them; mergekit keeps what comes
first in an order of its own. And where the votes for either sign all but cancel, the last bit decides.
"""

import torch
from torch import Tensor

from explorer.bench import Bench
from explorer.recipe import Recipe

_CANCELLED = 1e-6


def left_open(bench: Bench, recipe: Recipe) -> dict[str, Tensor]:
    """Return masks by tensor, True where an entry is left open; none for methods other than TIES."""
    m0, m1, m2 = (bench.live.triple.weights[member] for member in ("m0", "m1", "m2"))
    if recipe.method != "ties":
        return {}
    values = {name: float(value) for name, value in recipe.values}
    masks = {}
    for name, base in m0.items():
        one, tied_one = _trimmed(m1[name] - base, values["density"])
        other, tied_other = _trimmed(m2[name] - base, values["density"])
        votes = values["share"] * one.double() + (1 - values["share"]) * other.double()
        cancelled = (one * other < 0) & (votes.abs() <= _CANCELLED * (one.abs() + other.abs()))
        masks[name] = tied_one | tied_other | cancelled
    return masks


def _trimmed(vector: Tensor, density: float) -> tuple[Tensor, Tensor]:
    """Return the entries kept, and a mask of those that are no larger than others which are not needed."""
    sizes = vector.abs()
    count = max(1, int(density * vector.numel()))
    smallest = torch.sort(sizes.reshape(-1), descending=True).values[count - 1]
    kept = sizes >= smallest
    tied = sizes == smallest if int(kept.sum()) > count and smallest > 0 else torch.zeros_like(kept)
    return torch.where(kept, vector, torch.zeros_like(vector)), tied
