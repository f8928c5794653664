"""A triple in memory: M0, M1 and M2 of one architecture, tensors they have in common stored once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import WhisperConfig, WhisperForConditionalGeneration

from explorer.attention import AttentionParameter, attention_parameters
from explorer.checkpoints.base import base_folder
from explorer.checkpoints.cache import Progress
from explorer.checkpoints.hub import hub_folder
from explorer.checkpoints.task_vector import add_task_vector, load_task_vector, task_vector_header, task_vector_shapes
from explorer.checkpoints.triple_check import check_config, check_finite, check_same_config, check_same_shapes
from explorer.checkpoints.weights import Shapes, Weights, load_weights, read_json, share_equal, tensor_shapes
from explorer.config import Source, TripleSpec
from explorer.errors import MismatchError

Member = Literal["m0", "m1", "m2"]
MEMBERS: tuple[Member, ...] = ("m0", "m1", "m2")


@dataclass(frozen=True, eq=False)
class Triple:
    """M0, M1 and M2, checked and loaded.

    Attributes:
        spec: where they come from.
        folder: the base's Hugging Face folder: config, tokenizer, spelling map.
        config: the base's config.json.
        weights: of each member: parameter name → float32 tensor. Never written to.
    """

    spec: TripleSpec
    folder: Path
    config: dict[str, Any]
    weights: dict[Member, Weights]

    @property
    def parameters(self) -> tuple[AttentionParameter, ...]:
        """Return the attention's q, k and v tensors."""
        return attention_parameters(self.weights["m0"])


def load_triple(spec: TripleSpec, progress: Progress) -> Triple:
    """Fetch, check and load a triple.

    Args:
        spec: from checkpoints.yaml.
        progress: called with (what, bytes done, bytes in all) while files are fetched.

    Raises:
        SourceError: a member cannot be had.
        CheckpointError: a file is broken.
        MismatchError: the members do not belong together.
    """
    base = spec.base
    folder = base_folder(base.repo, base.revision, base.folder, progress) if base.repo else _existing(base)
    config = read_json(folder / "config.json")
    check_config(config, folder / "config.json")
    shapes = tensor_shapes(folder)
    # Every header is compared before any member's values are read: a mistake shows in milliseconds.
    places = {"m1": _place(spec.m1, progress), "m2": _place(spec.m2, progress)}
    for place in places.values():
        _check_headers(place, folder, config, shapes)
    weights: dict[Member, Weights] = {"m0": load_weights(folder)}
    check_finite(weights["m0"], folder)
    weights["m1"] = _load_member(places["m1"], weights["m0"])
    weights["m2"] = share_equal(_load_member(places["m2"], weights["m0"]), weights["m1"])
    return Triple(spec, folder, config, weights)


def _existing(source: Source) -> Path:
    if source.folder is None:
        raise MismatchError(f"{source.name}: a base model needs repo or folder; mend checkpoints.yaml.")
    return source.folder


def _place(source: Source, progress: Progress) -> Path:
    """Return the task-vector file or the model folder of M1 or M2, fetched if need be."""
    if source.task_vector is not None:
        return source.task_vector
    return hub_folder(source.repo, source.revision, progress) if source.repo else _existing(source)


def _check_headers(place: Path, folder: Path, config: dict[str, Any], shapes: Shapes) -> None:
    if place.is_file():
        header = task_vector_header(place)
        if (made_for := header.get("base")) and (have := _source_name(folder)) and made_for != have:
            raise MismatchError(f"{place.name}: made for base model {made_for}, but the triple's base is {have}.")
        check_same_shapes(task_vector_shapes(place), place, shapes, folder, partial=True)
        return
    own = place / "config.json"
    check_same_config(read_json(own), own, config, folder / "config.json")
    check_same_shapes(tensor_shapes(place), place, shapes, folder)


def _source_name(folder: Path) -> str | None:
    """Read the base's repository off a folder of the app's own cache, where "/" is written "--"."""
    return folder.name.replace("--", "/", 1) if "--" in folder.name else None


def _load_member(place: Path, base: Weights) -> Weights:
    if place.is_file():
        vector = load_task_vector(place)
        check_finite(vector, place)
        return add_task_vector(base, vector, place)
    weights = load_weights(place)
    check_finite(weights, place)
    return share_equal(weights, base)


def build_model(config: dict[str, Any], weights: Weights) -> WhisperForConditionalGeneration:
    """Make a module whose parameters *are* ``weights``: nothing is copied.

    Args:
        config: of the base.
        weights: all parameters but the tied output projection.

    Returns:
        The model in evaluation mode, with no gradients.
    """
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(WhisperConfig.from_dict(config))
    model.load_state_dict({**weights, "proj_out.weight": weights["model.decoder.embed_tokens.weight"]}, assign=True)
    model.requires_grad_(False)
    model.train(False)
    return model


def tensor_digest(tensor: Tensor) -> str:
    """Hash one tensor: SHA-256 over its shape and float32 bytes."""
    data = tensor.detach().to("cpu", torch.float32).contiguous()
    digest = hashlib.sha256(str(tuple(data.shape)).encode())
    digest.update(data.numpy().data)
    return digest.hexdigest()


def fingerprint(digests: dict[str, str]) -> str:
    """Combine tensors' hashes into 16 hexadecimal digits that name the weights.

    Args:
        digests: parameter name → ``tensor_digest``.
    """
    lines = "\n".join(f"{name} {digests[name]}" for name in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
