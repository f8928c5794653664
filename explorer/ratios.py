"""A recipe with a curve → the mixing ratio of every query, key and value tensor."""

from collections.abc import Iterable, Mapping

from explorer.attention import AttentionParameter, lane_depths
from explorer.recipe import Recipe


def parameter_ratios(recipe: Recipe, parameters: Iterable[AttentionParameter]) -> Mapping[str, float]:
    """Give every attention parameter its mixing ratio; those out of scope get 1 and so stay M1's.

    Args:
        recipe: of a method with a curve.
        parameters: the q, k and v tensors of the model at hand.

    Returns:
        Parameter name → λ_i.

    Raises:
        RecipeError: a custom curve does not fit the model's depth.
    """
    parameters = tuple(parameters)
    curves = recipe.lane_ratios(lane_depths(parameters))
    return {
        parameter.name: curves[parameter.lane][parameter.layer] if parameter.projection in recipe.projections else 1.0
        for parameter in parameters
    }
