"""Which parameters are attention, and where they sit: parameter name → stack, layer, kind, projection.

The only module that knows Hugging Face's parameter names for Whisper's attention.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Stack = Literal["encoder", "decoder"]
Kind = Literal["self", "cross"]
Projection = Literal["q", "k", "v"]
Lane = Literal["encoder.self", "decoder.self", "decoder.cross"]

LANES: tuple[Lane, ...] = get_args(Lane)
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)

_NAME = re.compile(
    r"model\.(?P<stack>encoder|decoder)\.layers\.(?P<layer>\d+)\."
    r"(?P<kind>self_attn|encoder_attn)\.(?P<projection>[qkv])_proj\.(?:weight|bias)"
)


@dataclass(frozen=True)
class AttentionParameter:
    """One query, key or value tensor (weight or bias).

    Attributes:
        name: parameter name, as in ``WhisperForConditionalGeneration.state_dict()``.
        lane: stack and attention kind, for example ``decoder.cross``.
        layer: zero-based, counted within its own stack.
        projection: q, k or v.
    """

    name: str
    lane: Lane
    layer: int
    projection: Projection


def attention_parameter(name: str) -> AttentionParameter | None:
    """Say where ``name`` sits, or None when it is not a q, k or v tensor of an attention."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    kind = "self" if match["kind"] == "self_attn" else "cross"
    lane = f"{match['stack']}.{kind}"
    if lane not in LANES:
        return None
    return AttentionParameter(name, lane, int(match["layer"]), match["projection"])  # type: ignore[arg-type]


def attention_parameters(names: Iterable[str]) -> tuple[AttentionParameter, ...]:
    """Pick the q, k and v tensors out of ``names``, sorted by lane, layer and name."""
    found = [parameter for name in names if (parameter := attention_parameter(name)) is not None]
    return tuple(sorted(found, key=lambda p: (LANES.index(p.lane), p.layer, p.name)))


def lane_depths(parameters: Iterable[AttentionParameter]) -> dict[Lane, int]:
    """Count the layers of each lane present, in the order of ``LANES``."""
    depths: dict[Lane, int] = {}
    for parameter in sorted(parameters, key=lambda p: LANES.index(p.lane)):
        depths[parameter.lane] = max(depths.get(parameter.lane, 0), parameter.layer + 1)
    return depths
