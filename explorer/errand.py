"""An errand: clips that one model is to hear in another process, as a value that can be sent there.

On a ZeroGPU Space no process holds a GPU for longer than a call: merge and decoding are one call, made of an errand.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from explorer.audio import Clip
from explorer.checkpoints.triple import Triple
from explorer.config import TripleSpec
from explorer.recipe import Recipe
from explorer.transcription.decoding import MAX_TOKENS, POSITIONS_PER_SECOND, WINDOW_SECONDS, Decoding, Halt, Hypothesis

LEAST_SECONDS, MOST_SECONDS = 8, 120  # of one call; visitors without an account are lent no more at a time
_START_SECONDS = 5.0  # CUDA begins; measured for tiny.en on an H200: 3
_PER_GIGABYTE = 2.0  # weights go from the processor to the GPU
_PER_LAYER_STEP = 6e-4  # a token's way through one layer of the decoder
_ROWS = 100  # clips that are decoded at a time
_PER_WINDOW = 0.1  # 30 s through the encoder, for a thousand million parameters
_CPU_PER_WINDOW = 7.0  # the same on two cores of a processor, decoding included; measured for tiny.en
_LONG_PASSES = 2  # over a window of a recording over 30 s: what came out doubtful is decoded again


@dataclass(frozen=True, eq=False)
class Errand:
    """Clips for one model.

    Attributes:
        spec: of the triple, as it was loaded: what comes from the Hub by its commit.
        model: m0, m1 or m2, or what the merge is called.
        recipe: of the merge; None for M0, M1 and M2.
        clips: one or more, of any length.
        decoding: options.
        size: of one model, in parameters.
        depth: layers of its decoder.
    """

    spec: TripleSpec
    model: str
    recipe: Recipe | None
    clips: tuple[Clip, ...]
    decoding: Decoding
    size: int
    depth: int


Inherited = Triple
"""What a process that is forked finds in its memory, and need not be sent."""
Elsewhere = Callable[[Errand, Inherited, Halt], Iterator[list[Hypothesis]] | None]
"""Takes an errand: gives, as decoding goes on, a hypothesis for each clip; or None where it has to be heard here.

The triple is the errand's own.
"""
Away = Callable[[str, Sequence[Clip], Decoding, Halt], Iterator[list[Hypothesis]] | None]
"""Lets a model that it knows by name hear clips elsewhere; or None, as above."""


def errand(triple: Triple, model: str, recipe: Recipe | None, clips: Sequence[Clip], decoding: Decoding) -> Errand:
    """Make an errand for a model of a loaded triple; of a checkpoint the recipe is None."""
    size = sum(tensor.numel() for tensor in triple.weights["m0"].values())
    return Errand(triple.spec, model, recipe, tuple(clips), decoding, size, int(triple.config["decoder_layers"]))


def gpu_seconds(errand: Errand) -> int:
    """Say for how long a GPU is asked for: what the work takes on one, its start included, with room to spare.

    Returns:
        Whole seconds, between the least and the most that are asked for.
    """
    short = [clip.seconds for clip in errand.clips if clip.seconds <= WINDOW_SECONDS]
    steps = math.ceil(len(short) / _ROWS) * errand.decoding.token_limit(max(short)) if short else 0.0
    long = [_windows(errand, clip) for clip in errand.clips if clip.seconds > WINDOW_SECONDS]
    steps += _LONG_PASSES * MAX_TOKENS * sum(long)
    size = errand.size / 1e9
    moved = 3 * 4 * size * _PER_GIGABYTE  # three models in float32
    encoded = sum(_windows(errand, clip) for clip in errand.clips) * size * _PER_WINDOW
    seconds = _START_SECONDS + moved + encoded + steps * errand.depth * _PER_LAYER_STEP
    return min(MOST_SECONDS, max(LEAST_SECONDS, math.ceil(seconds)))


def cpu_seconds(errand: Errand) -> float:
    """Estimate what the same work takes on two cores of a processor."""
    return sum(_windows(errand, clip) for clip in errand.clips) * errand.size / 1e9 * _CPU_PER_WINDOW


def _windows(errand: Errand, clip: Clip) -> float:
    """Count windows of 30 s; a clip whose window is cut to it has a part of one."""
    if clip.seconds > WINDOW_SECONDS:
        return math.ceil(clip.seconds / WINDOW_SECONDS)
    return errand.decoding.positions(clip.seconds) / (WINDOW_SECONDS * POSITIONS_PER_SECOND)
