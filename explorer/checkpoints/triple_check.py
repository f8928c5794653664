"""Do M0, M1 and M2 belong together? Asked before anything is computed, mostly from headers alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.checkpoints.weights import Shapes
from explorer.errors import MismatchError

# What must agree between the configs of a triple, and what it is called in a message.
_CONFIG_KEYS = {
    "model_type": "architecture",
    "vocab_size": "vocabulary size",
    "num_mel_bins": "number of mel bins",
    "d_model": "width",
    "encoder_layers": "number of encoder layers",
    "decoder_layers": "number of decoder layers",
    "encoder_attention_heads": "number of encoder attention heads",
    "decoder_attention_heads": "number of decoder attention heads",
    "encoder_ffn_dim": "encoder feed-forward width",
    "decoder_ffn_dim": "decoder feed-forward width",
    "max_source_positions": "number of encoder positions",
    "max_target_positions": "number of decoder positions",
}
VOCABULARIES = {51_864: "English only", 51_865: "multilingual", 51_866: "multilingual, large-v3"}


def check_config(config: Mapping[str, Any], path: Path) -> None:
    """Check that a config is a Whisper's with a vocabulary Whisper has.

    Raises:
        MismatchError: another architecture, or a vocabulary no Whisper has.
    """
    kind = config.get("model_type")
    if kind != "whisper":
        raise MismatchError(
            f"{_where(path)}: model_type: expected whisper, but got {kind!r}; choose a Whisper checkpoint."
        )
    size = config.get("vocab_size")
    if not isinstance(size, int) or size not in VOCABULARIES:
        known = ", ".join(f"{number} ({what})" for number, what in VOCABULARIES.items())
        raise MismatchError(f"{_where(path)}: vocab_size: expected one of {known}, but got {size!r}.")


def check_same_config(config: Mapping[str, Any], path: Path, base: Mapping[str, Any], base_path: Path) -> None:
    """Check that a checkpoint's config agrees with the base's in all that shapes the network.

    Raises:
        MismatchError: names the file, the entry, what the base has and what was seen.
    """
    check_config(config, path)
    for key, meaning in _CONFIG_KEYS.items():
        if config.get(key) != base.get(key):
            expected = f"expected {base.get(key)} ({meaning}) as in {_where(base_path)}"
            raise MismatchError(
                f"{_where(path)}: {key}: {expected}, but got {config.get(key)}; choose checkpoints of one base model."
            )


def check_same_shapes(
    shapes: Shapes, path: Path, base: Shapes, base_path: Path, *, partial: bool = False, remedy: str | None = None
) -> None:
    """Check tensor names and shapes against the base's.

    Args:
        shapes: of the checkpoint, or of a task vector if ``partial``.
        path: its file or folder, for the message.
        base: of the base model.
        base_path: its folder, for the message.
        partial: tensors may be absent.
        remedy: what to do about it; by default, to choose another checkpoint.

    Raises:
        MismatchError: names the file, the tensor, what was expected and seen.
    """
    remedy = remedy or f"choose a checkpoint fine-tuned from {base_path.name}"
    for name, shape in shapes.items():
        if name not in base:
            raise MismatchError(f"{path.name}: {name}: not a tensor of {base_path.name}; {remedy}.")
        if shape != base[name]:
            raise MismatchError(f"{path.name}: {name}: expected shape {base[name]}, but got {shape}; {remedy}.")
    missing = [name for name in base if name not in shapes]
    if missing and not partial:
        raise MismatchError(
            f"{path.name}: {missing[0]}: expected shape {base[missing[0]]}, but it is missing; {remedy}."
        )


def check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    """Check that every value is a number.

    Raises:
        MismatchError: names the file and the first tensor with NaN or infinity.
    """
    for name, tensor in weights.items():
        # NaN and infinity survive a sum, which is cheaper than a mask; a sum may also overflow, so look closer then.
        if not torch.isfinite(tensor.sum()) and not torch.isfinite(tensor).all():
            count = int((~torch.isfinite(tensor)).sum())
            raise MismatchError(
                f"{path.name}: {name}: expected finite values, but {count} are NaN or infinite; it is broken."
            )


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.suffix == ".json" and path.parent.name else path.name
