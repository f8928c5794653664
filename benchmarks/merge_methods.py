"""How long a move takes: every method's re-merge of a triple, as a ratio to a memory copy of the same tensors.

    python benchmarks/merge_methods.py [--triple tiny-en | --small] [--methods ties] [--repeats 9] [--threads N]

``--small`` makes three random Whispers of the shape of small with shared embeddings (``--random WIDTH LAYERS`` of any
shape): speed does not depend on what weights say, and nothing is fetched.

A ratio can be compared between machines and between a quiet and a busy moment; seconds cannot. Both are medians of one
run in which copies and merges take turns.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

sys.path.insert(0, str(Path(__file__).parents[1]))

from explorer.attention import part_of
from explorer.checkpoints.base import terminal_progress
from explorer.checkpoints.triple import Triple
from explorer.checkpoints.weights import TIED
from explorer.config import TripleSpec
from explorer.config_file import read_config
from explorer.heap import keep_freed_memory
from explorer.live_model import LiveModel
from explorer.methods import METHODS
from explorer.recipe import Recipe, recipe_from
from explorer.threads import one_thread, use_threads
from explorer.workbench import Workbench

ROOT = Path(__file__).parents[1]
SMALL = (768, 12)


def main() -> None:
    """Measure and print a table, or with ``--json`` one document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triple", default="tiny-en")
    parser.add_argument("--random", type=int, nargs=2, metavar=("WIDTH", "LAYERS"))
    parser.add_argument("--small", action="store_true", help="random weights in the shapes of Whisper small")
    parser.add_argument("--methods", default=",".join(METHODS), help="with commas; default: all")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.random = SMALL if options.small else options.random
    keep_freed_memory()  # as app and command line do
    use_threads(options.threads)
    workbench = Workbench(read_config(ROOT / "checkpoints.yaml"), "cpu")
    if options.random:
        options.triple = "random {}x{}".format(*options.random)
        live = random_live(*options.random, workbench.config.triples[0])
    else:
        with terminal_progress() as progress:
            live = workbench.bench(options.triple, progress).live
    chosen = options.methods.split(",")
    rows = [measured(live, options.triple, *move, options.repeats) for move in moves() if move[0] in chosen]
    if options.json:
        sys.stdout.write(
            json.dumps({"triple": options.triple, "threads": options.threads, "moves": rows}, indent=2) + "\n"
        )
        return
    sys.stdout.write(
        f"{options.triple}, {options.threads} threads, medians of {options.repeats}, load {os.getloadavg()[0]:.1f}\n"
    )
    sys.stdout.write(f"{'move':30} {'tensors':>8} {'MB':>7} {'merge s':>9} {'CPU s':>9} {'copy s':>9} {'ratio':>7}\n")
    for row in rows:
        sys.stdout.write(
            f"{row['move']:30} {row['tensors']:8} {row['megabytes']:7.1f} {row['merge']:9.4f} {row['processor']:9.4f}"
            f" {row['copy']:9.4f}"
            f" {row['ratio']:7.1f}\n"
        )


def random_live(width: int, layers: int, spec: TripleSpec, device: str = "cpu") -> LiveModel:
    """Make three random Whispers that differ in all but embeddings and stem."""
    heads = max(1, width // 64)
    shape = {"d_model": width, "encoder_layers": layers, "decoder_layers": layers}
    shape |= {"encoder_attention_heads": heads, "decoder_attention_heads": heads}
    shape |= {"encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width, "vocab_size": 51_864}
    base = WhisperForConditionalGeneration(WhisperConfig(**shape)).state_dict()
    base.pop(TIED)
    frozen = ("embeddings", "stem")

    def tuned() -> dict[str, torch.Tensor]:
        return {
            name: each if part_of(name) in frozen else each + 0.01 * torch.randn_like(each)
            for name, each in base.items()
        }

    triple = Triple(spec, ROOT, shape, {"m0": base, "m1": tuned(), "m2": tuned()})
    return LiveModel(triple, torch.device(device))


def moves() -> list[tuple[str, str]]:
    """Return (method, parameter moved) for every number of every method, λ standing for the curve."""
    found = []
    for name, row in METHODS.items():
        if any(each.kind == "name" for each in row.parameters):
            continue  # needs what somebody has gathered before
        names = [each.name for each in row.parameters if each.kind == "number"]
        found += [(name, each) for each in (["lambda", *names] if row.curve else names)]
    return found


def measured(live: LiveModel, triple: str, method: str, moved: str, repeats: int) -> dict[str, Any]:
    """Time one move again and again, each time to a new place, and a copy of the tensors it writes beside it."""
    merges, processor, copies = [], [], []
    places = [0.2 + 0.5 * step / repeats for step in range(repeats + 1)]
    for index, place in enumerate(places):
        recipe = recipe_from({"triple": triple, "method": method, moved: place})
        began = time.process_time()
        seconds = timed(lambda recipe=recipe: hold(live, recipe))
        if index:  # the first place is reached from another method
            processor.append(time.process_time() - began)
            merges.append(seconds)
            copies.append(copied(live))
    sizes = [live.triple.weights["m1"][name].numel() * 4 for name in live.written]
    return {
        "move": f"{method} {moved}",
        "tensors": len(sizes),
        "megabytes": sum(sizes) / 1e6,
        "merge": statistics.median(merges),
        "processor": statistics.median(processor),
        "copy": statistics.median(copies),
        "ratio": statistics.median(merges) / statistics.median(copies),
    }


def hold(live: LiveModel, recipe: Recipe) -> None:
    """Merge and let go."""
    with live.merged(recipe):
        pass


def copied(live: LiveModel) -> float:
    """Return the seconds that copying the tensors of the merge takes, into memory that is there already."""
    pairs = [(live.triple.weights["m1"][name], live.triple.weights["m1"][name].clone()) for name in live.written]

    def copy() -> None:
        with one_thread():
            for source, target in pairs:
                target.copy_(source)

    return timed(copy)


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
