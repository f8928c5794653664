"""Text as it is scored, the same on both sides. Whisper's English normaliser with its spelling map is the default."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from transformers.models.whisper.english_normalizer import BasicTextNormalizer, EnglishTextNormalizer

from explorer.errors import CheckpointError

NormalizerKind = Literal["whisper-english", "basic", "none"]
NORMALIZER = "whisper-english"
NORMALIZER_KINDS: tuple[NormalizerKind, ...] = get_args(NormalizerKind)
# Whisper's own list of fillers. "ah" and "er" are not on it and are scored like any word.
_FILLERS = re.compile(r"\b(hmm|mm|mhm|mmm|uh|um)\b", re.IGNORECASE)
_NEVER = r"(?!)"


@dataclass(frozen=True)
class TextRules:
    """How text is made comparable; stands beside every number that depends on it.

    Attributes:
        kind: ``whisper-english``; ``basic``: lower case, no punctuation; ``none``: as written.
        keep_fillers: whether *um*, *uh*, *hmm*, *mm* and *mhm* count as words.
    """

    kind: NormalizerKind = "whisper-english"
    keep_fillers: bool = False

    @property
    def summary(self) -> str:
        """Say the rules in a few words."""
        name = {
            "whisper-english": "Whisper's English normaliser",
            "basic": "basic normaliser",
            "none": "text as written",
        }
        return f"{name[self.kind]}, fillers {'kept' if self.keep_fillers else 'dropped'}"


class Normalizer:
    """Makes texts comparable by given rules."""

    def __init__(self, spelling: dict[str, str], rules: TextRules = TextRules()) -> None:
        """Take the rules.

        Args:
            spelling: British word → American word, for ``whisper-english``.
            rules: which normaliser, and what becomes of fillers.
        """
        self.rules = rules
        self._normalize = _function(spelling, rules)

    def __call__(self, text: str) -> str:
        """Return ``text`` as it is scored: words separated by single spaces, possibly none."""
        return " ".join(self._normalize(text).split())


def _function(spelling: dict[str, str], rules: TextRules) -> Callable[[str], str]:
    if rules.kind == "whisper-english":
        english = EnglishTextNormalizer(spelling)  # type: ignore[no-untyped-call]
        if rules.keep_fillers:
            english.ignore_patterns = _NEVER
        return english
    basic: Callable[[str], str] = BasicTextNormalizer() if rules.kind == "basic" else str
    return basic if rules.keep_fillers else lambda text: _FILLERS.sub(" ", basic(text))


@cache
def normalizer_of(folder: Path, rules: TextRules = TextRules()) -> Normalizer:
    """Load the normaliser that belongs to a base model.

    Args:
        folder: the base's Hugging Face folder; its ``normalizer.json`` is the spelling map.
        rules: which normaliser, and what becomes of fillers.

    Raises:
        CheckpointError: the folder has no readable spelling map.
    """
    path = folder / "normalizer.json"
    try:
        return Normalizer(json.loads(path.read_text(encoding="utf-8")), rules)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name}: the base model in {folder.name} has no readable spelling map; fetch the base model again."
        ) from error


def has_filler(text: str) -> bool:
    """Say whether a transcript holds a filler such as *um*."""
    return _FILLERS.search(text) is not None
