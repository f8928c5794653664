"""Kind ``myst``: My Science Tutor, children of grades 3–5 who talk with a tutor (LDC2021S05, Boulder v0.4.2).

The folder is LDC's (with ``myst_child_conv_speech/data``), Boulder's (with ``data``), the data folder, or one
partition. Speaker is the student; of a transcript the first line counts; recordings without one (about 55 %) and
transcripts without words are left out and counted. What becomes of the markup stands in ``markup``.

Ids are the files' names, as in the lists of the authors of SA Merge. Extra fields, from the session's name
``myst_<student>_<date>_<time>_<module>_<part>``: ``session``, ``school`` (first three digits of the student),
``module`` (WA, VB, MS, ME, EE, LS, …) and ``part`` (investigation.part, for example 2.3). Age and gender are not in the
corpus.

The corpus is licensed: the app reads the user's own copy.

Source: https://catalog.ldc.upenn.edu/LDC2021S05
"""

import re
from pathlib import Path

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import shown
from explorer.corpora.markup import plain_words
from explorer.corpora.session_tree import LAYOUT, Recording, find_partitions, recordings
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError

_SESSION = re.compile(r"myst_(?P<student>\d+)_[\d-]+_[\d-]+_(?P<module>[A-Z]+)_(?P<part>\d+(\.\d+)*)")
_EXPECTED = f"MyST: {LAYOUT}"


def read_myst(folder: Path) -> Corpus:
    """Read all partitions that are there.

    Raises:
        CorpusError: no such folder, not MyST's layout, or nothing usable.
    """
    gathering = Gathering(folder, _EXPECTED)
    partitions = find_partitions(gathering.look, folder)
    if not partitions:
        raise CorpusError(f"{shown(folder)}: is not MyST; expected {LAYOUT}.")
    for partition, split in partitions:
        for recording in recordings(gathering, partition, split):
            with gathering.naming(recording.audio):
                _gather(gathering, recording)
    return gathering.corpus("MyST")


def _gather(gathering: Gathering, recording: Recording) -> None:
    words = plain_words(recording.line)
    if not words:
        gathering.count("transcripts have no words but tags and are left out", recording.id)
        return
    gathering.add(
        Utterance(
            id=recording.id,
            path=recording.audio,
            reference=words,
            speaker=recording.speaker,
            extra=_session(recording.session),
            split=recording.split,
        )
    )


def _session(name: str) -> dict[str, str]:
    match = _SESSION.fullmatch(name)
    if match is None:
        return {"session": name}
    return {"session": name, "school": match["student"][:3], "module": match["module"], "part": match["part"]}
