"""What a merge method is given: the three tensors of one name, and what it may need to know about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from explorer.kept import Kept
from explorer.methods import Value

Values = Mapping[str, Value | tuple[float, ...]]
"""The method's parameters by name; for methods with a curve also ``ratio``: λ_i of this tensor, or of each head."""


@dataclass(frozen=True, eq=False)
class Operands:
    """One tensor of M0, M1 and M2: float32, of one shape, on one device, never written to.

    Attributes:
        name: of the parameter.
        base: W0.
        first: W1.
        second: W2.
        heads: number of attention heads of its stack; rows of q, k and v belong to heads in order.
        grams: G1 and G2 of the weight of a linear layer, for methods that ask for them.
        kept: memory for intermediate results, which belong to this triple.
    """

    name: str
    base: Tensor
    first: Tensor
    second: Tensor
    heads: int = 1
    grams: tuple[Tensor, Tensor] | None = None
    kept: Kept = field(default_factory=lambda: Kept(0))


def number_of(values: Values, name: str) -> float:
    """Read a number among a method's parameters."""
    value = values[name]
    assert not isinstance(value, tuple), "heads have ratios of their own in SA Merge alone"
    return float(value)
