"""How young children simplify sounds, as rules on Kokoro's phonemes (International Phonetic Alphabet)."""

import re

import numpy as np

# What is replaced, by what, how often at strength one. Order matters: a cluster is simplified before its parts are.
_RULES: tuple[tuple[re.Pattern[str], str, float], ...] = tuple(
    (re.compile(pattern), replacement, share)
    for pattern, replacement, share in (
        (r"(?<=[nslkpf])[td](?=[ ,.!?]|$)", "", 0.4),  # last -> las
        (r"(?<=[pbkɡf])[lɹ]", "w", 0.3),  # plant -> pwant
        (r"ɹ(?=[aeiouæɑɔəɛɜɪʊʌAIOWY])", "w", 0.4),  # rock -> wock
        (r"θ", "f", 0.4),  # think -> fink
        (r"ð", "d", 0.3),  # they -> dey
        (r"l(?=[ ,.!?]|$)", "ʊ", 0.4),  # ball -> bow
        (r"s", "θ", 0.15),  # a lisp
    )
)


def simplified(phonemes: str, strength: float, generator: np.random.Generator) -> str:
    """Apply the rules, each where its sounds stand with its own probability.

    Args:
        phonemes: as Kokoro takes them.
        strength: factor of the probabilities; 0 changes nothing.
        generator: decides at every place.
    """
    for pattern, replacement, share in _RULES:

        def replaced(found: re.Match[str], new: str = replacement, often: float = share * strength) -> str:
            return new if generator.random() < often else found.group()

        phonemes = pattern.sub(replaced, phonemes)
    return phonemes
