"""RegMean against numpy's least squares, on what every linear layer of M1 and M2 is given while they hear noise."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.audio import Clip
from explorer.bench import Bench
from explorer.merging.regmean import regression_mean
from explorer.recipe import Recipe
from explorer.transcription.decoding import Decoding

Rows = NDArray[np.float64]
_WORDS = "the cat sat on the mat and saw a dog"
_CLIPS = 6
# Bigger layers than this take lstsq minutes; there are enough smaller ones.
_WIDEST = 600


def excess_over_least_squares(bench: Bench) -> float:
    """Return the largest relative excess of RegMean's sum of squares over the smallest one there is.

    Where the clips say nothing of a direction, many layers are equally good; the sum says which are.
    """
    inputs = {member: _inputs(bench, member) for member in ("m1", "m2")}
    first, second = (bench.live.triple.weights[member] for member in ("m1", "m2"))
    worst = 0.0
    for name, one in inputs["m1"].items():
        other = inputs["m2"][name]
        w1, w2 = first[name].double(), second[name].double()
        if torch.equal(w1, w2):
            continue
        grams = tuple(torch.from_numpy(rows.T @ rows / len(rows)) for rows in (one, other))
        found = regression_mean(first[name], second[name], (grams[0], grams[1]), 1.0).numpy()
        # Each model's rows count as their mean.
        rows = np.concatenate([one / len(one) ** 0.5, other / len(other) ** 0.5])
        wanted = np.concatenate([one @ w1.numpy().T / len(one) ** 0.5, other @ w2.numpy().T / len(other) ** 0.5])
        best, *_ = np.linalg.lstsq(rows, wanted, rcond=None)
        smallest = ((rows @ best - wanted) ** 2).sum()
        worst = max(worst, float(((rows @ found.T - wanted) ** 2).sum() - smallest) / float((wanted**2).sum()))
    return worst


def _inputs(bench: Bench, member: str) -> dict[str, Rows]:
    """Collect the rows that every linear layer is given: name of its weight → shape (positions, inputs)."""
    seen: dict[str, list[Tensor]] = {}
    generator = np.random.default_rng(0)
    with bench.held(member, Recipe(bench.spec.name)) as network:
        hooks = [
            layer.register_forward_pre_hook(
                lambda _, inputs, name=f"{name}.weight": seen.setdefault(name, []).append(inputs[0].detach().clone())
            )
            for name, layer in network.named_modules()
            if isinstance(layer, nn.Linear) and name != "proj_out" and layer.in_features <= _WIDEST
        ]
        for _ in range(_CLIPS):
            clip = Clip("noise", generator.normal(0, 0.2, 24_000).astype(np.float32), "")
            bench.transcriber.forced(network, clip, _WORDS, Decoding("fit"))
        for hook in hooks:
            hook.remove()
    return {
        name: torch.cat([each.reshape(-1, each.shape[-1]) for each in rows]).double().numpy()
        for name, rows in seen.items()
    }
