"""A recipe: read, written, named, refused."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from explorer.attention import LANES, PROJECTIONS
from explorer.errors import RecipeError
from explorer.recipe import Recipe, recipe_from
from explorer.schedule import SCHEDULE_NAMES

DEPTHS = {"encoder.self": 4, "decoder.self": 3, "decoder.cross": 3}


def part_of(everything):
    return st.lists(st.sampled_from(everything), unique=True)


shares = st.floats(0, 1)


@st.composite
def entries_of_recipes(draw, numbers=shares):
    schedule = draw(st.sampled_from(SCHEDULE_NAMES))
    entries = {
        "triple": draw(st.sampled_from(["tiny-en", "ä: b #c", "0"])),
        "schedule": schedule,
        "lambda": draw(numbers),
        "alpha": draw(st.lists(numbers, min_size=3, max_size=3) if schedule == "groups" else numbers),
        "scope": draw(part_of(LANES)),
        "projections": draw(part_of(PROJECTIONS)),
    }
    if schedule == "custom":
        entries["ratios"] = {lane: draw(st.lists(numbers, max_size=3)) for lane in draw(part_of(LANES))}
    return entries


recipes = entries_of_recipes().map(recipe_from)
# So few values that two draws are often the same.
few_recipes = entries_of_recipes(st.sampled_from([0, 0.0, -0.0, 1, 1.0])).map(recipe_from)


@given(recipes)
def test_a_recipe_is_read_back_from_its_entries(recipe):
    assert recipe_from(recipe.as_dict()) == recipe


@given(recipes)
def test_a_recipe_survives_yaml_text(recipe):
    assert recipe_from(yaml.safe_load(yaml.safe_dump(recipe.as_dict()))) == recipe


@given(recipes)
def test_a_recipe_survives_json_text(recipe):
    assert recipe_from(json.loads(json.dumps(recipe.as_dict()))) == recipe


@given(few_recipes, few_recipes)
def test_two_recipes_have_one_id_exactly_if_they_are_equal(one, other):
    assert (one.id == other.id) == (one == other)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("triple", "other"),
        ("schedule", "power"),
        ("lambda", 0.2000001),
        ("alpha", 0.81),
        ("scope", ["encoder.self"]),
        ("projections", ["q", "k"]),
    ],
)
def test_the_id_changes_with_every_entry(key, value):
    start = recipe_from({"triple": "tiny-en"})
    assert recipe_from({**start.as_dict(), key: value}).id != start.id


def test_an_id_is_twelve_hexadecimal_digits_and_the_same_in_every_process():
    assert recipe_from({"triple": "tiny-en"}).id == "7b90ab908fbb"


def test_absent_entries_take_their_defaults():
    assert recipe_from({"triple": "tiny-en"}) == Recipe("tiny-en")


@given(st.permutations(LANES), st.permutations(PROJECTIONS))
def test_the_order_in_which_a_scope_is_written_does_not_matter(lanes, projections):
    recipe = recipe_from({"triple": "tiny-en", "scope": lanes, "projections": projections})
    assert recipe == recipe_from({"triple": "tiny-en"})


def test_one_alpha_serves_all_three_groups():
    assert recipe_from({"triple": "t", "schedule": "groups", "alpha": 0.7}).exponents == (0.7, 0.7, 0.7)


@given(recipes.filter(lambda recipe: recipe.schedule != "custom"))
def test_lanes_out_of_scope_stay_with_the_child_model(recipe):
    curves = recipe.lane_ratios(DEPTHS)
    assert {lane: len(curve) for lane, curve in curves.items()} == DEPTHS
    assert all(curves[lane] == (1.0,) * DEPTHS[lane] for lane in LANES if lane not in recipe.scope)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_drawn_curve_is_used_as_it_is(values):
    recipe = recipe_from(
        {"triple": "t", "schedule": "custom", "scope": ["encoder.self"], "ratios": {"encoder.self": values}}
    )
    assert recipe.lane_ratios(DEPTHS)["encoder.self"] == tuple(values)


@pytest.mark.parametrize(
    ("ratios", "seen"), [({"encoder.self": [1, 0]}, "expected 4 values.*got 2"), ({}, "expected 4 values.*got none")]
)
def test_a_drawn_curve_must_have_as_many_layers_as_the_model(ratios, seen):
    recipe = recipe_from({"triple": "t", "schedule": "custom", "scope": ["encoder.self"], "ratios": ratios})
    with pytest.raises(RecipeError, match=rf"ratios\.encoder\.self: {seen}"):
        recipe.lane_ratios(DEPTHS)


WRONG = {
    "unknown key": ({"lamda": 0.2}, "lamda"),
    "unknown key of another type": ({3: 0.2}, "3"),
    "key of two lines": ({"a\nb": 0.2}, "a"),
    "later version": ({"version": 2}, "version"),
    "version of another type": ({"version": True}, "version"),
    "no triple": ({"triple": None}, "triple"),
    "empty triple": ({"triple": ""}, "triple"),
    "triple of another type": ({"triple": ["tiny-en"]}, "triple"),
    "unknown method": ({"method": "soup"}, "method"),
    "unknown schedule": ({"schedule": "depht"}, "schedule"),
    "schedule of another type": ({"schedule": {"depth": 1}}, "schedule"),
    "λ above one": ({"lambda": 1.0001}, "lambda"),
    "λ below zero": ({"lambda": -0.1}, "lambda"),
    "λ that is no number": ({"lambda": float("nan")}, "lambda"),
    "λ infinite": ({"lambda": float("inf")}, "lambda"),
    "λ as text": ({"lambda": "0.2"}, "lambda"),
    "λ true": ({"lambda": True}, "lambda"),
    "λ absent by name": ({"lambda": None}, "lambda"),
    "λ beyond all floats": ({"lambda": 10**400}, "lambda"),
    "α above two": ({"alpha": 2.1}, "alpha"),
    "α below zero": ({"alpha": -1}, "alpha"),
    "three α for depth": ({"alpha": [0.7, 0.8, 0.9]}, "alpha"),
    "two α for groups": ({"schedule": "groups", "alpha": [0.7, 0.8]}, "alpha"),
    "one bad α of three": ({"schedule": "groups", "alpha": [0.7, 0.8, 9]}, "alpha"),
    "no α": ({"alpha": []}, "alpha"),
    "α in text": ({"alpha": "high"}, "alpha"),
    "unknown lane": ({"scope": ["encoder.cross"]}, "scope"),
    "scope as text": ({"scope": "encoder.self"}, "scope"),
    "scope of numbers": ({"scope": [1]}, "scope"),
    "unknown projection": ({"projections": ["o"]}, "projections"),
    "projections as text": ({"projections": "qkv"}, "projections"),
    "custom without ratios": ({"schedule": "custom"}, "ratios"),
    "custom ratios in a list": ({"schedule": "custom", "ratios": [1, 1]}, "ratios"),
    "custom ratio for an unknown lane": ({"schedule": "custom", "ratios": {"encoder": [1]}}, "ratios"),
    "custom ratios as text": ({"schedule": "custom", "ratios": {"encoder.self": "11"}}, "ratios.encoder.self"),
    "custom ratio above one": ({"schedule": "custom", "ratios": {"encoder.self": [1.5]}}, "ratios.encoder.self"),
}


@pytest.mark.parametrize(("entries", "key"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_entry_is_one_sentence_that_names_source_and_key(entries, key):
    with pytest.raises(RecipeError) as caught:
        recipe_from({"triple": "tiny-en", **entries}, "R.yaml")
    message = str(caught.value)
    assert message.startswith("R.yaml: ")
    assert key in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 250


@pytest.mark.parametrize("entries", [None, [], "triple: tiny-en", 3])
def test_a_recipe_that_is_no_mapping_is_refused(entries):
    with pytest.raises(RecipeError, match=r"R\.yaml: expected a mapping"):
        recipe_from(entries, "R.yaml")
