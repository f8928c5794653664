"""Which parameters are attention, and where they sit: parameter name → stack, layer, kind, projection.

The only module that knows Hugging Face's parameter names for Whisper.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

Stack = Literal["encoder", "decoder"]
Kind = Literal["self", "cross"]
Projection = Literal["q", "k", "v"]
Lane = Literal["encoder.self", "decoder.self", "decoder.cross"]
# Every tensor of a Whisper is in exactly one part: q, k and v of attention in their lane, the rest by what it does.
Part = Literal["encoder.self", "decoder.self", "decoder.cross", "output", "feed-forward", "norms", "embeddings", "stem"]

LANES: tuple[Lane, ...] = get_args(Lane)
PARTS: tuple[Part, ...] = get_args(Part)
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)

_PART_MARKS: tuple[tuple[str, Part], ...] = (
    (".out_proj.", "output"),
    (".fc1.", "feed-forward"),
    (".fc2.", "feed-forward"),
    ("layer_norm", "norms"),
    ("embed_", "embeddings"),
    (".conv", "stem"),
)

_NAME = re.compile(
    r"model\.(?P<stack>encoder|decoder)\.layers\.(?P<layer>\d+)\."
    r"(?P<kind>self_attn|encoder_attn)\.(?P<projection>[qkv])_proj\.(?:weight|bias)"
)
_MATRIX = re.compile(
    r"model\.(?P<stack>encoder|decoder)\.layers\.(?P<layer>\d+)\."
    r"(?:(?P<attention>self_attn|encoder_attn)\.(?P<projection>q|k|v|out)_proj|(?P<feed>fc[12]))\.weight"
)
_LAYER = re.compile(r"\.layers\.(\d+)\.")
_KINDS = {"self_attn": "self", "encoder_attn": "cross", None: "feed-forward"}


@dataclass(frozen=True)
class Matrix:
    """One weight matrix of a layer.

    Attributes:
        name: parameter name.
        stack: encoder or decoder.
        layer: zero-based, counted within its own stack.
        kind: self, cross or feed-forward.
        projection: q, k, v or out; fc1 or fc2 in a feed-forward part.
    """

    name: str
    stack: Stack
    layer: int
    kind: str
    projection: str


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


@cache
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


def part_of(name: str) -> Part:
    """Say which part of a Whisper a tensor belongs to.

    Raises:
        ValueError: it is no tensor of a Whisper, which a checked triple does not have.
    """
    parameter = attention_parameter(name)
    if parameter is not None:
        return parameter.lane
    for mark, part in _PART_MARKS:
        if mark in name:
            return part
    raise ValueError(f"{name}: not a tensor of a Whisper")


def section_of(name: str) -> str:
    """Say when a tensor is used on the way through a Whisper: ``encoder.2`` and ``decoder.0`` are layers.

    Returns:
        Stack and layer; ``encoder.stem``, ``decoder.stem`` before the first layer, ``encoder.norm``, ``decoder.norm``
        after the last one. The output projection is tied to the embeddings and belongs to none.
    """
    stack = "encoder" if ".encoder." in name else "decoder"
    match = _LAYER.search(name)
    if match is not None:
        return f"{stack}.{match[1]}"
    return f"{stack}.{'norm' if '.layer_norm.' in name else 'stem'}"


def makes_cross_states(name: str) -> bool:
    """Say whether a tensor turns what the encoder gives into keys or values of cross-attention."""
    parameter = attention_parameter(name)
    return parameter is not None and parameter.lane == "decoder.cross" and parameter.projection != "q"


def layer_matrices(names: Iterable[str]) -> tuple[Matrix, ...]:
    """Pick the weight matrices of attention and feed-forward parts out of ``names``, from the bottom up."""
    found = []
    for name in names:
        match = _MATRIX.fullmatch(name)
        if match is not None:
            stack: Stack = "encoder" if match["stack"] == "encoder" else "decoder"
            projection = match["projection"] or match["feed"]
            found.append(Matrix(name, stack, int(match["layer"]), _KINDS[match["attention"]], projection))
    order = ("q", "k", "v", "out", "fc1", "fc2")
    kinds = tuple(_KINDS.values())
    return tuple(
        sorted(found, key=lambda m: (m.stack == "decoder", m.layer, kinds.index(m.kind), order.index(m.projection)))
    )


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


def whole_heads(share: float, heads: int) -> int:
    """Return how many of ``heads`` heads a share in [0, 1] of them is, to the nearest, half upwards."""
    return int(share * heads + 0.5)
