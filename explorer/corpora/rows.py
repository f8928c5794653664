"""A row with named entries → an utterance; the same rules for metadata.jsonl, CSV and TSV."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from explorer.corpora.look import Look
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, seen

_HUGE = 1e9
FIELDS = ("file_name", "id", "text", "speaker", "age", "gender", "duration", "split")
"""The entries that mean something to the app; whatever else a row has is kept as ``Utterance.extra``."""

ALIASES: dict[str, tuple[str, ...]] = {
    "file_name": (
        *("file_name", "path", "file", "audio", "filename", "audio_file", "audio_path", "audio_filepath"),
        *("audio_file_name", "wav"),
    ),
    "text": ("text", "transcript", "transcription", "sentence", "reference"),
    "id": ("id", "utterance", "utterance_id", "utt_id", "utt"),
    "speaker": ("speaker", "speaker_id", "spk", "client_id", "student", "student_id"),
    "age": ("age",),
    "gender": ("gender", "sex"),
    "duration": ("duration", "seconds"),
    "split": ("split", "partition"),
}
"""Names that each entry goes by in tables, the first that is there wins; case does not matter."""


def aliased(names: Iterable[str]) -> dict[str, str]:
    """Find which columns mean what: from the names of a table's columns to entry → column."""
    there: dict[str, str] = {}
    for name in names:
        there.setdefault(name.strip().lower(), name)
    found = {}
    for entry, aliases in ALIASES.items():
        column = next((there[alias] for alias in aliases if alias in there), None)
        if column is not None:
            found[entry] = column
    return found


def utterance_of(
    row: Mapping[str, Any], locate: Callable[[str], Path], names: Mapping[str, str] | None = None
) -> Utterance:
    """Read a row.

    Args:
        row: entries by their names in ``FIELDS``, and any others.
        locate: finds the audio file, or raises CorpusError.
        names: what messages call the entries, where the file calls them otherwise.

    Raises:
        CorpusError: an entry is missing, of the wrong type, or names no audio; the message begins with its name.
    """
    called = {field: field for field in FIELDS} | dict(names or {})
    name, text = row.get("file_name"), row.get("text")
    if not isinstance(name, str) or not name:
        raise CorpusError(f"{called['file_name']}: expected the name of an audio file, but got {_got(name)}")
    if not isinstance(text, str):
        raise CorpusError(f"{called['text']}: expected the transcript of {seen(name)}, but got {_got(text)}")
    try:
        path = locate(name)
    except CorpusError as error:
        raise CorpusError(f"{called['file_name']}: {error}") from error
    given = _text(row, "id") or name
    return Utterance(
        id=given,
        path=path,
        reference=text,
        speaker=_text(row, "speaker") or given,
        age=_number(row, "age", called["age"]),
        gender=_text(row, "gender"),
        duration=_number(row, "duration", called["duration"]),
        extra={key: value for key, value in row.items() if key not in FIELDS},
        split=_text(row, "split"),
    )


def inside(look: Look, folder: Path) -> Callable[[str], Path]:
    """Return what finds an audio file by its name relative to ``folder``, in the corpus folder only."""

    def locate(name: str) -> Path:
        path = folder / name
        if not look.is_inside(path):
            raise CorpusError(f"{seen(name)} lies outside the corpus folder, or nowhere")
        if not look.has_file(path):
            raise CorpusError(f"no such audio file: {seen(name)}")
        return path

    return locate


def _got(value: object) -> str:
    return "nothing" if value is None else seen(value)


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    return None if value is None else str(value)


def _number(row: Mapping[str, Any], key: str, called: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE:  # NaN is not
        return float(value)
    raise CorpusError(f"{called}: expected a number, but got {seen(value)}")
