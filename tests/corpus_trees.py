"""Real clips, arranged as the corpora that the readers know document themselves.

    clips = real_clips(speech, speakers=3, each=3)
    plain, corpus = arranged("plain", tmp_path / "plain", clips), arranged("myst", tmp_path / "tree", clips)

Both are what ``--corpus`` takes, KIND:PATH; ``LAYOUTS`` lists the names. Whatever the layout, the same clips have the
same words, and speakers that differ where they differed.
"""

import json
import os
import shutil
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile

HOUR_NS = 3_600 * 10**9


@dataclass(frozen=True)
class Clip:
    """One real clip: 16 kHz mono FLAC, 16 bit."""

    source: Path
    id: str
    text: str
    speaker: str
    age: int
    gender: str


def real_clips(speech: Path, speakers: int = 3, each: int = 3) -> list[Clip]:
    """Children's clips from shared/speech, in the order of the manifest; of up to 27 speakers up to 20 each."""
    folder = speech / "speechocean762" / "dev-child"
    chosen: dict[str, list[Clip]] = {}
    for line in (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["speaker"] not in chosen and len(chosen) == speakers:
            continue
        clips = chosen.setdefault(row["speaker"], [])
        if len(clips) < each:
            clips.append(
                Clip(folder / row["file_name"], *(row[key] for key in ("id", "text", "speaker", "age", "gender")))
            )
    return [clip for clips in chosen.values() for clip in clips]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def copy(clip: Clip, path: Path) -> None:
    """Copy a clip, sample by sample: as FLAC, WAV or NIST SPHERE, by the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".flac":
        shutil.copyfile(clip.source, path)
        return
    samples, rate = soundfile.read(clip.source, dtype="int16")
    if path.suffix.lower() == ".sph":
        write_sphere(path, samples, rate)
    else:
        soundfile.write(path, samples, rate, format="WAV", subtype="PCM_16")


def write_sphere(path: Path, samples: np.ndarray, rate: int, coding: str | None = None) -> None:
    """Write a SPHERE file as the disks of the nineties have them: 1,024 bytes of header, then big-endian PCM."""
    fields = [
        *("NIST_1A", "   1024", "database_id -s8 CMU_KIDS", "channel_count -i 1", f"sample_count -i {len(samples)}"),
        *(f"sample_rate -i {rate}", "sample_n_bytes -i 2", "sample_byte_format -s2 10", "sample_sig_bits -i 16"),
        *([f"sample_coding -s{len(coding)} {coding}"] if coding else []),
        "end_head",
    ]
    path.write_bytes("\n".join([*fields, ""]).encode().ljust(1024, b" ") + samples.astype(">i2").tobytes())


def settle(root: Path) -> Path:
    """Make a tree look an hour old: what has just been written is not trusted to an index."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            found = path.stat()
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - HOUR_NS))
    return root


def build_manifest(root: Path, clips: list[Clip]) -> Path:
    """The plain manifest that every other layout is compared with."""
    rows = []
    for clip in clips:
        copy(clip, root / f"{clip.id}.flac")
        row = {"file_name": f"{clip.id}.flac", "id": clip.id, "text": clip.text, "speaker": clip.speaker}
        rows.append(json.dumps(row | {"age": clip.age, "gender": clip.gender}))
    write(root / "metadata.jsonl", "\n".join(rows))
    return root


def renamed(clips: list[Clip], speaker_names: list[str], name: str) -> list[Clip]:
    """Give clips the names that a layout asks for: ``name`` with {speaker}, {number}, {letters}."""
    found = dict.fromkeys(clip.speaker for clip in clips)
    assert len(found) <= len(speaker_names)
    speakers = dict(zip(found, speaker_names, strict=False))
    fresh = []
    for number, clip in enumerate(clips):
        letters = string.ascii_lowercase[number // 26] + string.ascii_lowercase[number % 26]
        speaker = speakers[clip.speaker]
        fresh.append(replace(clip, speaker=speaker, id=name.format(speaker=speaker, number=number, letters=letters)))
    return fresh


# MyST.

STUDENTS = ["990507", "002116", "013044", *(f"{number:06d}" for number in range(14_001, 14_025))]
SESSION = "myst_{speaker}_2014-02-27_09-29-01_WA_2.3"
MARKED = [
    *("{text}", "<BREATH> {text} <LAUGH>", "{text} (*)", "(()) {text}", "+{first}+ {rest}", "*{first}* {rest}"),
    *("{text} <NO_SIGNAL", "[00:00:01] {text}\r\nsecond line", "\u00a0{text}\u00a0\u00a0<SIDE_SPEECH>"),
]


def myst_clips(clips: list[Clip]) -> list[Clip]:
    return renamed(clips, STUDENTS, SESSION + "_{number:03d}")


def marked(clip: Clip, place: int) -> str:
    """A clip's text as MyST's transcribers might have written it."""
    first, _, rest = clip.text.partition(" ")
    return MARKED[place % len(MARKED)].format(text=clip.text, first=first, rest=rest) + "\n"


def build_myst(root: Path, clips: list[Clip], data: str = "data", ending: str = ".flac") -> Path:
    """``data/{train,development,test}/<student>/<session>/…``, students in turn, and one recording without .trn."""
    students = dict.fromkeys(clip.speaker for clip in clips)
    partitions = dict(zip(students, cycle(("train", "development", "test")), strict=False))
    for place, clip in enumerate(clips):
        session = root / data / partitions[clip.speaker] / clip.speaker / SESSION.format(speaker=clip.speaker)
        copy(clip, session / f"{clip.id}{ending}")
        write(session / f"{clip.id}.trn", marked(clip, place))
    copy(clips[0], root / data / "train" / clips[0].speaker / SESSION.format(speaker=clips[0].speaker) / "bare.flac")
    return root


# CMU Kids.

KIDS = ["fabm", "mjsd", "facs", *(f"{'fm'[number % 2]}bk{string.ascii_lowercase[number]}" for number in range(24))]
SPEAKER_TABLE = "ID\tLOC\tGR/AGE\tTOT\tBIN2\n--\t---\t------\t---\t----\n"


def kids_clips(clips: list[Clip]) -> list[Clip]:
    """Names with the recording's bin at their end: every third clip, the second first, is misread and so in bin 2."""
    return [
        replace(clip, id=f"{clip.id}{2 if place % 3 == 1 else 1}")
        for place, clip in enumerate(renamed(clips, KIDS, "{speaker}2{letters}"))
    ]


def build_kids(root: Path, clips: list[Clip], tables: str = "tables", upper: bool = False) -> Path:
    """LDC's disk: ``kids/<speaker>/{signal,trans}`` and tables; what is in bin 2 was misread."""
    name = str.upper if upper else str
    prompts, transcripts = [], []
    for place, clip in enumerate(clips):
        folder = root / name("kids") / name(clip.speaker)
        said = clip.text.upper() if place % 3 else f"[begin_noise] {clip.text.upper()} [end_noise]"
        said = f"{said} /K AE T/ [human_noise]" if place % 3 == 1 else said
        copy(clip, folder / name("signal") / name(f"{clip.id}.sph"))
        write(folder / name("trans") / name(f"{clip.id}.trn"), f"{said}\n")
        prompts.append(f"{clip.id[4:7]}\t1\t{clip.text.capitalize()}.\n")
        transcripts.append(f"{clip.id} {said}\n")
    speakers = dict.fromkeys((clip.speaker, clip.age) for clip in clips)
    rows = [f"{speaker}\t{'SUM95' if speaker[0] == 'f' else 'FP'}\t2/{age}\t100\t62\n" for speaker, age in speakers]
    for table, lines in (("sentence", prompts), ("transcrp", transcripts), ("speaker", [SPEAKER_TABLE, *rows])):
        write(root / name(tables) / name(f"{table}.tbl"), "".join(lines))
    return root


# Others.


def build_speechocean(root: Path, clips: list[Clip]) -> Path:
    """``WAVE/SPEAKER…/*.WAV``; the last speaker is the test split, with tabs as some of its files have."""
    last = clips[-1].speaker
    for split, members in (
        ("train", [c for c in clips if c.speaker != last]),
        ("test", [c for c in clips if c.speaker == last]),
    ):
        mark = " " if split == "train" else "\t"
        for clip in members:
            copy(clip, root / f"WAVE/SPEAKER{clip.speaker}/{clip.id}.WAV")
        people = dict.fromkeys((clip.speaker, clip.age, clip.gender) for clip in members)
        tables = {
            "wav.scp": [f"{clip.id}\tWAVE/SPEAKER{clip.speaker}/{clip.id}.WAV" for clip in members],
            "text": [f"{clip.id}{mark}{clip.text.upper()}" for clip in members],
            "utt2spk": [f"{clip.id}{mark}{clip.speaker}" for clip in members],
            "spk2age": [f"{speaker}{mark}{age}" for speaker, age, _ in people],
            "spk2gender": [f"{speaker}{mark}{gender}" for speaker, _, gender in people],
        }
        for name, lines in tables.items():
            write(root / split / name, "\n".join(lines) + "\n")
    return root


def libri_clips(clips: list[Clip]) -> list[Clip]:
    return renamed(clips, ["1272", "84", "2035", *map(str, range(2_100, 2_124))], "{speaker}-128104-{number:04d}")


def build_librispeech(root: Path, clips: list[Clip]) -> Path:
    """``dev-clean/<speaker>/<chapter>/`` with trans.txt, the last speaker in test-other; SPEAKERS.TXT with comments."""
    people = dict.fromkeys((clip.speaker, clip.gender) for clip in clips)
    table = [f"{speaker:5}| {gender.upper()} | dev-clean        | 8.05  | A Name" for speaker, gender in people]
    write(root / "SPEAKERS.TXT", "\n".join(["; LibriSpeech", ";ID  |SEX| SUBSET", *table]) + "\n")
    for speaker, _ in people:
        split = "test-other" if speaker == clips[-1].speaker else "dev-clean"
        members = [clip for clip in clips if clip.speaker == speaker]
        for clip in members:
            copy(clip, root / split / speaker / "128104" / f"{clip.id}.flac")
        lines = [f"{clip.id} {clip.text.upper()}\n" for clip in members]
        write(root / split / speaker / "128104" / f"{speaker}-128104.trans.txt", "".join(lines))
    return root


def build_kaldi(root: Path, clips: list[Clip], *, absolute: bool = False, flat: bool = True) -> Path:
    """``wav.scp`` and its companions, audio beside them in ``audio``."""
    data = root if flat else root / "test"
    for clip in clips:
        copy(clip, root / f"audio/{clip.id}.wav")
    people = dict.fromkeys((clip.speaker, clip.age, clip.gender) for clip in clips)
    base = f"{root}/" if absolute else ""
    tables = {
        "wav.scp": [f"{clip.id} {base}audio/{clip.id}.wav" for clip in clips],
        "text": [f"{clip.id} {clip.text}" for clip in clips],
        "utt2spk": [f"{clip.id} {clip.speaker}" for clip in clips],
        "spk2age": [f"{speaker} {age}" for speaker, age, _ in people],
        "spk2gender": [f"{speaker} {gender}" for speaker, _, gender in people],
        "utt2dur": [f"{clip.id} {soundfile.info(clip.source).duration:.3f}" for clip in clips],
    }
    for name, lines in tables.items():
        write(data / name, "\n".join(lines) + "\n")
    return root


def build_audiofolder(root: Path, clips: list[Clip], form: str = "jsonl") -> Path:
    """``train`` and ``test``, each with its metadata and its audio, the text under ``transcription``."""
    for split in ("train", "test"):
        members = [clip for clip in clips if (clip.speaker == clips[-1].speaker) == (split == "test")]
        rows = []
        for clip in members:
            copy(clip, root / split / f"{clip.id}.wav")
            rows.append({"file_name": f"{clip.id}.wav", "transcription": clip.text, "speaker": clip.speaker})
        lines = [json.dumps(row) for row in rows]
        if form == "csv":
            lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        write(root / split / f"metadata.{form}", "\n".join(lines) + "\n")
    return root


def build_table(path: Path, clips: list[Clip], mark: str = ",") -> Path:
    """A CSV or TSV with columns of other names, audio in ``clips``."""
    lines = [mark.join(("Path", "Sentence", "client_id", "age", "sex", "grade", "seat"))]
    for place, clip in enumerate(clips):
        copy(clip, path.parent / f"clips/{clip.id}.flac")
        cells = (f"clips/{clip.id}.flac", f'"{clip.text}"', clip.speaker, str(clip.age), clip.gender, "2", f"0{place}")
        lines.append(mark.join(cells))
    write(path, "\r\n".join(lines) + "\r\n")
    return path


# By name.


@dataclass(frozen=True)
class Layout:
    """One way to lay a corpus out.

    Attributes:
        kind: of the reader.
        rename: gives the clips the names that the layout asks for.
        build: writes the tree below a folder, and returns what is to be opened.
    """

    kind: str
    rename: Callable[[list[Clip]], list[Clip]]
    build: Callable[[Path, list[Clip]], Path]


def arranged(layout: str, root: Path, clips: list[Clip]) -> str:
    """Write clips below ``root`` as one of ``LAYOUTS``, and return what ``--corpus`` takes: KIND:PATH."""
    chosen = LAYOUTS[layout]
    return f"{chosen.kind}:{chosen.build(root, chosen.rename(clips))}"


LAYOUTS = {
    "plain": Layout("manifest", list, build_manifest),
    "myst": Layout("myst", myst_clips, build_myst),
    "myst as LDC unpacks it": Layout(
        "myst", myst_clips, lambda root, clips: build_myst(root, clips, "myst_child_conv_speech/data")
    ),
    "myst's LDC root": Layout("myst", myst_clips, lambda root, clips: build_myst(root, clips, "m/data") / "m"),
    "myst's data folder": Layout("myst", myst_clips, lambda root, clips: build_myst(root, clips) / "data"),
    "myst as WAV": Layout("myst", myst_clips, lambda root, clips: build_myst(root, clips, ending=".wav")),
    "cmu-kids": Layout("cmu-kids", kids_clips, build_kids),
    "cmu-kids in cmu_kids": Layout(
        "cmu-kids", kids_clips, lambda root, clips: build_kids(root / "cmu_kids", clips).parent
    ),
    "cmu-kids with a folder table": Layout(
        "cmu-kids", kids_clips, lambda root, clips: build_kids(root, clips, "table")
    ),
    "cmu-kids in capitals": Layout("cmu-kids", kids_clips, lambda root, clips: build_kids(root, clips, upper=True)),
    "cmu-kids, what was said": Layout("cmu-kids-spoken", kids_clips, build_kids),
    "cmu-kids as the authors lay it out": Layout("cmu-kids", kids_clips, build_myst),
    "cmu-kids, said, as the authors lay it out": Layout("cmu-kids-spoken", kids_clips, build_myst),
    "speechocean762": Layout("speechocean762", list, build_speechocean),
    "librispeech": Layout("librispeech", libri_clips, build_librispeech),
    "librispeech's parent": Layout(
        "librispeech", libri_clips, lambda root, clips: build_librispeech(root / "LibriSpeech", clips).parent
    ),
    "kaldi": Layout("kaldi", list, build_kaldi),
    "kaldi with absolute paths": Layout("kaldi", list, lambda root, clips: build_kaldi(root, clips, absolute=True)),
    "kaldi, splits": Layout("kaldi", list, lambda root, clips: build_kaldi(root, clips, flat=False)),
    "kaldi, one split, paths relative to its parent": Layout(
        "kaldi", list, lambda root, clips: build_kaldi(root, clips, flat=False) / "test"
    ),
    "audiofolder": Layout("audiofolder", list, build_audiofolder),
    "audiofolder in CSV": Layout("audiofolder", list, lambda root, clips: build_audiofolder(root, clips, "csv")),
    "audiofolder in data": Layout(
        "audiofolder", list, lambda root, clips: build_audiofolder(root / "data", clips).parent
    ),
    "audiofolder that is a manifest": Layout("audiofolder", list, build_manifest),
    "CSV": Layout("table", list, lambda root, clips: build_table(root / "a.csv", clips)),
    "CSV with semicolons": Layout("table", list, lambda root, clips: build_table(root / "a.csv", clips, ";")),
    "TSV": Layout("table", list, lambda root, clips: build_table(root / "a.tsv", clips, "\t")),
    "the only table of a folder": Layout("table", list, lambda root, clips: build_table(root / "a.CSV", clips).parent),
}
