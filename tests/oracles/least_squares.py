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
_FAINT = 1e-9
# Bigger layers than this take lstsq minutes; there are enough smaller ones.
_WIDEST = 600


def excess_over_least_squares(bench: Bench) -> float:
    """Return the largest excess of RegMean's sum of squares over the smallest there is, relative to the targets' own.

    Where the clips say nothing of a direction, many layers are equally good: there RegMean keeps to both parents' mean,
    as it would if each input had been given to both alone, once more, at a billionth of the inputs' mean square.
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
        # Each model's rows count as their mean; and a faint row for every input by itself.
        scale = [1 / len(one) ** 0.5, 1 / len(other) ** 0.5]
        squares = (one * scale[0]) ** 2
        faint = (
            np.eye(one.shape[1]) * (_FAINT * (squares.sum() + ((other * scale[1]) ** 2).sum()) / one.shape[1]) ** 0.5
        )
        rows = [one * scale[0], faint, other * scale[1], faint]
        wanted = [part @ (w1 if place < 2 else w2).numpy().T for place, part in enumerate(rows)]
        stacked, targets = np.concatenate(rows), np.concatenate(wanted)
        best, *_ = np.linalg.lstsq(stacked, targets, rcond=None)
        sums = [float(((stacked @ weights - targets) ** 2).sum()) for weights in (found.T, best)]
        worst = max(worst, (sums[0] - sums[1]) / float((targets**2).sum()))
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
