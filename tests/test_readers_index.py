"""The index of a corpus folder: opened again without reading, and never believed when anything has changed."""

import json
import os
import re
import stat
from hashlib import sha256
from pathlib import Path

import pytest
from corpus_trees import HOUR_NS, LAYOUTS, arranged, real_clips, settle, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.corpora.index import clear_indexes, index_file, index_folder, read_indexed
from explorer.corpora.myst import read_myst
from explorer.corpora.open import READERS, open_corpus
from explorer.corpora.utterance import Corpus, Utterance
from explorer.errors import CorpusError

SESSION = "data/test/990507/myst_990507_2010-04-02_00-00-00_WA_2.3"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tree(tmp_path) -> Path:
    """Two students, two utterances each, one of them without a transcript; an hour old."""
    root = tmp_path / "myst"
    for student in ("990507", "990508"):
        session = root / SESSION.replace("990507", student)
        for number in (1, 2):
            write(session / f"{session.name}_00{number}.flac", "")
            write(session / f"{session.name}_00{number}.trn", f"it lights up {number}")
    (root / f"{SESSION}/{Path(SESSION).name}_002.trn").unlink()
    return settle(root)


@pytest.fixture
def opened(monkeypatch):
    """Names of files opened to be read, apart from the index."""
    names = []
    real = Path.open

    def counting(path, *arguments, **options):
        names.append(path.name)
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", counting)
    return lambda: [names.pop() for _ in range(len(names))]


def transcripts(names):
    return sorted(name for name in names if name.endswith(".trn"))


def test_the_second_time_no_transcript_is_read(tree, opened):
    first = open_corpus(f"myst:{tree}")
    assert len(transcripts(opened())) == 3
    again = open_corpus(f"myst:{tree}")
    assert transcripts(opened()) == []
    assert again == first
    assert again.utterances == first.utterances
    assert again.problems == first.problems
    assert again.sources == first.sources


def test_the_same_folder_by_another_name_needs_no_second_reading(tree, opened, tmp_path, monkeypatch):
    open_corpus(f"myst:{tree}")
    opened()
    (tmp_path / "link").symlink_to(tree)
    monkeypatch.chdir(tree.parent)
    for name in (f"{tree}/../myst", "myst", str(tmp_path / "link")):
        corpus = open_corpus(f"myst:{name}")
        assert corpus.folder == Path(name)
        assert all(utterance.path.is_relative_to(name) for utterance in corpus.utterances)
    assert transcripts(opened()) == []


def test_the_same_folder_as_another_kind_has_an_index_of_its_own(tmp_path, opened):
    root = tmp_path / "kids"
    write(root / "kids/fabm/signal/fabm2ag1.sph", "")
    write(root / "kids/fabm/trans/fabm2ag1.trn", "HELLO")
    write(root / "tables/sentence.tbl", "2ag\t1\tHello there.\n")
    settle(root)
    opened()
    for _ in range(2):
        references = [open_corpus(f"{kind}:{root}").utterances[0].reference for kind in ("cmu-kids", "cmu-kids-spoken")]
        assert references == ["Hello there.", "HELLO"]
    assert len(transcripts(opened())) == 2


def change_a_transcript(tree):
    write(tree / f"{SESSION}/{Path(SESSION).name}_001.trn", "something else")


def change_a_transcript_in_place_to_one_as_long(tree):
    path = tree / f"{SESSION}/{Path(SESSION).name}_001.trn"
    with path.open("r+") as stream:
        stream.write("IT")


def add_a_transcript(tree):
    write(tree / f"{SESSION}/{Path(SESSION).name}_002.trn", "now it has one")


def add_an_utterance(tree):
    write(tree / f"{SESSION}/{Path(SESSION).name}_003.flac", "")
    write(tree / f"{SESSION}/{Path(SESSION).name}_003.trn", "a third")


def add_a_student(tree):
    session = tree / SESSION.replace("990507", "990509")
    write(session / "a.flac", "")
    write(session / "a.trn", "another child")


def add_a_partition(tree):
    session = tree / SESSION.replace("990507", "990509").replace("test", "train")
    write(session / "a.flac", "")
    write(session / "a.trn", "another child")


def remove_a_recording(tree):
    next(tree.rglob("*_001.flac")).unlink()


def remove_a_session(tree):
    for path in (tree / SESSION).iterdir():
        path.unlink()
    (tree / SESSION).rmdir()


def rename_a_student(tree):
    (tree / "data/test/990507").rename(tree / "data/test/990510")


CHANGES = [
    *(change_a_transcript, change_a_transcript_in_place_to_one_as_long, add_a_transcript, add_an_utterance),
    *(add_a_student, add_a_partition, remove_a_recording, remove_a_session, rename_a_student),
]


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_a_change_is_noticed(tree, change):
    before = open_corpus(f"myst:{tree}")
    assert open_corpus(f"myst:{tree}") == before
    change(tree)
    after = open_corpus(f"myst:{tree}")
    assert after == read_myst(tree)
    assert (after.utterances, after.problems) != (before.utterances, before.problems)


@pytest.fixture(scope="module")
def clips(speech):
    return real_clips(speech)


def last_clip_added(root, corpus, clips, layout):
    assert arranged(layout, root, clips) == corpus


def first_recording_removed(root, corpus, clips, layout):
    open_corpus(corpus).utterances[0].path.unlink()


def one_word_said_otherwise(root, corpus, clips, layout):
    word = clips[0].text.split()[-1]
    for path in root.rglob("*"):
        if path.suffix.lower() not in (".wav", ".flac", ".sph") and path.is_file():
            path.write_text(re.sub(rf"\b{word}\b", "zebra", path.read_text(), flags=re.IGNORECASE))


@pytest.mark.parametrize("change", [last_clip_added, first_recording_removed, one_word_said_otherwise])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_change_is_noticed_in_every_layout(tmp_path, clips, layout, change):
    corpus = arranged(layout, tmp_path / "tree", clips[:-1])
    settle(tmp_path / "tree")
    before = open_corpus(corpus)
    assert open_corpus(corpus) == before
    change(tmp_path / "tree", corpus, clips, layout)
    after = open_corpus(corpus)
    kind, _, folder = corpus.partition(":")
    assert after == READERS[kind].read(Path(folder))
    assert after.utterances != before.utterances
    grown = {last_clip_added: 1, first_recording_removed: -1, one_word_said_otherwise: 0}[change]
    assert len(after.utterances) == len(before.utterances) + grown
    assert any("zebra" in each.reference for each in after.utterances) == (change is one_word_said_otherwise)


def test_a_changed_table_is_noticed(tmp_path):
    root = tmp_path / "libri"
    write(root / "dev-clean/84/1/84-1-0000.flac", "")
    write(root / "dev-clean/84/1/84-1.trans.txt", "84-1-0000 HELLO\n")
    settle(root)
    assert open_corpus(f"librispeech:{root}").utterances[0].gender is None
    write(root / "SPEAKERS.TXT", "84 | F | dev-clean | 1 | A\n")
    assert open_corpus(f"librispeech:{root}").utterances[0].gender == "f"


def test_what_has_just_been_written_is_read_again(tree, opened):
    """Within one tick of the file system's clock a second change leaves the same time behind."""
    path = tree / f"{SESSION}/{Path(SESSION).name}_001.trn"
    write(path, "one two")
    open_corpus(f"myst:{tree}")
    found = path.stat()
    write(path, "two one")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert open_corpus(f"myst:{tree}").utterances[0].reference == "two one"


def test_times_in_the_future_do_not_keep_a_corpus_from_its_index(tree, opened):
    for path in tree.rglob("*"):
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 48 * HOUR_NS))
    open_corpus(f"myst:{tree}")
    opened()
    open_corpus(f"myst:{tree}")
    assert transcripts(opened()) == []


def test_a_folder_that_was_closed_is_read_once_it_is_open(tree, monkeypatch):
    closed, scandir = str(tree / SESSION), os.scandir

    def refusing(folder):
        if str(folder) == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert len(open_corpus(f"myst:{tree}").utterances) == 2
    monkeypatch.setattr(os, "scandir", scandir)  # opening it changes no time that an index looks at
    assert len(open_corpus(f"myst:{tree}").utterances) == 3


# A damaged index.


def the_index():
    (path,) = index_folder().glob("*.jsonl")
    return path


def cut_off(data):
    return data[: len(data) // 2]


def one_letter_changed(data):
    return data.replace(b"it lights up", b"it lights uP", 1)


def of_other_code(data):
    head, _, body = data.partition(b"\n")
    return json.dumps(json.loads(head) | {"code": "0" * 64}).encode() + b"\n" + body


def rows_of_another_form(data):
    return with_body(data, lambda lines: [*lines[:2], b"[1]"])


def sources_that_are_a_list(data):
    return with_body(data, lambda lines: [b"[]", *lines[1:]])


def no_rows(data):
    return with_body(data, lambda lines: [])


def with_body(data, change):
    """Change the body and sign it anew, as a faulty version of this code might."""
    head, _, body = data.partition(b"\n")
    body = b"\n".join(change(body.split(b"\n")))
    return json.dumps(json.loads(head) | {"body": sha256(body).hexdigest()}).encode() + b"\n" + body


DAMAGES = {
    "empty": lambda data: b"",
    "not JSON": lambda data: b"hello",
    "binary": lambda data: bytes(range(256)) * 9,
    **{damage.__name__: damage for damage in (cut_off, one_letter_changed, of_other_code, rows_of_another_form)},
    **{damage.__name__: damage for damage in (sources_that_are_a_list, no_rows)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_rebuilt(tree, opened, damage):
    whole = open_corpus(f"myst:{tree}")
    data = the_index().read_bytes()
    the_index().write_bytes(DAMAGES[damage](data))
    opened()
    assert open_corpus(f"myst:{tree}") == whole
    assert len(transcripts(opened())) == 3
    assert the_index().read_bytes() == data


def test_an_index_that_is_a_folder_is_no_hindrance(tree):
    whole = open_corpus(f"myst:{tree}")
    path = the_index()
    path.unlink()
    path.mkdir()
    assert open_corpus(f"myst:{tree}") == whole


# Where it lies.


def test_an_index_is_for_its_owner_only(tree):
    index_folder().mkdir(parents=True, mode=0o755)
    open_corpus(f"myst:{tree}")
    assert stat.S_IMODE(the_index().stat().st_mode) == 0o600
    assert stat.S_IMODE(index_folder().stat().st_mode) == 0o700


def test_no_audio_and_nothing_half_written_is_in_the_cache(tree):
    open_corpus(f"myst:{tree}")
    assert [path.suffix for path in index_folder().iterdir()] == [".jsonl"]


def test_a_cache_that_cannot_be_written_costs_only_time(tree, monkeypatch, tmp_path):
    write(tmp_path / "file", "in the way")
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "file"))
    assert len(open_corpus(f"myst:{tree}").utterances) == 3


def test_a_disk_that_fills_up_leaves_nothing_behind(tree, monkeypatch):
    def refusing(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refusing)
    assert len(open_corpus(f"myst:{tree}").utterances) == 3
    assert list(index_folder().iterdir()) == []


def test_indexes_can_be_cleared(tree):
    assert clear_indexes() == 0
    open_corpus(f"myst:{tree}")
    write(index_folder() / ".killed.jsonl.x", "half")
    assert clear_indexes() == 1
    assert list(index_folder().iterdir()) == []


def test_a_folder_with_nothing_usable_leaves_no_index(tmp_path):
    (tmp_path / "myst" / "data" / "train").mkdir(parents=True)
    settle(tmp_path / "myst")
    with pytest.raises(CorpusError):
        open_corpus(f"myst:{tmp_path / 'myst'}")
    assert not index_folder().exists()


def test_only_corpora_of_many_transcripts_are_indexed():
    assert [kind for kind, reader in READERS.items() if reader.indexed] == [
        *("myst", "cmu-kids", "cmu-kids-spoken", "librispeech"),
    ]


texts = st.text(max_size=12)
numbers = st.none() | st.floats(0, 100)
values = st.none() | texts | st.integers() | st.booleans() | st.floats(allow_nan=False)


@given(
    st.lists(
        st.builds(
            lambda identity, *rest: (identity, *rest),
            texts,
            *(texts, texts, numbers, st.none() | texts, numbers, st.dictionaries(texts, values, max_size=3)),
            st.none() | texts,
        ),
        max_size=5,
    ),
    st.lists(texts, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_corpus_comes_back_from_its_index_as_it_was(tmp_path, rows, problems):
    folder = tmp_path / "corpus"
    folder.mkdir(exist_ok=True)
    index_file("any", folder).unlink(missing_ok=True)
    utterances = tuple(
        Utterance(identity, folder / f"{number}.flac", *rest) for number, (identity, *rest) in enumerate(rows)
    )
    corpus = Corpus(folder, utterances, tuple(problems), {"absent": None})
    assert read_indexed("any", folder, lambda _: corpus) is corpus
    assert read_indexed("any", folder, lambda _: None) == corpus


# At size.


@pytest.mark.slow
def test_a_hundred_thousand_utterances_are_listed_and_found_again(tmp_path, opened):
    root = tmp_path / "myst"
    for student in range(100):
        for session in range(10):
            folder = root / f"data/train/{student:06d}/myst_{student:06d}_2010-04-02_00-00-00_WA_{session}.1"
            folder.mkdir(parents=True)
            for number in range(100):
                (folder / f"{folder.name}_{number:03d}.flac").touch()
                (folder / f"{folder.name}_{number:03d}.trn").write_bytes(b"it lights up\n")
    settle(root)
    opened()
    first = open_corpus(f"myst:{root}")
    assert len(first.utterances) == len(transcripts(opened())) == 100_000
    assert open_corpus(f"myst:{root}") == first
    assert transcripts(opened()) == []
