"""How many clips a device takes at a time: few keep a processor busy, a GPU idles unless there are many."""

from dataclasses import dataclass

import torch
from transformers import WhisperForConditionalGeneration

_BYTES = 4  # of a number, and there are a key and a value for each


@dataclass(frozen=True)
class Room:
    """What is encoded and decoded together.

    Attributes:
        cohort: rows encoded together.
        rows: most that are decoded together.
        positions: of the encoder, most that their windows may have: keys and values of each take memory.
    """

    cohort: int
    rows: int
    positions: int


CPU, GPU = Room(8, 32, 24_000), Room(64, 512, 400_000)


def room_of(model: WhisperForConditionalGeneration) -> Room:
    """Return the room that a model has on its device: on a GPU at most a quarter of the memory that is free."""
    if model.device.type != "cuda":
        return CPU
    layers, width = model.config.decoder_layers, model.config.d_model
    free, _ = torch.cuda.mem_get_info(model.device)
    return Room(GPU.cohort, GPU.rows, min(GPU.positions, free // 4 // (2 * layers * width * _BYTES)))
