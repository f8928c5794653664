"""Kinds ``cmu-kids`` and ``cmu-kids-spoken``: children of 6–11 who read sentences aloud (LDC97S63).

    kids/<speaker>/signal/<utterance>.sph, kids/<speaker>/trans/<utterance>.trn    LDC's disk, in ``cmu_kids`` or not
    tables/{sentence,speaker,transcrp}.tbl
    data/{train,development,test}/<speaker>/<session>/<utterance>.flac with .trn    as SA Merge's authors lay it out

The reference of ``cmu-kids`` is the prompt, the sentence that was to be read (sentence.tbl), as in Kaldi's and
lhotse's recipes; that of ``cmu-kids-spoken`` is what was really said (.trn, or transcrp.tbl), with the markup taken
away as ``markup`` says. In the authors' layout .trn is the reference of both, unless there are the tables too.

An utterance's name, ``fabm2ag1``, holds speaker (``fabm``; f or m is the gender), sentence (``2ag``) and bin: 1 read
as prompted and clean, 2 noisy or misread. Extra fields: ``bin``, ``sentence``, ``grade``, ``population`` (SUM95 good
readers, FP readers with errors and dialect), ``phones`` (words that the transcript has only as phones) and
``noises`` (its tags), the last two where there is a transcript. Audio is NIST SPHERE, 16 kHz; a file packed with
shorten is named when it is to be decoded.

The corpus is licensed: the app reads the user's own copy. It has no official split.

Source: https://catalog.ldc.upenn.edu/LDC97S63
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from explorer.corpora.gathering import Gathering
from explorer.corpora.look import Look, shown
from explorer.corpora.markup import Spoken, spoken_words
from explorer.corpora.session_tree import LAYOUT, find_partitions, recordings
from explorer.corpora.table import number_or_text
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError

Reference = Literal["prompt", "spoken"]

_NAME = re.compile(r"(?P<speaker>(?P<gender>[fm])\w{3})(?P<sentence>\w{3})(?P<bin>[12])")
_AUDIO = (".sph", ".wav", ".flac")  # in this order where several are there
_EXPECTED = f"CMU Kids: kids/<speaker>/signal/*.sph with tables, or {LAYOUT}"
_OLD = "latin-1"  # of files that are not UTF-8: the disk is of 1997


@dataclass(frozen=True)
class Tables:
    """What the corpus' tables say; each is empty where the table is absent.

    Attributes:
        prompts: by sentence, ``2ag``.
        transcripts: by utterance, with markup.
        speakers: age, grade and population by speaker.
    """

    prompts: Mapping[str, str]
    transcripts: Mapping[str, str]
    speakers: Mapping[str, Mapping[str, Any]]


def read_cmu_kids(folder: Path) -> Corpus:
    """Read the corpus with the prompts as references.

    Raises:
        CorpusError: no such folder, neither layout, no sentence.tbl in LDC's, or nothing usable.
    """
    return _read(folder, "prompt")


def read_cmu_kids_spoken(folder: Path) -> Corpus:
    """Read the corpus with what was really said as references.

    Raises:
        CorpusError: no such folder, neither layout, or nothing usable.
    """
    return _read(folder, "spoken")


def _read(folder: Path, reference: Reference) -> Corpus:
    gathering = Gathering(folder, _EXPECTED)
    look = gathering.look
    for root in (folder, look.child(folder, "cmu_kids")):
        kids = look.child(root, "kids")
        if look.folders(kids):
            tables = _tables(gathering, root)
            if reference == "prompt" and not tables.prompts:
                raise CorpusError(
                    f"{shown(root)}: has no tables/sentence.tbl, the prompts; copy it there, or use cmu-kids-spoken."
                )
            _gather(gathering, _disk(gathering, kids, tables), tables, reference)
            return gathering.corpus("CMU Kids")
    partitions = find_partitions(look, folder)
    if not partitions:
        raise CorpusError(f"{shown(folder)}: is not CMU Kids; expected {_EXPECTED}.")
    tables = _tables(gathering, folder)
    for partition, split in partitions:
        found = (
            (recording.audio, recording.id, recording.line, split)
            for recording in recordings(gathering, partition, split)
        )
        _gather(gathering, found, tables, reference)
    return gathering.corpus("CMU Kids")


def _disk(gathering: Gathering, kids: Path, tables: Tables) -> Iterator[tuple[Path, str, str | None, None]]:
    """Go through LDC's layout: audio, utterance, transcript with markup if there is one, no split."""
    look = gathering.look
    for speaker in look.folders(kids):
        signal, trans = look.child(kids / speaker, "signal"), look.child(kids / speaker, "trans")
        audio: dict[str, str] = {}
        for ending in reversed(_AUDIO):
            audio |= _by_stem(look.files(signal), ending)
        written = _by_stem(look.files(trans), ".trn")
        for utterance in sorted(written.keys() - audio.keys()):
            with gathering.naming(trans / written[utterance]):
                raise CorpusError("is a transcript without a recording")
        for utterance, name in sorted(audio.items()):
            line = tables.transcripts.get(utterance)
            if utterance in written:
                with gathering.naming(trans / written[utterance]):
                    line = look.text(trans / written[utterance], _OLD)
            yield signal / name, utterance, line, None


def _gather(
    gathering: Gathering,
    found: Iterator[tuple[Path, str, str | None, str | None]],
    tables: Tables,
    reference: Reference,
) -> None:
    for audio, utterance, line, split in found:
        with gathering.naming(audio):
            spoken = None if line is None else spoken_words(line)
            entry = _utterance(audio, utterance, spoken, tables)
            text = _reference(entry, spoken, tables, reference)
            if text:
                gathering.add(replace(entry, reference=text, split=split))
            else:
                gathering.count("recordings have no words to compare with and are left out", utterance)


def _utterance(audio: Path, name: str, spoken: Spoken | None, tables: Tables) -> Utterance:
    match = _NAME.fullmatch(name)
    if match is None:
        raise CorpusError("is not named as CMU Kids names utterances; expected for example fabm2ag1")
    known = tables.speakers.get(match["speaker"], {})
    counts = {} if spoken is None else {"phones": spoken.phones, "noises": spoken.noises}
    extra = {key: value for key, value in known.items() if key != "age"}
    age = known.get("age")
    return Utterance(
        id=name,
        path=audio,
        reference="",
        speaker=match["speaker"],
        age=float(age) if isinstance(age, int | float) else None,
        gender=match["gender"],
        extra={"bin": int(match["bin"]), "sentence": match["sentence"], **extra, **counts},
    )


def _reference(entry: Utterance, spoken: Spoken | None, tables: Tables, reference: Reference) -> str | None:
    """Choose the reference; None or empty where there is none."""
    said = None if spoken is None else spoken.text
    if reference == "spoken" or not tables.prompts:
        return said
    prompt = tables.prompts.get(entry.extra["sentence"])
    if prompt is None:
        raise CorpusError(f"has no prompt: sentence {entry.extra['sentence']} is not in sentence.tbl")
    return prompt


def _tables(gathering: Gathering, root: Path) -> Tables:
    folder = gathering.look.child(root, "tables", "table")
    prompts = {row[0].lower(): row[2].strip() for row in _rows(gathering, folder, "sentence.tbl", "\t") if len(row) > 2}
    said = {row[0].lower(): row[1] for row in _rows(gathering, folder, "transcrp.tbl", None, 1) if len(row) > 1}
    speakers = {
        row[0].lower(): _speaker(row[1], row[2])
        for row in _rows(gathering, folder, "speaker.tbl", None)
        if len(row) > 2 and re.fullmatch(r"[fm]\w{3}", row[0].lower()) and "/" in row[2]
    }
    return Tables(prompts, said, speakers)


def _speaker(population: str, grade_and_age: str) -> dict[str, Any]:
    """Read ``SUM95`` and ``3/9``; NA is not known."""
    grade, _, age = grade_and_age.partition("/")
    known = {"population": population, "grade": grade, "age": age}
    return {key: number_or_text(value) for key, value in known.items() if value not in ("", "NA")}


def _rows(gathering: Gathering, folder: Path, name: str, mark: str | None, splits: int = -1) -> list[list[str]]:
    look: Look = gathering.look
    path = look.child(folder, name)
    if path.name not in look.listing(folder):
        return []
    with gathering.naming(path):
        return [line.split(mark, splits) for line in look.lines(path, _OLD) if line.strip()]
    return []


def _by_stem(names: Sequence[str], ending: str) -> dict[str, str]:
    return {name[: -len(ending)].lower(): name for name in names if name.lower().endswith(ending)}
