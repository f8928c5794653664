"""A recipe as what most other tools compute: for every tensor, a weighted sum of the checkpoints' tensors.

SA Merge, Lerp, Task Arithmetic and added task vectors are such sums (W0 + β·τ = W0·(1 − β) + β·W1). Trimming, electing
signs, dropping at random and walking along an arc are not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from explorer.attention import (
    LANES,
    PARTS,
    PROJECTIONS,
    Lane,
    Projection,
    attention_parameter,
    attention_parameters,
    lane_depths,
    part_of,
)
from explorer.errors import RecipeError
from explorer.finer import Ratio, feed_forward_layer, feed_forward_ratios
from explorer.ratios import parameter_ratios
from explorer.recipe import Recipe, recipe_from

# Tool after tool takes a weight of 0 for one that is missing. This adds nothing to a float32, and is not 0.
NOTHING = 1e-12
ALL_M1 = {"m1": 1.0}

Sum = dict[str, float]
"""Checkpoint → its weight: m0, m1, m2, and M0 + τ of a further task vector under that vector's name."""


def weighted_sums(recipe: Recipe, names: Iterable[str]) -> dict[str, Sum]:
    """Write a recipe as one weighted sum for every tensor.

    Args:
        recipe: any.
        names: of all tensors of the model at hand.

    Returns:
        Tensor name → checkpoint → weight. The weights of a tensor sum to 1; checkpoints left out have 0.

    Raises:
        RecipeError: the method computes no such sum, or a custom curve does not fit the model's depth.
    """
    names = tuple(names)
    sums = _without_additions(recipe, names)
    for each in recipe.add:
        for name in names:
            if part_of(name) in each.scope:
                found = sums[name]
                sums[name] = found | {
                    "m0": found.get("m0", 0.0) - each.beta,
                    each.vector: found.get(each.vector, 0.0) + each.beta,
                }
    return sums


def _without_additions(recipe: Recipe, names: tuple[str, ...]) -> dict[str, Sum]:
    values = dict(recipe.values)
    sums: dict[str, Sum] = dict.fromkeys(names, ALL_M1)
    if recipe.method == "sa" or (recipe.method == "hsa" and values["heads"] == 1.0):
        ratios = {**parameter_ratios(recipe, attention_parameters(names)), **feed_forward_ratios(recipe.finer, names)}
        return sums | {name: _between(ratio) for name, ratio in ratios.items()}
    inside = [name for name in names if part_of(name) in recipe.scope]
    if recipe.method == "lerp":
        share = float(values["lambda"])
        return sums | {name: {"m1": share, "m2": 1.0 - share} for name in inside}
    if recipe.method == "task-arithmetic":
        scale, share = float(values["scale"]), float(values["share"])
        found = {"m0": 1.0 - scale, "m1": scale * share, "m2": scale * (1.0 - share)}
        return sums | dict.fromkeys(inside, found)
    raise RecipeError(
        f"method {recipe.method}: is no weighted sum of the checkpoints; export it as python or a folder."
    )


def _between(ratio: Ratio) -> Sum:
    if isinstance(ratio, tuple):
        raise RecipeError("finer: heads with ratios of their own are no weighted sum of tensors; export it as python.")
    return {"m1": ratio, "m2": 1.0 - ratio}


def same_sums(one: Mapping[str, Sum], other: Mapping[str, Sum]) -> bool:
    """Say whether two tables of sums mean the same float32 weights, NOTHING and 0 being one."""
    return one.keys() == other.keys() and all(
        abs(one[name].get(member, 0.0) - other[name].get(member, 0.0)) < 1e-9
        for name in one
        for member in {**one[name], **other[name]}
    )


def recipe_of_sums(sums: Mapping[str, Sum], triple: str, where: str) -> Recipe:
    """Find the recipe that gives these sums: SA Merge with a curve of its own, Lerp or Task Arithmetic.

    Args:
        sums: for every tensor of the model, as ``weighted_sums`` gives them.
        triple: of the recipe.
        where: what messages call the source.

    Raises:
        RecipeError: no recipe of these methods does.
    """
    cleaned = {name: _cleaned(found) for name, found in sums.items()}
    further = sorted({member for found in cleaned.values() for member in found} - {"m0", "m1", "m2"})
    if further:
        raise RecipeError(f"{where}: uses {', '.join(further)} beside M0, M1 and M2; write a recipe with add instead.")
    changed = {name: found for name, found in cleaned.items() if found != ALL_M1}
    alike = len({tuple(sorted(found.items())) for found in changed.values()}) == 1
    drawn = all(attention_parameter(name) or (feed_forward_layer(name) and not alike) for name in changed)
    if drawn:
        return _curve(cleaned, triple, where)
    return _flat(changed, cleaned, triple, where)


def _cleaned(found: Sum) -> Sum:
    return {member: weight for member, weight in found.items() if abs(weight) > 2 * NOTHING}


def _curve(sums: Mapping[str, Sum], triple: str, where: str) -> Recipe:
    parameters = attention_parameters(sums)
    forward = {name: place for name in sums if (place := feed_forward_layer(name))}
    ratios = {each: sums[each.name].get("m1", 0.0) for each in parameters}
    mixed = [sums[name] for name in (*(each.name for each in parameters), *forward)]
    if any(set(found) - {"m1", "m2"} or abs(sum(found.values()) - 1) > 1e-9 for found in mixed):
        raise RecipeError(f"{where}: weights of M1 and M2 that do not sum to 1 in attention alone fit no method here.")
    projections = [
        letter for letter in PROJECTIONS if any(r != 1.0 for p, r in ratios.items() if p.projection == letter)
    ]
    found: dict[Lane, dict[Projection, dict[int, float]]] = {
        lane: {letter: {} for letter in projections} for lane in lane_depths(parameters)
    }
    for each, ratio in ratios.items():
        if each.projection in projections and found[each.lane][each.projection].setdefault(each.layer, ratio) != ratio:
            raise RecipeError(f"{where}: {each.name}: weight and bias have different ratios; here they share one.")
    rows = {lane: {letter: list(row.values()) for letter, row in letters.items()} for lane, letters in found.items()}
    scope = [lane for lane in LANES if any(ratio != 1.0 for row in rows.get(lane, {}).values() for ratio in row)]
    apart = [lane for lane in scope if len({tuple(row) for row in rows[lane].values()}) > 1]
    entries = {"triple": triple, "schedule": "custom", "scope": scope, "projections": projections}
    curves = {lane: [_mean(layer) for layer in zip(*rows[lane].values(), strict=True)] for lane in scope}
    finer = {f"{lane}.{letter}": row for lane in apart for letter, row in rows[lane].items()}
    stacks: dict[str, dict[int, float]] = {}
    for name, (part, layer) in forward.items():
        ratio = sums[name].get("m1", 0.0)
        if stacks.setdefault(part, {}).setdefault(layer, ratio) != ratio:
            raise RecipeError(f"{where}: {name}: fc1 and fc2 of a layer share one ratio here.")
    lists = {part: [row[layer] for layer in sorted(row)] for part, row in stacks.items()}
    finer |= {part: row for part, row in lists.items() if any(ratio != 1.0 for ratio in row)}
    return recipe_from(entries | {"ratios": curves} | ({"finer": finer} if finer else {}), where)


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(set(values)) == 1 else sum(values) / len(values)


def _flat(changed: Mapping[str, Sum], sums: Mapping[str, Sum], triple: str, where: str) -> Recipe:
    scope = [part for part in PARTS if any(part_of(name) == part for name in changed)]
    kinds = {tuple(sorted(found.items())) for name, found in sums.items() if part_of(name) in scope}
    if len(kinds) > 1:
        raise RecipeError(f"{where}: tensors beside q, k and v have different weights; no method here does that.")
    weights = dict(kinds.pop())
    m1, m2 = weights.get("m1", 0.0), weights.get("m2", 0.0)
    entries: dict[str, object] = {"triple": triple, "scope": scope}
    if "m0" not in weights:
        return recipe_from(entries | {"method": "lerp", "lambda": m1}, where)
    scale = m1 + m2
    share = m1 / scale if scale else 0.5
    return recipe_from(entries | {"method": "task-arithmetic", "scale": scale, "share": share}, where)


def agreeing(written: object, sums: Mapping[str, Sum]) -> Recipe | None:
    """Return the recipe that a file's first lines carry if its body still means the same, else None."""
    try:
        recipe = recipe_from(cast(dict[str, object], written))
        return recipe if same_sums(weighted_sums(recipe, sums), sums) else None
    except RecipeError:  # an edited comment: the body counts
        return None
