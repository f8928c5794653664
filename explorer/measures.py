"""What can be looked at of each weight matrix's task vectors: the table behind the Anatomy tab's chooser.

Rows are those of ``anatomy.anatomy``; here they get their names, units and the words for where they sit.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

_PROJECTIONS = {
    "q": "query",
    "k": "key",
    "v": "value",
    "out": "output",
    "fc1": "first feed-forward",
    "fc2": "second feed-forward",
}
_KINDS = {"encoder.self": "encoder self-attention", "decoder.self": "decoder self-attention"}


@dataclass(frozen=True)
class Measure:
    """One number of a weight matrix.

    Attributes:
        label: on the page.
        meaning: what it is, in a sentence.
        places: decimal places.
        percent: whether it is a share, shown in percent.
        neutral: the value of two vectors that have nothing to do with each other; colours part there.
    """

    label: str
    meaning: str
    places: int
    percent: bool = False
    neutral: float | None = None

    def scaled(self, value: float) -> float:
        """Return a value in the unit that is shown."""
        return 100 * value if self.percent else value

    def bare(self, value: float) -> str:
        """Write a value without its unit."""
        return f"{self.scaled(value):.{self.places}f}".replace("-", "−")

    def shown(self, value: float) -> str:
        """Write a value with its unit."""
        return f"{self.bare(value)} %" if self.percent else self.bare(value)


# By the names of the rows' entries.
MEASURES: Mapping[str, Measure] = {
    "conflicts": Measure(
        "Sign conflicts",
        "Share of the entries that τ1 and τ2 pull in opposite directions; 50 % is what unrelated vectors have.",
        *(1, True, 0.5),
    ),
    "cosine": Measure(
        "cos(τ1, τ2)",
        "Cosine between τ1 and τ2: 1 is the same direction, 0 unrelated, −1 opposite.",
        *(2, False, 0.0),
    ),
    "relative_1": Measure("‖τ1‖ / ‖W0‖", "How far child training moved a matrix, relative to its own length.", 2, True),
    "relative_2": Measure("‖τ2‖ / ‖W0‖", "How far adult training moved a matrix, relative to its own length.", 2, True),
    "norm_1": Measure("‖τ1‖", "How far child training moved a matrix.", 3),
    "norm_2": Measure("‖τ2‖", "How far adult training moved a matrix.", 3),
    "rank_1": Measure(
        "Effective rank of τ1",
        "Over how many directions child training spread its change: exp of the entropy of the singular values.",
        0,
    ),
    "rank_2": Measure(
        "Effective rank of τ2",
        "Over how many directions adult training spread its change: exp of the entropy of the singular values.",
        0,
    ),
}
DEFAULT_MEASURE = "conflicts"


def vector_label(name: str) -> str:
    """Return what the page calls a task vector."""
    return {"m1": "τ1 · child", "m2": "τ2 · adult"}.get(name, f"τ · {name}")


def kind_words(row: Row) -> str:
    """Name stack and kind: "decoder self-attention", "cross-attention", "encoder feed-forward"."""
    if row["kind"] == "cross":
        return "cross-attention"
    return _KINDS.get(f"{row['stack']}.{row['kind']}", f"{row['stack']} {row['kind']}")


def matrix_words(row: Row) -> str:
    """Name a matrix: "layer 3's value matrix of cross-attention"."""
    of = row["stack"] if row["kind"] == "feed-forward" else kind_words(row)
    the = "the " if of == row["stack"] else ""
    return f"layer {row['layer']}'s {_PROJECTIONS[row['projection']]} matrix of {the}{of}"


def place_label(row: Row) -> str:
    """Name stack, kind and projection, short enough for an axis."""
    if row["kind"] == "feed-forward":
        return f"{row['stack']} {row['projection']}"
    return f"{'cross' if row['kind'] == 'cross' else row['stack'] + ' self'} {row['projection']}"


def lane_label(row: Row) -> str:
    """Name an attention's stack and kind, short enough for an axis."""
    return place_label(row).removesuffix(f" {row['projection']}")


def part_name(row: Row) -> str:
    """Return the part of a scope (see ``attention.PARTS``) that a matrix belongs to."""
    if row["kind"] == "feed-forward":
        return "feed-forward"
    return "output" if row["projection"] == "out" else f"{row['stack']}.{row['kind']}"


# What can be laid behind the curve: measures of a layer's q, k and v together.
LAYER_MEASURES = ("norm_1", "norm_2", "cosine", "conflicts")


def layer_numbers(matrices: Sequence[Row], measure: str) -> dict[str, list[float]]:
    """Pool a measure over the query, key and value matrices of each layer of each lane.

    Args:
        matrices: of an anatomy.
        measure: of ``LAYER_MEASURES``.

    Returns:
        Lane → one number for each layer, lowest first: lengths of all three together, the cosine between all three of
        τ1 and τ2, the share of conflicts among all entries.
    """
    layers: dict[str, dict[int, list[Row]]] = {}
    for row in matrices:
        if row["projection"] in ("q", "k", "v"):
            layers.setdefault(f"{row['stack']}.{row['kind']}", {}).setdefault(row["layer"], []).append(row)
    return {lane: [_pooled(rows[layer], measure) for layer in sorted(rows)] for lane, rows in layers.items()}


def _pooled(rows: Sequence[Row], measure: str) -> float:
    first, second = (math.sqrt(sum(row[name] ** 2 for row in rows)) for name in ("norm_1", "norm_2"))
    if measure == "cosine":
        product = sum(row["cosine"] * row["norm_1"] * row["norm_2"] for row in rows)
        return float(product / (first * second)) if first and second else 0.0
    if measure == "conflicts":
        sizes = [row["rows"] * row["columns"] for row in rows]
        return float(sum(row["conflicts"] * size for row, size in zip(rows, sizes, strict=True)) / sum(sizes))
    return first if measure == "norm_1" else second


def head_rows(matrices: list[Row]) -> list[dict[str, Any]]:
    """Return how far fine-tuning moved every head's queries, keys and values together, from the bottom up.

    Args:
        matrices: of an anatomy.

    Returns:
        One entry for each layer of each lane, with lists ``heads_1`` and ``heads_2``.
    """
    pooled: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in matrices:
        if row["projection"] not in ("q", "k", "v"):
            continue
        sums = pooled.setdefault((row["stack"], row["kind"], row["layer"]), dict(row) | {"heads_1": [], "heads_2": []})
        for key in ("heads_1", "heads_2"):
            before = sums[key] or [0.0] * len(row[key])
            sums[key] = [total + norm**2 for total, norm in zip(before, row[key], strict=True)]
    for sums in pooled.values():
        for key in ("heads_1", "heads_2"):
            sums[key] = [total**0.5 for total in sums[key]]
    order = sorted(pooled, key=lambda place: (place[0] == "decoder", place[1] == "cross", place[2]))
    return [pooled[place] for place in order]
