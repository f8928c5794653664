"""Text as it is scored: Whisper's English normaliser with its spelling map, on both sides."""

import json
from functools import cache
from pathlib import Path

from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

from explorer.errors import CheckpointError

NORMALIZER = "whisper-english"


class Normalizer:
    """Lower-cases, drops fillers and punctuation, expands contractions, spells numbers and British words one way."""

    def __init__(self, spelling: dict[str, str]) -> None:
        """Take the spelling map: British word → American word."""
        self._normalize = EnglishTextNormalizer(spelling)  # type: ignore[no-untyped-call]

    def __call__(self, text: str) -> str:
        """Return ``text`` as it is scored: words separated by single spaces, possibly none."""
        return " ".join(self._normalize(text).split())


@cache
def normalizer_of(folder: Path) -> Normalizer:
    """Load the normaliser that belongs to a base model.

    Args:
        folder: the base's Hugging Face folder; its ``normalizer.json`` is the spelling map.

    Raises:
        CheckpointError: the folder has no readable spelling map.
    """
    path = folder / "normalizer.json"
    try:
        spelling = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(spelling, dict) or not all(isinstance(word, str) for word in spelling.values()):
            raise ValueError("not a map of words")
        return Normalizer(spelling)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name}: the base model in {folder.name} has no readable spelling map; fetch the base model again."
        ) from error
