"""An adult's synthetic voice → a child's: WORLD takes it apart, pitch and formants are moved, WORLD puts it together.

Targets are averages of real children in speechocean762 (fundamental frequency and formants by age); no recording of
theirs is used.
"""

from dataclasses import dataclass

import numpy as np
import pyworld
from numpy.typing import NDArray

Curve = NDArray[np.float64]

# Age in years → fundamental frequency in Hz.
_AGES, _PITCHES = (6.5, 8.5, 11.0), (243.0, 226.0, 209.0)
_FRAME_MS = 5.0
_LOWEST, _HIGHEST = 110.0, 520.0  # Hz


@dataclass(frozen=True)
class ChildVoice:
    """What makes a voice a child's.

    Attributes:
        pitch: median fundamental frequency in Hz.
        formants: factor of the frequencies above 1.8 kHz; lower ones move less: a child's tract is no scaled adult's.
        breath: share of voiced sound that becomes noise, 0 to 1.
        wander: how far pitch strays, in semitones.
    """

    pitch: float
    formants: float
    breath: float
    wander: float


def draw_voice(woman: bool, generator: np.random.Generator) -> ChildVoice:
    """Draw a child of six to eleven.

    Args:
        woman: whether the adult voice underneath is one; a man's formants have farther to go.
        generator: draws.
    """
    age = generator.uniform(_AGES[0], _AGES[-1])
    younger = (_AGES[-1] - age) / (_AGES[-1] - _AGES[0])
    pitch = float(np.interp(age, _AGES, _PITCHES) * np.exp(generator.normal(0, 0.06)))
    formants = (1.10 if woman else 1.28) + 0.08 * younger + generator.normal(0, 0.015)
    return ChildVoice(pitch, float(formants), 0.08 + 0.1 * younger, 0.4 + 0.6 * younger)


def to_child(samples: Curve, rate: int, voice: ChildVoice, generator: np.random.Generator) -> Curve:
    """Give a recording a child's voice.

    Args:
        samples: float64, shape (samples,), with some voiced sound in it.
        rate: samples a second.
        voice: target.
        generator: draws where pitch and loudness stray.

    Returns:
        Shape (samples,), give or take a frame.
    """
    rough, times = pyworld.dio(samples, rate, frame_period=_FRAME_MS)
    pitch = pyworld.stonemask(samples, rough, times, rate)
    envelope = pyworld.cheaptrick(samples, pitch, times, rate)
    noise = pyworld.d4c(samples, pitch, times, rate)
    frequencies = np.linspace(0, rate / 2, envelope.shape[1])
    source = warped_frequencies(frequencies, voice.formants)
    envelope = np.exp(_moved(np.log(np.maximum(envelope, 1e-16)), frequencies, source))
    noise = _moved(noise, frequencies, source)
    higher = np.interp(frequencies, [0, 1_500, 4_000], [0.2, 0.6, 1.0])
    noise = np.clip(noise + voice.breath * higher * (1 - noise), 1e-6, 1 - 1e-6)
    loudness = _slow_curve(len(pitch), 40, generator) * 0.2
    pitch = _moved_pitch(pitch, voice, generator)
    spoken = pyworld.synthesize(pitch, envelope * np.exp(loudness)[:, None], noise, rate, _FRAME_MS)
    return np.asarray(spoken, dtype=np.float64)


def warped_frequencies(frequencies: Curve, factor: float) -> Curve:
    """Return, for each frequency in Hz, the one whose energy moves there; below the third formant by less."""
    share = np.interp(frequencies, [0, 700, 1_800], [0.55, 0.85, 1.0])
    return np.asarray(np.minimum(frequencies / (1 + (factor - 1) * share), frequencies[-1]))


def _moved(frames: Curve, frequencies: Curve, source: Curve) -> Curve:
    return np.stack([np.interp(source, frequencies, frame) for frame in frames])


def _moved_pitch(pitch: Curve, voice: ChildVoice, generator: np.random.Generator) -> Curve:
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    semitones = 12 * np.log2(np.where(voiced, pitch, 1.0) / np.median(pitch[voiced]))
    strayed = 1.15 * semitones + voice.wander * _slow_curve(len(pitch), 24, generator)
    return np.where(voiced, np.clip(voice.pitch * 2 ** (strayed / 12), _LOWEST, _HIGHEST), 0.0)


def _slow_curve(frames: int, every: int, generator: np.random.Generator) -> Curve:
    """Draw a curve of standard deviation about one that turns every so many frames."""
    knots = generator.standard_normal(frames // every + 2)
    return np.asarray(np.interp(np.arange(frames), np.arange(len(knots)) * every, knots))
