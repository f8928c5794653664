"""Ratios finer than a lane's: for one projection, for every head of it, for the feed-forward layers of a stack.

They are the ``finer`` entry of a recipe with a curve of its own (``schedule: custom``), a list for each part, lowest
layer first, with a number or a list of a number for every head:

    finer:
      encoder.self.q: [[1.0, 0.4], [0.9, 0.2]]     # two layers, two heads
      encoder.self.k: [0.7, 0.3]
      encoder.feed-forward: [1.0, 0.8]

A part that is named here takes these ratios in place of its lane's; feed-forward layers that are not stay M1's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from explorer.attention import LANES, PROJECTIONS, AttentionParameter
from explorer.checks import number, one_of
from explorer.errors import RecipeError, seen

Ratio = float | tuple[float, ...]
"""λ of a tensor, or of each of its heads."""
Finer = tuple[tuple[str, tuple[Ratio, ...]], ...]
"""Part → λ_i, lowest layer first."""

FEED_FORWARD = tuple(f"{stack}.feed-forward" for stack in ("encoder", "decoder"))
FINER_PARTS = (*(f"{lane}.{projection}" for lane in LANES for projection in PROJECTIONS), *FEED_FORWARD)

_FEED_FORWARD_NAME = re.compile(r"model\.(encoder|decoder)\.layers\.(\d+)\.fc[12]\.(?:weight|bias)")


def part_of_projection(parameter: AttentionParameter) -> str:
    """Return what ``finer`` calls the part that a q, k or v tensor is in."""
    return f"{parameter.lane}.{parameter.projection}"


@cache
def feed_forward_layer(name: str) -> tuple[str, int] | None:
    """Say which part and layer a feed-forward tensor is in, or None for any other tensor."""
    match = _FEED_FORWARD_NAME.fullmatch(name)
    return None if match is None else (f"{match[1]}.feed-forward", int(match[2]))


def feed_forward_ratios(finer: Finer, names: Iterable[str]) -> dict[str, float]:
    """Give the feed-forward tensors of ``names`` that have a ratio theirs.

    Raises:
        RecipeError: another number of layers than the model has.
    """
    known = dict(finer)
    places = {name: place for name in names if (place := feed_forward_layer(name)) and place[0] in known}
    depths: dict[str, int] = {}
    for part, layer in places.values():
        depths[part] = max(depths.get(part, 0), layer + 1)
    for part, depth in depths.items():
        check_depth(known[part], part, depth)
    return {name: known[part][layer] for name, (part, layer) in places.items()}  # type: ignore[misc]


def check_depth(ratios: Sequence[Ratio], part: str, depth: int) -> None:
    """See whether there is a ratio for each layer of the model.

    Raises:
        RecipeError: there is not.
    """
    if len(ratios) != depth:
        raise RecipeError(
            f"finer.{part}: expected {depth} entries, one for each layer of this model, but got {len(ratios)}."
        )


def moved(finer: Finer, lane: str, layer: int, ratio: float) -> Finer:
    """Set everything in one layer of a lane to one ratio, as moving the lane's point on the page does."""
    return tuple(
        (part, (*ratios[:layer], ratio, *ratios[layer + 1 :]) if part.startswith(f"{lane}.") else ratios)
        for part, ratios in finer
    )


def finer_words(finer: Finer) -> list[str]:
    """Say in a few words what has ratios of its own."""
    by_head = any(isinstance(ratio, tuple) for _, ratios in finer for ratio in ratios)
    words = ["by head" if by_head else "by projection"] if any(part not in FEED_FORWARD for part, _ in finer) else []
    return words + (["with feed-forward"] if any(part in FEED_FORWARD for part, _ in finer) else [])


def finer_dict(finer: Finer) -> dict[str, list[Any]]:
    """Return the entry as YAML and JSON carry it."""
    return {part: [list(ratio) if isinstance(ratio, tuple) else ratio for ratio in ratios] for part, ratios in finer}


def read_finer(value: object, where: str) -> Finer:
    """Read the entry of a recipe.

    Raises:
        RecipeError: an unknown part, no list, or a number out of range.
    """
    if not isinstance(value, Mapping):
        raise RecipeError(
            f"{where}: expected a list of λ_i for some of {', '.join(FINER_PARTS)}, but got {seen(value)}."
        )
    for part, ratios in value.items():
        one_of(part, FINER_PARTS, where)
        if not isinstance(ratios, Sequence) or isinstance(ratios, str):
            raise RecipeError(f"{where}.{part}: expected a list of numbers, but got {seen(ratios)}.")
    return tuple(
        (part, tuple(_ratio(each, part, f"{where}.{part}") for each in value[part]))
        for part in FINER_PARTS
        if part in value
    )


def _ratio(value: object, part: str, where: str) -> Ratio:
    if part not in FEED_FORWARD and isinstance(value, Sequence) and not isinstance(value, str) and len(value):
        return tuple(number(each, 0.0, 1.0, where) for each in value)
    return number(value, 0.0, 1.0, where)
