"""The clips of a run in memory, with the tokens of what was said in them."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import GenerationConfig, WhisperTokenizer

from explorer.audio import load_clip
from explorer.corpora.audiofolder import read_audiofolder
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError
from explorer.halves import speaker_halves
from explorer.transcription.decoding import WINDOW_SECONDS
from training.errors import TrainingError
from training.halves import draw_hours, hold_out
from training.options import Options
from training.perturbation import Samples

MAX_TOKENS = 448  # Whisper's decoder has no more positions
_MARKS = re.compile(r"[^\w\s']|_")

Tokens = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Example:
    """One clip to learn from.

    Attributes:
        samples: 16 kHz mono float32.
        tokens: prompt, words, end.
        prompt_length: how many tokens the prompt has; they are seen and not scored.
    """

    samples: Samples
    tokens: Tokens
    prompt_length: int


@dataclass(frozen=True, eq=False)
class Material:
    """All that a run learns from and is measured on.

    Attributes:
        real: examples of the corpus.
        synthetic: examples to draw from.
        held_out: utterances of speakers kept out of training.
        hours: of real speech learned from.
        facts: what the task vector's header says of the data.
        fingerprint: tells these utterances from any others.
    """

    real: tuple[Example, ...]
    synthetic: tuple[Example, ...]
    held_out: tuple[Utterance, ...]
    hours: float
    facts: dict[str, str]
    fingerprint: str


class Labels:
    """Turns a reference into the tokens that a Whisper should say."""

    def __init__(self, folder: Path) -> None:
        """Load the tokenizer of a base's Hugging Face folder; English, without timestamps."""
        self._tokenizer = WhisperTokenizer.from_pretrained(folder)
        settings = GenerationConfig.from_pretrained(folder).to_dict()
        prompt = [settings["decoder_start_token_id"]]
        if settings.get("is_multilingual"):
            prompt += [settings["lang_to_id"]["<|en|>"], settings["task_to_id"]["transcribe"]]
        self._prompt = (*prompt, settings["no_timestamps_token_id"])
        self._end = settings["eos_token_id"]
        self.prompt_length = len(self._prompt)

    def __call__(self, reference: str) -> Tokens:
        """Return prompt, words and end; lower case, no punctuation but apostrophes, as the corpus has it."""
        words = " ".join(_MARKS.sub(" ", reference.lower()).split())
        # Whisper writes a blank before its first word; to unlearn that would cost steps and gain nothing.
        return (*self._prompt, *self._tokenizer(f" {words}", add_special_tokens=False).input_ids, self._end)


def gather(options: Options, label: Labels) -> Material:
    """Read corpus and synthetic speech, split, draw and load.

    Raises:
        CorpusError: a folder is no audiofolder.
        TrainingError: nothing is left, or less than was asked for.
    """
    utterances: Sequence[Utterance] = read_audiofolder(options.corpus).utterances
    if options.speakers != "all":
        utterances = speaker_halves(utterances)["ab".index(options.speakers)]
    utterances, held_out = hold_out(utterances, options.held_out_speakers, options.seed)
    loaded = _loaded(utterances, label, options.corpus)
    seconds = [len(example.samples) / 16_000 for _, example in loaded]
    kept, hours = [utterance for utterance, _ in loaded], sum(seconds) / 3600
    if options.hours is not None:
        kept, hours = draw_hours(kept, seconds, options.hours, options.seed)
    chosen = {id(utterance) for utterance in kept}
    real = tuple(example for utterance, example in loaded if id(utterance) in chosen)
    made: list[tuple[Utterance, Example]] = []
    if options.synthetic is not None:
        made = _loaded(read_audiofolder(options.synthetic).utterances, label, options.synthetic)
    facts = {
        "data": _name(options.corpus),
        "hours": f"{hours:.2f}",
        "clips": str(len(real)),
        "speakers": str(len({utterance.speaker for utterance in kept})),
        "held_out_speakers": " ".join(sorted({utterance.speaker for utterance in held_out})),
        "synthetic": f"{_name(options.synthetic)}, {len(made)} clips" if options.synthetic else "none",
    }
    everything = [*kept, *held_out, *(utterance for utterance, _ in made)]
    return Material(
        real, tuple(example for _, example in made), tuple(held_out), hours, facts, subset_fingerprint(everything)
    )


def _name(folder: Path) -> str:
    """Name a corpus by the last two parts of its path: enough to find it, nothing about the machine."""
    return "/".join(folder.resolve().parts[-2:])


def _loaded(utterances: Sequence[Utterance], label: Labels, folder: Path) -> list[tuple[Utterance, Example]]:
    found = []
    for utterance in utterances:
        try:
            clip = load_clip(utterance.path, utterance.id)
        except AudioError as error:
            _say(f"left out: {error}")
            continue
        tokens = label(utterance.reference)
        if clip.seconds > WINDOW_SECONDS or not label.prompt_length + 1 < len(tokens) <= MAX_TOKENS:
            _say(f"left out: {utterance.id}: longer than 30 s or {MAX_TOKENS} tokens, or without words.")
            continue
        found.append((utterance, Example(clip.samples, tokens, label.prompt_length)))
    if not found:
        raise TrainingError(f"{folder.name}: holds no clip to learn from; choose another folder.")
    return found


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
