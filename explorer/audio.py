"""A sound file, or the microphone's samples → one clip: 16 kHz, mono, float32.

soundfile decodes (WAV, FLAC, Ogg, Opus, MP3, AIFF, NIST SPHERE and the rest of libsndfile), soxr resamples.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from explorer.errors import AudioError

SAMPLE_RATE = 16_000
MIN_SECONDS = 0.1
MAX_SECONDS = 1_800.0
SILENCE_PEAK = 1e-4  # −80 dB of full scale: less than one step of a 14-bit recorder


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording, ready for the model.

    Attributes:
        name: what messages and the page call it.
        samples: 16 kHz mono float32, shape (samples,), read-only.
        digest: SHA-256 of the samples: two clips that sound the same have the same digest.
    """

    name: str
    samples: NDArray[np.float32]
    digest: str

    @property
    def seconds(self) -> float:
        """Return the length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def clip_seconds(path: Path) -> float:
    """Read the length in seconds from a sound file's header.

    Raises:
        AudioError: no such file, or not audio.
    """
    with _opened(path, path.name) as file:
        return float(file.frames / file.samplerate)


def load_clip(path: Path, name: str | None = None) -> Clip:
    """Read a sound file of any rate, channel count and format that soundfile knows.

    Args:
        path: the file.
        name: what messages call it; the file's name by default.

    Raises:
        AudioError: no such file, not audio, empty, silent, not finite, or longer than ``MAX_SECONDS``.
    """
    name = name or path.name
    with _opened(path, name) as file:
        rate = file.samplerate
        _check_length(file.frames / rate, name)
        samples = file.read(dtype="float32", always_2d=True)
    return clip_from_samples(samples, rate, name)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[soundfile.SoundFile]:
    try:
        if not path.is_file():
            raise AudioError(f"{path}: no such audio file; check the path.")
        with soundfile.SoundFile(path) as file:
            yield file
    except (soundfile.SoundFileError, OSError) as error:
        if _is_packed_sphere(path):
            raise AudioError(
                f"{name}: is a SPHERE file packed with shorten, which cannot be read; unpack it with sph2pipe -f wav."
            ) from error
        formats = "WAV, FLAC, Ogg, Opus, MP3 or AIFF"
        raise AudioError(f"{name}: cannot be read as audio; expected {formats}. Convert it and try again.") from error


def _is_packed_sphere(path: Path) -> bool:
    """Say whether a file is NIST SPHERE with ``sample_coding -s26 pcm,embedded-shorten-v2.00`` or the like."""
    try:
        with path.open("rb") as stream:
            header = stream.read(1024)  # the size of SPHERE's header
    except OSError:
        return False
    return header.startswith(b"NIST_1A") and b",embedded-" in header


def clip_from_samples(samples: NDArray[np.float32], rate: int, name: str) -> Clip:
    """Make a clip from decoded samples.

    Args:
        samples: float32 in [−1, 1], shape (samples,) or (samples, channels); channels are averaged.
        rate: samples per second.
        name: what messages call it.

    Raises:
        AudioError: empty, silent, not finite, or too short or long.
    """
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    if len(mono) == 0:
        raise AudioError(f"{name}: holds no samples; record or choose a clip with speech in it.")
    if not np.isfinite(mono).all():
        raise AudioError(f"{name}: holds values that are not numbers (NaN or infinite); export the audio again.")
    _check_length(len(mono) / rate, name)
    if np.abs(mono).max() < SILENCE_PEAK:
        raise AudioError(f"{name}: is silent (peak below −80 dB); check the microphone or choose another clip.")
    resampled = mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE, quality="VHQ")
    values = np.array(resampled, dtype=np.float32)  # a copy: the caller goes on writing into its own buffer
    values.flags.writeable = False
    return Clip(name, values, hashlib.sha256(values.tobytes()).hexdigest())


def _check_length(seconds: float, name: str) -> None:
    if seconds > MAX_SECONDS:
        raise AudioError(
            f"{name}: lasts {seconds / 60:.0f} minutes, but at most {MAX_SECONDS / 60:.0f} are taken; cut it."
        )
    if seconds < MIN_SECONDS:
        raise AudioError(
            f"{name}: lasts {seconds * 1000:.0f} ms; expected at least {MIN_SECONDS * 1000:.0f} ms of speech."
        )
