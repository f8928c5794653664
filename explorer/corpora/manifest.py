"""Kind ``manifest``: a folder with ``metadata.jsonl``, one utterance a line, as Hugging Face's audiofolder.

    {"file_name": "0049/a.flac", "text": "likes white", "speaker": "0049", "age": 7, "gender": "f", "duration": 4.7}

``file_name`` and ``text`` are needed; ``id``, ``speaker``, ``age``, ``gender``, ``duration`` (seconds) are used where
given; further keys are kept and can be filtered by.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.errors import CorpusError, seen

MANIFEST = "metadata.jsonl"
_HUGE = 1e9
_KNOWN = ("file_name", "id", "text", "speaker", "age", "gender", "duration")


@dataclass(frozen=True)
class Utterance:
    """One clip of a corpus, with what is known of it.

    Attributes:
        id: unique in its corpus.
        path: audio file.
        reference: what was said, not normalised.
        speaker: utterances without one count as speakers of their own.
        age: in years.
        gender: as the corpus writes it.
        duration: in seconds, as the manifest says.
        extra: further entries of the manifest.
    """

    id: str
    path: Path
    reference: str
    speaker: str
    age: float | None = None
    gender: str | None = None
    duration: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """Utterances of a folder, and a sentence for every one that had to be left out."""

    folder: Path
    utterances: tuple[Utterance, ...]
    problems: tuple[str, ...] = ()


def read_manifest(folder: Path) -> Corpus:
    """Read the utterances of a manifest folder; broken lines and absent files are named and left out.

    Raises:
        CorpusError: no such folder, no manifest in it, or not one usable utterance.
    """
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; expected a folder with {MANIFEST}.")
    path = folder / MANIFEST
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CorpusError(f"{folder}: holds no {MANIFEST}; expected one line of JSON for each clip there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read as UTF-8 text; expected one line of JSON for each clip.") from error
    utterances: dict[str, Utterance] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            utterance = _read_line(line, folder)
            if utterance.id in utterances:
                raise CorpusError(f"id {utterance.id!r} occurs twice; the second is left out")
            utterances[utterance.id] = utterance
        except CorpusError as error:
            problems.append(f"{MANIFEST} line {number}: {error}.")
    if not utterances:
        first = f" First problem: {problems[0]}" if problems else ""
        raise CorpusError(f"{folder}: {MANIFEST} has no usable utterance.{first}")
    return Corpus(folder, tuple(utterances.values()), tuple(problems))


def _read_line(line: str, folder: Path) -> Utterance:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorpusError("is not JSON") from error
    if not isinstance(row, dict):
        raise CorpusError(f"expected a JSON object, but got {type(row).__name__}")
    name, text = row.get("file_name"), row.get("text")
    if not isinstance(name, str) or not name:
        raise CorpusError(f"file_name: expected the name of an audio file, but got {seen(name)}")
    if not isinstance(text, str):
        raise CorpusError(f"text: expected the transcript of {seen(name)}, but got {seen(text)}")
    path = folder / name
    if not _is_file(path):
        raise CorpusError(f"file_name: no such audio file: {seen(name)}")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise CorpusError(f"file_name: {seen(name)} lies outside the corpus folder")
    given = _text(row, "id") or name
    return Utterance(
        id=given,
        path=path,
        reference=text,
        speaker=_text(row, "speaker") or given,
        age=_number(row, "age"),
        gender=_text(row, "gender"),
        duration=_number(row, "duration"),
        extra={key: value for key, value in row.items() if key not in _KNOWN},
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for the disk, a folder that may not be looked into
        return False


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    return None if value is None else str(value)


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE:  # NaN is not
        return float(value)
    raise CorpusError(f"{key}: expected a number, but got {seen(value)}")
