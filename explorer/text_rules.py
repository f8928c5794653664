"""How text is made comparable before it is scored; stands beside every number that depends on it."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from explorer.errors import RecipeError

NormalizerKind = Literal["whisper-english", "basic", "none"]
NORMALIZER_KINDS: tuple[NormalizerKind, ...] = get_args(NormalizerKind)
FILLERS = re.compile(r"\b(hmm|mm|mhm|mmm|uh|um)\b", re.IGNORECASE)
"""Whisper's own list of fillers. "ah" and "er" are not on it and are scored like any word."""

_NAMES = {"whisper-english": "Whisper's English normaliser", "basic": "basic normaliser", "none": "text as written"}


@dataclass(frozen=True)
class TextRules:
    """Which normaliser, and what becomes of fillers.

    Attributes:
        kind: ``whisper-english``; ``basic``: lower case, no punctuation; ``none``: as written.
        keep_fillers: whether *um*, *uh*, *hmm*, *mm* and *mhm* count as words.
    """

    kind: NormalizerKind = "whisper-english"
    keep_fillers: bool = False

    @property
    def summary(self) -> str:
        """Say the rules in a few words."""
        return f"{_NAMES[self.kind]}, fillers {'kept' if self.keep_fillers else 'dropped'}"


WHISPER_RULES = TextRules()


def text_rules(kind: str, keep_fillers: bool) -> TextRules:
    """Read the rules from options of the page or the command line.

    Raises:
        RecipeError: there is no such normaliser.
    """
    for known in NORMALIZER_KINDS:
        if known == kind:
            return TextRules(known, keep_fillers)
    raise RecipeError(f"normalizer: expected one of {', '.join(NORMALIZER_KINDS)}, but got {kind!r}.")
