"""The merge of one tensor, and which ratio each tensor gets."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.attention import LANES, PROJECTIONS, attention_parameters
from explorer.errors import RecipeError
from explorer.merging.lerp import interpolate
from explorer.ratios import parameter_ratios
from explorer.recipe import Recipe, recipe_from

values = st.floats(-8, 8, width=32) | st.sampled_from([0.0, -0.0])
pairs = st.tuples(arrays.arrays(np.float32, 12, elements=values), arrays.arrays(np.float32, 12, elements=values))
ratios = st.floats(0, 1)

NAMES = [
    f"model.{stack}.layers.{layer}.{kind}.{projection}_proj.weight"
    for stack, kind in (("encoder", "self_attn"), ("decoder", "self_attn"), ("decoder", "encoder_attn"))
    for layer in range(4)
    for projection in "qkv"
]
PARAMETERS = attention_parameters(NAMES)


def merged(first, second, ratio):
    # What was there before must not shine through.
    out = torch.full((len(first),), torch.nan)
    result = interpolate(torch.from_numpy(first), torch.from_numpy(second), ratio, out)
    assert result is out
    return out.numpy()


@given(pairs)
def test_ratio_one_is_the_first_tensor_bit_for_bit(pair):
    assert merged(*pair, 1.0).tobytes() == pair[0].tobytes()


@given(pairs)
def test_ratio_zero_is_the_second_tensor_bit_for_bit(pair):
    assert merged(*pair, 0.0).tobytes() == pair[1].tobytes()


def test_both_ends_keep_the_sign_of_zero():
    first, second = np.array([-0.0, 0.0], np.float32), np.array([0.0, -0.0], np.float32)
    assert merged(first, second, 1.0).tobytes() == first.tobytes()
    assert merged(first, second, 0.0).tobytes() == second.tobytes()


@given(pairs, ratios)
def test_two_equal_tensors_are_a_fixed_point(pair, ratio):
    assert np.array_equal(merged(pair[0], pair[0], ratio), pair[0])


@given(pairs, ratios)
def test_the_endpoints_are_not_written_to(pair, ratio):
    before = [tensor.tobytes() for tensor in pair]
    merged(*pair, ratio)
    assert [tensor.tobytes() for tensor in pair] == before


@given(pairs, arrays.arrays(np.float32, 12, elements=values), ratios)
def test_the_merge_is_the_papers_sum_of_task_vectors_whatever_the_base(pair, base, ratio):
    w0, w1, w2 = (tensor.astype(np.float64) for tensor in (base, *pair))
    expected = w0 + ratio * (w1 - w0) + (1 - ratio) * (w2 - w0)
    assert np.allclose(merged(*pair, ratio), expected, rtol=1e-6, atol=1e-6)


@given(pairs, ratios)
def test_the_merge_lies_between_its_ends(pair, ratio):
    low, high = np.minimum(*pair), np.maximum(*pair)
    between = merged(*pair, ratio)
    assert (between >= low - 1e-6).all()
    assert (between <= high + 1e-6).all()


@given(pairs, ratios)
def test_swapping_the_ends_and_the_shares_changes_nothing(pair, ratio):
    assert np.allclose(merged(*pair, ratio), merged(pair[1], pair[0], 1 - ratio), rtol=1e-6, atol=1e-6)


@given(st.sets(st.sampled_from(LANES)), st.sets(st.sampled_from(PROJECTIONS)))
def test_what_is_out_of_scope_gets_the_child_model_alone(scope, projections):
    recipe = recipe_from({"triple": "t", "scope": sorted(scope), "projections": sorted(projections)})
    found = parameter_ratios(recipe, PARAMETERS)
    assert set(found) == set(NAMES)
    for parameter in PARAMETERS:
        inside = parameter.lane in scope and parameter.projection in projections
        assert (found[parameter.name] == 1.0) == (not inside)


def test_each_layer_gets_its_own_ratio_counted_within_its_stack():
    found = parameter_ratios(Recipe("t", mixing=0.2, exponents=(0.8,)), PARAMETERS)
    for parameter in PARAMETERS:
        assert found[parameter.name] == pytest.approx(0.2 ** (0.8 * (parameter.layer + 1) / 4))


def test_a_drawn_curve_of_another_depth_is_refused():
    recipe = recipe_from({"triple": "t", "schedule": "custom", "ratios": dict.fromkeys(LANES, [1.0] * 3)})
    with pytest.raises(RecipeError, match="expected 4 values"):
        parameter_ratios(recipe, PARAMETERS)
