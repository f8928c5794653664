"""Subsets as the command line chooses them, on real clips in the trees of MyST and CMU Kids."""

import json

import pytest
import soundfile
from corpus_trees import arranged, kids_clips, myst_clips, real_clips, write
from material import sine

from explorer.corpora.filters import HALVES
from explorer.corpora.manifest import MANIFEST
from explorer.corpora.open import open_corpus
from explorer.corpora.subset import subset_fingerprint

QUICK = ("--models", "m1", "--max-new-tokens", "2")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def clips(speech):
    return real_clips(speech)


@pytest.fixture
def kids(tmp_path, clips):
    return arranged("cmu-kids", tmp_path / "kids", clips)


@pytest.fixture
def tutor(tmp_path, clips):
    return arranged("myst", tmp_path / "myst", clips)


def steps_of(document):
    return [tuple(step) for step in document["corpus"]["steps"]]


def test_the_recordings_of_one_bin(document, kids, clips):
    """Bin 1 of CMU Kids: read as prompted, and clean."""
    ids = {number: sorted(c.id for c in kids_clips(clips) if c.id.endswith(str(number))) for number in (1, 2)}
    for number, removed in ((1, 3), (2, 6)):
        found = document("evaluate", "--corpus", kids, "--filter", f"bin = {number}", *QUICK)
        assert found["ids"] == ids[number]
        assert steps_of(found) == [(f"bin = {number}", removed)]
    found = document("evaluate", "--corpus", kids, "--filter", "bin = 1 and grade <= 2, gender = f", *QUICK)
    assert found["ids"] == [each for each in ids[1] if each[0] == "f"]


def test_one_partition_of_myst(document, tutor):
    found = document("evaluate", "--corpus", tutor, "--split", "development", "--filter", "module = WA", *QUICK)
    assert (found["utterances"], found["speakers"]) == (3, 1)
    assert found["left_out"] == ["1 recordings have no transcript (.trn) and are left out, for example bare."]
    assert steps_of(found) == [("split = development", 6), ("module = WA", 0)]


def test_the_papers_halves(document, tmp_path):
    rows = []
    for name, seconds in (("a", 2), ("b", 30), ("c", 31)):
        soundfile.write(tmp_path / f"{name}.wav", sine(300, seconds, 16_000), 16_000)
        rows.append(json.dumps({"file_name": f"{name}.wav", "text": "one two", "id": name}))
    write(tmp_path / MANIFEST, "\n".join(rows))
    ids = [
        document("evaluate", "--corpus", f"manifest:{tmp_path}", "--filter", half, *QUICK)["ids"]
        for half in HALVES.values()
    ]
    assert ids == [["a", "b"], ["c"]]


def test_ids_written_choose_the_same_subset_again_with_the_same_fingerprint(document, tutor, tmp_path):
    path = tmp_path / "subset.list"
    drawn = document("evaluate", "--corpus", tutor, "--limit", "4", "--seed", "3", "--write-ids", path, *QUICK)
    again = document("evaluate", "--corpus", tutor, "--ids", path, *QUICK)
    assert sorted(path.read_text().split()) == drawn["ids"] == again["ids"]
    assert again["models"] == drawn["models"]
    assert again["corpus"]["fingerprint"] == drawn["corpus"]["fingerprint"]
    assert steps_of(again) == [("ids of subset.list", 5)]
    chosen = [each for each in open_corpus(tutor).utterances if each.id in drawn["ids"]]
    assert subset_fingerprint(chosen) == drawn["corpus"]["fingerprint"]
    whole = document("evaluate", "--corpus", tutor, *QUICK)
    assert whole["corpus"]["fingerprint"] != drawn["corpus"]["fingerprint"]


def test_a_list_of_paths_as_the_papers_authors_may_have_it(document, tutor, clips, tmp_path):
    names = [clip.id for clip in myst_clips(clips)][2:5]
    lines = [f"data/test/{names[0]}.flac", f"/corpora/myst/{names[1]}.trn", names[2]]
    found = document("evaluate", "--corpus", tutor, "--ids", write(tmp_path / "test.list", "\n".join(lines)), *QUICK)
    assert found["ids"] == sorted(names)


def test_the_papers_filter_from_a_hypothesis_file(document, tutor, clips, tmp_path):
    """Kept: at least 3 words, and of those no more than half misheard by the decoder whose hypotheses are given."""
    unheard, wrong, number, _, half, *_ = members = myst_clips(clips)
    assert number.text == "four six two"  # which is 462 to Whisper's normaliser, and so one word
    heard = {clip.id: clip.text.upper() + "." for clip in members if clip is not unheard}
    words = half.text.split()
    heard[half.id] = " ".join([*words[: -(len(words) // 2)], *(["zebra"] * (len(words) // 2))])
    heard[wrong.id] = "something else altogether"
    path = write(tmp_path / "large-v2.hyp", "".join(f"{key}\t{text}\n" for key, text in heard.items()))
    found = document("evaluate", "--corpus", tutor, "--hypotheses", path, *QUICK)
    assert found["ids"] == sorted(clip.id for clip in members if clip not in (unheard, wrong, number))
    assert steps_of(found) == [
        ("at least 3 words", 1),
        ("heard in large-v2.hyp", 1),
        ("WER of large-v2.hyp at most 50%", 1),
    ]


def test_the_papers_protocol_in_one_command(document, tutor, clips, tmp_path):
    """A partition, its ids, the half up to 30 s, the filter; each tells how many it removed."""
    members = myst_clips(clips)
    ids = write(tmp_path / "test.list", "".join(f"{clip.id}\n" for clip in members[6:]))
    heard = write(tmp_path / "heard", "\n".join(json.dumps({"id": c.id, "text": c.text}) for c in members))
    options = ("--split", "test", "--ids", ids, "--filter", HALVES["up to 30 s"], "--hypotheses", heard)
    found = document("evaluate", "--corpus", tutor, *options, "--limit", "2", *QUICK)
    assert [rule for rule, _ in steps_of(found)] == [
        *("split = test", "ids of test.list", "duration <= 30", "at least 3 words"),
        *("heard in heard", "WER of heard at most 50%", "2 drawn, seed 0"),
    ]
    assert found["utterances"] == 2
