"""A dry recording → one made in a classroom: reverberation, and a hum of a given loudness behind it."""

import numpy as np
from numpy.typing import NDArray

_TAIL_SECONDS, _DECAY_SECONDS, _TAIL_LEVEL = 0.3, 0.06, 0.03
_SPEECH_ABOVE = 0.05  # of the peak


def in_a_room(
    samples: NDArray[np.float64], rate: int, signal_to_noise: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Add a room.

    Args:
        samples: shape (samples,).
        rate: samples a second.
        signal_to_noise: of speech to hum, in decibels.
        generator: draws room and hum.

    Returns:
        The same shape.
    """
    tail = int(_TAIL_SECONDS * rate)
    response = generator.standard_normal(tail) * np.exp(-np.arange(tail) / (_DECAY_SECONDS * rate)) * _TAIL_LEVEL
    response[0] = 1.0
    size = len(samples) + tail
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: len(samples)]
    # Noise that falls by three decibels an octave, as a room full of people and fans does.
    spectrum = np.fft.rfft(generator.standard_normal(len(samples)))
    hum = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), len(samples))
    speech = wet[np.abs(wet) > _SPEECH_ABOVE * np.abs(wet).max()]
    level = np.sqrt((speech**2).mean()) / np.sqrt((hum**2).mean()) / 10 ** (signal_to_noise / 20)
    return np.asarray(wet + level * hum)
