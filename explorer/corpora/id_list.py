"""A list file of utterance ids, as the authors of SA Merge publish theirs: one id a line."""

from collections.abc import Sequence
from pathlib import Path

from explorer.corpora.look import AUDIO_SUFFIXES, Look, shown
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError, seen

_ENDINGS = (*AUDIO_SUFFIXES, ".trn", ".txt")


def read_ids(path: Path) -> tuple[str, ...]:
    """Read the lines of a list file; blank ones are skipped.

    Raises:
        CorpusError: no such file, not UTF-8 text, or no line in it.
    """
    try:
        lines = Look(path.parent).lines(path)
    except CorpusError as error:
        raise CorpusError(f"ids: {shown(path)}: {error}; expected a text file with one id a line.") from error
    ids = tuple(line.strip() for line in lines if line.strip())
    if not ids:
        raise CorpusError(f"ids: {shown(path)}: is empty; expected one id a line.")
    return ids


def pick(utterances: Sequence[Utterance], wanted: Sequence[str]) -> tuple[Utterance, ...]:
    """Return the utterances of a list, in the corpus' order.

    Args:
        utterances: of a corpus.
        wanted: ids, or names of audio or transcript files: folders and a known ending are taken away. Where ids are
            not files' names, a name stands for the utterance whose audio is called so.

    Raises:
        CorpusError: some are not in the corpus; the message names the first and tells how many.
    """
    ids = {utterance.id for utterance in utterances}
    stems: dict[str, str | None] = {}
    for utterance in utterances:
        stem = _stem(utterance.path.name)
        stems[stem] = None if stem in stems else utterance.id  # two files of one name: neither is meant
    chosen: set[str] = set()
    unknown = []
    for line in wanted:
        name = _stem(line)
        found = line if line in ids else name if name in ids else stems.get(name)
        if found is None:
            unknown.append(line)
        else:
            chosen.add(found)
    if unknown:
        raise CorpusError(
            f"ids: {seen(unknown[0])} is not in this corpus, or was left out of it ({len(unknown):,} of "
            f"{len(wanted):,} ids); check that list and corpus belong together."
        )
    return tuple(utterance for utterance in utterances if utterance.id in chosen)


def id_lines(utterances: Sequence[Utterance]) -> str:
    """Return a list file's text for a subset, to be read by ``read_ids``."""
    return "".join(f"{utterance.id}\n" for utterance in utterances)


def write_ids(path: Path, utterances: Sequence[Utterance]) -> None:
    """Write a list file for a subset, in place of what may be there.

    Raises:
        CorpusError: the file cannot be written.
    """
    try:
        path.write_text(id_lines(utterances), encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CorpusError(f"ids: {shown(path)}: cannot be written ({reason}); choose another place.") from error


def _stem(name: str) -> str:
    """Take folders and the ending away; MyST's names have dots of their own (…_EE_1.1_001)."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return next((last[: -len(ending)] for ending in _ENDINGS if last.lower().endswith(ending)), last)
