"""The paper's filter of bad transcripts: what a decoder hears quite otherwise, and what is too short to judge.

The authors decode with whisper-large-v2, normalise both sides with Whisper's English normaliser, and drop what has
fewer than 3 words in the reference or a WER above 50 %. From training and development they also drop what is longer
than 30 s: that is the filter ``duration <= 30``.

Source: local/whisper_filter.py of github.com/balaji1312/sa_merging, after Kid-Whisper (arXiv 2309.07927).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer

from explorer.corpora.look import Look, shown
from explorer.corpora.manifest import json_row
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, seen

MIN_WORDS = 3
MAX_WER = 0.5
_TEXTS = ("text", "hypothesis", "transcript", "prediction")


@dataclass(frozen=True)
class Judged:
    """What the filter keeps, and how many utterances each rule removes; the rules apply in this order.

    Attributes:
        kept: in the corpus' order.
        short: fewer than ``MIN_WORDS`` words in the normalised reference.
        unheard: the hypothesis file has no line for them.
        misheard: a WER above ``MAX_WER``.
    """

    kept: tuple[Utterance, ...]
    short: int
    unheard: int
    misheard: int


def judge(utterances: Sequence[Utterance], hypotheses: Mapping[str, str], normalizer: Callable[[str], str]) -> Judged:
    """Apply the paper's filter.

    Args:
        utterances: of a corpus.
        hypotheses: what a decoder heard, by id, not normalised.
        normalizer: for both sides.
    """
    kept = []
    short = unheard = misheard = 0
    for utterance in utterances:
        reference = normalizer(utterance.reference)
        if len(reference.split()) < MIN_WORDS:
            short += 1
        elif utterance.id not in hypotheses:
            unheard += 1
        elif jiwer.wer(reference, normalizer(hypotheses[utterance.id])) > MAX_WER:
            misheard += 1
        else:
            kept.append(utterance)
    return Judged(tuple(kept), short, unheard, misheard)


def read_hypotheses(path: Path) -> dict[str, str]:
    """Read what a decoder heard: lines of an id, a tab or a blank, and the text (none for silence); or JSON lines.

    A JSON line has ``id`` and one of ``text``, ``hypothesis``, ``transcript`` and ``prediction``. A line with a tab
    is split there, so that ids may hold blanks.

    Raises:
        CorpusError: no such file, not UTF-8 text, a line of another form, an id twice, or no line at all.
    """
    try:
        lines = Look(path.parent).lines(path)
    except CorpusError as error:
        raise CorpusError(f"hypotheses: {shown(path)}: {error}; expected lines of an id and a text.") from error
    hypotheses: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                key, text = _json_line(line) if line.lstrip().startswith("{") else _plain_line(line)
                if key in hypotheses:
                    raise CorpusError(f"{seen(key)} occurs twice")
            except CorpusError as error:
                raise CorpusError(f"hypotheses: {path.name} line {number}: {error}.") from error
            hypotheses[key] = text
    if not hypotheses:
        raise CorpusError(f"hypotheses: {shown(path)}: is empty; expected lines of an id and a text.")
    return hypotheses


def _plain_line(line: str) -> tuple[str, str]:
    key, _, text = line.strip().partition("\t" if "\t" in line.strip() else " ")
    return key.strip(), text.strip()


def _json_line(line: str) -> tuple[str, str]:
    row = json_row(line)
    text = next((row[name] for name in _TEXTS if name in row), None)
    if not isinstance(row.get("id"), str) or not isinstance(text, str):
        raise CorpusError(f"expected text under id and under one of {', '.join(_TEXTS)}, but got {seen(line)}")
    return row["id"], text
