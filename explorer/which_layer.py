"""Which layer did it: what changes if one layer of one lane is M1's, or M2's, and all else stays as it is?

Every such swap is an ordinary recipe with a drawn curve. How well the swapped merge expects the reference is read as
the needle reads it, so a swap costs the layers above it and no more; the largest are then decoded as well.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from explorer.attention import LANES, Lane
from explorer.bench import Bench
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.finer import finer_dict, moved
from explorer.needle import Probe, Reading
from explorer.needles import Needles
from explorer.recipe import Recipe, recipe_from
from explorer.transcription.decoding import Halt

LARGEST = 5
_DIGITS = 6
_WEIGHTS = {"encoder": 3, "decoder": 1}  # about what a layer costs, for the time that is left


@dataclass(frozen=True)
class Swap:
    """One layer of one lane set to one parent's.

    Attributes:
        lane: whose layer.
        layer: zero-based, within its stack.
        member: m1 or m2.
        recipe: the merge with that layer's q, k and v set.
    """

    lane: Lane
    layer: int
    member: Literal["m1", "m2"]
    recipe: Recipe

    def work(self, depths: Mapping[Lane, int]) -> int:
        """Return about how much has to be computed above this swap."""
        stack = self.lane.partition(".")[0]
        above = depths[self.lane] - self.layer
        decoder = depths.get("decoder.self", 0)
        return _WEIGHTS["encoder"] * above + _WEIGHTS["decoder"] * decoder if stack == "encoder" else above


def swaps(recipe: Recipe, depths: Mapping[Lane, int]) -> tuple[Swap, ...]:
    """List every layer of every lane set to M1's and to M2's; a lane out of scope is brought into it.

    Args:
        recipe: of a method with a curve.
        depths: number of layers of each lane.

    Raises:
        RecipeError: the method has no curve over the layers, or its curve does not fit.
    """
    if not recipe.row.curve:
        raise RecipeError(
            f"{recipe.row.title} treats all layers alike; choose a method with a curve to see which did it."
        )
    curves = recipe.lane_ratios(depths)
    found = []
    for lane, curve in curves.items():
        scope = [each for each in LANES if each in recipe.scope or each == lane]
        for layer in range(len(curve)):
            members: tuple[tuple[Literal["m1", "m2"], float], ...] = (("m1", 1.0), ("m2", 0.0))
            for member, ratio in members:
                ratios = {each: list(curves[each]) for each in scope}
                ratios[lane][layer] = ratio
                entries = {**recipe.as_dict(), "schedule": "custom", "scope": scope, "ratios": ratios}
                entries["alpha"] = recipe.exponents[0]
                if recipe.finer:
                    entries["finer"] = finer_dict(moved(recipe.finer, lane, layer, ratio))
                found.append(Swap(lane, layer, member, recipe_from(entries)))
    return tuple(found)


def which_layer(
    needles: Needles, bench: Bench, recipe: Recipe, utterances: Sequence[Utterance], halt: Halt
) -> Iterator[dict[str, Any]]:
    """Swap every layer, read the clips, then decode the largest swaps.

    Args:
        needles: with the workbench.
        bench: of the triple.
        recipe: the merge that is asked about.
        utterances: clips with references, as many as the needle takes.
        halt: stops the work; between two swaps others may have the models.

    Yields:
        After every step ``{"done", "total", "remaining"}`` in pieces of work and seconds, at the end the document:
        ``recipe``, ``value`` (nats per token), ``tokens``, ``clips`` (id, words and, of the merge, each word's loss in
        nats and whether it is the model's first choice), ``rows`` (lane, layer, ``to``, ``delta`` in nats per token,
        ``words`` as in clips, and for the largest ``wer``) and ``wer`` of the merge on these clips.

    Raises:
        InterruptedDecodingError: ``halt`` said so.
        ExplorerError: the recipe or a clip cannot be used.
    """
    listed = swaps(recipe, bench.depths)
    needle, workbench = needles.of(bench), needles.workbench
    decoding = workbench.decoding(recipe)
    probe = needle.probe(utterances, decoding)
    # Decoding the largest is about as much work as reading all swaps: the bar goes on without a jump.
    costs = [each.work(bench.depths) for each in listed]
    decoded = (LARGEST + 1) * max(1, sum(costs) // (LARGEST + 1))
    done, total, began = 0, sum(costs) + decoded, time.monotonic()

    def so_far() -> dict[str, Any]:
        spent = time.monotonic() - began
        return {"done": done, "total": total, "remaining": spent / done * (total - done) if done else None}

    yield so_far()
    base = needle.read("merge", recipe, probe, halt)
    rows: list[dict[str, Any]] = []
    for swap, cost in zip(listed, costs, strict=True):
        reading = needle.read("merge", swap.recipe, probe, halt, keep=False)
        row: dict[str, Any] = {"lane": swap.lane, "layer": swap.layer, "to": swap.member}
        rows.append(row | {"delta": _rounded(reading.value - base.value), "words": _words(probe, reading)})
        done += cost
        yield so_far()
    largest = sorted(range(len(rows)), key=lambda index: -abs(rows[index]["delta"]))[:LARGEST]
    pins = {str(index): listed[index].recipe for index in largest if rows[index]["delta"]}
    told = done
    for state in workbench.evaluate(bench, utterances, ["merge"], recipe, decoding, halt, pins=pins):
        done = told + decoded * state.done // max(1, state.total)
        yield so_far()
    halt.check()
    rates = {result.model: result.counts.wer for result in state.results}
    for index in pins:
        rows[int(index)]["wer"] = rates[index]
    yield {
        "recipe": recipe.as_dict(),
        "value": _rounded(base.value),
        "tokens": base.tokens,
        "wer": rates["merge"],
        "clips": [
            {"id": each.id, "words": [[word, *said] for (word, _), said in zip(words, losses, strict=True)]}
            for each, words, losses in zip(utterances, probe.words, _words(probe, base), strict=True)
        ],
        "rows": rows,
    }


def _words(probe: Probe, reading: Reading) -> list[list[list[Any]]]:
    """Return each clip's words: the loss of all its tokens in nats, and whether all are the model's first choice."""
    found = []
    for words, seen in zip(probe.words, reading.clips, strict=True):
        row, start = [], 0
        for _, count in words:
            end = start + count
            row.append([_rounded(sum(seen.losses[start:end])), all(seen.right[start:end])])
            start = end
        found.append(row)
    return found


def _rounded(value: float) -> float:
    return round(value, _DIGITS)
