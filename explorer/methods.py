"""The merge methods: one row each, from which recipes, command line and page build themselves.

To add a method, write ``explorer/merging/<module>.py`` with

    def merge(operands: Operands, values: Values, out: Tensor) -> Tensor

which writes the merge of one tensor into ``out`` and returns it, and add a row to ``METHODS``. Nothing else: recipes
then accept its parameters, the command line lists them, the page draws its sliders and the live model serves it.

This table imports no tensors: the page needs it before torch is there.

In the equations W0, W1 and W2 are a tensor of M0, M1 and M2, τk = Wk − W0, and every tensor is merged by itself.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from explorer.attention import LANES, PARTS
from explorer.checks import number
from explorer.errors import RecipeError, seen

Value = float | int | str
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True)
class Parameter:
    """One number (or name) a method takes.

    Attributes:
        name: its key in a recipe.
        symbol: what the page writes before the slider.
        meaning: a few words on what its ends do.
        default: value of a recipe that does not name it.
        lowest: end of the range, which belongs to it.
        highest: the other end.
        kind: ``number``, ``whole`` (a whole number) or ``name`` (letters, digits, dot, dash, underscore).
        step: of the slider.
        grid: what a small grid tries, the default among it; empty: the default alone.
    """

    name: str
    symbol: str
    meaning: str
    default: Value
    lowest: float = 0.0
    highest: float = 1.0
    kind: Literal["number", "whole", "name"] = "number"
    step: float = 0.01
    grid: tuple[float, ...] = ()

    @property
    def span(self) -> str:
        """Say what values it takes."""
        return "a name" if self.kind == "name" else f"{self.lowest:g} to {self.highest:g}"

    def read(self, value: object, where: str) -> Value:
        """Check a value of a recipe.

        Raises:
            RecipeError: it is of another kind or out of range.
        """
        where = f"{where}: {self.name}"
        if self.kind == "name":
            if isinstance(value, str) and _NAME.fullmatch(value):
                return value
            raise RecipeError(f"{where}: expected a name of letters, digits, dots and dashes, but got {seen(value)}.")
        read = number(value, self.lowest, self.highest, where)
        if self.kind == "whole":
            if read != int(read):
                raise RecipeError(f"{where}: expected a whole number, but got {seen(value)}.")
            return int(read)
        return read


@dataclass(frozen=True)
class Method:
    """A merge method as it is named, shown and computed.

    Attributes:
        title: for people.
        module: under ``explorer.merging``, or a dotted path; its function ``merge`` computes one tensor.
        equation: of the merge of one tensor.
        meaning: one sentence in plain words.
        paper: address of where it comes from.
        parameters: what it takes beside scope, and the curve if it has one.
        curve: λ differs from layer to layer: it takes schedule, lambda, alpha, projections and ratios, and its scope
            is attention. A method without a curve treats all tensors in scope alike.
        between: every entry of the merge lies between M1's and M2's. Those were seen to be finite when they were
            loaded, so the merge is; of any other method it is checked, which is one more pass over the tensor.
        defaults: entries of a recipe whose default is another one than elsewhere.
    """

    title: str
    module: str
    equation: str
    meaning: str
    paper: str
    parameters: tuple[Parameter, ...] = ()
    curve: bool = False
    between: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, ...]:
        """Return what its scope may name."""
        return LANES if self.curve else PARTS

    def grid(self) -> list[dict[str, Value]]:
        """Return the points of a small grid over the method's own parameters, as entries of recipes."""
        axes: dict[str, tuple[Value, ...]] = {"lambda": CURVE_GRID} if self.curve else {}
        axes |= {each.name: each.grid for each in self.parameters if each.grid}
        return [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]


# Of a curve, λ alone: under `depth` another α gives a curve that another λ gives too.
CURVE_GRID = (0.05, 0.2, 0.4, 0.6, 0.8)
_SHARE = Parameter("lambda", "λ", "share of the child model: 1 is M1, 0 is M2", 0.5, grid=(0.1, 0.3, 0.5, 0.7, 0.9))
_WEIGHT = Parameter("share", "w", "weight of τ1: 1 is τ1 alone, 0 is τ2", 0.5, grid=(0.3, 0.5, 0.7))
_SCALE = Parameter("scale", "λ", "length of the sum: 0 is M0, 1 as it is", 1.0, 0.0, 2.0)
_STRETCH = Parameter("scale", "λ", _SCALE.meaning, 1.0, 0.0, 2.0, grid=(0.7, 1.0, 1.3))
_SEED = Parameter("seed", "seed", "of the draw", 0, 0, 9_999, "whole", 1)
_KEPT = "share of entries kept: 1 is all"
_TRIMMED = Parameter("density", "d", _KEPT, 0.2, 0.01, 1.0, grid=(0.2, 0.5, 1.0))
_DRAWN = Parameter("density", "d", _KEPT, 0.5, 0.01, 1.0, grid=(0.3, 0.5, 0.8))

METHODS: dict[str, Method] = {
    "sa": Method(
        "SA Merge",
        "selective_attention",
        "W = W0 + λᵢ·τ1 + (1 − λᵢ)·τ2",
        "Selective Attention Merge: only q, k and v of attention, each layer with its own ratio; the rest is M1's.",
        "https://arxiv.org/abs/2501.08468",
        curve=True,
        between=True,
    ),
    "hsa": Method(
        "Headwise SA Merge",
        "headwise",
        "W[h] = W0[h] + λᵢ·τ1[h] + (1 − λᵢ)·τ2[h] for the K·H heads of largest ‖|τ1[h]| + |τ2[h]|‖, else W1[h]",
        "SA Merge of those attention heads alone that fine-tuning moved most; the other heads stay M1's.",
        "https://doi.org/10.1016/j.csl.2026.102012",
        (
            Parameter(
                "heads", "K", "share of heads merged: 1 is SA Merge, 0 is M1; the authors: 0.6", 0.6, grid=(0.3, 0.6)
            ),
        ),
        curve=True,
        between=True,
        defaults={"alpha": 0.2, "scope": ["encoder.self"]},
    ),
    "lerp": Method(
        "Lerp",
        "lerp",
        "W = λ·W1 + (1 − λ)·W2",
        "The straight line between the two models, the same point of it for every tensor.",
        "https://arxiv.org/abs/2203.05482",
        (_SHARE,),
        between=True,
    ),
    "slerp": Method(
        "Slerp",
        "slerp",
        "W = (sin(λΩ)·W1 + sin((1 − λ)Ω)·W2) / sin Ω; Ω = ∠(W1, W2)",
        "Along the arc between the two weights. Fine-tunes of one base point nearly the same way: close to Lerp.",
        "https://doi.org/10.1145/325334.325242",
        (_SHARE,),
    ),
    "task-slerp": Method(
        "Slerp of task vectors",
        "task_slerp",
        "W = W0 + (sin(λΩ)·τ1 + sin((1 − λ)Ω)·τ2) / sin Ω; Ω = ∠(τ1, τ2)",
        "Along the arc between what the two trainings changed; keeps the length that a straight line loses.",
        "https://doi.org/10.1145/325334.325242",
        (_SHARE,),
    ),
    "task-arithmetic": Method(
        "Task Arithmetic",
        "task_arithmetic",
        "W = W0 + λ·(w·τ1 + (1 − w)·τ2)",
        "Both task vectors added to the base. The paper's λ·(τ1 + τ2) is w 0.5 and twice its λ.",
        "https://arxiv.org/abs/2212.04089",
        (_STRETCH, _WEIGHT),
    ),
    "ties": Method(
        "TIES",
        "ties",
        "W = W0 + λ·mean{wₖ·tₖ : sign tₖ = γ}; γ = sign Σ wₖ·tₖ; tₖ = the largest d·n of τₖ",
        "Trim small changes, elect a sign for every entry, average only what agrees with it.",
        "https://arxiv.org/abs/2306.01708",
        (_TRIMMED, _SCALE, _WEIGHT),
    ),
    "dare": Method(
        "DARE, linear",
        "dare_linear",
        "W = W0 + λ·(w·t₁ + (1 − w)·t₂); tₖ = mₖ·τₖ / d; mₖ ~ Bernoulli(d)",
        "Drop entries of the task vectors at random, scale the rest up to make good for it, then add.",
        "https://arxiv.org/abs/2311.03099",
        (_DRAWN, _SCALE, _WEIGHT, _SEED),
    ),
    "dare-ties": Method(
        "DARE, TIES",
        "dare_ties",
        "as TIES, with tₖ = mₖ·τₖ / d; mₖ ~ Bernoulli(d)",
        "Drop at random and scale up, then elect a sign for every entry and average what agrees with it.",
        "https://arxiv.org/abs/2311.03099",
        (_DRAWN, _SCALE, _WEIGHT, _SEED),
    ),
    "regmean": Method(
        "RegMean",
        "regmean",
        "W = (W1·G1 + W2·G2)·(G1 + G2)⁻¹; Gₖ = XₖᵀXₖ, off the diagonal times α",
        "The linear layers nearest to both models' outputs on clips of yours; needs the clips' Gram matrices.",
        "https://arxiv.org/abs/2212.09849",
        (
            Parameter(
                "offdiagonal", "α", "0: inputs one by one, 1: all correlations; paper: 0.9", 0.9, grid=(0.1, 0.5, 0.9)
            ),
            Parameter("grams", "clips", "name of the Gram matrices: python -m explorer grams", "default", kind="name"),
        ),
    ),
}
DEFAULT_METHOD = "sa"


def names_in_words() -> str:
    """List the methods for a help text or a message."""
    return ", ".join(METHODS)
