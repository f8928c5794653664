"""M0 as training takes it: from wherever the app has it, with what a task vector's header says of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.checkpoints.base import TINY_EN, TINY_EN_FINGERPRINT, base_folder, terminal_progress, weights_fingerprint
from explorer.checkpoints.openai_file import TINY_EN_SHA256
from explorer.checkpoints.weights import Weights, load_weights, read_json


@dataclass(frozen=True, eq=False)
class Base:
    """The model a run starts from.

    Attributes:
        folder: its Hugging Face folder.
        config: its config.json.
        weights: parameter name → float32 tensor.
        facts: what the task vector's header says of it.
    """

    folder: Path
    config: dict[str, Any]
    weights: Weights
    facts: dict[str, str]


def load_base(given: Path | None) -> Base:
    """Load tiny.en as the app has it, or the folder given.

    Raises:
        CheckpointError: it cannot be had or is broken.
    """
    with terminal_progress() as progress:
        folder = base_folder(TINY_EN, "main", given, progress)
    fingerprint = weights_fingerprint(folder)
    facts = {"base_fingerprint": fingerprint}
    if fingerprint == TINY_EN_FINGERPRINT:
        facts |= {"base": TINY_EN, "base_sha256": TINY_EN_SHA256}
    return Base(folder, read_json(folder / "config.json"), load_weights(folder), facts)
