"""How many clips a device takes at a time: few keep a processor busy, a GPU idles unless there are many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from transformers import WhisperForConditionalGeneration

from explorer.threads import at_once

_FEWEST = 2  # clips of a share
_WINDOW = 1_500  # positions of 30 s
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


def room_of(model: WhisperForConditionalGeneration, shares: int = 1) -> Room:
    """Return the room that a model has on its device: on a GPU at most a quarter of the memory that is free.

    Args:
        model: a Whisper.
        shares: so many loops run at the same time; on a CPU the memory is theirs together.
    """
    if model.device.type != "cuda":
        positions = CPU.positions // shares
        return replace(CPU, cohort=min(CPU.cohort, positions // _WINDOW), positions=positions)
    layers, width = model.config.decoder_layers, model.config.d_model
    free, _ = torch.cuda.mem_get_info(model.device)
    return Room(GPU.cohort, GPU.rows, min(GPU.positions, free // 4 // (2 * layers * width * _BYTES)))


def dealt(seconds: Mapping[int, float], device: str) -> list[list[int]]:
    """Deal clips out to loops that run at the same time, so that all have about as much to do.

    Args:
        seconds: of each clip, by its place.
        device: a GPU is best kept busy by one loop.

    Returns:
        The places of each share, the larger shares first.
    """
    count = min(at_once(), len(seconds) // _FEWEST) if device == "cpu" else 1
    if count < 2:
        return [list(seconds)] if seconds else []
    ordered = sorted(seconds, key=lambda place: -seconds[place])
    return [ordered[start::count] for start in range(count)]
