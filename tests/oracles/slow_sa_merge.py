"""Selective Attention Merge as its authors' script is described, written once more: slowly, tensor by tensor.

The script itself has no licence, so nothing of it is here. What is known of what it does:

- It walks through a list of groups, each with patterns for parameter names, ``lamda`` and ``alpha``. A parameter is in
  a group if one of the patterns matches from the start of its name.
- For every parameter of a group it adds to the model at hand the difference of M1 to that model times
  ``lamda ** alpha`` and the difference of M2 times one minus that. ``lamda: 0`` stands for "M1 alone".
- The model at hand is M0 at first and is overwritten group by group; of two groups with one parameter the later counts.
- What no group names becomes M1's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]


def slow_sa_merge(
    groups: Sequence[Mapping[str, Any]], m0: Weights, m1: Weights, m2: Weights
) -> dict[str, NDArray[np.float64]]:
    """Merge in double precision; groups as ``merge_configs`` of the authors' YAML has them."""
    model = {name: tensor.astype(float) for name, tensor in m0.items()}
    named: set[str] = set()
    for group in groups:
        for name in model:
            if any(re.match(pattern, name) for pattern in group["include"]):
                named.add(name)
                one, other = m1[name].astype(float) - model[name], m2[name].astype(float) - model[name]
                share = 1.0 if group["lamda"] == 0 else group["lamda"] ** group["alpha"]
                model[name] = model[name] + share * one + (1 - share) * other
    return {name: tensor if name in named else m1[name].astype(float) for name, tensor in model.items()}


def shares(groups: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Return the share of M1 in every parameter."""
    found = dict.fromkeys(names, 1.0)
    for group in groups:
        for name in names:
            if any(re.match(pattern, name) for pattern in group["include"]):
                found[name] = 1.0 if group["lamda"] == 0 else float(group["lamda"] ** group["alpha"])
    return found
