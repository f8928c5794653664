"""Changes of a recording that leave its words alone: speed and pitch."""

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from explorer.audio import SAMPLE_RATE

Samples = NDArray[np.float32]
"""16 kHz mono float32, shape (samples,)."""

SPEEDS = (0.9, 1.0, 1.1)
SEMITONES = 12
PITCHED_SHARE = 0.5
_WINDOW, _HOP = 512, 128  # 32 ms and 8 ms: short enough for speech's pulses, long enough to part a child's harmonics


def change_speed(samples: Samples, factor: float) -> Samples:
    """Play a recording ``factor`` times as fast: length divided by it, pitch and formants multiplied by it."""
    if factor == 1:
        return samples
    return np.asarray(soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="MQ"), dtype=np.float32)


def stretch_time(samples: Samples, factor: float) -> Samples:
    """Make a recording ``factor`` times as long at the same pitch, with a phase vocoder.

    Args:
        samples: more than 256 of them.
        factor: 0.25 to 4.

    Returns:
        Shape (round(samples · factor),).
    """
    window = torch.hann_window(_WINDOW)
    spectrum = torch.stft(torch.from_numpy(samples.copy()), _WINDOW, _HOP, window=window, return_complex=True)
    places = torch.arange(0, spectrum.shape[1], 1 / factor, dtype=torch.float64)
    before = places.floor().long()
    beyond = (places - before).float()
    padded = torch.nn.functional.pad(spectrum, (0, 2))
    magnitude, phase = padded.abs(), padded.angle().double()
    stretched = magnitude[:, before] * (1 - beyond) + magnitude[:, before + 1] * beyond
    # Each bin turns on by what it turned from frame to frame, freed of whole turns around its own frequency.
    own = torch.arange(spectrum.shape[0], dtype=torch.float64)[:, None] * (2 * torch.pi * _HOP / _WINDOW)
    turned = phase[:, before + 1] - phase[:, before] - own
    turned = own + turned - 2 * torch.pi * torch.round(turned / (2 * torch.pi))
    angles = torch.cat([phase[:, :1], phase[:, :1] + turned.cumsum(dim=1)[:, :-1]], dim=1)
    result = torch.polar(stretched.double(), angles).to(torch.complex64)
    length = round(len(samples) * factor)
    return np.asarray(torch.istft(result, _WINDOW, _HOP, window=window, length=length).numpy(), dtype=np.float32)


def shift_pitch(samples: Samples, semitones: float) -> Samples:
    """Multiply all frequencies by 2^(semitones / 12) and keep the length.

    Args:
        samples: at least 0.1 s.
        semitones: −12 to 12.
    """
    if semitones == 0:
        return samples
    faster = change_speed(samples, 2 ** (semitones / 12))
    stretched = stretch_time(faster, len(samples) / len(faster))
    fitted = np.zeros_like(samples)
    fitted[: len(stretched)] = stretched[: len(samples)]
    return fitted


def perturb(samples: Samples, *, speed: bool, pitch: bool, generator: np.random.Generator) -> Samples:
    """Draw and apply what is switched on: a speed, all alike likely; for half of the clips a shift, never of zero."""
    if speed:
        samples = change_speed(samples, SPEEDS[generator.integers(len(SPEEDS))])
    if pitch and generator.random() < PITCHED_SHARE:
        size = generator.integers(1, SEMITONES + 1)
        samples = shift_pitch(samples, float(size if generator.random() < 0.5 else -size))
    return samples
