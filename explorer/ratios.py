"""A recipe with a curve → the mixing ratio of every query, key and value tensor."""

from collections.abc import Iterable, Mapping, Sequence

from explorer.attention import AttentionParameter, lane_depths
from explorer.finer import Ratio, check_depth, part_of_projection
from explorer.recipe import Recipe


def parameter_ratios(recipe: Recipe, parameters: Iterable[AttentionParameter]) -> Mapping[str, Ratio]:
    """Give every attention parameter its mixing ratio; those out of scope get 1 and so stay M1's.

    Args:
        recipe: of a method with a curve.
        parameters: the q, k and v tensors of the model at hand.

    Returns:
        Parameter name → λ_i, or λ of each of its heads.

    Raises:
        RecipeError: a custom curve, or ratios of smaller parts, do not fit the model's depth.
    """
    parameters = tuple(parameters)
    curves = recipe.lane_ratios(lane_depths(parameters))
    finer = dict(recipe.finer)
    ratios: dict[str, Ratio] = {}
    for parameter in parameters:
        row: Sequence[Ratio] = curves[parameter.lane]
        if parameter.lane not in recipe.scope or parameter.projection not in recipe.projections:
            ratios[parameter.name] = 1.0
            continue
        if finer and (part := part_of_projection(parameter)) in finer:
            check_depth(finer[part], part, len(row))
            row = finer[part]
        ratios[parameter.name] = row[parameter.layer]
    return ratios
