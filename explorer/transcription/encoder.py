"""The encoder: log-mel features → hidden states, on a window of any length up to 30 s."""

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import gelu
from transformers import WhisperForConditionalGeneration

from explorer.kept import Kept
from explorer.transcription.decoding import FRAMES_PER_POSITION, Halt


def encode(model: WhisperForConditionalGeneration, features: Tensor, halt: Halt) -> Tensor:
    """Run the encoder on a window of any length up to 30 s.

    transformers' own forward refuses windows other than 30 s; the layers do not mind.

    Args:
        model: a Whisper.
        features: log-mel, shape (batch, mel bins, frames), two frames a position.
        halt: asked before every layer: of eight clips of 30 s one layer takes a CPU half a second and more.

    Returns:
        Shape (batch, positions, width).

    Raises:
        InterruptedDecodingError: ``halt`` said so.
    """
    encoder = model.model.encoder
    hidden = gelu(encoder.conv1(features))
    hidden = gelu(encoder.conv2(hidden)).permute(0, 2, 1)
    hidden = hidden + encoder.embed_positions.weight[: features.shape[-1] // FRAMES_PER_POSITION]
    for layer in encoder.layers:
        halt.check()
        hidden = layer(hidden, None)
    return encoder.layer_norm(hidden)  # type: ignore[no-any-return]


def autocast(model: WhisperForConditionalGeneration, dtype: torch.dtype) -> torch.autocast:
    """Return the context in which products are of ``dtype`` and sums float32; for float32 it does nothing."""
    return torch.autocast(model.device.type, dtype, enabled=dtype != torch.float32, cache_enabled=False)


def recalled(kept: Kept, encoder: str, slots: Sequence[Hashable], compute: Callable[[Sequence[int]], Tensor]) -> Tensor:
    """Recall what an encoder made of clips of one window; only what is not known is computed.

    Args:
        kept: the memory.
        encoder: fingerprint of its weights.
        slots: one for each clip, its window and the precision.
        compute: places in ``slots`` → what the encoder makes of them, shape (clips, positions, width).
    """
    known = {place: kept.find(slot, encoder) for place, slot in enumerate(slots)}
    found = {place: hidden for place, hidden in known.items() if isinstance(hidden, Tensor)}
    missing = [place for place in known if place not in found]
    if missing:
        for place, hidden in zip(missing, compute(missing), strict=True):
            found[place] = hidden
            kept.keep(slots[place], encoder, hidden.clone())  # not a view: it would keep the whole batch alive
    return torch.stack([found[place] for place in known])
