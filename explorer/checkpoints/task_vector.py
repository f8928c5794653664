"""A task vector τ on disk, and M0 + τ.

Format ``task-vector/1``, safetensors: a matrix is stored as ``NAME.int8`` (symmetric, a scale per output row) with
``NAME.scale`` (float16), τ = int8 · scale; a vector as float16 under its own name; what is absent is unchanged. The
header names the base and the SHA-256 of its file.
"""

from pathlib import Path

import torch
from torch import Tensor

from explorer.checkpoints.weights import Shapes, Weights, opened
from explorer.errors import CheckpointError, MismatchError

FORMAT = "task-vector/1"


def task_vector_header(path: Path) -> dict[str, str]:
    """Read the header of a task vector.

    Raises:
        CheckpointError: the file is broken or of another format.
    """
    with opened(path) as file:
        header = dict(file.metadata() or {})
    if header.get("format") != FORMAT:
        raise CheckpointError(f"{path.name}: expected format {FORMAT} in its header, but got {header.get('format')!r}.")
    return header


def task_vector_shapes(path: Path) -> Shapes:
    """Read names and shapes of the tensors τ changes from the header alone."""
    with opened(path) as file:
        return {
            name.removesuffix(".int8"): tuple(file.get_slice(name).get_shape())
            for name in file.keys()  # noqa: SIM118 - a safetensors handle is no mapping
            if not name.endswith(".scale")
        }


def load_task_vector(path: Path) -> dict[str, Tensor]:
    """Load τ: parameter name → float32 tensor of the parameter's shape.

    Raises:
        CheckpointError: the file is broken, of another format, or a matrix has not one scale for each row.
    """
    task_vector_header(path)
    vector: dict[str, Tensor] = {}
    with opened(path) as file:
        names = set(file.keys())
        for name in sorted(names):
            if name.endswith(".int8"):
                parameter = name.removesuffix(".int8")
                if f"{parameter}.scale" not in names:
                    raise CheckpointError(f"{path.name}: {parameter}: its scales are missing; fetch the file again.")
                scale = file.get_tensor(f"{parameter}.scale").to(torch.float32)
                rows = file.get_tensor(name)
                if scale.shape != rows.shape[:1]:
                    expected, seen = tuple(rows.shape[:1]), tuple(scale.shape)
                    raise CheckpointError(
                        f"{path.name}: {parameter}: expected scales of shape {expected}, but got {seen}; it is broken."
                    )
                vector[parameter] = rows.to(torch.float32) * scale.reshape(-1, *[1] * (rows.dim() - 1))
            elif not name.endswith(".scale"):
                vector[name] = file.get_tensor(name).to(torch.float32)
    return vector


def add_task_vector(base: Weights, vector: dict[str, Tensor], path: Path) -> Weights:
    """Return M0 + τ; tensors τ does not mention are the base's own, not copies.

    Raises:
        MismatchError: τ names a tensor the base lacks, or one of another shape.
    """
    for name, change in vector.items():
        if name not in base:
            raise MismatchError(
                f"{path.name}: {name}: no such tensor in the base model; choose the base it was made from."
            )
        if base[name].shape != change.shape:
            expected, seen = tuple(base[name].shape), tuple(change.shape)
            raise MismatchError(f"{path.name}: {name}: expected shape {expected} as in the base, but got {seen}.")
    return {name: tensor + vector[name] if name in vector else tensor for name, tensor in base.items()}
