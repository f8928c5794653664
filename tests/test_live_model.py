"""The live model: exact ends, no drift, nothing but q, k and v touched, one caller at a time."""

import threading
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from material import no_progress
from safetensors.torch import load_file
from test_recipe import entries_of_recipes

from explorer.attention import LANES, PROJECTIONS, attention_parameter
from explorer.checkpoints.base import weights_fingerprint
from explorer.checkpoints.triple import MEMBERS, load_triple, tensor_digest
from explorer.device import pick_device
from explorer.errors import RecipeError
from explorer.live_model import LiveModel
from explorer.recipe import Recipe, recipe_from

CHILD = Recipe("tiny", mixing=1.0)
ADULT = Recipe("tiny", schedule="constant", mixing=0.0)
DEFAULT = Recipe("tiny")
MISFIT = recipe_from({"triple": "tiny", "schedule": "custom", "ratios": dict.fromkeys(LANES, [1.0] * 9)})

recipes = entries_of_recipes().map(recipe_from).filter(lambda recipe: recipe.schedule != "custom")
light = settings(max_examples=25)


def digests(weights):
    return {name: tensor_digest(tensor) for name, tensor in weights.items() if name != "proj_out.weight"}


def merged_digests(live, recipe):
    with live.merged(recipe) as model:
        return digests(model.state_dict())


def attention(weights):
    return {name: tensor for name, tensor in weights.items() if attention_parameter(name)}


@pytest.fixture(scope="module")
def shared_live(tiny_triple):
    """One live model for all examples of a property: whatever came before must not matter."""
    return LiveModel(tiny_triple, pick_device("cpu"))


def test_lambda_one_is_the_file_of_the_child_model_bit_for_bit(live, tiny_whisper_folders):
    assert merged_digests(live, CHILD) == digests(load_file(tiny_whisper_folders.m1 / "model.safetensors"))


def test_alpha_zero_is_the_child_model_bit_for_bit(live, tiny_whisper_folders):
    merged_digests(live, DEFAULT)
    alpha_zero = Recipe("tiny", mixing=0.2, exponents=(0.0,))
    assert merged_digests(live, alpha_zero) == digests(load_file(tiny_whisper_folders.m1 / "model.safetensors"))


def test_lambda_zero_has_the_adult_attention_and_the_child_rest_bit_for_bit(live, tiny_whisper_folders):
    child, adult = (
        load_file(folder / "model.safetensors") for folder in (tiny_whisper_folders.m1, tiny_whisper_folders.m2)
    )
    assert merged_digests(live, ADULT) == digests({**child, **attention(adult)})


def test_the_ends_differ_and_hold_both_zeros(live):
    """Otherwise the laws above would hold of anything."""
    m1, m2 = (attention(live.triple.weights[member]) for member in ("m1", "m2"))
    assert not any(torch.equal(m1[name], m2[name]) for name in m1)
    signs = torch.signbit(m1["model.encoder.layers.0.self_attn.q_proj.weight"].view(-1)[:4])
    assert signs.tolist() == [True, False, True, False]


@given(recipes)
@light
def test_equal_checkpoints_are_a_fixed_point(tiny_triple, recipe):
    twins = replace(tiny_triple, weights={**tiny_triple.weights, "m2": tiny_triple.weights["m1"]})
    with LiveModel(twins, pick_device("cpu")).merged(recipe) as model:
        state = model.state_dict()
        assert all(torch.equal(state[name], tensor) for name, tensor in twins.weights["m1"].items())


@given(recipes)
@light
def test_nothing_out_of_scope_changes(shared_live, recipe):
    found, child = merged_digests(shared_live, recipe), digests(shared_live.triple.weights["m1"])
    for name, digest in found.items():
        place = attention_parameter(name)
        if place is None or place.lane not in recipe.scope or place.projection not in recipe.projections:
            assert digest == child[name]


@given(recipes, recipes)
@light
def test_a_merge_does_not_depend_on_the_merges_before_it(tiny_triple, shared_live, before, recipe):
    merged_digests(shared_live, before)
    assert merged_digests(shared_live, recipe) == merged_digests(LiveModel(tiny_triple, pick_device("cpu")), recipe)


@given(recipes)
@light
def test_the_merge_is_the_papers_formula_computed_slowly_in_double_precision(shared_live, recipe):
    m0, m1, m2 = (shared_live.triple.weights[member] for member in MEMBERS)
    curves = recipe.lane_ratios({"encoder.self": 2, "decoder.self": 2, "decoder.cross": 2})
    with shared_live.merged(recipe) as model:
        for name, tensor in attention(model.state_dict()).items():
            place = attention_parameter(name)
            share = curves[place.lane][place.layer] if place.projection in recipe.projections else 1.0
            base, first, second = m0[name].double(), m1[name].double(), m2[name].double()
            expected = base + share * (first - base) + (1 - share) * (second - base)
            assert torch.allclose(tensor.double(), expected, rtol=0, atol=1e-6)


def test_only_tensors_whose_ratio_changed_are_written(live):
    everything = len(live.triple.parameters)
    with live.merged(CHILD):
        assert live.rewritten == 0  # the merge starts as M1
    with live.merged(DEFAULT):
        assert live.rewritten == everything
    with live.merged(DEFAULT):
        assert live.rewritten == 0
    with live.merged(replace(DEFAULT, scope=("encoder.self", "decoder.self"))):
        assert live.rewritten == sum(p.lane == "decoder.cross" for p in live.triple.parameters)
    curves = {lane: [0.5, 0.5] for lane in LANES}
    drawn = recipe_from({"triple": "tiny", "schedule": "custom", "ratios": curves})
    one_layer = recipe_from({"triple": "tiny", "schedule": "custom", "ratios": {**curves, "encoder.self": [0.5, 0.4]}})
    with live.merged(drawn):
        assert live.rewritten == everything
    with live.merged(one_layer):
        assert live.rewritten == 5  # three weights and two biases of one layer


@given(recipes)
@light
def test_the_checkpoints_are_never_written_to(tiny_triple, shared_live, recipe):
    before = {member: digests(tiny_triple.weights[member]) for member in MEMBERS}
    merged_digests(shared_live, recipe)
    assert {member: digests(tiny_triple.weights[member]) for member in MEMBERS} == before


def test_what_the_members_have_in_common_is_stored_once(live):
    places = {member: {n: t.data_ptr() for n, t in live.triple.weights[member].items()} for member in MEMBERS}
    frozen = [name for name in places["m0"] if "embed" in name or "conv" in name]
    assert len(frozen) == 7
    for name in frozen:
        assert places["m0"][name] == places["m1"][name] == places["m2"][name]


def test_the_merge_shares_all_but_its_attention_with_the_child_model(live):
    with live.merged(DEFAULT) as model:
        for name, tensor in model.state_dict().items():
            child = live.triple.weights["m1"].get(name)
            if child is not None:
                assert (tensor.data_ptr() == child.data_ptr()) == (attention_parameter(name) is None)


def test_a_lent_checkpoint_is_the_file_itself(live, tiny_whisper_folders):
    for member, folder in (("m0", tiny_whisper_folders.base), ("m2", tiny_whisper_folders.m2)):
        with live.checkpoint(member) as model:
            assert digests(model.state_dict()) == digests(load_file(folder / "model.safetensors"))


def test_a_recipe_that_does_not_fit_leaves_the_live_model_as_it_was(live):
    before = merged_digests(live, DEFAULT)
    with pytest.raises(RecipeError, match="expected 2 values"), live.merged(MISFIT):
        pass
    assert merged_digests(live, DEFAULT) == before
    assert live.rewritten == 0


def test_an_error_inside_frees_the_model_for_the_next(live):
    with pytest.raises(ZeroDivisionError), live.merged(DEFAULT):
        1 / 0  # noqa: B018
    assert merged_digests(live, CHILD) == digests(live.triple.weights["m1"])


def test_two_callers_with_different_recipes_always_see_their_own_weights(live):
    wanted = {recipe: merged_digests(live, recipe) for recipe in (DEFAULT, ADULT, CHILD)}
    seen = {recipe: [] for recipe in wanted}
    start = threading.Barrier(len(wanted))

    def work(recipe):
        start.wait()
        for _ in range(15):
            seen[recipe].append(merged_digests(live, recipe))

    threads = [threading.Thread(target=work, args=(recipe,)) for recipe in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for recipe, found in seen.items():
        assert found == [wanted[recipe]] * 15


def test_a_fingerprint_names_the_weights_and_not_the_recipe(live):
    assert live.merged_fingerprint(CHILD) == live.fingerprint("m1")
    assert live.merged_fingerprint(Recipe("tiny", scope=())) == live.fingerprint("m1")
    names = [live.merged_fingerprint(DEFAULT), *(live.fingerprint(member) for member in MEMBERS)]
    assert len(set(names)) == 4
    assert live.merged_fingerprint(DEFAULT) == names[0]


@given(st.sampled_from(PROJECTIONS))
@light
def test_switching_off_one_projection_keeps_it_with_the_child_model(shared_live, projection):
    others = tuple(each for each in PROJECTIONS if each != projection)
    found = merged_digests(shared_live, replace(ADULT, projections=others))
    child, adult = (digests(shared_live.triple.weights[member]) for member in ("m1", "m2"))
    for parameter in shared_live.triple.parameters:
        source = child if parameter.projection == projection else adult
        assert found[parameter.name] == source[parameter.name]


def test_a_triple_that_is_loaded_twice_has_the_same_fingerprints(tiny_spec, live):
    again = LiveModel(load_triple(tiny_spec, no_progress), pick_device("cpu"))
    assert [again.fingerprint(member) for member in MEMBERS] == [live.fingerprint(member) for member in MEMBERS]


def test_cuda_is_refused_in_one_sentence_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    with pytest.raises(RecipeError, match=r"^device: cuda .* use cpu or auto\.$"):
        pick_device("cuda")


def test_weights_have_one_name_on_disk_and_in_memory(live):
    for member, folder in (("m0", live.triple.spec.base.folder), ("m1", live.triple.spec.m1.folder)):
        assert weights_fingerprint(folder) == live.fingerprint(member)
