"""The live model: M0, M1, M2 and one merge on one device, and the only mutable thing of the project.

The merge is a model of its own whose attention tensors are rewritten in place; everything else in it *is* M1's memory.
M0, M1 and M2 are never written to.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.checkpoints.fingerprint import fingerprint
from explorer.checkpoints.triple import Member, Triple, build_model, tensor_digest
from explorer.errors import RecipeError
from explorer.merging.selective_attention import merge_tensor, parameter_ratios
from explorer.recipe import Recipe
from explorer.turns import Turns

# What a caller holds: an ordinary Whisper of transformers.
Network = WhisperForConditionalGeneration


def pick_device(name: str) -> torch.device:
    """Return the device called ``cpu``, ``cuda`` or ``auto`` (CUDA where there is one).

    Raises:
        RecipeError: ``cuda`` on a machine without it.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise RecipeError("device: cuda was asked for, but this machine has none; use cpu or auto.")
    return torch.device("cpu" if name == "cpu" or not torch.cuda.is_available() else "cuda")


class LiveModel:
    """A loaded triple with one merge, used as ``with live.merged(recipe) as model:``.

    Only one caller at a time holds a model; others wait in line. What a caller gets is valid inside the ``with`` alone.

    Attributes:
        triple: as loaded, on the CPU.
        device: where the models compute.
        rewritten: number of tensors the last merge wrote: those whose ratio had changed.
    """

    def __init__(self, triple: Triple, device: torch.device) -> None:
        """Place a triple on a device.

        Args:
            triple: checked and loaded.
            device: CPU or CUDA; float32 everywhere.
        """
        self.triple = triple
        self.device = device
        self.rewritten = 0
        self._turns = Turns()
        self._weights = _placed(triple, device)
        first = self._weights["m1"]
        self._merged = {p.name: first[p.name].clone() for p in triple.parameters}
        self._ratios: dict[str, float] = dict.fromkeys(self._merged, 1.0)
        self._models: dict[str, Network] = {}
        self._digests: dict[str, dict[str, str]] = {}

    @contextmanager
    def merged(self, recipe: Recipe) -> Iterator[Network]:
        """Hold the merge of ``recipe``; only tensors whose ratio differs from the last merge are computed.

        Raises:
            RecipeError: the recipe does not fit this model; the live model is left as it was.
        """
        ratios = parameter_ratios(recipe, self.triple.parameters)
        with self._turns:
            self._merge(ratios)
            yield self._model("merge", {**self._weights["m1"], **self._merged})

    @contextmanager
    def checkpoint(self, member: Member) -> Iterator[Network]:
        """Hold M0, M1 or M2."""
        with self._turns:
            yield self._model(member, self._weights[member])

    def fingerprint(self, member: Member) -> str:
        """Name the weights of M0, M1 or M2 by 16 hexadecimal digits."""
        with self._turns:
            return fingerprint(self._member_digests(member))

    def merged_fingerprint(self, recipe: Recipe) -> str:
        """Name the weights of a merge by 16 hexadecimal digits, hashed from the tensors themselves."""
        with self.merged(recipe):
            changed = {name: tensor_digest(tensor) for name, tensor in self._merged.items()}
            return fingerprint({**self._member_digests("m1"), **changed})

    def _member_digests(self, member: Member) -> dict[str, str]:
        if member not in self._digests:
            self._digests[member] = {name: tensor_digest(tensor) for name, tensor in self._weights[member].items()}
        return self._digests[member]

    def _merge(self, ratios: Mapping[str, float]) -> None:
        changed = [name for name, ratio in ratios.items() if self._ratios[name] != ratio]
        first, second = self._weights["m1"], self._weights["m2"]
        for name in changed:
            merge_tensor(first[name], second[name], ratios[name], self._merged[name])
            self._ratios[name] = ratios[name]
        self.rewritten = len(changed)

    def _model(self, name: str, weights: dict[str, Tensor]) -> Network:
        if name not in self._models:
            self._models[name] = build_model(self.triple.config, weights)
        return self._models[name]


def _placed(triple: Triple, device: torch.device) -> dict[Member, dict[str, Tensor]]:
    """Move a triple to a device; tensors shared between members stay shared there."""
    if device.type == "cpu":
        return triple.weights
    moved: dict[int, Tensor] = {}
    placed: dict[Member, dict[str, Tensor]] = {}
    for member, weights in triple.weights.items():
        for tensor in weights.values():
            moved.setdefault(id(tensor), tensor.to(device))
        placed[member] = {name: moved[id(tensor)] for name, tensor in weights.items()}
    return placed
