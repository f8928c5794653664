"""A recipe → what has to be computed for every tensor, as small values that can be compared.

A tensor whose job is the same as before need not be computed again; a tensor without a job is M1's own.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Protocol, cast

from torch import Tensor

from explorer.attention import AttentionParameter, Part, part_of
from explorer.errors import RecipeError
from explorer.finer import feed_forward_ratios
from explorer.merging.operands import Operands, Values
from explorer.methods import METHODS, Value
from explorer.ratios import parameter_ratios
from explorer.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """Everything that determines one merged tensor, its operands aside.

    Attributes:
        method: name of a method, or None for M1's tensor.
        values: its parameters; for methods with a curve also ``ratio``, of the tensor or of each of its heads.
        add: task vectors added, with their β.
    """

    method: str | None
    values: tuple[tuple[str, Value | tuple[float, ...]], ...] = ()
    add: tuple[tuple[str, float], ...] = ()


class Merge(Protocol):
    """A method's function: writes the merge of one tensor into ``out`` and returns it."""

    def __call__(self, operands: Operands, values: Values, out: Tensor) -> Tensor:
        """Merge."""
        ...


def merge_of(method: str) -> Merge:
    """Return the function of a method, from the module its row names."""
    return cast(Merge, _module(METHODS[method].module).merge)


@cache
def _module(name: str) -> ModuleType:
    return importlib.import_module(name if "." in name else f"{__package__}.{name}")


def plan(
    recipe: Recipe,
    differing: Iterable[str],
    parameters: Iterable[AttentionParameter],
    vectors: Mapping[str, Iterable[str]],
) -> dict[str, Job]:
    """Say what to compute for a recipe.

    Args:
        recipe: any.
        differing: names of the tensors that are not the same in M0, M1 and M2; only they can be merged.
        parameters: the attention's q, k and v tensors.
        vectors: for every task vector that the recipe adds, the names of the tensors it changes.

    Returns:
        Parameter name → job; tensors that are M1's have none.

    Raises:
        RecipeError: a custom curve, or ratios of smaller parts, do not fit the model's depth.
    """
    jobs: dict[str, Job] = {}
    if recipe.row.curve:
        ratios = {**parameter_ratios(recipe, parameters), **feed_forward_ratios(recipe.finer, differing)}
        # Most tensors of a layer have one ratio and then one job: jobs are compared and made while a hand waits.
        alike = {ratio: Job(recipe.method, (("ratio", ratio), *recipe.values)) for ratio in set(ratios.values())}
        jobs = {name: alike[ratio] for name, ratio in ratios.items() if ratio != 1.0}
    else:
        scope = set(recipe.scope)
        job = Job(recipe.method, recipe.values)
        jobs = {name: job for name in differing if part_of(name) in scope}
    for addition in recipe.add:
        parts: set[Part] = set(addition.scope) if addition.beta else set()
        for name in vectors[addition.vector]:
            if part_of(name) in parts:
                job = jobs.get(name, Job(None))
                jobs[name] = Job(job.method, job.values, (*job.add, (addition.vector, addition.beta)))
    return jobs


def check_heads(jobs: Mapping[str, Job], heads: Callable[[str], int]) -> None:
    """See whether tensors whose heads have ratios of their own have as many heads.

    Args:
        jobs: of a recipe.
        heads: parameter name → number of heads of the model at hand.

    Raises:
        RecipeError: one has not.
    """
    for name, job in jobs.items():
        ratio = dict(job.values).get("ratio")
        if isinstance(ratio, tuple) and len(ratio) != heads(name):
            raise RecipeError(f"finer: {name}: expected {heads(name)} ratios, one a head, but got {len(ratio)}.")
