"""A re-merge after a slider move, against the memory's limit and against a dictionary with load_state_dict.

    python -m benchmarks.remerge [--triple tiny-en | --random WIDTH LAYERS] [--rounds 15] [--device cuda]

The limit is what reading two tensors and writing a third takes in the same process (`torch.add` with a factor), with a
plain copy beside it. ``--random 512 6`` has the shape of base, ``--random 768 12`` that of small: speed does not depend
on what weights say. Processor time of one thread, medians, in turns; on a GPU wall clock, until it has done all.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle

import torch

from benchmarks.merge_methods import ROOT, random_live
from benchmarks.timing import machine, medians, report
from explorer.checkpoints.base import terminal_progress
from explorer.config_file import read_config
from explorer.device import placed
from explorer.live_model import LiveModel
from explorer.methods import METHODS
from explorer.recipe import Recipe
from explorer.threads import use_threads
from explorer.workbench import Workbench


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triple", default="tiny-en")
    parser.add_argument("--random", type=int, nargs=2, metavar=("WIDTH", "LAYERS"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    use_threads(1)
    workbench = Workbench(read_config(ROOT / "checkpoints.yaml"), options.device)
    if options.random:
        live = random_live(*options.random, workbench.config.triples[0], options.device)
    else:
        with terminal_progress() as progress:
            live = workbench.bench(options.triple, progress).live
    rows = [measured(live, *move, options.rounds) for move in moves(live)]
    shape = "{}-wide-{}-layers".format(*options.random) if options.random else options.triple
    on_gpu = options.device == "cuda"
    clock = "wall" if on_gpu else "processor time of one thread"
    report(
        f"remerge-{shape}" + ("-cuda" if on_gpu else ""),
        {"shape": shape, "machine": machine(options.device), "clock": clock, "rows": rows},
    )


def moves(live: LiveModel) -> list[tuple[str, Recipe, Recipe]]:
    """Return slider moves: what they are called, and the recipes before and after."""
    layers = int(live.triple.config["encoder_layers"])
    flat = (0.5,) * layers
    lanes = ("encoder.self", "decoder.self", "decoder.cross")
    bent = (0.4, *flat[1:])
    custom = Recipe("any", schedule="custom", ratios=tuple((lane, flat) for lane in lanes))
    one = Recipe("any", schedule="custom", ratios=(("encoder.self", bent), *custom.ratios[1:]))
    whole = METHODS["lerp"].parts
    return [
        ("all layers", Recipe("any", mixing=0.2), Recipe("any", mixing=0.3)),
        ("one layer", custom, one),
        ("attention, constant", *(Recipe("any", schedule="constant", mixing=m) for m in (0.2, 0.3))),
        ("whole model", *(Recipe("any", "lerp", scope=whole, values=(("lambda", m),)) for m in (0.2, 0.3))),
    ]


def measured(live: LiveModel, name: str, before: Recipe, after: Recipe, rounds: int) -> dict[str, object]:
    """Time one move."""
    live_weights = placed(live.triple, live.device)
    for recipe in (before, after):
        with live.merged(recipe):
            pass
    changed = live.rewritten
    with live.merged(before) as model:
        moved = live.written
    names = list(moved)[:changed] if name == "one layer" else list(moved)
    first, second = ([live_weights[member][each] for each in names] for member in ("m1", "m2"))
    out = [torch.empty_like(each) for each in first]
    turn = cycle((after, before))

    def merge() -> None:
        with live.merged(next(turn)):
            pass

    def triad() -> None:
        for one, two, into in zip(first, second, out, strict=True):
            torch.add(one, two, alpha=0.5, out=into)

    def copy() -> None:
        for one, into in zip(first, out, strict=True):
            into.copy_(one)

    def plainly() -> None:
        state = dict(model.state_dict())
        for each in names:
            base = live_weights["m0"][each]
            state[each] = base + 0.5 * (live_weights["m1"][each] - base) + 0.5 * (live_weights["m2"][each] - base)
        other.load_state_dict(state)

    other = type(model)(model.config).to(live.device)
    works: dict[str, Callable[[], object]] = {"merge": merge, "triad": triad, "copy": copy, "dict": plainly}
    if live.device.type == "cuda":
        works = {name: partial(_done, work) for name, work in works.items()}
    found = medians(works, rounds, time.perf_counter if live.device.type == "cuda" else time.process_time)
    return {
        "move": name,
        "tensors": changed,
        "megabytes": sum(each.nbytes for each in first) / 1e6,
        **{f"{each} ms": 1e3 * seconds for each, seconds in found.items()},
        "merge / triad": found["merge"] / found["triad"],
        "dict / merge": found["dict"] / found["merge"],
    }


def _done(work: Callable[[], object]) -> None:
    work()
    torch.cuda.synchronize()


if __name__ == "__main__":
    main()
