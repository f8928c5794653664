"""Kind ``manifest``: a folder with ``metadata.jsonl``, one utterance a line, as Hugging Face's audiofolder.

    {"file_name": "0049/a.flac", "text": "likes white", "speaker": "0049", "age": 7, "gender": "f", "duration": 4.7}

``file_name`` and ``text`` are needed; ``id``, ``speaker``, ``age``, ``gender``, ``duration`` (seconds) and ``split``
are used where given; further keys are kept and can be filtered by. Audio lies in the folder, nowhere else.
"""

import json
from pathlib import Path
from typing import Any

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import shown
from explorer.corpora.rows import inside, utterance_of
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError

__all__ = ["MANIFEST", "Corpus", "Utterance", "json_row", "read_manifest"]

MANIFEST = "metadata.jsonl"


def read_manifest(folder: Path) -> Corpus:
    """Read the utterances of a manifest folder; broken lines and absent files are named and left out.

    Raises:
        CorpusError: no such folder, no manifest in it, or not one usable utterance.
    """
    gathering = Gathering(folder, f"a folder with {MANIFEST}")
    path = folder / MANIFEST
    if MANIFEST not in gathering.look.listing(folder):
        raise CorpusError(f"{shown(folder)}: holds no {MANIFEST}; expected one line of JSON for each clip there.")
    try:
        lines = gathering.look.lines(path)
    except CorpusError as error:
        raise CorpusError(
            f"{shown(path)}: cannot be read as UTF-8 text; expected one line of JSON for each clip."
        ) from error
    locate = inside(gathering.look, folder)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            with gathering.naming(f"{MANIFEST} line {number}"):
                gathering.add(utterance_of(json_row(line), locate))
    return gathering.corpus(MANIFEST)


def json_row(line: str) -> dict[str, Any]:
    """Read one line of JSON.

    Raises:
        CorpusError: it is not JSON, or not an object.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorpusError("is not JSON") from error
    if not isinstance(row, dict):
        raise CorpusError(f"expected a JSON object, but got {type(row).__name__}")
    return row
