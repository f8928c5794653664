"""A recipe: everything that determines a merged model, as one small frozen value.

It travels as a plain dictionary (YAML file, page, command line):

    version: 1
    triple: tiny-en            method: sa
    schedule: depth            lambda: 0.2
    alpha: 0.8                 # three values for `groups`
    scope: [encoder.self, decoder.self, decoder.cross]
    projections: [q, k, v]
    ratios: {encoder.self: [1.0, 0.7, 0.5, 0.2], …}      # `custom` only; ratios of smaller parts: explorer/finer.py

Methods without a curve take their own parameters (explorer/methods.py) in place of the five last, and any recipe may
add task vectors:

    method: ties
    density: 0.2
    add: [{vector: m2, beta: 0.3, scope: [feed-forward]}]

A file may also say which weights its checkpoints had, and where they came from. That is checked where the file is read
(explorer/sources.py) and is no part of the value:

    sources: {m1: {repo: owner/name, revision: 40 digits, weights: fingerprint}, …}
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from explorer.addition import Addition, read_additions
from explorer.attention import LANES, PROJECTIONS, Lane, Part, Projection
from explorer.checks import number, one_of, some_of
from explorer.errors import RecipeError, seen
from explorer.finer import Finer, finer_dict, finer_words, read_finer
from explorer.methods import DEFAULT_METHOD, METHODS, Method, Value
from explorer.schedule import GROUPS, MAX_EXPONENT, SCHEDULE_NAMES, SCHEDULES, ScheduleName, mixing_ratios

RECIPE_VERSION = 1
_COMMON = ("version", "triple", "method", "scope", "add", "sources")
_CURVE = ("schedule", "lambda", "alpha", "projections", "ratios", "finer")


@dataclass(frozen=True)
class Recipe:
    """A merge, ready to be computed.

    Attributes:
        triple: name of the triple in checkpoints.yaml.
        method: merge method; ``sa`` is Selective Attention Merge.
        schedule: rule that gives λ_i.
        mixing: λ in [0, 1].
        exponents: α in [0, 2]; three values for ``groups``, otherwise one.
        scope: parts that are merged; everything else is M1's.
        projections: of q, k and v, those that are merged.
        ratios: for ``custom``: λ_i of each lane in scope, lowest layer first.
        finer: for ``custom`` of SA Merge: λ_i of parts of a lane, and of feed-forward layers.
        values: the method's own parameters, in its table's order.
        add: task vectors added to the merge.

    The four between method and scope, and projections and ratios, mean nothing for a method without a curve.
    """

    triple: str
    method: str = DEFAULT_METHOD
    schedule: ScheduleName = "depth"
    mixing: float = 0.2
    exponents: tuple[float, ...] = (0.8,)
    scope: tuple[Part, ...] = LANES
    projections: tuple[Projection, ...] = PROJECTIONS
    ratios: tuple[tuple[Lane, tuple[float, ...]], ...] = ()
    finer: Finer = ()
    values: tuple[tuple[str, Value], ...] = ()
    add: tuple[Addition, ...] = ()

    @property
    def id(self) -> str:
        """Return twelve hexadecimal digits that differ when the recipe differs."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def stem(self) -> str:
        """Return a name for this merge's file; a triple named by its repositories is called ``hub``."""
        triple = "hub" if self.triple.startswith("hub:") else re.sub(r"[^\w.-]+", "-", self.triple)
        return f"{triple}-{self.method}-{self.id[:8]}"

    @property
    def row(self) -> Method:
        """Return the method's row in the table."""
        return METHODS[self.method]

    @property
    def summary(self) -> str:
        """Say the recipe in a few words, to stand beside a number."""
        parts = [] if self.method == DEFAULT_METHOD else [self.row.title]
        if self.row.curve:
            parts.append(self.schedule)
            if self.schedule != "custom":
                parts.append(f"λ {self.mixing:g}")
            if SCHEDULES[self.schedule].exponents:
                parts.append("α " + " / ".join(f"{exponent:g}" for exponent in self.exponents))
        symbols = {parameter.name: parameter.symbol for parameter in self.row.parameters}
        parts += [f"{symbols[name]} {value if isinstance(value, str) else f'{value:g}'}" for name, value in self.values]
        if self.scope != self.row.parts:
            parts.append(", ".join(self.scope) or "nothing merged")
        if self.projections != PROJECTIONS:
            parts.append(", ".join(self.projections) or "no projection")
        parts += finer_words(self.finer)
        parts += [f"{each.beta:+g}·τ({each.vector})" for each in self.add]
        return " · ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as YAML and JSON carry it; ``recipe_from`` reads it back unchanged."""
        entries: dict[str, Any] = {"version": RECIPE_VERSION, "triple": self.triple, "method": self.method}
        if self.row.curve:
            entries["schedule"] = self.schedule
            entries["lambda"] = self.mixing
            entries["alpha"] = list(self.exponents) if self.schedule == "groups" else self.exponents[0]
        entries |= dict(self.values)
        entries["scope"] = list(self.scope)
        if self.row.curve:
            entries["projections"] = list(self.projections)
            if self.schedule == "custom":
                entries["ratios"] = {lane: list(values) for lane, values in self.ratios}
            if self.finer:
                entries["finer"] = finer_dict(self.finer)
        if self.add:
            entries["add"] = [each.as_dict() for each in self.add]
        return entries

    def lane_ratios(self, depths: Mapping[Lane, int]) -> dict[Lane, tuple[float, ...]]:
        """Compute λ_i for every lane of a method with a curve; lanes out of scope stay with M1 (all ones).

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
        RecipeError: an unknown key, one of another method, a wrong type or a value out of range.
    """
    if not isinstance(entries, Mapping):
        raise RecipeError(f"{where}: expected a mapping with keys such as triple and lambda, but got {seen(entries)}.")
    method = one_of(entries.get("method", DEFAULT_METHOD), tuple(METHODS), f"{where}: method")
    row = METHODS[method]
    own = tuple(parameter.name for parameter in row.parameters)
    keys = (*_COMMON, *(_CURVE if row.curve else ()), *own)
    for key in entries:
        if key not in keys:
            raise RecipeError(f"{where}: {seen(key)}: no such key; a recipe of method {method} has {', '.join(keys)}.")
    version = entries.get("version", RECIPE_VERSION)
    if version != RECIPE_VERSION or isinstance(version, bool):
        raise RecipeError(f"{where}: version: this program reads version {RECIPE_VERSION}, but got {seen(version)}.")
    triple = entries.get("triple")
    if not isinstance(triple, str) or not triple:
        raise RecipeError(
            f"{where}: triple: expected the name of a triple in checkpoints.yaml, but got {seen(triple)}."
        )
    entries = {**row.defaults, **entries}
    scope = some_of(entries.get("scope", row.parts), row.parts, f"{where}: scope")
    return Recipe(
        triple=triple,
        method=method,
        scope=cast(tuple[Part, ...], scope),
        values=tuple((each.name, each.read(entries.get(each.name, each.default), where)) for each in row.parameters),
        add=read_additions(entries.get("add", ()), f"{where}: add"),
        **(_read_curve(entries, where) if row.curve else {}),
    )


def _read_curve(entries: Mapping[str, Any], where: str) -> dict[str, Any]:
    schedule = cast(ScheduleName, one_of(entries.get("schedule", "depth"), SCHEDULE_NAMES, f"{where}: schedule"))
    return {
        "schedule": schedule,
        "mixing": number(entries.get("lambda", 0.2), 0.0, 1.0, f"{where}: lambda"),
        "exponents": _exponents(entries.get("alpha", 0.8), schedule, f"{where}: alpha"),
        "projections": some_of(entries.get("projections", PROJECTIONS), PROJECTIONS, f"{where}: projections"),
        "ratios": _read_ratios(entries.get("ratios"), where) if schedule == "custom" else (),
        "finer": _read_finer(entries, schedule, where),
    }


def _read_finer(entries: Mapping[str, Any], schedule: ScheduleName, where: str) -> Finer:
    if not entries.get("finer"):
        return ()
    if schedule != "custom" or entries.get("method", DEFAULT_METHOD) != DEFAULT_METHOD:
        raise RecipeError(
            f"{where}: finer: only SA Merge with schedule custom has ratios of smaller parts; leave it out."
        )
    return read_finer(entries["finer"], f"{where}: finer")


def _exponents(value: object, schedule: ScheduleName, where: str) -> tuple[float, ...]:
    values = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    wanted = max(1, SCHEDULES[schedule].exponents)
    if wanted == GROUPS and len(values) == 1:
        values = values * GROUPS
    if len(values) != wanted:
        raise RecipeError(f"{where}: schedule {schedule} takes {wanted} value(s), but got {len(values)}.")
    return tuple(number(each, 0.0, MAX_EXPONENT, where) for each in values)


def _read_ratios(value: object, where: str) -> tuple[tuple[Lane, tuple[float, ...]], ...]:
    if not isinstance(value, Mapping):
        raise RecipeError(f"{where}: ratios: schedule custom needs a list of λ_i for each of {', '.join(LANES)}.")
    for lane, values in value.items():
        one_of(lane, LANES, f"{where}: ratios")
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise RecipeError(f"{where}: ratios.{lane}: expected a list of numbers, but got {seen(values)}.")
    return tuple(
        (lane, tuple(number(each, 0.0, 1.0, f"{where}: ratios.{lane}") for each in value[lane]))
        for lane in LANES
        if lane in value
    )
