"""mergekit's raw mode, ``mergekit-pytorch CONFIG OUT``: a recipe as its YAML, and its YAML as a recipe.

Learned from its documentation and behaviour (0.1.5 and before):

- ``mergekit-yaml`` knows Whisper, but not the names of its decoder's tensors; the raw mode takes names as they are.
- A filter is part of a name, so it has to end where a component does: ``layers.1.`` and not ``layers.1``.
- Versions before 0.1.5 take a weight of 0 for one that is missing and stop: 0 is written as 1.0e-12.
- They also stop where ``parameters`` is missing, of the whole or of a model.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from explorer.attention import PARTS, attention_parameter
from explorer.checks import number
from explorer.config import named_source
from explorer.errors import RecipeError, seen
from explorer.formats.heading import heading, making, number_text, written_recipe
from explorer.formats.linear import ALL_M1, NOTHING, Sum, agreeing, recipe_of_sums, weighted_sums
from explorer.recipe import Recipe, recipe_from

_LARGEST = 1e6
_REASONS = {
    "slerp": "mergekit's slerp takes its angle in another precision",
    "task-slerp": "mergekit knows no slerp of task vectors by tensor",
    "hsa": "mergekit cannot merge single heads",
    "dare": "mergekit draws and rescales at random in a way of its own",
    "dare-ties": "mergekit draws and rescales at random in a way of its own",
    "regmean": "mergekit has no RegMean",
}


def mergekit_text(recipe: Recipe, names: Iterable[str], fingerprint: str, origins: Sequence[str] = ()) -> str:
    """Write a recipe for ``mergekit-pytorch``.

    Args:
        recipe: any.
        names: of all tensors of the model at hand.
        fingerprint: of the merged weights.
        origins: lines that say where the checkpoints are.

    Raises:
        RecipeError: mergekit computes nothing equal; the message says why.
    """
    names = tuple(names)
    if recipe.method == "ties":
        return _ties_text(recipe, fingerprint, origins)
    if recipe.method in _REASONS and not (recipe.method == "hsa" and dict(recipe.values)["heads"] == 1.0):
        raise RecipeError(
            f"mergekit: {recipe.method} has no exact equivalent there: {_REASONS[recipe.method]}; "
            f"export it as {'a folder' if recipe.method == 'regmean' else 'python'} instead."
        )
    if any(named_source(each.vector) for each in recipe.add):
        raise RecipeError(
            "mergekit: takes no checkpoint named by its place; name it under vectors in checkpoints.yaml."
        )
    sums = weighted_sums(recipe, names)
    members = ["m1", "m2", *dict.fromkeys(each.vector for each in recipe.add if each.vector not in ("m1", "m2"))]
    on_base = bool(recipe.add) or recipe.method == "task-arithmetic"
    groups = _groups(sums)
    body = [f"merge_method: {'task_arithmetic' if on_base else 'linear'}"]
    body += ["base_model: m0/model.safetensors"] if on_base else []
    body += ["dtype: float32", "parameters:", "  normalize: false", "models:"]
    for member in members:
        body += [f"  - model: {member}/model.safetensors", "    parameters:", "      weight:"]
        for stem, found in groups:
            value = number_text(_shown(found.get(member, 0.0)))
            body.append(f"        - {{filter: {stem}, value: {value}}}" if stem else f"        - {{value: {value}}}")
    usage = [*origins, "", *making(recipe.triple, members[2:], base=on_base), "mergekit-pytorch THIS_FILE merged", ""]
    return heading(recipe, fingerprint, usage) + "\n".join(body) + "\n"


def _shown(weight: float) -> float:
    return NOTHING if abs(weight) < NOTHING else weight


def _groups(sums: Mapping[str, Sum]) -> list[tuple[str, Sum]]:
    """Say each weight once for a module's weight and bias, every module of attention by name, the rest in one line."""
    if len({tuple(sorted(found.items())) for found in sums.values()}) == 1:
        return [("", next(iter(sums.values())))]
    stems: dict[str, Sum] = {}
    for name, found in sums.items():
        if attention_parameter(name) or found != ALL_M1:
            stems[name.rpartition(".")[0] + "."] = found
    return [*stems.items(), ("", ALL_M1)]


def _ties_text(recipe: Recipe, fingerprint: str, origins: Sequence[str]) -> str:
    if recipe.add or recipe.scope != PARTS:
        what = "added task vectors" if recipe.add else "tensors out of scope"
        raise RecipeError(f"mergekit: its ties has no room for {what}; export this recipe as python instead.")
    values = {name: float(value) for name, value in recipe.values}
    shares = {"m1": values["share"], "m2": 1.0 - values["share"]}
    body = ["merge_method: ties", "base_model: m0/model.safetensors", "dtype: float32", "parameters:"]
    body += ["  normalize: true", f"  lambda: {number_text(values['scale'])}", "models:"]
    for member, share in shares.items():
        if share:  # one without a say must not be there: with the smallest weight it would still fill the other's gaps
            body += [f"  - model: {member}/model.safetensors", "    parameters:", f"      weight: {number_text(share)}"]
            body.append(f"      density: {number_text(values['density'])}")
    note = "Of entries equally large at the threshold this program keeps all and mergekit some."
    usage = [
        *origins,
        "",
        *making(recipe.triple, base=True),
        "mergekit-pytorch THIS_FILE merged  # 0.1.5 or newer: lambda",
        note,
        "",
    ]
    return heading(recipe, fingerprint, usage) + "\n".join(body) + "\n"


def recipe_from_mergekit(
    entries: Mapping[str, Any], text: str, names: Iterable[str], triple: str, where: str
) -> Recipe:
    """Read a recipe out of mergekit's YAML.

    Args:
        entries: the YAML.
        text: the same as text: an export's own recipe stands in its first lines, and counts if the body agrees.
        names: of all tensors of the model at hand.
        triple: that the recipe is for; the file names only paths.
        where: what messages call the file.

    Raises:
        RecipeError: the file is of another kind, or no recipe here says the same.
    """
    method = entries.get("merge_method")
    if method not in ("linear", "task_arithmetic", "ties"):
        raise RecipeError(f"{where}: merge_method: expected linear, task_arithmetic or ties, but got {seen(method)}.")
    models = _models(entries, where)
    if method == "ties":
        return _ties_recipe(entries, models, triple, where)
    sums = {name: _sum_of(name, models, where) for name in names}
    if method == "linear" and _setting(_outer(entries).get("normalize", True), "", where):
        sums = {name: _normal(found, name, where) for name, found in sums.items()}
    elif method == "task_arithmetic":
        sums = {name: found | {"m0": 1.0 - sum(found.values())} for name, found in sums.items()}
    written = written_recipe(text)
    return agreeing(written, sums) or recipe_of_sums(sums, triple, where)


def _models(entries: Mapping[str, Any], where: str) -> dict[str, Mapping[str, Any]]:
    """Give each model its member: by its folder's name, or else the first that is not the base is M1, the next M2."""
    rows = entries.get("models")
    if not isinstance(rows, list) or not all(
        isinstance(row, Mapping) and isinstance(row.get("model"), str) for row in rows
    ):
        raise RecipeError(f"{where}: models: expected a list of {{model, parameters}}, but got {seen(rows)}.")
    rows = [row for row in rows if row["model"] != entries.get("base_model")]
    folders = [PurePosixPath(row["model"]).parent.name for row in rows]
    by_name = len(set(folders)) == len(folders) and {"m1", "m2"} & set(folders)
    if not by_name and len(rows) != 2:
        raise RecipeError(f"{where}: models: expected two beside the base, M1 and M2, but got {len(rows)}.")
    members = folders if by_name else ["m1", "m2"]
    return {member: row.get("parameters") or {} for member, row in zip(members, rows, strict=True)}


def _outer(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    found = entries.get("parameters")
    return found if isinstance(found, Mapping) else {}


def _sum_of(name: str, models: Mapping[str, Mapping[str, Any]], where: str) -> Sum:
    found: Sum = {}
    for member, settings in models.items():
        value = _setting(settings.get("weight") if isinstance(settings, Mapping) else None, name, where)
        found[member] = number(value, -_LARGEST, _LARGEST, f"{where}: {member}: weight of {name}")
    return found


def _setting(setting: object, name: str, where: str) -> object:
    """Evaluate a setting for one tensor: the value itself, or that of the first filter that is part of the name."""
    rows = setting if isinstance(setting, list) else [setting]
    for row in rows:
        if not isinstance(row, Mapping):
            return setting
        if row.get("filter") in (None, "*") or str(row["filter"]) in name:
            return row.get("value")
    return None


def _normal(found: Sum, name: str, where: str) -> Sum:
    total = sum(found.values())
    if abs(total) < NOTHING:
        raise RecipeError(f"{where}: weights of {name} sum to 0 and cannot be normalised; mend them.")
    return found if abs(total - 1.0) < 1e-9 else {member: weight / total for member, weight in found.items()}


def _ties_recipe(entries: Mapping[str, Any], models: Mapping[str, Any], triple: str, where: str) -> Recipe:
    read = {
        (member, key): number(_setting(settings.get(key), "", where), 0.0, _LARGEST, f"{where}: {member}: {key}")
        for member, settings in models.items()
        for key in ("weight", "density")
    }
    densities = {read[member, "density"] for member in models}
    total = sum(read[member, "weight"] for member in models)
    if len(densities) != 1 or set(models) - {"m1", "m2"} or not total or not _outer(entries).get("normalize", True):
        raise RecipeError(f"{where}: ties here is of M1 and M2, normalised, with one density; this file's is not.")
    share = read.get(("m1", "weight"), 0.0) / total
    scale = _outer(entries).get("lambda", 1.0)
    values = {"density": densities.pop(), "scale": scale, "share": share}
    return recipe_from({"triple": triple, "method": "ties", **values}, where)
