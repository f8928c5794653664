"""A recording → the log-mel features Whisper takes, with vocal tract length perturbation and SpecAugment on the way.

Equal to the app's own features where nothing is perturbed, but computed for the window's length and not for 30 s.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import WhisperFeatureExtractor

from explorer.audio import SAMPLE_RATE
from training.perturbation import Samples

WARP_LOW, WARP_HIGH = 0.9, 1.1
_WARP_KNEE = 4_800.0  # Hz: all formants lie below it (Jaitly and Hinton, 2013)
FREQUENCY_MASKS, FREQUENCY_WIDTH = 2, 15  # mel bins, of 80
TIME_MASKS, TIME_SHARE = 2, 0.1  # of the clip's own frames
_FLOOR_BELOW_PEAK = 8.0  # in powers of ten, as Whisper clamps it


class LogMel:
    """Computes features.

    Attributes:
        hop: samples a frame.
    """

    def __init__(self, folder: Path) -> None:
        """Take filters and sizes from a base's Hugging Face folder."""
        extractor = WhisperFeatureExtractor.from_pretrained(folder)
        self.hop = int(extractor.hop_length)
        self._size = int(extractor.n_fft)
        self._filters = torch.from_numpy(np.asarray(extractor.mel_filters, dtype=np.float32)).T.contiguous()

    def __call__(self, samples: Samples, frames: int, warp: float = 1.0) -> Tensor:
        """Compute the features of one clip in a window.

        Args:
            samples: no longer than the window.
            frames: length of the window, 10 ms each.
            warp: factor of the vocal tract's frequencies, 0.9 to 1.1.

        Returns:
            Float32, shape (mel bins, frames).
        """
        padded = torch.zeros(frames * self.hop)
        padded[: min(len(samples), len(padded))] = torch.from_numpy(samples[: len(padded)].copy())
        window = torch.hann_window(self._size)
        power = torch.stft(padded, self._size, self.hop, window=window, return_complex=True)[:, :-1].abs() ** 2
        if warp != 1.0:
            power = warp_matrix(power.shape[0], warp) @ power
        logarithm = (self._filters @ power).clamp(min=1e-10).log10()
        return (logarithm.clamp(min=float(logarithm.max()) - _FLOOR_BELOW_PEAK) + 4) / 4


def warp_matrix(bins: int, factor: float) -> Tensor:
    """Return the matrix that moves a spectrum along a piecewise linear warp of its frequency axis.

    Up to a knee, frequency f moves to ``factor`` · f; from there straight on to the Nyquist frequency, which stays.

    Args:
        bins: of the spectrum, from 0 Hz to the Nyquist frequency.
        factor: 0.9 to 1.1.

    Returns:
        Float32, shape (bins, bins); every row sums to one.
    """
    nyquist = SAMPLE_RATE / 2
    knee = _WARP_KNEE * min(factor, 1) / factor
    wanted = np.linspace(0, nyquist, bins)
    source = np.interp(wanted, [0, knee * factor, nyquist], [0, knee, nyquist]) / nyquist * (bins - 1)
    below = np.minimum(source.astype(int), bins - 2)
    matrix = np.zeros((bins, bins), dtype=np.float32)
    rows = np.arange(bins)
    matrix[rows, below] = 1 - (source - below)
    matrix[rows, below + 1] = source - below
    return torch.from_numpy(matrix)


def mask(features: Tensor, frames: int, generator: np.random.Generator) -> Tensor:
    """Apply SpecAugment without its time warp: two masks of frequency, two of time, filled with the clip's mean.

    Args:
        features: shape (mel bins, frames of the window).
        frames: of the clip itself; the silence behind it needs no mask.
        generator: draws widths and places.

    Returns:
        A copy.
    """
    masked = features.clone()
    bins = features.shape[0]
    frames = max(1, min(frames, features.shape[1]))
    mean = features[:, :frames].mean()
    for _ in range(FREQUENCY_MASKS):
        width = int(generator.integers(0, min(FREQUENCY_WIDTH, bins) + 1))
        start = int(generator.integers(0, bins - width + 1))
        masked[start : start + width] = mean
    for _ in range(TIME_MASKS):
        width = int(generator.integers(0, int(frames * TIME_SHARE) + 1))
        start = int(generator.integers(0, frames - width + 1))
        masked[:, start : start + width] = mean
    return masked
