"""Folders with speech and transcripts: read, filtered, drawn from."""

import json

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from material import chosen, sine

from explorer.config import CorpusSpec
from explorer.corpora.filters import parse_filter
from explorer.corpora.manifest import MANIFEST, Utterance, read_manifest
from explorer.corpora.open import open_corpus
from explorer.errors import CorpusError

ROWS = [
    {"file_name": "a/1.wav", "id": "1", "text": "one two", "speaker": "a", "age": 7, "gender": "f", "duration": 1.0},
    {"file_name": "a/2.wav", "id": "2", "text": "three", "speaker": "a", "age": 7, "gender": "f", "noise": "low"},
    {"file_name": "b/3.wav", "text": "", "speaker": "b", "age": 12, "gender": "m", "grade": 5},
    {"file_name": "c 4.wav", "text": "Hello, World!"},
]


def write_corpus(folder, rows, *lines):
    folder.mkdir(exist_ok=True)
    for row in rows:
        path = folder / row["file_name"]
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, sine(500, 0.2, 16_000), 16_000)
    text = "\n".join([*(json.dumps(row) for row in rows), *lines])
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path):
    return read_manifest(write_corpus(tmp_path / "corpus", ROWS))


def test_a_manifest_is_read_line_by_line(corpus):
    first = corpus.utterances[0]
    assert first == Utterance("1", corpus.folder / "a/1.wav", "one two", "a", 7.0, "f", 1.0)
    assert [utterance.id for utterance in corpus.utterances] == ["1", "2", "b/3.wav", "c 4.wav"]
    assert corpus.problems == ()


def test_further_entries_are_kept(corpus):
    assert [dict(utterance.extra) for utterance in corpus.utterances] == [{}, {"noise": "low"}, {"grade": 5}, {}]


def test_an_utterance_without_a_speaker_is_a_speaker_of_its_own(corpus):
    assert corpus.utterances[3].speaker == "c 4.wav"


def test_entries_that_are_null_count_as_absent(tmp_path):
    rows = [{"file_name": f"{n}.wav", "text": "a", "id": None, "speaker": None, "age": None} for n in range(2)]
    found = read_manifest(write_corpus(tmp_path / "c", rows))
    assert [utterance.id for utterance in found.utterances] == ["0.wav", "1.wav"]
    assert len({utterance.speaker for utterance in found.utterances}) == 2


def test_a_reference_stays_as_it_was_written(corpus):
    assert corpus.utterances[3].reference == "Hello, World!"


BAD_LINES = {
    "no JSON": '{"file_name": ',
    "JSON nested beyond reason": "[" * 100_000,
    "no object": "[1, 2]",
    "no file name": '{"text": "a"}',
    "file name of another type": '{"file_name": 3, "text": "a"}',
    "empty file name": '{"file_name": "", "text": "a"}',
    "no text": '{"file_name": "a/1.wav"}',
    "text of another type": '{"file_name": "a/1.wav", "text": ["a"]}',
    "absent audio": '{"file_name": "nowhere.wav", "text": "a"}',
    "audio that is a folder": '{"file_name": "a", "text": "a"}',
    "audio outside": '{"file_name": "../corpus.wav", "text": "a"}',
    "audio at an absolute path": '{"file_name": "/etc/hostname", "text": "a"}',
    "file name too long for a disk": json.dumps({"file_name": "x" * 5_000, "text": "a"}),
    "file name with a null": json.dumps({"file_name": "a\0b.wav", "text": "a"}),
    "file name of two lines": json.dumps({"file_name": "a\nb.wav", "text": "a"}),
    "age in words": '{"file_name": "a/1.wav", "text": "a", "age": "seven"}',
    "age true": '{"file_name": "a/1.wav", "text": "a", "age": true}',
    "age beyond all floats": json.dumps({"file_name": "a/1.wav", "text": "a", "age": 10**400}),
    "duration in words": '{"file_name": "a/1.wav", "text": "a", "duration": "1 s"}',
    "an id twice": '{"file_name": "a/1.wav", "text": "a", "id": "2"}',
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_broken_line_is_named_and_left_out(tmp_path, line):
    found = read_manifest(write_corpus(tmp_path / "corpus", ROWS, line))
    assert len(found.utterances) == 4
    (problem,) = found.problems
    assert problem.startswith(f"{MANIFEST} line 5: ")
    assert "\n" not in problem
    assert len(problem) < 300


def test_empty_lines_are_no_problem_but_count(tmp_path):
    found = read_manifest(write_corpus(tmp_path / "corpus", ROWS, "", "  ", "x"))
    assert [problem[:23] for problem in found.problems] == ["metadata.jsonl line 7: "]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), f"holds no {MANIFEST}"),
        (lambda folder: write_corpus(folder, []), "no usable utterance"),
        (lambda folder: write_corpus(folder, [], "x"), "no usable utterance.* First problem: .*line 1"),
        (lambda folder: (folder.mkdir(), (folder / MANIFEST).write_bytes(b"\xff\xfe")), "UTF-8"),
        (lambda folder: (folder / MANIFEST).mkdir(parents=True), "cannot be read"),
        (lambda folder: folder.write_text("a file"), "no such folder"),
    ],
)
def test_a_folder_that_is_no_corpus_is_named(tmp_path, prepare, message):
    prepare(tmp_path / "corpus")
    with pytest.raises(CorpusError, match=message) as caught:
        read_manifest(tmp_path / "corpus")
    assert str(tmp_path / "corpus") in str(caught.value)


# Opening.


def test_a_corpus_is_opened_by_its_name_in_the_configuration(tmp_path):
    spec = CorpusSpec(name="mine", path=write_corpus(tmp_path / "corpus", ROWS))
    assert open_corpus("mine", [spec]).folder == spec.path


def test_a_corpus_is_opened_by_kind_and_path(tmp_path):
    folder = write_corpus(tmp_path / "a:b", ROWS)
    assert open_corpus(f"manifest:{folder}").folder == folder


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("yours", "'yours': expected a name in checkpoints.yaml .mine. or KIND:PATH"),
        ("", "expected a name"),
        ("manifest:", "expected a name"),
        ("mist:/data", "'mist': no such kind"),
        (":/data", "'': no such kind"),
        ("manifest:/nowhere", "/nowhere: no such folder"),
        ("manifest:~nobody-of-that-name/x", "~nobody-of-that-name"),
        ("manifest:" + "x" * 5_000, "no such folder"),
    ],
)
def test_what_is_neither_a_name_nor_a_kind_and_a_path_is_refused(tmp_path, name, message):
    with pytest.raises(CorpusError, match=message) as caught:
        open_corpus(name, [CorpusSpec(name="mine", path=tmp_path)])
    assert "\n" not in str(caught.value)


# Filters.


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("", "1 2 b/3.wav c 4.wav"),
        ("age <= 7", "1 2"),
        ("age < 7.5", "1 2"),
        ("age >= 7", "1 2 b/3.wav"),
        ("age > 7", "b/3.wav"),
        ("age = 12", "b/3.wav"),
        ("age == 12", "b/3.wav"),
        ("age != 12", "1 2"),
        ("gender = f and words > 1", "1"),
        ("gender=f,words=1", "2"),
        ("gender != f", "b/3.wav"),
        ("speaker = 'a' & duration >= 1", "1"),
        ("noise = low", "2"),
        ("grade >= 5", "b/3.wav"),
        ("words = 0", "b/3.wav"),
        ("id = 2", "2"),
    ],
)
def test_a_filter_keeps_what_meets_all_its_conditions(corpus, expression, ids):
    assert " ".join(utterance.id for utterance in chosen(corpus.utterances, expression)) == ids


@pytest.mark.parametrize(
    ("expression", "culprit"),
    [
        ("height > 3", "height: no such field"),
        ("age", "'age': expected a field"),
        ("age <", "'age <': expected a field"),
        ("age <= eight", "age: expected a number.*'eight'"),
        ("gender < f", "gender holds text"),
        ("age <= 7 and", "a condition is missing"),
        ("and", "a condition is missing"),
        (", ,", "a condition is missing"),
        ("age <= 7 or age > 9", "age: expected a number"),
        ("age > 90", "no utterance meets 'age > 90'"),
        ("__class__ = x", "__class__: no such field"),
        ("path = x", "path: no such field"),
    ],
)
def test_a_wrong_filter_is_one_sentence_that_names_the_culprit(corpus, expression, culprit):
    with pytest.raises(CorpusError, match=rf"^filter: .*{culprit}|^filter: {culprit}") as caught:
        chosen(corpus.utterances, expression)
    assert "\n" not in str(caught.value)


def test_conditions_are_read_with_their_signs():
    assert [(c.field, c.sign, c.value) for c in parse_filter("age<=8 and gender == 'f'")] == [
        ("age", "<=", "8"),
        ("gender", "=", "f"),
    ]


# Subsets.


def some_utterances(sizes):
    return [
        Utterance(f"{speaker}-{n}", None, "a", str(speaker)) for speaker, size in enumerate(sizes) for n in range(size)
    ]


def ids_of(utterances):
    return tuple(utterance.id for utterance in utterances)


sizes = st.lists(st.integers(1, 8), min_size=1, max_size=6)
limits = st.integers(1, 50)
seeds = st.integers(0, 1_000)


@given(sizes, limits, seeds)
def test_a_subset_has_as_many_utterances_as_asked_for_or_all(sizes, limit, seed):
    drawn = chosen(some_utterances(sizes), limit=limit, seed=seed)
    assert len(drawn) == min(limit, sum(sizes))


@given(sizes, limits, seeds)
def test_a_subset_is_in_the_order_of_the_corpus_without_repeats(sizes, limit, seed):
    utterances = some_utterances(sizes)
    drawn = chosen(utterances, limit=limit, seed=seed)
    places = [utterances.index(utterance) for utterance in drawn]
    assert places == sorted(set(places))


@given(sizes, limits, seeds)
def test_a_subset_is_even_over_speakers(sizes, limit, seed):
    drawn = chosen(some_utterances(sizes), limit=limit, seed=seed)
    counts = [sum(utterance.speaker == str(speaker) for utterance in drawn) for speaker in range(len(sizes))]
    most = max(counts)
    # Who has fewer than the others has either no more to give or one less than they.
    assert all(count == size or count >= most - 1 for count, size in zip(counts, sizes, strict=True))


@given(sizes, limits, seeds)
def test_the_same_seed_draws_the_same_subset(sizes, limit, seed):
    assert chosen(some_utterances(sizes), limit=limit, seed=seed) == chosen(
        some_utterances(sizes), limit=limit, seed=seed
    )


def test_another_seed_draws_another_subset():
    utterances = some_utterances([8] * 6)
    assert len({ids_of(chosen(utterances, limit=12, seed=seed)) for seed in range(10)}) == 10


@given(sizes, limits, seeds)
def test_a_bigger_subset_contains_the_smaller_one(sizes, limit, seed):
    utterances = some_utterances(sizes)
    fewer, more = (ids_of(chosen(utterances, limit=count, seed=seed)) for count in (limit, limit + 3))
    assert set(fewer) <= set(more)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit):
    with pytest.raises(CorpusError, match=f"limit: expected at least 1 utterance, but got {limit}"):
        chosen(some_utterances([3]), limit=limit)


def test_the_filter_comes_before_the_draw(corpus):
    assert {utterance.id for utterance in chosen(corpus.utterances, "gender = f", limit=2)} == {"1", "2"}


def test_the_shared_children_are_read_whole(speech):
    found = read_manifest(speech / "speechocean762" / "dev-child")
    assert len(found.utterances) == 540
    assert len({utterance.speaker for utterance in found.utterances}) == 27
    assert found.problems == ()
    assert all(utterance.age <= 14 for utterance in found.utterances)
