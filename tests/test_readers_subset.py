"""Subsets: split, list of ids, halves, the paper's filter, fingerprint."""

import json
from dataclasses import replace
from pathlib import Path

import jiwer
import pytest
import soundfile
from corpus_trees import arranged, build_kids, build_myst, kids_clips, myst_clips, real_clips, write
from hypothesis import given
from hypothesis import strategies as st
from material import chosen, sine

from explorer.corpora.filters import HALVES, fields_of, matching, value_of
from explorer.corpora.id_list import id_lines, pick, read_ids
from explorer.corpora.open import open_corpus
from explorer.corpora.quality import judge, read_hypotheses
from explorer.corpora.subset import MAX_HEADERS, Counts, Step, SubsetSpec, choose, count, subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError
from explorer.normalization import Normalizer


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))


def some(count=8, **changed):
    """Utterances u0, u1, … of two speakers, the odd ones in split test."""
    return [
        Utterance(
            f"u{number}",
            Path(f"{number}.wav"),
            "one two three four",
            f"s{number % 2}",
            split=("train", "test")[number % 2],
            **changed,
        )
        for number in range(count)
    ]


def ids_of(utterances):
    return [utterance.id for utterance in utterances]


# Split, grade, bin.


def test_a_split_keeps_its_utterances():
    subset = choose(some(), SubsetSpec(split="test"))
    assert ids_of(subset.utterances) == ["u1", "u3", "u5", "u7"]
    assert subset.steps == (Step("split = test", 4),)


def test_a_filter_knows_split_and_what_a_corpus_adds(speech, tmp_path):
    clips = real_clips(speech)
    tutor = open_corpus(f"myst:{build_myst(tmp_path / 'myst', myst_clips(clips))}").utterances
    assert len(chosen(tutor, "split = train and module = WA and part = 2.3 and school = 990")) == 3
    kids = open_corpus(f"cmu-kids:{build_kids(tmp_path / 'kids', kids_clips(clips))}").utterances
    assert len(chosen(kids, "bin = 1 and grade <= 2")) == 6
    assert ids_of(chosen(kids, "phones > 0, gender = f")) == ["fabm2ab2", "facs2ah2"]
    assert len(chosen(kids, "population = FP")) == 3
    assert ids_of(chosen(kids, "bin = 2")) == ["fabm2ab2", "facs2ah2", "mjsd2ae2"]
    with pytest.raises(CorpusError, match="no utterance meets 'bin = 3'"):
        chosen(kids, "bin = 3")


def test_truth_values_are_words():
    utterances = [replace(each, extra={"quiet": place < 2}) for place, each in enumerate(some())]
    assert ids_of(chosen(utterances, "quiet = true")) == ["u0", "u1"]


def test_a_field_that_holds_numbers_and_words_is_compared_where_it_holds_numbers():
    utterances = [replace(each, extra={"grade": grade}) for each, grade in zip(some(), ("K", 1, 2, 3) * 2, strict=True)]
    assert ids_of(chosen(utterances, "grade <= 2")) == ["u1", "u2", "u5", "u6"]
    assert ids_of(chosen(utterances, "grade = K")) == ["u0", "u4"]


# Durations.


@pytest.fixture
def long_and_short(tmp_path):
    """Files of 1, 30 and 31 seconds at 8 kHz, and one that is no audio; the corpus states no durations."""
    utterances = []
    for name, seconds in (("a", 1), ("b", 30), ("c", 31)):
        soundfile.write(tmp_path / f"{name}.wav", sine(300, seconds, 8_000), 8_000)
        utterances.append(Utterance(name, tmp_path / f"{name}.wav", "one two three", name))
    (tmp_path / "d.wav").write_text("no audio")
    return [*utterances, Utterance("d", tmp_path / "d.wav", "one two three", "d")]


def test_the_halves_split_what_can_be_read_and_name_the_rest(long_and_short):
    short, long = (choose(long_and_short, SubsetSpec(expression=half)) for half in HALVES.values())
    assert (ids_of(short.utterances), ids_of(long.utterances)) == (["a", "b"], ["c"])
    assert [problem.partition(":")[0] for problem in (*short.problems, *long.problems)] == ["d.wav", "d.wav"]


def test_headers_are_read_only_where_a_filter_asks_and_only_once(long_and_short, monkeypatch):
    read = []
    monkeypatch.setattr("explorer.corpora.filters.clip_seconds", lambda path: read.append(path.name) or 2.0)
    chosen(long_and_short, "words = 3")
    assert read == []
    chosen(long_and_short, "duration < 3 and speaker = b")  # the rest of the filter goes first
    assert read == ["b.wav"]
    for _ in range(2):
        chosen(long_and_short, "duration < 3")
    assert sorted(read) == ["a.wav", "b.wav", "c.wav", "d.wav"]


def test_a_file_that_has_changed_is_measured_again(long_and_short):
    first = long_and_short[0]
    assert value_of(first, "duration") == 1
    soundfile.write(first.path, sine(300, 2, 8_000), 8_000)
    assert value_of(first, "duration") == 2


def test_a_duration_that_the_corpus_states_is_believed():
    assert value_of(replace(some()[0], duration=31.5), "duration") == 31.5


def test_nothing_left_for_want_of_readable_audio_says_why(long_and_short):
    with pytest.raises(CorpusError, match=r"no utterance meets .* First problem: d\.wav: cannot be read"):
        choose(long_and_short[3:], SubsetSpec(expression="duration > 0"))


def test_counting_what_a_filter_meets_may_give_none():
    assert matching(some(), "words > 9", []) == []


# Lists of ids.


def test_a_list_file_chooses_in_the_order_of_the_corpus(tmp_path):
    path = write(tmp_path / "test.list", "u5\r\n\nu1\nu5\n  u2  \n")
    subset = choose(some(), SubsetSpec(ids=path))
    assert ids_of(subset.utterances) == ["u1", "u2", "u5"]
    assert subset.steps == (Step("ids of test.list", 5),)


def test_a_list_may_hold_paths(speech, tmp_path):
    corpus = open_corpus(f"myst:{build_myst(tmp_path, myst_clips(real_clips(speech)))}")
    first, second, third = corpus.utterances[:3]
    wanted = (first.id, str(second.path), f"../elsewhere/{third.id}.trn")
    assert pick(corpus.utterances, wanted) == (first, second, third)


def test_a_files_name_stands_for_an_id_of_another_form_unless_two_files_have_it():
    utterances = [
        Utterance("1", Path("x/a.flac"), "a", "s"),
        Utterance("2", Path("x/b.flac"), "b", "s"),
        Utterance("3", Path("y/b.flac"), "b", "s"),
    ]
    assert ids_of(pick(utterances, ["a.wav"])) == ["1"]
    with pytest.raises(CorpusError, match="'b' is not in this corpus"):
        pick(utterances, ["b"])


def test_the_dots_in_mysts_names_are_no_endings():
    utterances = [Utterance(f"myst_EE_1.1_00{number}", Path("a"), "a", "s") for number in range(3)]
    assert ids_of(pick(utterances, ["x/myst_EE_1.1_001.flac", "myst_EE_1.1_002"])) == [
        *("myst_EE_1.1_001", "myst_EE_1.1_002"),
    ]


def test_an_id_that_is_a_path_itself_is_taken_as_it_is():
    utterances = [Utterance(name, Path(name), "a", "s") for name in ("train/a.wav", "test/a.wav")]
    assert ids_of(pick(utterances, ["test/a.wav"])) == ["test/a.wav"]


@given(st.sets(st.integers(0, 19), min_size=1))
def test_exported_ids_choose_the_same_subset(places):
    utterances = some(20)
    subset = [each for place, each in enumerate(utterances) if place in places]
    assert list(pick(utterances, id_lines(subset).split("\n")[:-1])) == subset


def test_exported_ids_are_read_back(tmp_path):
    assert read_ids(write(tmp_path / "a.list", id_lines(some(3)))) == ("u0", "u1", "u2")


# The paper's filter.

HEARD = {
    "tab": lambda heard: "".join(f"{key}\t{text}\n" for key, text in heard.items()),
    "Kaldi": lambda heard: "".join(f"{key} {text}\n" for key, text in heard.items()),
    "JSON lines": lambda heard: "\n".join(json.dumps({"id": key, "hypothesis": text}) for key, text in heard.items()),
    "JSON with more": lambda heard: "\n".join(json.dumps({"id": k, "text": t, "n": 1}) for k, t in heard.items()),
}


@pytest.mark.parametrize("form", HEARD)
def test_hypotheses_are_read_in_every_form(tmp_path, form):
    heard = {"u1": "one two", "u2": "", "u3": "a  b"}
    assert read_hypotheses(write(tmp_path / "hyp", HEARD[form](heard))) == heard


def test_an_id_may_hold_blanks_where_a_tab_follows(tmp_path):
    assert read_hypotheses(write(tmp_path / "hyp", "c 4.wav\thello you\n")) == {"c 4.wav": "hello you"}


def test_the_papers_filter_removes_the_short_the_unheard_and_the_misheard_and_counts_them(tmp_path):
    utterances = [
        Utterance("good", Path("a"), "The battery lights it up.", "s"),
        Utterance("half", Path("a"), "one two three four", "s"),
        Utterance("bad", Path("a"), "one two three four", "s"),
        Utterance("longer", Path("a"), "one two three", "s"),
        Utterance("two words", Path("a"), "um yes (laughs) it", "s"),
        Utterance("silent", Path("a"), "cat dog fish", "s"),
        Utterance("absent", Path("a"), "cat dog fish", "s"),
    ]
    heard = {"good": "the battery lights it up", "half": "one two", "bad": "one", "longer": "one two three a b c"}
    path = write(tmp_path / "large-v2.txt", HEARD["tab"](heard | {"silent": "", "two words": "yes it"}))
    subset = choose(utterances, SubsetSpec(hypotheses=path), str.lower)
    assert ids_of(subset.utterances) == ["good", "half", "two words"]  # a WER of 50 % stays
    assert [step.removed for step in subset.steps] == [0, 1, 3]
    judged = judge(utterances, read_hypotheses(path), Normalizer({}))
    # Whisper's normaliser makes one number of "one two three four", too short to judge, and drops filler and laugh.
    assert (ids_of(judged.kept), judged.short, judged.unheard, judged.misheard) == (["good"], 4, 1, 1)


words = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)


@given(st.lists(st.tuples(words, st.none() | words), max_size=8))
def test_the_papers_filter_does_as_its_authors_script(pairs):
    utterances = [Utterance(str(number), Path("a"), text, "s") for number, (text, _) in enumerate(pairs)]
    heard = {str(number): text for number, (_, text) in enumerate(pairs) if text is not None}
    judged = judge(utterances, heard, str.strip)
    kept = [
        str(number)
        for number, (text, hypothesis) in enumerate(pairs)
        if not len(text.split(" ")) < 3 and hypothesis is not None and not jiwer.wer(text, hypothesis) > 0.5
    ]
    assert ids_of(judged.kept) == kept
    assert len(judged.kept) + judged.short + judged.unheard + judged.misheard == len(pairs)


# Counts, while a filter is being typed.


def test_counts_are_of_what_would_be_chosen():
    utterances = [replace(each, duration=9.0, age=5.0 + place) for place, each in enumerate(some())]
    assert count(utterances, SubsetSpec()) == Counts(8, 8, 2, 8, 0.02, False)
    assert count(utterances, SubsetSpec(split="test", limit=3)) == Counts(8, 4, 1, 3, 0.01, False)
    assert count(utterances, SubsetSpec(expression="age <= 6", limit=5)) == Counts(8, 2, 2, 2, 0.005, False)


def test_nothing_that_matches_is_a_count_of_nothing():
    assert count(some(), SubsetSpec(expression="words > 9", limit=3)) == Counts(8, 0, 0, 0, 0.0, False)


@pytest.mark.parametrize("expression", ["words >= 4 and split = test", "speaker = s0", "id = u3", "words < 1"])
@given(limit=st.none() | st.integers(1, 9), seed=st.integers(0, 9))
def test_counts_and_choice_agree(expression, limit, seed):
    spec = SubsetSpec(expression=expression, limit=limit, seed=seed)
    found = count(some(), spec)
    if found.utterances:
        subset = choose(some(), spec)
        assert found.drawn == len(subset.utterances)
        before = choose(some(), replace(spec, limit=None)).utterances
        assert (found.utterances, found.speakers) == (len(before), len({each.speaker for each in before}))
    else:
        with pytest.raises(CorpusError, match="no utterance meets"):
            choose(some(), spec)


TYPED = "words >= 2 and split = test, id != u3"


@pytest.mark.parametrize("length", range(len(TYPED) + 1))
def test_a_filter_that_is_still_being_typed_has_counts_or_one_clear_sentence(length):
    problem = "filter: "
    try:
        found = count(some(), SubsetSpec(expression=TYPED[:length])).utterances
    except CorpusError as error:
        found, problem = 0, str(error)
        assert TYPED[:length].rstrip() not in ("", "words >= 2", "words >= 2 and split = test", TYPED)
    assert 0 <= found <= 8
    assert problem.startswith("filter: ")
    assert "\n" not in problem


def test_hours_that_a_corpus_does_not_state_are_measured_on_a_few_clips(long_and_short):
    found = count(long_and_short[:3], SubsetSpec())
    assert (found.hours, found.estimated) == (pytest.approx(62 / 3_600), False)
    many = [replace(long_and_short[number % 2], id=str(number)) for number in range(1_000)]
    found = count(many, SubsetSpec())
    assert found.estimated
    assert 0 < found.hours < 1_000 * 30 / 3_600
    assert count(long_and_short[3:], SubsetSpec()).hours is None


def test_few_headers_are_read_for_the_hours(long_and_short, monkeypatch):
    read = []
    monkeypatch.setattr("explorer.corpora.filters._seconds", lambda path, _: read.append(path) or 2.0)
    many = [replace(long_and_short[0], id=str(number)) for number in range(12_345)]
    assert count(many, SubsetSpec()).hours == pytest.approx(2 * 12_345 / 3_600)
    assert len(read) <= MAX_HEADERS


def test_the_papers_filter_has_counts_too(tmp_path):
    heard = write(tmp_path / "hyp", "u0 one two three four\nu1 x y z\n")
    found = count(some(), SubsetSpec(hypotheses=heard), str.lower)
    assert (found.utterances, found.speakers) == (1, 1)
    assert count(some()[2:], SubsetSpec(hypotheses=heard), str.lower).utterances == 0


def test_a_corpus_says_what_it_can_be_filtered_by(speech, tmp_path):
    clips = real_clips(speech)
    tutor = open_corpus(arranged("myst", tmp_path / "myst", clips)).utterances
    kids = open_corpus(arranged("cmu-kids", tmp_path / "kids", clips)).utterances
    assert fields_of(tutor) == ("id", "speaker", "duration", "words", "split", "module", "part", "school", "session")
    assert fields_of(kids) == (
        *("id", "speaker", "age", "gender", "duration", "words"),
        *("bin", "grade", "noises", "phones", "population", "sentence"),
    )
    with pytest.raises(CorpusError, match="filter: age: no such field in this corpus; there are id, speaker, duration"):
        chosen(tutor, "age <= 8")


# All together.


def test_the_rules_apply_in_order_and_each_tells_what_it_removed(tmp_path):
    utterances = some(20)
    ids = write(tmp_path / "a.list", "".join(f"u{number}\n" for number in range(1, 20, 2) if number != 9))
    heard = "".join(f"u{number} one two three {'four' if number != 3 else 'x y z'}\n" for number in range(1, 18))
    spec = SubsetSpec(
        split="test",
        ids=ids,
        expression="words = 4",
        hypotheses=write(tmp_path / "hyp", heard),
        limit=5,
        seed=3,
    )
    subset = choose(utterances, spec, str.lower)
    assert subset.steps == (
        Step("split = test", 10),
        Step("ids of a.list", 1),
        Step("words = 4", 0),
        Step("at least 3 words", 0),
        Step("heard in hyp", 1),
        Step("WER of hyp at most 50%", 1),
        Step("5 drawn, seed 3", 2),
    )
    assert len(subset.utterances) == 5
    assert choose(utterances, spec, str.lower) == subset


def test_a_spec_that_asks_for_nothing_keeps_all():
    subset = choose(some(), SubsetSpec())
    assert (list(subset.utterances), subset.steps, subset.problems) == (some(), (), ())


# Fingerprints.


def test_a_fingerprint_is_sixteen_digits_that_stay_as_they_are_from_version_to_version():
    found = choose(some(2), SubsetSpec()).fingerprint
    assert found == subset_fingerprint(some(2)) == "48601d35aef04aa5"


def test_a_fingerprint_does_not_depend_on_order_or_place():
    utterances = some()
    moved = [replace(each, path=Path("elsewhere"), speaker="x") for each in reversed(utterances)]
    assert subset_fingerprint(moved) == subset_fingerprint(utterances)


pairs = st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=4)


def fingerprint_of(pairs):
    return subset_fingerprint(Utterance(identity, Path("a"), text, "s") for identity, text in pairs)


@given(pairs, pairs)
def test_other_ids_or_references_have_another_fingerprint(one, other):
    assert (fingerprint_of(one) == fingerprint_of(other)) == (sorted(one) == sorted(other))
