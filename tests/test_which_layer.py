"""Which layer did it: every swap is the recipe it says it is, and its numbers are those of that recipe alone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.attention import LANES
from explorer.corpora.utterance import Utterance
from explorer.errors import RecipeError
from explorer.methods import METHODS
from explorer.needle import Needle
from explorer.needles import Needles
from explorer.recipe import recipe_from
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.which_layer import LARGEST, swaps, which_layer

DEPTHS = dict.fromkeys(LANES, 2)
CURVED = [name for name, row in METHODS.items() if row.curve]
SCOPES = st.lists(st.sampled_from(LANES), unique=True)


@pytest.fixture
def needles(tiny_workbench, tmp_path):
    return Needles(tiny_workbench, tmp_path)


@pytest.fixture
def told(noises):
    said = ("abc abcd", "ab abc a b", "a")
    return [Utterance(each.id, each.path, text, "s") for each, text in zip(noises, said, strict=False)]


@given(st.sampled_from(CURVED), st.sampled_from(["depth", "constant", "groups", "decay"]), SCOPES)
def test_every_layer_is_set_to_either_parent_and_nothing_else_moves(method, schedule, scope):
    recipe = recipe_from({"triple": "tiny", "method": method, "schedule": schedule, "lambda": 0.3, "scope": scope})
    before = recipe.lane_ratios(DEPTHS)
    listed = swaps(recipe, DEPTHS)
    assert {(each.lane, each.layer, each.member) for each in listed} == {
        (lane, layer, member) for lane in LANES for layer in (0, 1) for member in ("m1", "m2")
    }
    for each in listed:
        after = each.recipe.lane_ratios(DEPTHS)
        assert after[each.lane][each.layer] == {"m1": 1.0, "m2": 0.0}[each.member]
        unlike = [(lane, layer) for lane in LANES for layer in (0, 1) if after[lane][layer] != before[lane][layer]]
        assert unlike in ([], [(each.lane, each.layer)])
        assert (each.recipe.method, each.recipe.projections, each.recipe.values) == (
            *(recipe.method, recipe.projections, recipe.values),
        )


def test_a_method_without_a_curve_is_refused_in_one_sentence():
    with pytest.raises(RecipeError, match="treats all layers alike"):
        swaps(recipe_from({"triple": "tiny", "method": "ties"}), DEPTHS)


def test_the_numbers_are_those_of_the_swapped_recipe_alone(needles, tiny_bench, told):
    recipe = recipe_from({"triple": "tiny", "schedule": "constant", "lambda": 0.4})
    *steps, document = which_layer(needles, tiny_bench, recipe, told, Halt())
    assert [step["done"] for step in steps] == sorted(step["done"] for step in steps)
    assert steps[0]["remaining"] is None
    assert steps[-1]["done"] == steps[-1]["total"]
    fresh = Needle(tiny_bench)
    probe = fresh.probe(told, Decoding("fit"))
    base = fresh.read("merge", recipe, probe, Halt())
    assert document["value"] == pytest.approx(base.value, abs=1e-6)
    for swap, row in zip(swaps(recipe, tiny_bench.depths), document["rows"], strict=True):
        assert (row["lane"], row["layer"], row["to"]) == (swap.lane, swap.layer, swap.member)
        reading = fresh.read("merge", swap.recipe, probe, Halt())
        assert row["delta"] == pytest.approx(reading.value - base.value, abs=1e-5)
        for words, clip, tokens in zip(row["words"], reading.clips, probe.words, strict=True):
            ends = sum(count for _, count in tokens)
            assert sum(loss for loss, _ in words) == pytest.approx(sum(clip.losses[:ends]), abs=1e-4)
            assert all(right for _, right in words) == all(clip.right[:ends])
    assert [[word for word, *_ in clip["words"]] for clip in document["clips"]] == [
        each.reference.split() for each in told
    ]
    decoded = [row for row in document["rows"] if "wer" in row]
    assert len(decoded) == LARGEST
    assert min(abs(row["delta"]) for row in decoded) >= max(
        abs(row["delta"]) for row in document["rows"] if "wer" not in row
    )
    assert all(math.isfinite(row["wer"]) for row in decoded)


def test_where_a_layer_is_the_parents_already_nothing_changes(needles, tiny_bench, told):
    recipe = recipe_from({"triple": "tiny", "schedule": "constant", "lambda": 1.0})
    *_, document = which_layer(needles, tiny_bench, recipe, told[:1], Halt())
    assert {row["delta"] for row in document["rows"] if row["to"] == "m1"} == {0.0}
    assert any(row["delta"] for row in document["rows"] if row["to"] == "m2")


def test_it_stops_when_it_is_no_longer_wanted(needles, tiny_bench, told):
    recipe = recipe_from({"triple": "tiny", "lambda": 0.35})
    stopped = []
    states = which_layer(needles, tiny_bench, recipe, told, Halt(lambda: bool(stopped)))
    assert next(states)["done"] < next(states)["done"]
    stopped.append(True)
    with pytest.raises(InterruptedDecodingError):
        next(states)


# The command line


def test_the_command_says_which_layer_and_what_becomes_of_a_word(run, document, noises):
    clip = str(noises[0].path)
    code, told, _ = run("layers", clip, "--reference", "abc a", "--lambda", "0.5")
    assert code == 0
    assert "nats per token over" in told.splitlines()[0]
    assert len(told.splitlines()) == 11
    found = document("layers", clip, "--reference", "abc a", "--lambda", "0.5", "--word", "2")
    assert found["word"]["word"] == "a"
    assert len(found["word"]["rows"]) == 12
    assert found["recipe"]["lambda"] == 0.5


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ([], "give --reference TEXT"),
        (["--reference", "a", "--reference", "b"], "expected one for each clip, but got 2 for 1 clips"),
        (["--corpus", "samples"], "expected clips or --corpus, but got both"),
        (["--reference", "a b", "--word", "3"], "expected 1 to 2 in 0.wav, but got 3"),
        (["--reference", "a b", "--method", "ties"], "treats all layers alike"),
    ],
)
def test_a_mistake_is_one_line(run, noises, extra, says):
    code, _, told = run("layers", str(noises[0].path), *extra)
    assert code == 2
    assert says in told.splitlines()[-1]
