"""How far the needle is trusted: pairs are counted fairly, kept on disk, and say nothing about other weights."""

import itertools
import json
import shutil
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import evaluated, run_of, spoken

from explorer.corpora.utterance import Utterance
from explorer.errors import CorpusError
from explorer.needle import Needle
from explorer.needle_record import Agreement, NeedleRecord, Point, agreement
from explorer.needle_trial import keep_trial, run_trial, split_trial, trial_recipes
from explorer.needles import Needles, shipped_trial, trial_agreement, trial_sentence, triple_prints
from explorer.recipe import Recipe
from explorer.transcription.decoding import Halt, InterruptedDecodingError

NUMBERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)


def points(pairs, setting="s", triple="t"):
    return [Point(triple, setting, str(place), float(n), float(w)) for place, (n, w) in enumerate(pairs)]


@given(NUMBERS)
def test_the_pairs_are_those_that_differ_in_both_and_agreement_is_symmetric(pairs):
    found = agreement(points(pairs))
    differing = [(one, other) for one, other in itertools.combinations(pairs, 2) if one[0] != other[0]]
    differing = [(one, other) for one, other in differing if one[1] != other[1]]
    assert found.pairs == len(differing)
    assert found.agreeing == sum((one[0] < other[0]) == (one[1] < other[1]) for one, other in differing)
    assert agreement(points([(wer, needle) for needle, wer in pairs])) == found
    turned = agreement(points([(needle, -wer) for needle, wer in pairs]))
    assert turned.agreeing == found.pairs - found.agreeing


def test_only_what_was_measured_in_the_same_way_is_compared_and_the_newest_counts():
    assert agreement([*points([(1, 1)], "a"), *points([(2, 2)], "b")]).pairs == 0
    assert agreement([*points([(1, 1)], triple="a"), *points([(2, 2)], triple="b")]).pairs == 0
    again = [*points([(1, 1), (2, 2)]), Point("t", "s", "0", 3.0, 1.0)]
    assert agreement(again) == Agreement(0, 1, 2)
    assert agreement(points([(1, 1), (2, 2), (3, 3)])).models == 3


def test_it_is_said_with_what_a_coin_would_get():
    assert Agreement(71, 91, 14).says("recipes", "on 60 clips") == (
        "In 71 of 91 pairs of recipes on 60 clips a better needle meant a better WER; a coin would get 45.5."
    )
    assert (
        Agreement(20, 91, 14)
        .says("recipes", "on 60 clips")
        .endswith(
            "45.5. So it tells how likely a merge finds "
            "the reference, and not how many words it gets right: read the words."
        )
    )


def test_the_record_survives_is_bounded_and_passes_over_what_is_no_point(tmp_path):
    record = NeedleRecord(tmp_path / "cache", max_points=10)
    assert record.points("t") == []
    record.add(points([(1, 1), (2, 2)]))
    record.add(points([(5, 5)], triple="other"))
    assert NeedleRecord(tmp_path / "cache").points("t") == points([(1, 1), (2, 2)])
    path = tmp_path / "cache" / "needle.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"triple": 3}\nnot json\n[]\n' + path.read_text() + '{"triple": "t", "setting"')
    assert len(record.points("t")) == 2
    record.add(points([(1, 1)] * 8))
    assert len(record.points("t")) == 5
    assert list(path.parent.iterdir()) == [path]
    path.with_name(".needle.jsonl.1").touch()  # of a process that was killed
    assert record.clear() == 5
    assert list(path.parent.iterdir()) == []
    assert record.clear() == 0


@pytest.fixture
def needles(tiny_workbench, tmp_path):
    return Needles(tiny_workbench, tmp_path / "cache")


def test_an_evaluation_records_the_needle_of_each_of_its_models(needles, tiny_bench, noises, monkeypatch):
    told = [Utterance(each.id, each.path, "abc a", "s") for each in noises[:2]]
    monkeypatch.setattr(needles, "samples", lambda: told)
    said = [spoken(0, "a b"), spoken(1, "c")]
    heard = {"m1": ["a b", "c"], "merge": ["a", "c"], "m2": ["a", ""]}
    run = run_of(evaluated(said, heard))
    names = {model: model * 4 for model in heard}
    object.__setattr__(run, "fingerprints", names)
    object.__setattr__(run, "recipe", needles.workbench.default_recipe())
    assert needles.note(tiny_bench, run) == 3
    kept = needles.record.points(triple_prints(tiny_bench))
    assert [point.weights for point in kept] == list(names.values())
    assert [point.wer for point in kept] == pytest.approx([0, 1 / 3, 2 / 3])
    assert len({point.needle for point in kept}) == 3
    assert len({point.setting for point in kept}) == 1
    assert needles.trust(tiny_bench) == []  # three pairs say nothing yet
    prints = triple_prints(tiny_bench)
    needles.record.add([Point(prints, "s", str(place), place, place) for place in range(5)])
    (said,) = needles.trust(tiny_bench)
    assert said.endswith("a coin would get 6.5.")
    assert "on this machine" in said


def test_without_sample_clips_an_evaluation_records_nothing_and_goes_on(needles, tiny_bench):
    run = run_of(evaluated([spoken(0, "a b")], {"m1": ["a b"]}))
    assert needles.samples() == []
    assert needles.note(tiny_bench, run) == 0


def test_who_waits_for_a_model_has_it_before_the_needle_goes_on(needles, tiny_bench, noises, tmp_path):
    """Someone comes at its third layer; it gives way there, and says afterwards what it says alone."""
    told = [Utterance(each.id, each.path, "abc a", "s") for each in noises[:3]]
    recipe = Recipe("tiny", mixing=0.37)
    alone = needles.values(tiny_bench, recipe, told, Halt())
    order, waiting = [], []
    needles = Needles(needles.workbench, tmp_path)  # one that has read nothing

    def come():
        with tiny_bench.held("m2", recipe):
            order.append("visitor")

    def layer(*_):
        order.append("layer")
        if len(order) == 3:
            waiting.append(threading.Thread(target=come))
            waiting[0].start()
            until = time.monotonic() + 10
            while not tiny_bench.live.wanted:
                assert time.monotonic() < until

    with tiny_bench.held("merge", recipe) as network:
        layers = [*network.model.encoder.layers, *network.model.decoder.layers]
    hooks = [each.register_forward_pre_hook(layer) for each in layers]
    try:
        values = needles.values(tiny_bench, recipe, told, Halt())
    finally:
        for hook in hooks:
            hook.remove()
    waiting[0].join()
    assert order.index("visitor") == 3
    assert order.count("layer") > 3
    assert values == alone


def test_a_needle_gives_way_a_few_times_and_then_no_more(needles, tiny_bench, noises, monkeypatch):
    """Somebody always stands in line, and it is quiet whenever the needle looks."""
    told = [Utterance(each.id, each.path, "abc a", "s") for each in noises[:2]]
    recipe = Recipe("tiny", mixing=0.41)
    alone = needles.values(tiny_bench, recipe, told, Halt())
    tries, read = [], Needle.read

    def reading(self, model, *rest, **named):
        tries.append(model)
        return read(self, model, *rest, **named)

    monkeypatch.setattr(Needle, "read", reading)
    monkeypatch.setattr(type(tiny_bench.live), "wanted", True)
    monkeypatch.setattr(type(tiny_bench.live), "quiet", lambda *_: True)
    assert needles.values(tiny_bench, recipe, told, Halt()) == alone
    assert tries == ["merge"] * 4 + ["m1", "m2"]


def test_a_needle_that_is_no_longer_wanted_does_not_come_back(needles, tiny_bench, noises):
    told = [Utterance(each.id, each.path, "abc a", "s") for each in noises[:2]]
    with pytest.raises(InterruptedDecodingError):
        needles.values(tiny_bench, Recipe("tiny"), told, Halt(lambda: True))


# The trial


def test_the_recipes_of_a_trial_are_a_few_dozen_and_all_different():
    recipes = trial_recipes("tiny")
    assert 24 <= len(recipes) <= 48
    assert len({recipe.id for recipe in recipes}) == len(recipes)


def test_the_needles_clips_are_others_than_those_that_judge(noises):
    said = [Utterance(each.id, each.path, "a", each.speaker) for each in noises]
    trial = split_trial(said)
    assert len(trial.needle) == 8
    assert len(trial.judged) == 12
    assert not {each.id for each in trial.needle} & {each.id for each in trial.judged}
    with pytest.raises(CorpusError, match="expected at least 16 utterances, but got 15"):
        split_trial(said[:15])


@pytest.fixture
def few(monkeypatch):
    """Four recipes are enough to see how a trial goes."""
    recipes = trial_recipes("tiny")[::8]
    monkeypatch.setattr("explorer.needle_trial.trial_recipes", lambda triple: recipes)
    return recipes


def test_a_trial_is_written_found_again_by_its_weights_and_replaced(needles, tiny_bench, noises, tmp_path, few):
    said = [Utterance(each.id, each.path, "abc a", each.speaker) for each in noises[:6]]
    *steps, document = run_trial(needles, tiny_bench, "noises", split_trial(said, clips=2), Halt())
    assert [step["done"] for step in steps] == sorted(step["done"] for step in steps)
    assert document["utterances"] == 4
    assert [point["recipe"] for point in document["points"]] == [recipe.summary for recipe in few]
    path = tmp_path / "assets" / "needle.json"
    keep_trial(path, {"triple": "other", "triple_fingerprints": "x"})
    keep_trial(path, {"triple": "tiny", "triple_fingerprints": "older"})
    keep_trial(path, document)
    kept = json.loads(path.read_text())
    assert [each["triple"] for each in kept] == ["other", "tiny"]
    assert shipped_trial(kept, triple_prints(tiny_bench)) == document
    assert shipped_trial(kept, "other weights") is None
    assert trial_sentence(document).startswith(f"In {trial_agreement(document).agreeing} of ")
    assert "on 4 clips of noises (needle: 2 others)" in trial_sentence(document)
    (again,) = [
        each for each in run_trial(needles, tiny_bench, "noises", split_trial(said, 2), Halt()) if "points" in each
    ]
    assert again == document


def test_a_trial_that_is_stopped_gives_no_document(needles, tiny_bench, noises, few):
    said = [Utterance(each.id, each.path, "abc a", each.speaker) for each in noises[:6]]
    states = list(run_trial(needles, tiny_bench, "noises", split_trial(said, clips=2), Halt(lambda: True)))
    assert all("points" not in state for state in states)


def test_the_command_keeps_a_trial_and_says_what_came_out(run, noises, few, tmp_path):
    rows = [{"file_name": each.path.name, "text": "abc a", "speaker": each.speaker} for each in noises]
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for each in noises:
        shutil.copy(each.path, corpus)
    (corpus / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "needle.json"
    code, told, _ = run("calibrate-needle", "--corpus", f"manifest:{corpus}", "--limit", 16, "--out", out)
    assert code == 0
    (kept,) = json.loads(out.read_text())
    assert told == f"{trial_sentence(kept)}\n"
    assert (kept["corpus"], kept["utterances"], kept["clips"]) == ("corpus", 8, 8)
    code, _, said = run("calibrate-needle", "--corpus", f"manifest:{corpus}", "--limit", 15, "--out", out)
    assert code == 2
    assert "expected at least 16 utterances, but got 15" in said
    assert json.loads(out.read_text()) == [kept]


def test_clear_forgets_the_record(document, monkeypatch, tmp_path):
    monkeypatch.setattr("explorer.needles.cache_folder", lambda: tmp_path)
    NeedleRecord(tmp_path).add(points([(1, 1), (2, 2)]))
    assert document("clear")["needle"] == 2
    assert NeedleRecord(tmp_path).points("t") == []
