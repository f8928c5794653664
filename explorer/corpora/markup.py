"""Transcripts as transcribers write them → the words that were said.

What becomes of each kind of markup in MyST (LDC2021S05), and where that differs from the authors of SA Merge, whose
data preparation hands the raw line to Whisper's English normaliser:

    <BREATH> <SIDE_SPEECH> < NO_SIGNAL> …   taken away, also known tags that lack one of their brackets
    (*) (()) ((a guess)) (a guess)          taken away, guesses too: the normaliser drops what is in parentheses
    […] {…}                                 taken away (the normaliser keeps the words in braces)
    +word+ *word*                           the word stays: unusual or uncertain, but said
    wor-                                    stays as "wor", what was said of the word
    curly quotation marks                   become ' and " (left curly, IT'S would be scored as IT S)
    no-break and other odd blanks           become one blank
    UM, ER, UH, AH, HMM                     stay; the normaliser decides

CMU Kids (LDC97S63), what was really said: [noise] and all other […] are taken away, the words between [begin_noise]
and [end_noise] stay, and so do the rest of the rules above. /K AE T/, the phones of a word said otherwise than in the
dictionary, has no spelling: it is taken away and counted, so that such utterances can be filtered out.

Sources: MyST's README; egs/MyST/local/myst_data_prepare.sh of github.com/balaji1312/sa_merging; espnet's egs2/myst.
"""

import re
from dataclasses import dataclass

_TAG_NAMES = "BREATH|LAUGH|COUGH|NOISE|SIDE_SPEECH|NO_SIGNAL|SILENCE|SNIFF|ECHO|DISCARD"
_TAG = re.compile(r"<[^<>]*>")
_HALF_TAG = re.compile(rf"<\s*(?:{_TAG_NAMES})\b|\b(?:{_TAG_NAMES})\s*>", re.IGNORECASE)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_MARK = re.compile(r"[<>()\[\]{}+*]")
_CUT_OFF = re.compile(r"(?<=\w)[-–—]+(?!\S)|(?<!\S)[-–—]+(?=\w)")
_PHONES = re.compile(r"/[^/]*/")
_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc", "'") | dict.fromkeys("\u201c\u201d\u201e", '"'))


@dataclass(frozen=True)
class Spoken:
    """What was said, and how much of it cannot be spelt.

    Attributes:
        text: the words.
        phones: words that the transcript has only as phones; they are not in ``text``.
        noises: tags in brackets.
    """

    text: str
    phones: int
    noises: int


def plain_words(line: str) -> str:
    """Take MyST's markup away; what is left is separated by single blanks and may be nothing.

    Applied to its own result it changes nothing.
    """
    text = _HALF_TAG.sub(" ", _TAG.sub(" ", line.translate(_QUOTES)))
    while (shorter := _ASIDE.sub(" ", text)) != text:
        text = shorter
    text = _MARK.sub(" ", text)
    text = " ".join(_CUT_OFF.sub("", text).split())
    return text if any(character.isalnum() for character in text) else ""


def spoken_words(lines: str) -> Spoken:
    """Take CMU Kids' markup away, and count what has no spelling."""
    text, phones = _PHONES.subn(" ", lines)
    return Spoken(plain_words(text.replace("/", " ")), phones, text.count("["))
