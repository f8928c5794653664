"""A Hugging Face folder on disk → its tensors, float32. Only safetensors are opened; pickles are refused."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from explorer.errors import CheckpointError, MismatchError

Weights = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]

# The output projection is tied to the token embeddings; some checkpoints store it twice.
TIED = "proj_out.weight"
EMBEDDINGS = "model.decoder.embed_tokens.weight"
_ADAPTER_MARKS = ("lora_", "adapter", "prompt_encoder", "prefix_encoder")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open one safetensors file.

    Raises:
        CheckpointError: the file is missing, cut short, or not safetensors.
    """
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} in {path.parent.name}: not a complete safetensors file ({error}); fetch it again."
        ) from error


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Find the safetensors of a folder, sharded or not.

    Raises:
        CheckpointError: none there, only pickles, or an adapter instead of a model.
    """
    if (folder / "adapter_config.json").exists():
        raise CheckpointError(f"{folder.name}: is an adapter, not a whole model; merge it into its base first.")
    if (folder / "model.safetensors").is_file():
        return (folder / "model.safetensors",)
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        places = read_json(index).get("weight_map")
        names = sorted({str(name) for name in places.values()}) if isinstance(places, dict) else []
        # A shard outside the folder would be a way to read any file.
        if not names or any(Path(name).name != name for name in names):
            raise CheckpointError(f"{index.name} in {folder.name}: lists no usable shards; fetch the folder again.")
        return tuple(folder / name for name in names)
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")):
        raise CheckpointError(
            f"{folder.name}: holds only pickled weights, which can run code; convert them to model.safetensors."
        )
    raise CheckpointError(f"{folder.name}: expected model.safetensors there, but found none; check the folder.")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        CheckpointError: missing, not JSON, or not an object.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path.name}: expected a JSON file in {path.parent}; fetch the model again.") from error
    if not isinstance(entries, dict):
        raise CheckpointError(f"{path.name}: expected a JSON object in {path.parent}; fetch the model again.")
    return entries


def tensor_shapes(folder: Path) -> Shapes:
    """Read the names and shapes of a folder's tensors from the headers alone.

    Raises:
        CheckpointError: a file is broken.
        MismatchError: the tensors are an adapter's.
    """
    shapes: Shapes = {}
    for path in weight_files(folder):
        with opened(path) as file:
            shapes.update({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
    return of_a_model(shapes, folder.name)


def of_a_model(shapes: Shapes, name: str) -> Shapes:
    """Return shapes without the tied output projection.

    Raises:
        MismatchError: the tensors are an adapter's; ``name`` begins the message.
    """
    for tensor in shapes:
        if any(mark in tensor.lower() for mark in _ADAPTER_MARKS):
            raise MismatchError(f"{name}: {tensor}: an adapter's tensor; merge the adapter into its base first.")
    return {tensor: shape for tensor, shape in shapes.items() if tensor != TIED}


def load_weights(folder: Path) -> Weights:
    """Load a folder's tensors as float32, without the tied output projection.

    Raises:
        CheckpointError: a file is broken.
    """
    weights: Weights = {}
    for path in weight_files(folder):
        with opened(path) as file:
            for name in file.keys():  # noqa: SIM118 - a safetensors handle is no mapping
                if name != TIED:
                    weights[name] = file.get_tensor(name).to(torch.float32)
    return weights


def share_equal(weights: Weights, others: Mapping[str, Tensor]) -> Weights:
    """Replace every float32 tensor that is its namesake in ``others``, bit for bit, by that one: stored once."""
    return {
        name: others[name] if name in others and _same_bits(tensor, others[name]) else tensor
        for name, tensor in weights.items()
    }


def _same_bits(one: Tensor, other: Tensor) -> bool:
    # As numbers 0.0 and −0.0 are equal; an exact end of a merge is exact in the sign of zero too.
    return torch.equal(one.view(torch.int32), other.view(torch.int32))
