"""τ → a compact file, in the format the app reads (``explorer.checkpoints.task_vector``)."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from explorer.checkpoints.task_vector import FORMAT

_LARGEST = 127


def quantised(vector: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store matrices as eight bits with a float16 scale for each output row, vectors as float16.

    Args:
        vector: τ, parameter name → float32 tensor.

    Returns:
        ``NAME.int8`` and ``NAME.scale`` of every matrix, every vector under its own name.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in vector.items():
        if tensor.dim() < 2:
            stored[name] = tensor.to(torch.float16)
            continue
        rows = tensor.reshape(tensor.shape[0], -1)
        scale = (rows.abs().amax(dim=1) / _LARGEST).to(torch.float16)
        # Rounding uses the scale as stored, so that its own rounding costs nothing; a row of zeros has none.
        divisor = torch.where(scale > 0, scale.float(), 1.0)[:, None]
        whole = (rows / divisor).round().clamp(-_LARGEST, _LARGEST) * (scale > 0)[:, None]
        stored[f"{name}.int8"] = whole.to(torch.int8).reshape(tensor.shape)
        stored[f"{name}.scale"] = scale
    return stored


def write_task_vector(path: Path, vector: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write τ, quantised, beside its final place, and rename it.

    Args:
        path: to write; its folder is made if need be.
        vector: τ, parameter name → float32 tensor.
        facts: for the header, beside ``format`` and ``name``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {name: tensor.contiguous() for name, tensor in quantised(vector).items()}
    save_beside(stored, path, {"format": FORMAT, "name": path.stem, **facts})


def save_beside(tensors: dict[str, Tensor], path: Path, header: dict[str, str]) -> None:
    """Write a safetensors file so that, however the process ends, ``path`` is the old one or the new one, whole."""
    fresh = path.with_name(f".{path.name}.new")
    save_file(tensors, fresh, header)
    with fresh.open("rb+") as stream:
        os.fsync(stream.fileno())
    fresh.chmod(0o644)
    fresh.replace(path)


def record(path: Path, measured: Mapping[str, object]) -> None:
    """Add word error rates to a task vector's header; those of the same name are replaced.

    Args:
        path: of a task vector.
        measured: what was measured, by name, fit for JSON.
    """
    with safe_open(path, framework="pt") as file:
        header = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    header["wer"] = json.dumps({**json.loads(header.get("wer", "{}")), **measured}, sort_keys=True)
    save_beside(tensors, path, header)


def commit_of_script() -> str:
    """Return the commit this code is at, with ``+`` where files differ from it; ``unknown`` outside a repository."""
    folder = Path(__file__).parent
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return f"{head}+" if _git(folder, "status", "--porcelain", "--", ".", "../explorer") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def digest(values: object) -> str:
    """Name a JSON value by 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
