"""Where models compute: the processor or one CUDA device."""

import torch
from torch import Tensor

from explorer.checkpoints.triple import Member, Triple
from explorer.errors import RecipeError


def pick_device(name: str) -> torch.device:
    """Return the device called ``cpu``, ``cuda`` or ``auto`` (CUDA where there is one).

    Raises:
        RecipeError: ``cuda`` on a machine without it.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise RecipeError("device: cuda was asked for, but this machine has none; use cpu or auto.")
    return torch.device("cpu" if name == "cpu" or not torch.cuda.is_available() else "cuda")


def placed(triple: Triple, device: torch.device) -> dict[Member, dict[str, Tensor]]:
    """Return a triple's weights on a device; tensors shared between members stay shared there."""
    if device.type == "cpu":
        return triple.weights
    moved: dict[int, Tensor] = {}
    weights_there: dict[Member, dict[str, Tensor]] = {}
    for member, weights in triple.weights.items():
        for tensor in weights.values():
            moved.setdefault(id(tensor), tensor.to(device))
        weights_there[member] = {name: moved[id(tensor)] for name, tensor in weights.items()}
    return weights_there
