"""Groupings that the authors' YAML can express, as examples: by thirds, by layer, by projection, overlapping, all."""

from typing import Any

ATTENTION = r".*\.(self_attn|encoder_attn)\.(q|k|v)_proj.*"


def group(lamda: float, alpha: float, *include: str) -> dict[str, Any]:
    """One entry of ``merge_configs``."""
    return {"include": list(include), "lamda": lamda, "alpha": alpha}


def groupings(layers: int) -> dict[str, list[dict[str, Any]]]:
    """Return groupings by name, for stacks of so many layers."""
    half = layers // 2
    low, high = f"[0-{half - 1}]", f"[{half}-{layers - 1}]"
    part = r".*\.layers\.{}\.(self_attn|encoder_attn)\.(q|k|v)_proj.*"
    return {
        "halves of the stack": [group(0.2, 0.7, part.format(low)), group(0.2, 0.9, part.format(high))],
        "each layer its own": [group(0.1 + 0.1 * n, 0.8, part.format(n)) for n in range(layers)],
        "encoder and decoder": [
            group(0.3, 0.7, r".*\.encoder\..*self_attn\.(q|k|v)_proj.*"),
            group(0.1, 0.9, r".*\.decoder\..*_attn\.(q|k|v)_proj.*"),
        ],
        "projections apart": [
            group(0.2, n / 4, rf".*_attn\.{letter}_proj.*") for n, letter in enumerate("qkv", start=2)
        ],
        "biases apart": [
            group(0.3, 1.0, r".*_attn\.[qkv]_proj\.weight"),
            group(0.7, 1.0, r".*_attn\.[qkv]_proj\.bias"),
        ],
        "lamda 0 keeps M1": [group(0, 0, part.format(low)), group(0.2, 0.8, part.format(high))],
        "alpha 0 is M1 as well": [group(0.2, 0, ATTENTION)],
        "one inside another": [group(0.2, 0.8, ATTENTION), group(0.6, 1.0, part.format(0))],
        "beyond attention": [group(0.4, 1.0, r".*\.fc[12]\..*", r".*layer_norm.*"), group(0.2, 0.8, ATTENTION)],
        "nothing": [],
    }
