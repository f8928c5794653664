"""A recipe: everything that determines a merged model, as one small frozen value.

It travels as a plain dictionary (YAML file, page, command line):

    version: 1
    triple: tiny-en            method: sa
    schedule: depth            lambda: 0.2
    alpha: 0.8                 # three values for `groups`
    scope: [encoder.self, decoder.self, decoder.cross]
    projections: [q, k, v]
    ratios: {encoder.self: [1.0, 0.7, 0.5, 0.2], …}      # `custom` only
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from explorer.attention import LANES, PROJECTIONS, Lane, Projection
from explorer.errors import RecipeError, seen
from explorer.schedule import GROUPS, MAX_EXPONENT, SCHEDULE_NAMES, SCHEDULES, ScheduleName, mixing_ratios

RECIPE_VERSION = 1
METHODS = ("sa",)
_KEYS = ("version", "triple", "method", "schedule", "lambda", "alpha", "scope", "projections", "ratios")


@dataclass(frozen=True)
class Recipe:
    """A merge, ready to be computed.

    Attributes:
        triple: name of the triple in checkpoints.yaml.
        method: merge method; ``sa`` is Selective Attention Merge.
        schedule: rule that gives λ_i.
        mixing: λ in [0, 1].
        exponents: α in [0, 2]; three values for ``groups``, otherwise one.
        scope: lanes that are merged; everything else is M1's.
        projections: of q, k and v, those that are merged.
        ratios: for ``custom``: λ_i of each lane in scope, lowest layer first.
    """

    triple: str
    method: str = "sa"
    schedule: ScheduleName = "depth"
    mixing: float = 0.2
    exponents: tuple[float, ...] = (0.8,)
    scope: tuple[Lane, ...] = LANES
    projections: tuple[Projection, ...] = PROJECTIONS
    ratios: tuple[tuple[Lane, tuple[float, ...]], ...] = ()

    @property
    def id(self) -> str:
        """Return twelve hexadecimal digits that differ when the recipe differs."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def summary(self) -> str:
        """Say the recipe in a few words, to stand beside a number."""
        parts: list[str] = [self.schedule]
        if self.schedule != "custom":
            parts.append(f"λ {self.mixing:g}")
        if SCHEDULES[self.schedule].exponents:
            parts.append("α " + " / ".join(f"{exponent:g}" for exponent in self.exponents))
        if self.scope != LANES:
            parts.append(", ".join(self.scope) or "nothing merged")
        if self.projections != PROJECTIONS:
            parts.append(", ".join(self.projections) or "no projection")
        return " · ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as YAML and JSON carry it; ``recipe_from`` reads it back unchanged."""
        alpha: float | list[float] = list(self.exponents) if self.schedule == "groups" else self.exponents[0]
        entries: dict[str, Any] = {
            "version": RECIPE_VERSION,
            "triple": self.triple,
            "method": self.method,
            "schedule": self.schedule,
            "lambda": self.mixing,
            "alpha": alpha,
            "scope": list(self.scope),
            "projections": list(self.projections),
        }
        if self.schedule == "custom":
            entries["ratios"] = {lane: list(values) for lane, values in self.ratios}
        return entries

    def lane_ratios(self, depths: Mapping[Lane, int]) -> dict[Lane, tuple[float, ...]]:
        """Compute λ_i for every lane; lanes out of scope stay with M1 (all ones).

        Args:
            depths: number of layers of each lane of the model at hand.

        Raises:
            RecipeError: a custom curve has another number of layers than the model, or lacks a lane in scope.
        """
        custom = dict(self.ratios)
        curves: dict[Lane, tuple[float, ...]] = {}
        for lane, depth in depths.items():
            if lane not in self.scope:
                curves[lane] = (1.0,) * depth
            elif self.schedule == "custom":
                curves[lane] = _fitting(custom, lane, depth)
            else:
                curves[lane] = mixing_ratios(self.schedule, self.mixing, self.exponents, depth)
        return curves


def _fitting(custom: Mapping[Lane, tuple[float, ...]], lane: Lane, depth: int) -> tuple[float, ...]:
    values = custom.get(lane)
    if values is None or len(values) != depth:
        seen = "none" if values is None else str(len(values))
        raise RecipeError(f"ratios.{lane}: expected {depth} values, one for each layer of this model, but got {seen}.")
    return values


def recipe_from(entries: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """Read a recipe from a dictionary; absent entries take their defaults.

    Args:
        entries: as ``Recipe.as_dict`` gives them.
        where: what the messages call the source: a file name, ``page`` or ``command line``.

    Raises:
        RecipeError: an unknown key, a wrong type or a value out of range.
    """
    if not isinstance(entries, Mapping):
        raise RecipeError(f"{where}: expected a mapping with keys such as triple and lambda, but got {seen(entries)}.")
    for key in entries:
        if key not in _KEYS:
            raise RecipeError(f"{where}: {seen(key)}: no such key; a recipe has {', '.join(_KEYS)}.")
    version = entries.get("version", RECIPE_VERSION)
    if version != RECIPE_VERSION or isinstance(version, bool):
        raise RecipeError(f"{where}: version: this program reads version {RECIPE_VERSION}, but got {seen(version)}.")
    triple = entries.get("triple")
    if not isinstance(triple, str) or not triple:
        raise RecipeError(
            f"{where}: triple: expected the name of a triple in checkpoints.yaml, but got {seen(triple)}."
        )
    schedule = _one_of(entries.get("schedule", "depth"), SCHEDULE_NAMES, f"{where}: schedule")
    scope = _some_of(entries.get("scope", LANES), LANES, f"{where}: scope")
    ratios = _read_ratios(entries.get("ratios"), where) if schedule == "custom" else ()
    return Recipe(
        triple=triple,
        method=_one_of(entries.get("method", "sa"), METHODS, f"{where}: method"),
        schedule=cast(ScheduleName, schedule),
        mixing=_number(entries.get("lambda", 0.2), 1.0, f"{where}: lambda"),
        exponents=_exponents(entries.get("alpha", 0.8), cast(ScheduleName, schedule), f"{where}: alpha"),
        scope=cast(tuple[Lane, ...], scope),
        projections=cast(
            tuple[Projection, ...],
            _some_of(entries.get("projections", PROJECTIONS), PROJECTIONS, f"{where}: projections"),
        ),
        ratios=ratios,
    )


def _exponents(value: object, schedule: ScheduleName, where: str) -> tuple[float, ...]:
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    wanted = max(1, SCHEDULES[schedule].exponents)
    if wanted == GROUPS and len(values) == 1:
        values = values * GROUPS
    if len(values) != wanted:
        raise RecipeError(f"{where}: schedule {schedule} takes {wanted} value(s), but got {len(values)}.")
    return tuple(_number(each, MAX_EXPONENT, where) for each in values)


def _read_ratios(value: object, where: str) -> tuple[tuple[Lane, tuple[float, ...]], ...]:
    if not isinstance(value, Mapping):
        raise RecipeError(f"{where}: ratios: schedule custom needs a list of λ_i for each of {', '.join(LANES)}.")
    for lane, values in value.items():
        _one_of(lane, LANES, f"{where}: ratios")
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise RecipeError(f"{where}: ratios.{lane}: expected a list of numbers, but got {seen(values)}.")
    return tuple(
        (lane, tuple(_number(each, 1.0, f"{where}: ratios.{lane}") for each in value[lane]))
        for lane in LANES
        if lane in value
    )


def _number(value: object, highest: float, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= highest:  # NaN is not
        return float(value) + 0.0  # −0.0 becomes 0.0: one recipe, one id
    raise RecipeError(f"{where}: expected a number from 0 to {highest:g}, but got {seen(value)}.")


def _one_of(value: object, allowed: Sequence[str], where: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise RecipeError(f"{where}: expected one of {', '.join(allowed)}, but got {seen(value)}.")
    return value


def _some_of(value: object, allowed: Sequence[str], where: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise RecipeError(f"{where}: expected a list out of {', '.join(allowed)}, but got {seen(value)}.")
    for each in value:
        _one_of(each, allowed, where)
    return tuple(each for each in allowed if each in value)
