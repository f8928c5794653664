"""Hear clips with everything that ships, and say which answers must not be shown: rude ones and loops.

    python -m training.screen                      the clips that ship
    python -m training.screen --clips FOLDER       others, before they ship

A Whisper that hears little makes things up, and children will read them. Heard are M0, M2, every other task vector of
the repository as M1, and a grid of merges of each with M2. Needs training/requirements.txt.
"""

import importlib
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.utterance import Utterance
from explorer.recipe import Recipe
from explorer.scoring import pooled
from training.command import command
from training.errors import TrainingError
from training.experiment import Experiment, Pairing, config_of
from training.options import Parser

_ROOT = Path(__file__).parents[1]
GRID = tuple((mixing, alpha) for mixing in (0.05, 0.2, 0.4, 0.6, 0.8) for alpha in (0.2, 0.5, 0.8, 1.1, 1.5))
# What Whisper's own decoder takes for a loop: text that zlib makes 2.4 times as short (section 4.5 of its paper). Of a
# short text every other repetition is missed by that, so four words said three times count as well.
_LOOP_RATIO, _PHRASE, _TIMES = 2.4, 4, 3


@dataclass(frozen=True)
class Finding:
    """An answer that must not be shown.

    Attributes:
        clip: id.
        model: who heard it.
        why: ``rude`` or ``loop``.
        text: what was heard.
    """

    clip: str
    model: str
    why: str
    text: str


def is_loop(text: str) -> bool:
    """Say whether a text goes round in circles."""
    words = text.lower().split()
    phrases = [tuple(words[start : start + _PHRASE]) for start in range(len(words) - _PHRASE + 1)]
    if any(phrases.count(phrase) >= _TIMES for phrase in set(phrases)):
        return True
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) > _LOOP_RATIO


def screen(
    experiment: Experiment, pairings: Sequence[Pairing], utterances: Sequence[Utterance], is_rude: Callable[[str], bool]
) -> Iterator[Finding | str]:
    """Hear every clip with every model and every merge of the grid.

    Args:
        experiment: of the pairings' configuration.
        pairings: child and adult vectors.
        utterances: the clips.
        is_rude: of a text.

    Yields:
        What must not be shown, and a line for each model that was heard.
    """
    for place, pairing in enumerate(pairings):
        merges = {
            f"λ {mixing:g}, α {alpha:g}": Recipe(pairing.name, "sa", "depth", mixing, (alpha,))
            for mixing, alpha in GRID
        }
        for model, heard in experiment.heard(pairing.name, utterances, merges, with_others=place == 0).items():
            name = "M0" if model == "m0" else "M2" if model == "m2" else f"{pairing.name}: {model}"
            for each in heard:
                for why, found in (("rude", is_rude(each.hypothesis)), ("loop", is_loop(each.hypothesis))):
                    if found:
                        yield Finding(each.utterance.id, name, why, each.hypothesis)
            rates = ", ".join(f"{each.utterance.id} {100 * (each.counts.wer or 0):.0f}" for each in heard)
            yield f"{name}: WER {100 * (pooled(each.counts for each in heard).wer or 0):.1f} % ({rates})"


def _profanity() -> Callable[[str], bool]:
    try:
        words = importlib.import_module("better_profanity").profanity
    except ModuleNotFoundError as error:
        raise TrainingError(f"screening needs {error.name}; run pip install -r training/requirements.txt") from error
    words.load_censor_words()
    return lambda text: bool(words.contains_profanity(text))


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Screen and return the exit code: 0, 1 for something that must not be shown, 2 for a mistake of the user's."""
    parser = Parser(prog="python -m training.screen", description="Hear clips with everything that ships.")
    parser.add_argument("--clips", type=Path, default=_ROOT / "assets" / "clips", metavar="FOLDER")
    parser.add_argument("--vectors", type=Path, default=_ROOT / "assets" / "task-vectors", metavar="FOLDER")
    parser.add_argument(
        "--base", type=Path, metavar="FOLDER", help="Hugging Face folder of the base (default: tiny.en)"
    )
    found = 0
    options = parser.parse_args(arguments)
    adult = options.vectors / "adult.safetensors"
    children = [file for file in sorted(options.vectors.glob("*.safetensors")) if file != adult]
    if not adult.exists() or not children:
        raise TrainingError(f"--vectors: {options.vectors} needs adult.safetensors and another task vector.")
    pairings = [Pairing(file.stem, file, adult) for file in children]
    experiment = Experiment(config_of(pairings, options.base), None, "auto")
    for told in screen(experiment, pairings, read_audiofolder(options.clips).utterances, _profanity()):
        found += isinstance(told, Finding)
        line = f"{told.why}: {told.clip}, {told.model}: {told.text}" if isinstance(told, Finding) else told
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{found} answers that must not be shown.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
