"""Changes of a recording that leave its words alone: speed and pitch."""

import numpy as np
import soxr
from numpy.typing import NDArray

from explorer.audio import SAMPLE_RATE

Samples = NDArray[np.float32]
"""16 kHz mono float32, shape (samples,)."""

SPEEDS = (0.9, 1.0, 1.1)
SEMITONES = 12
PITCHED_SHARE = 0.5
# 40 ms and its half: two periods of a low voice; 12.5 ms to either side: one period of the lowest.
_PIECE, _HOP, _SEARCH = 640, 320, 200


def change_speed(samples: Samples, factor: float) -> Samples:
    """Play a recording ``factor`` times as fast: length divided by it, pitch and formants multiplied by it."""
    if factor == 1:
        return samples
    return np.asarray(soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="MQ"), dtype=np.float32)


def stretch_time(samples: Samples, factor: float) -> Samples:
    """Make a recording ``factor`` times as long at the same pitch.

    WSOLA: overlapping pieces are laid out at the new pace, each moved a little so that it continues the wave of the
    one before (Verhelst and Roelands, ICASSP 1993). A phase vocoder without phase locking lost up to 16 dB here.

    Args:
        samples: at least one.
        factor: 0.25 to 4.

    Returns:
        Shape (round(samples · factor),).
    """
    length = round(len(samples) * factor)
    pieces = length // _HOP + 2
    padded = np.pad(samples, (_PIECE, 2 * _PIECE + 2 * _SEARCH + _HOP)).astype(np.float64)
    result = np.zeros(pieces * _HOP + _PIECE)
    window = np.hanning(_PIECE + 1)[:-1]  # shifted by a half of itself it adds up to one
    place = _PIECE - _HOP
    for number in range(pieces):
        start = number * _HOP
        wanted = _PIECE - _HOP + round(start / factor)
        if number:
            template = padded[place + _HOP : place + _HOP + _PIECE]
            place = wanted - _SEARCH + _best_lag(padded[wanted - _SEARCH : wanted + _SEARCH + _PIECE], template)
        result[start : start + _PIECE] += window * padded[place : place + _PIECE]
    return result[_HOP : _HOP + length].astype(np.float32)


def _best_lag(region: NDArray[np.float64], template: NDArray[np.float64]) -> int:
    """Return where in a region a piece resembles the template most; the middle, where all is silent."""
    products = np.correlate(region, template, "valid")
    energies = np.cumsum(np.concatenate([[0.0], region**2]))
    norms = np.sqrt(np.maximum(energies[len(template) :] - energies[: -len(template)], 1e-12))
    likeness = products / norms
    middle = len(likeness) // 2
    best = int(likeness.argmax())
    return best if likeness[best] > likeness[middle] + 1e-9 else middle


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
