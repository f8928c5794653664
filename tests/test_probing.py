"""The needle and which layer did it on the page, without a browser: whose clips are read, what a mistake leaves."""

from types import SimpleNamespace

import pytest

from explorer.attention import LANES
from explorer.corpora.utterance import Utterance
from explorer.measures import LAYER_MEASURES, layer_numbers
from explorer.ui.opening import Opening
from explorer.ui.probing import Probing
from explorer.ui.shelf import Shelf
from explorer.ui.text.explore import NEEDLE_NO_CLIPS, NEEDLE_UNTRIED

VISITOR = SimpleNamespace(session_hash="visitor")
STRANGER = SimpleNamespace(session_hash="stranger")
RECIPE = {"triple": "tiny", "method": "sa", "schedule": "constant", "lambda": 0.4}


@pytest.fixture
def samples(noises):
    return {each.id: Utterance(each.id, each.path, "abc a", "s") for each in noises[:3]}


@pytest.fixture
def probing(tiny_workbench, tiny_bench, samples):
    opening = Opening(tiny_workbench.config)
    opening._workbench = tiny_workbench
    opening._ready.set()
    return Probing(opening, samples, Shelf())


def asked(recipe=RECIPE, pins=None, stamp=1, **more):
    return {"recipe": recipe, "pins": pins, "stamp": stamp, **more}


def read(probing, question, chosen=None, player=None, reference="", visitor=VISITOR):
    *_, last = probing.read(question, chosen or {"id": "0"}, player, reference, visitor)
    return last


def test_the_usual_clips_are_the_samples_and_ones_own_once_its_words_are_known(probing, samples, noises):
    value = read(probing, asked())
    assert value["state"] == "done"
    assert {clip["id"] for clip in value["clips"]} == set(samples)
    assert value["recipe"] == RECIPE
    assert not value["pinned"]
    assert not value["live"]
    assert value["trust"] == [NEEDLE_UNTRIED]
    assert value["values"]["merge"] > 0
    own = {"chosen": {"id": None}, "player": str(noises[5].path)}
    assert len(read(probing, asked(), **own)["clips"]) == 3
    with_own = read(probing, asked(), **own, reference=" ab ")
    assert [clip["reference"] for clip in with_own["clips"]] == ["ab", *["abc a"] * 3]
    assert with_own["values"] != value["values"]


def test_what_is_pinned_is_read_and_only_by_the_visitor_whose_it_is(probing, noises):
    own = {"chosen": {"id": None}, "player": str(noises[5].path), "reference": "ab"}
    added = read(probing, asked(pins=["1"], add=True), **own)
    assert added["pinned"]
    names = [clip["id"] for clip in added["clips"]]
    assert names[1:] == ["1"]
    again = read(probing, asked(pins=names))
    assert again["values"] == added["values"]
    stranger = read(probing, asked(pins=names), visitor=STRANGER)
    assert [clip["id"] for clip in stranger["clips"]] == ["1"]
    assert stranger["gone"] == 1
    nothing = read(probing, asked(pins=["none of these"]))
    assert (nothing["state"], nothing["notice"]) == ("error", NEEDLE_NO_CLIPS)


@pytest.mark.parametrize("sent", [None, 3, [], {}, {"recipe": 4}, {"recipe": {"triple": "no"}}])
def test_anything_may_be_sent_and_is_one_sentence(probing, sent):
    for answers in (probing.read(sent, sent, None, None, VISITOR), probing.which(sent, sent, None, None, VISITOR)):
        *_, last = answers
        assert last["state"] == "error"
        assert last["notice"].endswith(".")
    *_, last = probing.behind(sent)
    assert last["state"] == "error"


def test_an_older_question_stops_and_says_nothing(probing):
    probing.announce(asked(stamp=9), VISITOR)
    last = read(probing, asked(recipe={**RECIPE, "lambda": 0.41}, stamp=3))
    assert "state" not in last or last["state"] != "done"


def test_a_search_tells_how_far_it_is_and_can_be_cancelled(probing):
    first, *steps, last = probing.which(asked(pins=["0", "1"]), {"id": "2"}, None, "", VISITOR)
    assert first == {"state": "running"}
    assert all(step["state"] == "running" and step["done"] <= step["total"] for step in steps)
    assert last["state"] == "done"
    assert [clip["id"] for clip in last["clips"]] == ["0", "1"]
    assert len(last["rows"]) == 12
    running = probing.which(asked(stamp=20), {"id": "2"}, None, "", VISITOR)
    assert next(running)["state"] == "running"
    cancel = {"cancel": True, "stamp": 21}
    probing.announce_layers(cancel, VISITOR)
    assert all(step.get("state") != "done" for step in running)
    (stopped,) = probing.which(cancel, None, None, None, VISITOR)
    assert stopped["state"] == "stopped"


def test_what_can_be_laid_behind_the_curve_is_each_layers_q_k_and_v_together(probing, tiny_workbench, tiny_bench):
    *_, value = probing.behind({"triple": "tiny", "stamp": 1})
    assert value["state"] == "done"
    assert set(value["measures"]) == set(LAYER_MEASURES)
    for spec in value["measures"].values():
        assert set(spec["lanes"]) == set(LANES)
        assert all(len(each) == 2 for each in spec["lanes"].values())
        assert all(spec["low"] <= number <= spec["high"] for each in spec["lanes"].values() for number in each)
    (at_once,) = probing.behind({"triple": "tiny", "stamp": 2})
    assert at_once == value
    weights = tiny_bench.live.triple.weights
    names = [f"model.decoder.layers.1.encoder_attn.{each}_proj.weight" for each in "qkv"]
    first, second = (sum(((weights[m][n] - weights["m0"][n]) ** 2).sum() for n in names) ** 0.5 for m in ("m1", "m2"))
    product = sum(((weights["m1"][n] - weights["m0"][n]) * (weights["m2"][n] - weights["m0"][n])).sum() for n in names)
    matrices = tiny_workbench.anatomy(tiny_bench)["matrices"]
    assert layer_numbers(matrices, "norm_1")["decoder.cross"][1] == pytest.approx(float(first), rel=1e-4)
    assert layer_numbers(matrices, "cosine")["decoder.cross"][1] == pytest.approx(
        float(product / first / second), abs=1e-4
    )
    assert layer_numbers([], "norm_1") == {}
