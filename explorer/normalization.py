"""Text as it is scored, the same on both sides. Whisper's English normaliser with its spelling map is the default."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from transformers.models.whisper.english_normalizer import BasicTextNormalizer, EnglishTextNormalizer

from explorer.errors import CheckpointError
from explorer.text_rules import FILLERS, WHISPER_RULES, TextRules

_NEVER = r"(?!)"


class Normalizer:
    """Makes texts comparable by given rules."""

    def __init__(self, spelling: dict[str, str], rules: TextRules = WHISPER_RULES) -> None:
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
    return basic if rules.keep_fillers else lambda text: FILLERS.sub(" ", basic(text))


@cache
def normalizer_of(folder: Path, rules: TextRules = WHISPER_RULES) -> Normalizer:
    """Load the normaliser that belongs to a base model.

    Args:
        folder: the base's Hugging Face folder; its ``normalizer.json`` is the spelling map.
        rules: which normaliser, and what becomes of fillers.

    Raises:
        CheckpointError: the folder has no readable spelling map.
    """
    path = folder / "normalizer.json"
    try:
        spelling = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(spelling, dict) or not all(isinstance(word, str) for word in spelling.values()):
            raise ValueError("not a map of words")
        return Normalizer(spelling, rules)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name}: the base model in {folder.name} has no readable spelling map; fetch the base model again."
        ) from error
