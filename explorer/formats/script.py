"""A recipe as a Python script of a few lines that needs torch and transformers, and nothing of this program.

Each method's lines do the same operations in the same order as ``explorer.merging``, so that the weights are the same
bit for bit on a CPU.
"""

from collections.abc import Mapping

from explorer.attention import LANES, PARTS, PROJECTIONS, Lane, Part, attention_parameters
from explorer.config import Source, TripleSpec
from explorer.errors import RecipeError
from explorer.finer import Ratio, feed_forward_ratios
from explorer.formats import script_parts
from explorer.formats.heading import heading
from explorer.formats.places import place_lines, place_text
from explorer.ratios import parameter_ratios
from explorer.recipe import Recipe

# Part → what its tensors' names have; a test holds them against ``attention.part_of``.
_PATTERNS: dict[Part, str] = {
    "encoder.self": r"encoder.*self_attn\.[qkv]_proj",
    "decoder.self": r"decoder.*self_attn\.[qkv]_proj",
    "decoder.cross": r"encoder_attn\.[qkv]_proj",
    "output": r"\.out_proj\.",
    "feed-forward": r"\.fc[12]\.",
    "norms": r"layer_norm",
    "embeddings": r"embed_",
    "stem": r"\.conv",
}
_MODULES: dict[Lane, str] = {
    "encoder.self": "encoder.self_attn",
    "decoder.self": "decoder.self_attn",
    "decoder.cross": "decoder.encoder_attn",
}


def script_text(recipe: Recipe, spec: TripleSpec, depths: Mapping[Lane, int], fingerprint: str, *, local: bool) -> str:
    """Write the script.

    Args:
        recipe: any but of RegMean.
        spec: its triple, which says where the checkpoints are.
        depths: number of layers of each lane.
        fingerprint: of the merged weights.
        local: whether the reader may see where on this machine a checkpoint lies.

    Raises:
        RecipeError: RegMean, or a custom curve that does not fit the model.
    """
    if recipe.method == "regmean":
        raise RecipeError("python: regmean needs the Gram matrices of its clips; export it as a folder: merge --out.")
    members = (spec.base, spec.m1, spec.m2)
    further = {each.vector: source for each in recipe.add if (source := spec.vector(each.vector))}
    tau = any(source.task_vector for source in (*members, *further.values()))
    base = _hub_or_folder(spec.base, local=local)
    start = script_parts.START.format(
        base=base,
        first=_tensors(spec.m1, local=local),
        second=_tensors(spec.m2, local=local),
        imports="from safetensors.torch import load_file\n" if tau else "",
        vector=script_parts.VECTOR if tau else "",
    )
    method = script_parts.LERP + _method(recipe, depths)
    add = ""
    if recipe.add:
        rows = [(each.vector, each.beta, _pattern(each.scope)) for each in recipe.add]
        loaded = ", ".join(f"{name!r}: lambda: {_tensors(source, local=local)}" for name, source in further.items())
        add = script_parts.ADD.format(
            rows=rows,
            further=f"{{{loaded}}}[vector]()",
            operation="if vector in ('m1', 'm2'):\n"
            "                merged[name].add_(other[name], alpha=beta).sub_(W0[name], alpha=beta)\n"
            "            else:\n"
            "                merged[name].add_(other[name] - W0[name], alpha=beta)",
        )
    usage = ["", "python THIS_FILE merged", *place_lines(spec, further, local=local)]
    end = script_parts.END.format(add=add, base=base)
    modules = [name for name in ("hashlib", "math") if f"{name}." in method]
    imports = "".join(f"\nimport {name}" for name in modules)
    return heading(recipe, fingerprint, [*usage, ""]) + imports + start.rstrip("\n") + "\n\n" + method + end


def _method(recipe: Recipe, depths: Mapping[Lane, int]) -> str:
    values = {name: repr(value) for name, value in recipe.values}
    if recipe.finer:
        rows = "".join(f"    {name!r}: {ratio},\n" for name, ratio in _modules_ratios(recipe, depths).items())
        return script_parts.FINER.format(ratios="{\n" + rows + "}")
    if recipe.row.curve:
        lanes = {_MODULES[lane]: list(row) for lane, row in recipe.lane_ratios(depths).items() if lane in recipe.scope}
        listed = "".join(f"    {lane!r}: {row},\n" for lane, row in lanes.items())
        curve = script_parts.CURVE.format(ratios="{\n" + listed + "}", letters="".join(recipe.projections) or "-")
        plain = "\ndef merge(name, w0, w1, w2):\n    return mix(w1, w2, ratio_of(name))\n"
        return curve + (script_parts.HEADS.format(**values) if recipe.method == "hsa" else plain)
    parts = f'\nPARTS = r"{_pattern(recipe.scope)}"\n\n'
    if recipe.method in ("slerp", "task-slerp"):
        on_base = recipe.method == "task-slerp"
        vectors = "w1 - w0, w2 - w0" if on_base else "w1, w2"
        plain = "(w1 * a).add_(w2, alpha=b)"
        around = "(w0 * (1.0 - a - b)).add_(w1, alpha=a).add_(w2, alpha=b)"
        return parts + script_parts.ARC.format(
            vectors=vectors, share=values["lambda"], sum=around if on_base else plain
        )
    share, scale = values.get("share"), values.get("scale")
    drawn = "drop(w1 - w0, 'm1', name), drop(w2 - w0, 'm2', name)"
    helpers, merge = {
        "lerp": ("", f"mix(w1, w2, {values.get('lambda')})"),
        "task-arithmetic": ("", f"torch.lerp(w0, torch.lerp(w2, w1, {share}), {scale})"),
        "ties": (
            script_parts.ELECT + script_parts.TRIM,
            f"torch.add(w0, elect(trim(w1 - w0), trim(w2 - w0), {share}), alpha={scale})",
        ),
        "dare": (
            script_parts.DROP,
            f"torch.add(w0, (lambda t1, t2: torch.lerp(t2, t1, {share}))({drawn}), alpha={scale})",
        ),
        "dare-ties": (script_parts.ELECT + script_parts.DROP, f"torch.add(w0, elect({drawn}, {share}), alpha={scale})"),
    }[recipe.method]
    return parts + helpers.format(**values) + script_parts.FLAT.format(merge=merge)


def _modules_ratios(recipe: Recipe, depths: Mapping[Lane, int]) -> dict[str, Ratio]:
    """Give every module that is not M1's its ratio, or its heads theirs."""
    names = [
        f"model.{stack}.layers.{layer}.{attention}.{letter}_proj.weight"
        for lane, depth in depths.items()
        for stack, attention in [_MODULES[lane].split(".")]
        for layer in range(depth)
        for letter in PROJECTIONS
    ]
    names += [
        f"model.{stack}.layers.{layer}.{part}.weight"
        for stack, lane in zip(("encoder", "decoder"), LANES, strict=False)  # self-attention has the stack's depth
        for layer in range(depths.get(lane, 0))
        for part in ("fc1", "fc2")
    ]
    ratios = {**parameter_ratios(recipe, attention_parameters(names)), **feed_forward_ratios(recipe.finer, names)}
    return {name.removesuffix(".weight"): ratio for name, ratio in ratios.items() if ratio != 1.0}


def _pattern(scope: tuple[Part, ...]) -> str:
    if scope == PARTS:
        return ""
    return "|".join(_PATTERNS[part] for part in scope) or "nothing"


def _hub_or_folder(source: Source, *, local: bool) -> str:
    if source.repo:
        return repr(source.repo) + (f", revision={source.revision!r}" if source.revision != "main" else "")
    return repr(place_text(source, local=local))


def _tensors(source: Source, *, local: bool) -> str:
    if source.task_vector:
        return f"with_vector({place_text(source, local=local)!r})"
    return f"tensors(checkpoint({_hub_or_folder(source, local=local)}))"


assert set(_MODULES) == set(LANES)
