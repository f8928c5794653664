"""Which clips share a step, in which window, perturbed how: all of it a function of seed, epoch and number alone.

No generator outlives a step, so a run that was killed draws at step n what it would have drawn.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.audio import SAMPLE_RATE
from explorer.transcription.decoding import FRAMES_PER_POSITION, POSITIONS_PER_SECOND, WINDOW_SECONDS
from training.material import Example, Material
from training.options import Options
from training.packing import packed
from training.perturbation import Samples, perturb
from training.spectrogram import WARP_HIGH, WARP_LOW, LogMel, mask

SPARE_SECONDS = (0.5, 3.5)
_POOL_BATCHES = 32
# The draws of a run, told apart by their first number.
_ORDER, _WINDOW, _PERTURBATION, _SYNTHETIC = range(4)  # 4 is dropout's
_PACKING = 5
IGNORED = -100


@dataclass(frozen=True, eq=False)
class Batch:
    """What the network takes in one step.

    Attributes:
        features: log-mel, shape (clips, mel bins, frames).
        inputs: tokens the decoder sees, padded at the right, shape (clips, tokens).
        targets: tokens it should say, ``IGNORED`` at prompt and padding, shape (clips, tokens).
        seconds: of speech.
    """

    features: Tensor
    inputs: Tensor
    targets: Tensor
    seconds: float

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(self.features.to(device), self.inputs.to(device), self.targets.to(device), self.seconds)


class BatchMaker:
    """Makes the batches of every epoch.

    Attributes:
        steps_per_epoch: the same for all.
    """

    def __init__(self, material: Material, log_mel: LogMel, options: Options) -> None:
        """Take the clips and how to perturb them."""
        self._real, self._made = material.real, material.synthetic
        self._log_mel = log_mel
        self._options = options
        share = options.synthetic_share
        self._drawn = round(len(self._real) * share / (1 - share)) if self._made else 0
        self.steps_per_epoch = math.ceil((len(self._real) + self._drawn) / options.batch_size)
        self._plan: tuple[int, list[list[int]]] = (-1, [])

    def batch(self, epoch: int, number: int) -> Batch:
        """Make one batch.

        Args:
            epoch: from 0.
            number: of the batch in the epoch, from 0.
        """
        chosen = self._planned(epoch)[number]
        generators = [self._generator(_PERTURBATION, epoch, index) for index in chosen]
        examples = [self._example(index) for index in chosen]
        options = self._options
        perturbed = [
            perturb(example.samples, speed=options.speed, pitch=options.pitch, generator=generator)
            for example, generator in zip(examples, generators, strict=True)
        ]
        if self._is_packed(epoch, number):
            examples = packed(perturbed, examples, self._generator(_PACKING, epoch, number))
            perturbed = [example.samples for example in examples]
        window = self._window(epoch, number, max(len(samples) for samples in perturbed) / SAMPLE_RATE)
        frames = math.ceil(window * POSITIONS_PER_SECOND) * FRAMES_PER_POSITION
        # Packed clips need fewer windows than there are generators.
        rows = [self._features(*pair, frames) for pair in zip(perturbed, generators, strict=False)]
        return collated(rows, examples)

    def _features(self, samples: Samples, generator: np.random.Generator, frames: int) -> Tensor:
        warp = float(generator.uniform(WARP_LOW, WARP_HIGH)) if self._options.vtlp else 1.0
        features = self._log_mel(samples, frames, warp)
        if not self._options.spec_augment:
            return features
        return mask(features, math.ceil(len(samples) / self._log_mel.hop), generator)

    def _window(self, epoch: int, number: int, longest: float) -> float:
        """Draw the window in seconds; some batches get Whisper's own, so that both work afterwards."""
        if self._turn(epoch, number) is not None:
            return WINDOW_SECONDS
        return min(WINDOW_SECONDS, longest + float(self._generator(_WINDOW, epoch, number).uniform(*SPARE_SECONDS)))

    def _turn(self, epoch: int, number: int) -> int | None:
        """Count the batches with Whisper's own window, or return None for one of another window."""
        every = self._options.full_window_every
        turn, rest = divmod(number - epoch % every, every)
        return turn if rest == 0 else None

    def _is_packed(self, epoch: int, number: int) -> bool:
        turn, every = self._turn(epoch, number), self._options.packed_every
        return turn is not None and every is not None and turn % every == 0

    def _planned(self, epoch: int) -> list[list[int]]:
        if self._plan[0] != epoch:
            self._plan = (epoch, self._planned_anew(epoch))
        return self._plan[1]

    def _planned_anew(self, epoch: int) -> list[list[int]]:
        """Group clips of like length: what a batch pads, the processor computes for nothing."""
        clips = list(range(len(self._real)))
        if self._drawn:
            drawn = self._generator(_SYNTHETIC, epoch).permutation(len(self._made))
            clips += [len(self._real) + int(drawn[index % len(drawn)]) for index in range(self._drawn)]
        generator, size = self._generator(_ORDER, epoch), self._options.batch_size
        order = [clips[index] for index in generator.permutation(len(clips))]
        pools = [order[start : start + size * _POOL_BATCHES] for start in range(0, len(order), size * _POOL_BATCHES)]
        ordered = [index for pool in pools for index in sorted(pool, key=lambda clip: len(self._example(clip).samples))]
        batches = [ordered[start : start + size] for start in range(0, len(ordered), size)]
        return [batches[index] for index in generator.permutation(len(batches))]

    def _example(self, index: int) -> Example:
        return self._real[index] if index < len(self._real) else self._made[index - len(self._real)]

    def _generator(self, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self._options.seed, *numbers])


def collated(rows: list[Tensor], examples: list[Example]) -> Batch:
    """Put features of one window and their examples' tokens together; the prompt is seen and not scored."""
    longest = max(len(example.tokens) for example in examples) - 1
    inputs = torch.full((len(examples), longest), examples[0].tokens[-1])
    targets = torch.full((len(examples), longest), IGNORED)
    for row, example in enumerate(examples):
        tokens = torch.tensor(example.tokens)
        inputs[row, : len(tokens) - 1] = tokens[:-1]
        targets[row, example.prompt_length - 1 : len(tokens) - 1] = tokens[example.prompt_length :]
    seconds = sum(len(example.samples) for example in examples) / SAMPLE_RATE
    return Batch(torch.stack(rows), inputs, targets, seconds)
