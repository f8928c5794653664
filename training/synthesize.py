"""Make synthetic speech to train on: an audiofolder of children talking to a science tutor, or of adults reading.

    python -m training.synthesize --kind child --clips 200 --out FOLDER

Needs training/requirements.txt. Sentences and voices are other ones than those of the clips that ship, so that nobody
is shown a clip a model has learned from. A run that was stopped goes on where it was.
"""

import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from explorer.audio import SAMPLE_RATE
from explorer.checkpoints.cache import cache_folder
from training.articulation import simplified
from training.command import command
from training.errors import TrainingError
from training.options import Parser
from training.room import in_a_room
from training.sentences import Kind, sentences, words_of

# They speak the clips that ship.
SHIPPED_VOICES = ("af_heart", "am_puck", "af_bella", "am_michael", "af_sarah", "bf_emma")
CLIPS = Path(__file__).parents[1] / "assets" / "clips" / "metadata.jsonl"
_PEAK = 0.7
_ROOM_SHARE, _ROOM_DECIBELS = 0.4, (12.0, 25.0)


class Reader(Protocol):
    """Text-to-speech, as ``training.kokoro.Kokoro``."""

    @property
    def voices(self) -> list[str]:
        """Return names; the second letter is f or m."""

    def phonemes(self, text: str) -> str:
        """Return a text's phonemes."""

    def speak(self, phonemes: str, voice: str, speed: float) -> NDArray[np.float64]:
        """Return samples at 24 kHz."""


def make(reader: Reader, kind: Kind, clips: int, out: Path, seed: int, rate: int = 24_000) -> None:
    """Write an audiofolder; clips that are there already are left as they are.

    Args:
        reader: text-to-speech.
        kind: who speaks.
        clips: how many.
        out: the folder.
        seed: of all draws; a clip depends on it and on its number alone.
        rate: samples a second of the reader.

    Raises:
        TrainingError: there are fewer sentences than clips.
    """
    texts = sentences(kind, clips, seed, shipped_texts())
    if len(texts) < clips:
        raise TrainingError(f"--clips: expected at most {len(texts)}, as many as there are sentences, but got {clips}.")
    voices = [voice for voice in reader.voices if voice not in SHIPPED_VOICES]
    (out / kind).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, text in enumerate(texts):
        generator = np.random.default_rng([seed, number, kind == "child"])
        voice = voices[generator.integers(len(voices))]
        path = out / kind / f"{number:04}.flac"
        if not path.exists():
            _write(path, _spoken(reader, kind, text, voice, rate, generator))
            sys.stderr.write(f"{number + 1}/{clips} {text}\n")
        rows.append(
            {
                "file_name": f"{kind}/{path.name}",
                "id": f"{kind}-{number:04}",
                "text": words_of(text),
                "speaker": f"synthetic-{kind}-{voice}",
                "duration": round(soundfile.info(path).duration, 2),
            }
        )
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    (out / "metadata.jsonl").write_text(lines, encoding="utf-8")


def shipped_texts() -> list[str]:
    """Return what is said in the clips that ship."""
    return [json.loads(line)["text"] for line in CLIPS.read_text(encoding="utf-8").splitlines()]


def _spoken(
    reader: Reader, kind: Kind, text: str, voice: str, rate: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    phonemes = reader.phonemes(text)
    if kind == "adult":
        samples = reader.speak(phonemes, voice, float(generator.uniform(0.85, 1.1)))
    else:
        child_voice: Any = _needed("training.child_voice")
        phonemes = simplified(phonemes, float(generator.uniform(0, 1.2)), generator)
        child = child_voice.draw_voice(voice[1] == "f", generator)
        samples = reader.speak(phonemes, voice, float(generator.uniform(0.68, 0.88)))
        samples = child_voice.to_child(samples, rate, child, generator)
    samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")
    if generator.random() < _ROOM_SHARE:
        samples = in_a_room(samples, SAMPLE_RATE, float(generator.uniform(*_ROOM_DECIBELS)), generator)
    return np.asarray(samples / np.abs(samples).max() * _PEAK)


def _write(path: Path, samples: NDArray[np.float64]) -> None:
    """Write a clip beside its place and rename it, so that none is taken for whole that is not."""
    fresh = path.with_name(f".{path.name}.new")
    soundfile.write(fresh, samples.astype(np.float32), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    fresh.replace(path)


def _needed(module: str) -> Any:  # noqa: ANN401 - modules have no type of their own
    """Import what only synthetic speech needs.

    Raises:
        TrainingError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"synthetic speech needs {error.name}; run pip install -r training/requirements.txt"
        ) from error


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Make one folder and return the exit code: 0, or 2 for a mistake of the user's."""
    parser = Parser(prog="python -m training.synthesize", description="Make synthetic speech to train on.")
    parser.add_argument("--kind", choices=("child", "adult"), required=True)
    parser.add_argument("--clips", type=int, default=200, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    options = parser.parse_args(arguments)
    kokoro: Any = _needed("training.kokoro")
    folder = cache_folder() / "kokoro"
    kokoro.fetch_kokoro(folder)
    make(kokoro.Kokoro(folder), options.kind, options.clips, options.out, options.seed, kokoro.RATE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
