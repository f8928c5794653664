"""The stripe along λ: what single merges hear, stop by stop."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.audio import clip_from_samples
from explorer.errors import RecipeError
from explorer.recipe import Recipe, recipe_from
from explorer.stripe import STOPS, along, stop_values, stripe, swept
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.workbench import Workbench

RECIPE = Recipe("tiny", mixing=0.33)
SHORT = Decoding("fit", 4)


@pytest.fixture(scope="module")
def clip():
    return clip_from_samples(np.random.default_rng(5).normal(0, 0.2, 8_000).astype(np.float32), 16_000, "noise")


def test_every_stop_is_what_that_merge_hears_alone(tiny_workbench, tiny_bench, clip, tiny_config):
    grown = list(stripe(tiny_workbench, tiny_bench, RECIPE, clip, "a b", SHORT, Halt()))
    assert [len(stops) for stops in grown] == list(range(1, STOPS + 1))
    stops = grown[-1]
    assert [stop.value for stop in stops] == list(stop_values())
    assert (stops[0].value, stops[-1].value) == (0.0, 1.0)
    fresh = Workbench(tiny_workbench.config, "cpu")  # remembers nothing
    for stop in (stops[0], stops[7], stops[-1]):
        alone = list(fresh.stream(tiny_bench, "merge", along(RECIPE, "lambda", stop.value), clip, SHORT, Halt()))[-1]
        assert (stop.text, stop.cut) == (alone.text, not alone.ended)
        assert stop.alignment == tiny_bench.align("a b", alone.text)
    child = list(fresh.stream(tiny_bench, "m1", RECIPE, clip, SHORT, Halt()))[-1]
    assert stops[-1].text == child.text


def test_without_a_reference_there_are_only_texts(tiny_workbench, tiny_bench, clip):
    *_, stops = stripe(tiny_workbench, tiny_bench, RECIPE, clip, "", SHORT, Halt())
    assert {stop.alignment for stop in stops} == {None}


def test_a_stripe_can_be_stopped_and_keeps_what_was_heard(tiny_workbench, tiny_bench, clip):
    asked = iter([False] * 40)
    halt = Halt(lambda: next(asked, True))
    growing = stripe(Workbench(tiny_workbench.config, "cpu"), tiny_bench, RECIPE, clip, "", SHORT, halt)
    heard = [()]
    with pytest.raises(InterruptedDecodingError):
        heard.extend(growing)
    assert 0 < len(heard[-1]) < STOPS


def test_what_is_swept_is_lambda_or_the_methods_share_of_m1():
    assert swept(RECIPE) == "lambda"
    assert swept(recipe_from({"triple": "tiny", "method": "lerp"})) == "lambda"
    assert swept(recipe_from({"triple": "tiny", "method": "ties"})) == "share"
    drawn = replace(RECIPE, schedule="custom", ratios=(("encoder.self", (1.0, 0.0)),), scope=("encoder.self",))
    with pytest.raises(RecipeError, match="a curve drawn by hand has no single λ"):
        swept(drawn)
    with pytest.raises(RecipeError, match="the method RegMean"):
        swept(recipe_from({"triple": "tiny", "method": "regmean", "grams": "x"}))
