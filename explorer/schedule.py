"""Schedules: the rules that turn λ and α into one mixing ratio λ_i per layer.

λ_i is the share of M1 (child) in layer i: 1 is M1, 0 is M2. Layers count from zero within their own stack of L layers.
Sources differ on the formula, so every reading is here under a name of its own; nothing else in the project knows α.
`assets/page/schedule.js` computes the same in the browser; a test compares the two over a grid.

Source: arXiv 2501.08468, section II.B, and the authors' code of 2025 (`groups`) and 2026 (`depth`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

ScheduleName = Literal["depth", "power", "decay", "groups", "constant", "custom"]
SCHEDULE_NAMES: tuple[ScheduleName, ...] = get_args(ScheduleName)

MAX_EXPONENT = 2.0
GROUPS = 3


@dataclass(frozen=True)
class ScheduleRow:
    """How a schedule is shown: its formula and a sentence that says what it means.

    Attributes:
        formula: λ_i, with i zero-based and L the depth of the stack.
        meaning: one sentence in plain words.
        exponents: how many α the formula uses: 0, 1 or 3.
        mixing_hint: what the ends of λ do.
        exponent_hint: what the ends of α do.
    """

    formula: str
    meaning: str
    exponents: int
    mixing_hint: str = ""
    exponent_hint: str = ""


SCHEDULES: dict[ScheduleName, ScheduleRow] = {
    "depth": ScheduleRow(
        "λᵢ = λ^(α·(i+1)/L)",
        "Low layers stay with the child model, the top layer gets λ^α (the authors' 2026 code).",
        1,
        "child's share: paper 0.1–0.3; 1 is all child",
        "paper: 0.7–0.9; 0 is all child",
    ),
    "power": ScheduleRow(
        "λᵢ = λ^(α·i)",
        "The formula as usually printed: the lowest layer is the child's, and deep stacks soon turn adult.",
        1,
        "child's share: paper 0.1–0.3; 1 is all child",
        "paper: 0.7–0.9; 0 is all child",
    ),
    "decay": ScheduleRow(
        "λᵢ = 1 − λ^(α^i)",
        "λ read as the adult share of the lowest layer: a smaller λ favours the child model.",
        1,
        "adult's share: paper 0.1–0.3; 0 is all child",
        "paper: 0.7–0.9; 1 is the same in every layer",
    ),
    "groups": ScheduleRow(
        "λᵢ = λ^(α_g)",
        "One α for each third of the stack, bottom to top (the authors' first script).",
        GROUPS,
        "child's share: 1 is all child",
        "0 is all child",
    ),
    "constant": ScheduleRow(
        "λᵢ = λ",
        "The same ratio in every layer; α is not used.",
        0,
        "child's share: 1 is all child, 0 all adult",
        "not used",
    ),
    "custom": ScheduleRow("λᵢ as drawn", "The ratios themselves: drag the points.", 0, "not used", "not used"),
}


def group_of(layer: int, depth: int) -> int:
    """Return the third of the stack, 0 to 2, that ``layer`` lies in (0–3, 4–7, 8–11 of twelve layers)."""
    return GROUPS * layer // depth


def _depth(mixing: float, exponents: Sequence[float], layer: int, depth: int) -> float:
    return float(mixing ** (exponents[0] * (layer + 1) / depth))


def _power(mixing: float, exponents: Sequence[float], layer: int, depth: int) -> float:
    return float(mixing ** (exponents[0] * layer))


def _decay(mixing: float, exponents: Sequence[float], layer: int, depth: int) -> float:
    return float(1.0 - mixing ** (exponents[0] ** layer))


def _groups(mixing: float, exponents: Sequence[float], layer: int, depth: int) -> float:
    return float(mixing ** exponents[group_of(layer, depth)])


def _constant(mixing: float, exponents: Sequence[float], layer: int, depth: int) -> float:
    return mixing


_FORMULAS: dict[str, Callable[[float, Sequence[float], int, int], float]] = {
    "depth": _depth,
    "power": _power,
    "decay": _decay,
    "groups": _groups,
    "constant": _constant,
}


def mixing_ratios(name: ScheduleName, mixing: float, exponents: Sequence[float], depth: int) -> tuple[float, ...]:
    """Compute λ_i for every layer of a stack.

    Args:
        name: any schedule but ``custom``, whose ratios are its own.
        mixing: λ in [0, 1].
        exponents: α in [0, 2]: one value, or three for ``groups`` (bottom, middle, top third).
        depth: L, the number of layers of the stack, at least 1.

    Returns:
        ``depth`` ratios in [0, 1], lowest layer first.
    """
    formula = _FORMULAS[name]
    return tuple(formula(mixing, exponents, layer, depth) for layer in range(depth))
