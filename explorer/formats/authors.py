"""The authors' ``merge_configs.yaml``, for their ``merge/sa_merge.py``: recipe → groups, groups → recipe.

Each group names tensors by regular expressions and gives them λ^α; tensors in no group stay M1's. One thing differs
from the formula: ``lamda: 0`` keeps M1, while λ → 0 is M2. A share of 0 is therefore written as 1.0e-12.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from explorer.attention import LANES, attention_parameters, lane_depths
from explorer.checks import number
from explorer.errors import RecipeError, seen
from explorer.formats.heading import heading, making, number_text, written_recipe
from explorer.formats.linear import ALL_M1, NOTHING, Sum, agreeing, recipe_of_sums, weighted_sums
from explorer.methods import DEFAULT_METHOD
from explorer.recipe import Recipe
from explorer.schedule import group_of

_MODULES = {
    "encoder.self": ("encoder", "self_attn"),
    "decoder.self": ("decoder", "self_attn"),
    "decoder.cross": ("decoder", "encoder_attn"),
}
Power = tuple[float, float]


def authors_text(recipe: Recipe, names: Iterable[str], fingerprint: str, origins: Sequence[str] = ()) -> str:
    """Write a recipe as the authors' groups.

    Args:
        recipe: SA Merge with any schedule, or Lerp.
        names: of all tensors of the model at hand.
        fingerprint: of the merged weights.
        origins: lines that say where the checkpoints are.

    Raises:
        RecipeError: groups cannot express it; the message says why.
    """
    names = tuple(names)
    if recipe.add:
        raise RecipeError("sa-merge: merge_configs.yaml has no place for added task vectors; export it as mergekit.")
    if recipe.method == "lerp":
        share = float(dict(recipe.values)["lambda"])
        inside = [name for name, found in weighted_sums(recipe, names).items() if found != ALL_M1]
        groups = {(max(share, NOTHING), 1.0): [re.escape(name) for name in inside]} if inside else {}
    elif recipe.finer:
        groups = {}
        for name, found in weighted_sums(recipe, names).items():
            if found != ALL_M1:
                groups.setdefault((max(found["m1"], NOTHING), 1.0), []).append(re.escape(name))
    elif recipe.method == DEFAULT_METHOD:
        groups = _curve_groups(recipe, names)
    else:
        raise RecipeError(
            f"sa-merge: merge_configs.yaml gives tensors a share of M1 and M2, which {recipe.method} is not; "
            f"export it as python."
        )
    body = ["merge_configs:" if groups else "merge_configs: []"]
    for (base, exponent), patterns in groups.items():
        body += ["  - include:", *(f"      - '{pattern}'" for pattern in patterns)]
        body += [f"    lamda: {number_text(base)}", f"    alpha: {number_text(exponent)}"]
    usage = [*origins, "", *making(recipe.triple, base=True)]
    command = "python merge/sa_merge.py --model_class m0 --domain_ft_model m1 --general_ft_model m2 --out_path merged"
    usage += ["Their script looks for a tokenizer in the folder above m1 and m2: cp m0/*.json ."]
    usage += ["In a clone of github.com/balaji1312/sa_merging:", f"{command} --config_path THIS_FILE", ""]
    return heading(recipe, fingerprint, usage) + "\n".join(body) + "\n"


def _curve_groups(recipe: Recipe, names: tuple[str, ...]) -> dict[Power, list[str]]:
    depths = lane_depths(attention_parameters(names))
    groups: dict[Power, dict[tuple[str, str], list[int]]] = {}
    for lane, ratios in recipe.lane_ratios(depths).items():
        for layer, ratio in enumerate(ratios):
            if lane in recipe.scope and ratio != 1.0:
                power = _power(recipe, ratio, layer, len(ratios))
                groups.setdefault(power, {}).setdefault(_MODULES[lane], []).append(layer)
    return {power: list(_patterns(lanes, recipe.projections)) for power, lanes in groups.items() if recipe.projections}


def _power(recipe: Recipe, ratio: float, layer: int, depth: int) -> Power:
    """Return λ and α of a ratio: the recipe's own where the formula has them."""
    if ratio < NOTHING or recipe.mixing < NOTHING:
        return max(ratio, NOTHING), 1.0
    exponents = recipe.exponents
    own = {
        "depth": exponents[0] * (layer + 1) / depth,
        "power": exponents[0] * layer,
        "groups": exponents[group_of(layer, depth)] if len(exponents) > 1 else exponents[0],
        "constant": 1.0,
    }
    exponent = own.get(recipe.schedule)
    return (ratio, 1.0) if exponent is None else (recipe.mixing, exponent)


def _patterns(lanes: Mapping[tuple[str, str], list[int]], projections: Iterable[str]) -> Iterable[str]:
    for (stack, module), layers in lanes.items():
        for letter in projections:
            yield rf".*\.{stack}\.layers\.({'|'.join(map(str, layers))})\.{module}\.{letter}_proj\..*"


def recipe_from_authors(entries: Mapping[str, Any], text: str, names: Iterable[str], triple: str, where: str) -> Recipe:
    """Read a recipe out of the authors' groups, as their script would apply them: of two groups the later one counts.

    Args:
        entries: the YAML.
        text: the same as text, see ``mergekit.recipe_from_mergekit``.
        names: of all tensors of the model at hand.
        triple: that the recipe is for.
        where: what messages call the file.

    Raises:
        RecipeError: the file is broken, or no recipe here says the same.
    """
    rows = entries.get("merge_configs")
    if not isinstance(rows, list):
        raise RecipeError(f"{where}: merge_configs: expected a list of groups, but got {seen(rows)}.")
    sums: dict[str, Sum] = dict.fromkeys(names, ALL_M1)
    for index, row in enumerate(rows):
        at = f"{where}: merge_configs[{index}]"
        if not isinstance(row, Mapping) or not isinstance(row.get("include"), list):
            raise RecipeError(f"{at}: expected include, lamda and alpha, but got {seen(row)}.")
        base, exponent = (
            number(row.get(key), 0.0, limit, f"{at}: {key}") for key, limit in (("lamda", 1.0), ("alpha", 64.0))
        )
        ratio = base**exponent if base else 1.0
        patterns = [_compiled(each, at) for each in row["include"]]
        for name in sums:
            if any(pattern.match(name) for pattern in patterns):
                sums[name] = {"m1": ratio, "m2": 1.0 - ratio}
    return agreeing(written_recipe(text), sums) or recipe_of_sums(sums, triple, where)


def _compiled(pattern: object, where: str) -> re.Pattern[str]:
    """Compile a pattern; r"…", as the first published file has it, is meant as Python means it."""
    text = re.sub(r'^r(["\'])(.*)\1$', r"\2", pattern) if isinstance(pattern, str) else ""
    try:
        if text and len(text) < 1_000:
            return re.compile(text)
    except (re.error, RecursionError, OverflowError):
        pass
    raise RecipeError(f"{where}: include: expected a regular expression, but got {seen(pattern)}.")


assert set(_MODULES) == set(LANES)
