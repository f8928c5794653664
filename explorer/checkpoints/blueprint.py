"""The network that a config describes, without weights: how it is built, and which tensors it asks for."""

from pathlib import Path
from typing import Any

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from explorer.checkpoints.weights import TIED, Shapes
from explorer.errors import MismatchError


def empty_model(config: dict[str, Any]) -> WhisperForConditionalGeneration:
    """Build a network whose parameters have shapes and no values."""
    with torch.device("meta"):
        return WhisperForConditionalGeneration(WhisperConfig.from_dict(config))


def built_shapes(config: dict[str, Any], path: Path) -> Shapes:
    """Return the names and shapes of the tensors that a config asks for, without the tied output projection.

    Args:
        config: of a Whisper.
        path: of its file, for the message.

    Raises:
        MismatchError: it describes nothing that can be built.
    """
    try:
        state = empty_model(config).state_dict()
    except Exception as error:  # transformers has no error of its own for a config it cannot build
        raise MismatchError(
            f"{path.name}: describes no Whisper that can be built ({type(error).__name__}); fetch {path.parent} again."
        ) from error
    return {name: tuple(tensor.shape) for name, tensor in state.items() if name != TIED}
