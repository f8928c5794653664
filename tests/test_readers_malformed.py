"""Broken corpora and options: each is one clear sentence, and one broken file does not take the others with it."""

import json
import os
from pathlib import Path

import pytest
from corpus_trees import write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.corpora.open import READERS, open_corpus
from explorer.corpora.quality import read_hypotheses
from explorer.corpora.subset import SubsetSpec, choose
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))


def is_one_clear_sentence(text):
    assert "\n" not in text
    assert len(text) < 600
    assert text.endswith(".")
    assert "Traceback" not in text
    assert "None" not in text
    return True


SESSION = "data/test/990507/myst_990507_2010-04-02_00-00-00_WA_2.3"
UTTERANCE = f"{SESSION}/myst_990507_2010-04-02_00-00-00_WA_2.3_001"
CHAPTER = "dev-clean/84/121123/84-121123"


def tree(root, *files):
    """Write empty audio, and text where a file is given with it; a folder where the name ends in a slash."""
    root.mkdir(parents=True, exist_ok=True)
    for file in files:
        name, text = file if isinstance(file, tuple) else (file, "")
        if name.endswith("/"):
            (root / name).mkdir(parents=True)
        else:
            write(root / name, text) if isinstance(text, str) else (root / name).write_bytes(text)
    return root


KALDI = {"wav.scp": "a a.wav\n", "text": "a one\n", "utt2spk": "a s\n"}


def kaldi(**changed):
    tables = KALDI | {name.replace("_", "."): text for name, text in changed.items()}
    return ["a.wav", *((name, text) for name, text in tables.items() if text is not None)]


# A corpus with nothing usable: kind, what lies in the folder, and what the sentence says.
UNUSABLE = {
    "myst: an empty folder": ("myst", [], "is not MyST; expected data/"),
    "myst: partitions without students": ("myst", ["data/train/", "data/test/"], "MyST has no usable utterance"),
    "myst: only untranscribed": ("myst", [f"{UTTERANCE}.flac"], "First problem: 1 recordings have no transcript"),
    "myst: only transcripts": ("myst", [(f"{UTTERANCE}.trn", "yes")], "is a transcript without a recording"),
    "myst: only tags": ("myst", [f"{UTTERANCE}.flac", (f"{UTTERANCE}.trn", "<NO_SIGNAL>")], "no words but tags"),
    "myst: files where students should be": ("myst", ["data/train/a.flac", ("data/train/a.trn", "a")], "no usable"),
    "myst: another corpus": (
        "myst",
        [f"{CHAPTER}-0000.flac", (f"{CHAPTER}.trans.txt", "84-121123-0000 A")],
        "is not MyST",
    ),
    "cmu-kids: an empty folder": ("cmu-kids", [], "is not CMU Kids; expected"),
    "cmu-kids: no prompts": ("cmu-kids", ["kids/fabm/signal/fabm2ag1.sph"], "sentence.tbl.*or use cmu-kids-spoken"),
    "cmu-kids: a table without prompts": (
        "cmu-kids",
        ["kids/fabm/signal/fabm2ag1.sph", ("tables/sentence.tbl", "2ag only two columns\n")],
        "sentence.tbl.*or use cmu-kids-spoken",
    ),
    "cmu-kids: no recordings": ("cmu-kids", ["kids/fabm/", ("tables/sentence.tbl", "2ag\t1\tHello.\n")], "no usable"),
    "cmu-kids: nothing said": ("cmu-kids-spoken", ["kids/fabm/signal/fabm2ag1.sph"], "no words to compare with"),
    "cmu-kids: other names": (
        "cmu-kids-spoken",
        ["kids/fabm/signal/first.sph", ("kids/fabm/trans/first.trn", "HELLO")],
        "is not named as CMU Kids names utterances",
    ),
    "speechocean762: an empty folder": ("speechocean762", [], "holds no train/wav.scp or test/wav.scp"),
    "speechocean762: no text": ("speechocean762", [("test/wav.scp", "a WAVE/a.WAV")], "holds no text"),
    "speechocean762: no audio": (
        "speechocean762",
        [(f"test/{name}", text) for name, text in KALDI.items()],
        "no such audio file: 'a.wav'",
    ),
    "librispeech: an empty folder": ("librispeech", [], "is not LibriSpeech; expected"),
    "librispeech: speakers with names": ("librispeech", ["dev-clean/anna/1/a.flac"], "is not LibriSpeech"),
    "librispeech: no transcripts": ("librispeech", [f"{CHAPTER}-0000.flac"], "84-121123.trans.txt: cannot be read"),
    "librispeech: no recordings": ("librispeech", [(f"{CHAPTER}.trans.txt", "84-121123-0000 A")], "have no recording"),
    "kaldi: an empty folder": ("kaldi", [], "holds no wav.scp"),
    "kaldi: no text": ("kaldi", kaldi(text=None), "holds no text"),
    "kaldi: no utt2spk": ("kaldi", kaldi(utt2spk=None), "holds no utt2spk"),
    "kaldi: segments": ("kaldi", kaldi(segments="a r 0 1\n"), "parts of longer recordings are not supported"),
    "kaldi: a command": ("kaldi", kaldi(wav_scp="a flac -c -d -s a.flac |\n"), r"is a command \(it ends in \|\)"),
    "kaldi: absent audio": ("kaldi", kaldi(wav_scp="a b.wav\n"), "no such audio file: 'b.wav'"),
    "kaldi: a folder for a table": ("kaldi", [*kaldi(text=None), "text/"], "text: cannot be read"),
    "kaldi: not UTF-8": ("kaldi", kaldi(text=b"a \xff\n"), "text: is not UTF-8 text"),
    "kaldi: empty": ("kaldi", kaldi(wav_scp=""), "wav.scp has no usable utterance"),
    "audiofolder: an empty folder": ("audiofolder", [], "holds no metadata; expected"),
    "audiofolder: parquet": ("audiofolder", [("metadata.parquet", "PAR1")], "metadata.parquet is not read"),
    "audiofolder: a CSV without a header": ("audiofolder", [("metadata.csv", "")], "has no column path, file or audio"),
    "audiofolder: no text": ("audiofolder", ["a.wav", ("metadata.csv", "file_name\na.wav\n")], "no column text"),
    "audiofolder: broken lines": ("audiofolder", [("metadata.jsonl", "{\n[]\n")], "metadata.jsonl line 1: is not JSON"),
    "table: an empty folder": ("table", [], "expected one .csv or .tsv in the folder, but got none"),
    "table: two tables": ("table", [("a.csv", ""), ("b.tsv", "")], "but got a.csv and b.tsv; name the file"),
    "table: no header": ("table", [("a.csv", "")], "its columns are none"),
    "table: no audio column": (
        "table",
        [("a.csv", "text,speaker\na,b\n")],
        "no column path, file or audio; .*text, sp",
    ),
    "table: no text column": ("table", [("a.csv", "path,words\na,b\n")], "no column text, transcript or sentence"),
    "table: a column twice": ("table", [("a.csv", "path,text,text\n")], "two columns 'text'; rename one"),
    "table: a very long header": ("table", [("a.csv", "x" * 9_000)], "no column path"),
    "table: the other mark": ("table", [("a.tsv", "path,text\na.wav,b\n")], "no column path"),
    "table: only a header": ("table", [("a.csv", "path,text\n")], "a.csv has no usable utterance"),
    "table: absent audio": ("table", [("a.csv", "path,text\nb.wav,a\n")], "line 2: path: no such audio file: 'b.wav'"),
    "manifest: an empty folder": ("manifest", [], "holds no metadata.jsonl"),
    "manifest: an id of two lines": (
        "manifest",
        ["a.wav", ("metadata.jsonl", json.dumps({"file_name": "a.wav", "text": "a", "id": "a\nb"}))],
        "id: expected a word on one line",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_corpus_with_nothing_usable_is_one_clear_sentence(tmp_path, case):
    kind, files, says = UNUSABLE[case]
    root = tree(tmp_path / "corpus", *files)
    with pytest.raises(CorpusError, match=says) as caught:
        open_corpus(f"{kind}:{root}")
    assert is_one_clear_sentence(str(caught.value))
    assert str(tmp_path / "corpus") in str(caught.value)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("place", ["nowhere", "a file", "two\nlines", "no\0ne"])
def test_a_place_that_is_no_folder_is_one_clear_sentence(tmp_path, kind, place):
    (tmp_path / "a file").write_text("hello")
    with pytest.raises(CorpusError, match=r"no such f|expected|cannot be opened") as caught:
        open_corpus(f"{kind}:{tmp_path / place}")
    assert is_one_clear_sentence(str(caught.value))


@pytest.fixture
def closing(monkeypatch):
    """Close a folder, for root too: listing it fails, as it does for others without the right."""
    closed, scandir, listdir = set(), os.scandir, os.listdir

    def refusing(real):
        def listing(folder):
            if str(folder) in closed:
                raise PermissionError(13, "Permission denied", str(folder))
            return real(folder)

        return listing

    monkeypatch.setattr(os, "scandir", refusing(scandir))
    monkeypatch.setattr(os, "listdir", refusing(listdir))
    return lambda folder: closed.add(str(folder))


@pytest.mark.parametrize("kind", READERS)
def test_a_folder_that_may_not_be_listed_is_one_clear_sentence(tmp_path, closing, kind):
    (tmp_path / "closed").mkdir()
    closing(tmp_path / "closed")
    with pytest.raises(CorpusError, match=r"closed: cannot be (listed|opened)") as caught:
        open_corpus(f"{kind}:{tmp_path / 'closed'}")
    assert is_one_clear_sentence(str(caught.value))


def test_a_closed_folder_within_a_corpus_is_named(tmp_path, closing):
    root = tree(tmp_path / "corpus", *MYST, "data/test/990508/")
    closing(root / "data/test/990508")
    assert open_corpus(f"myst:{root}").problems == (
        "data/test/990508: this folder cannot be listed; check its rights.",
    )


OTHER = f"{SESSION}/myst_990507_2010-04-02_00-00-00_WA_2.3_002"
MYST = [f"{UTTERANCE}.flac", (f"{UTTERANCE}.trn", "yes it is")]
KIDS = [
    *("kids/fabm/signal/fabm2ag1.sph", ("kids/fabm/trans/fabm2ag1.trn", "HELLO")),
    ("tables/sentence.tbl", "2ag\t1\tHello.\n"),
]
TABLE = ["a.wav", "b.wav"]

# One usable utterance and one that is not: kind, what lies in the folder, the whole of what is said.
LEFT_OUT = {
    "myst: no recording": ("myst", [*MYST, (f"{OTHER}.trn", "no")], rf"{OTHER}\.trn: is a transcript without a rec"),
    "myst: a folder as transcript": ("myst", [*MYST, f"{OTHER}.flac", f"{OTHER}.trn/"], "1 recordings have no transcr"),
    "myst: the same name twice": (
        "myst",
        [*MYST, *(pair.replace("test", "train") for pair in MYST[:1]), (MYST[1][0].replace("test", "train"), "yes")],
        "id 'myst_990507_2010-04-02_00-00-00_WA_2.3_001' occurs twice",
    ),
    "cmu-kids: no prompt": (
        "cmu-kids",
        [*KIDS, "kids/fabm/signal/fabm2ah1.sph"],
        "sentence 2ah is not in sentence.tbl",
    ),
    "cmu-kids: another name": (
        "cmu-kids",
        [*KIDS, "kids/fabm/signal/x.sph"],
        r"fabm/signal/x\.sph: is not named as CMU",
    ),
    "cmu-kids: bin 3": (
        "cmu-kids",
        [*KIDS, "kids/fabm/signal/fabm2ag3.sph"],
        r"fabm2ag3\.sph: is not named as CMU Kids",
    ),
    "cmu-kids: no recording": (
        "cmu-kids",
        [*KIDS, ("kids/fabm/trans/fabm2ah1.trn", "A")],
        "transcript without a recordi",
    ),
    "cmu-kids: nothing said": (
        "cmu-kids-spoken",
        [*KIDS, "kids/fabm/signal/fabm2ah1.sph"],
        "1 recordings have no words",
    ),
    "cmu-kids: a folder as table": ("cmu-kids", [*KIDS, "tables/speaker.tbl/"], r"tables/speaker\.tbl: cannot be read"),
    "librispeech: no line": (
        "librispeech",
        [f"{CHAPTER}-0000.flac", f"{CHAPTER}-0001.flac", (f"{CHAPTER}.trans.txt", "84-121123-0000 A B\n")],
        "1 recordings have no transcript and are left out, for example 84-121123-0001",
    ),
    "librispeech: no recording": (
        "librispeech",
        [f"{CHAPTER}-0000.flac", (f"{CHAPTER}.trans.txt", "84-121123-0000 A B\n84-121123-0001 C\n")],
        "1 lines of the transcripts have no recording, for example 84-121123-0001",
    ),
    "kaldi: a command": (
        "kaldi",
        kaldi(wav_scp="a a.wav\nb sph2pipe a.sph|\n", text="a 1\nb 2\n"),
        r"wav\.scp: b: is a com",
    ),
    "kaldi: no text": ("kaldi", kaldi(wav_scp="a a.wav\nb b.wav\n"), "1 recordings of wav.scp have no line in text"),
    "kaldi: no recording": ("kaldi", kaldi(text="a one\nb two\n"), "1 lines of text have no entry in wav.scp"),
    "kaldi: no speaker": (
        "kaldi",
        kaldi(wav_scp="a a.wav\nb a.wav\n", text="a 1\nb 2\n"),
        "b: has no speaker in utt2spk",
    ),
    "kaldi: an id twice": ("kaldi", kaldi(text="a one\na two\n"), "text line 2: 'a' occurs twice"),
    "kaldi: an id alone": ("kaldi", kaldi(wav_scp="a a.wav\nb\n"), r"wav\.scp line 2: expected a value after 'b'"),
    "kaldi: no number": (
        "kaldi",
        kaldi(wav_scp="a a.wav\nb a.wav\n", text="a 1\nb 2\n", utt2spk="a s\nb t\n", spk2age="t old\n"),
        "b: spk2age: expected a number for t, but got 'old'",
    ),
    "kaldi: a duration that is not one": (
        "kaldi",
        kaldi(wav_scp="a a.wav\nb a.wav\n", text="a 1\nb 2\n", utt2spk="a s\nb t\n", utt2dur="b nan\n"),
        "b: utt2dur: expected a number for b, but got 'nan'",
    ),
    "table: a cell too many": (
        "table",
        [*TABLE, ("a.csv", "path,text\na.wav,a\nb.wav,a,c\n")],
        "line 3: expected 2 cells",
    ),
    "table: a cell too few": (
        "table",
        [*TABLE, ("a.csv", "path,text\na.wav,a\nb.wav\n")],
        "line 3: expected 2 cells as",
    ),
    "table: no name": (
        "table",
        [*TABLE, ("a.csv", "path,text\na.wav,a\n,c\n")],
        "line 3: path: expected the name of an",
    ),
    "table: no number": (
        "table",
        [*TABLE, ("a.csv", "path,text,age\na.wav,a,\nb.wav,a,teens\n")],
        "age: expected a number",
    ),
    "table: an id twice": ("table", [*TABLE, ("a.csv", "path,text,id\na.wav,a,1\nb.wav,a,1\n")], "id '1' occurs twice"),
    "table: a quote that never ends": (
        "table",
        [*TABLE, ("a.csv", 'path,text\na.wav,a\nb.wav,"' + "x" * 200_000)],
        "cannot be split into cells",
    ),
    "audiofolder: outside": (
        "audiofolder",
        ["a.wav", ("metadata.csv", "file_name,text\na.wav,a\n../a.wav,b\n")],
        r"metadata\.csv line 3: file_name: '\.\./a\.wav' lies outside the corpus folder",
    ),
    "audiofolder: JSON that breaks off": (
        "audiofolder",
        ["a.wav", ("metadata.jsonl", '{"file_name": "a.wav", "text": "a"}\n{"file_name": "a')],
        r"metadata\.jsonl line 2: is not JSON",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_is_broken_is_named_and_left_out(tmp_path, case):
    kind, files, says = LEFT_OUT[case]
    corpus = open_corpus(f"{kind}:{tree(tmp_path / 'corpus', *files)}")
    assert len(corpus.utterances) == 1
    (problem,) = corpus.problems
    assert is_one_clear_sentence(problem)
    with pytest.raises(CorpusError, match=says):
        raise CorpusError(problem)


def test_a_transcript_that_is_not_utf8_is_named_and_left_out(tmp_path):
    root = tree(tmp_path / "corpus", *MYST, f"{OTHER}.flac")
    (root / f"{OTHER}.trn").write_bytes(b"it\x92s a bulb\n")
    corpus = open_corpus(f"myst:{root}")
    assert len(corpus.utterances) == 1
    assert corpus.problems == (f"{OTHER}.trn: is not UTF-8 text.",)


TABLES = {
    "manifest": ("metadata.jsonl",),
    "audiofolder": ("metadata.jsonl", "test/metadata.csv"),
    "table": ("a.csv",),
    "kaldi": ("wav.scp", "text", "utt2spk", "spk2age", "utt2dur"),
    "myst": (f"{UTTERANCE}.trn", f"{OTHER}.trn"),
    "cmu-kids": ("kids/fabm/trans/fabm2ag1.trn", "tables/sentence.tbl", "tables/speaker.tbl", "tables/transcrp.tbl"),
    "cmu-kids-spoken": ("kids/fabm/trans/fabm2ag1.trn", "tables/transcrp.tbl", "tables/speaker.tbl"),
    "speechocean762": ("test/wav.scp", "test/text", "test/utt2spk", "test/spk2gender"),
    "librispeech": (f"{CHAPTER}.trans.txt", "SPEAKERS.TXT"),
}
AUDIO = (
    "a.wav",
    "test/a.wav",
    f"{UTTERANCE}.flac",
    f"{OTHER}.flac",
    "kids/fabm/signal/fabm2ag1.sph",
    f"{CHAPTER}-0000.flac",
)
scraps = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\n", b"\t", b" ", b",", b"a", b"a.wav", b"path,text\n", b"2ag\t1\t", b"fabm\tFP\t2/7\t", b'"']
        ),
        st.sampled_from(
            [b'{"file_name": "a.wav", "text": "a"}', b"fabm2ag1 ", b"84-121123-0000 ", b"|", b"F", b"7", b"\r"]
        ),
        st.binary(max_size=4),
    ),
    max_size=12,
).map(b"".join)


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_tables_hold_it_is_read_or_one_clear_sentence(tmp_path, kind, data):
    root = tree(tmp_path / "corpus", *AUDIO)
    for name in TABLES[kind]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data.draw(scraps))
    said: tuple[str, ...]
    try:
        corpus = open_corpus(f"{kind}:{root}")
        said = corpus.problems
        assert all(isinstance(utterance.reference, str) and utterance.speaker for utterance in corpus.utterances)
    except CorpusError as error:
        said = (str(error),)
    assert all(map(is_one_clear_sentence, said))


# Options of a subset.

UTTERANCES = [
    Utterance(
        f"u{number}", Path(f"{number}.wav"), "one two three four", f"s{number % 2}", split=("train", "test")[number % 2]
    )
    for number in range(6)
]

OPTIONS = {
    "a split that is not there": ({"split": "dev"}, "", "split: this corpus has no 'dev'; there are: test, train"),
    "an empty split": ({"split": ""}, "", "split: this corpus has no ''"),
    "a limit below one": ({"limit": 0}, "", "limit: expected at least 1"),
    "a filter of a field that is not there": ({"expression": "grade = 3"}, "", "grade: no such field in this corpus"),
    "a filter that nothing meets": ({"expression": "words > 9"}, "", "no utterance meets 'words > 9'"),
    "a filter that compares text": ({"expression": "split < test"}, "", "split holds text"),
    "ids: no such file": ({"ids": "nowhere"}, "", "ids: .*nowhere.*cannot be read"),
    "ids: a folder": ({"ids": "."}, "", "ids: .*cannot be read"),
    "ids: empty": ({"ids": "file"}, "\n \n", "ids: .*is empty"),
    "ids: one that is not there": ({"ids": "file"}, "u1\nx1\nx2\n", r"ids: 'x1' is not in this corpus.*2 of 3 ids"),
    "ids: of another split": ({"ids": "file", "split": "train"}, "u0\nu1\n", "ids: 'u1' is not in this corpus"),
    "ids: not text": ({"ids": "file"}, b"\xff\xfe\x00", "ids: .*is not UTF-8 text"),
    "hypotheses: no such file": ({"hypotheses": "nowhere"}, "", "hypotheses: .*cannot be read"),
    "hypotheses: empty": ({"hypotheses": "file"}, "", "hypotheses: .*is empty"),
    "hypotheses: an id twice": ({"hypotheses": "file"}, "u1 a\nu1 b\n", "file line 2: 'u1' occurs twice"),
    "hypotheses: broken JSON": ({"hypotheses": "file"}, '{"id": \n', "file line 1: is not JSON"),
    "hypotheses: JSON without an id": ({"hypotheses": "file"}, '{"text": "a"}\n', "expected text under id"),
    "hypotheses: JSON without a text": ({"hypotheses": "file"}, '{"id": "u1"}\n', "under one of text, hypothesis"),
    "hypotheses: JSON with a number": ({"hypotheses": "file"}, '{"id": "u1", "text": 3}\n', "expected text under"),
    "hypotheses: of another corpus": ({"hypotheses": "file"}, "x1 a\n", "no utterance is left.*6 have no line in file"),
    "hypotheses: all wrong": (
        {"hypotheses": "file"},
        "".join(f"u{number} nothing of it\n" for number in range(6)),
        "6 have a WER above 50%",
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_a_wrong_option_is_one_clear_sentence(tmp_path, case):
    options, text, says = OPTIONS[case]
    (tmp_path / "file").write_bytes(text if isinstance(text, bytes) else text.encode())
    paths = {name: tmp_path / value for name, value in options.items() if name in ("ids", "hypotheses")}
    with pytest.raises(CorpusError, match=says) as caught:
        choose(UTTERANCES, SubsetSpec(**(options | paths)), str.lower)
    assert is_one_clear_sentence(str(caught.value))


def test_hypotheses_of_a_file_that_is_closed_are_one_clear_sentence(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read") as caught:
        read_hypotheses(tmp_path / ("x" * 3_000))
    assert is_one_clear_sentence(str(caught.value))
