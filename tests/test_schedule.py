"""λ and α → one mixing ratio for each layer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.schedule import MAX_EXPONENT, SCHEDULE_NAMES, SCHEDULES, group_of, mixing_ratios

FORMULAS = [name for name in SCHEDULE_NAMES if name != "custom"]
formulas = st.sampled_from(FORMULAS)
mixings = st.floats(0, 1)
exponents = st.floats(0, MAX_EXPONENT)
depths = st.integers(1, 32)


def ratios_of(name, mixing, exponent, depth):
    return mixing_ratios(name, mixing, (exponent,) * max(1, SCHEDULES[name].exponents), depth)


@given(formulas, mixings, exponents, depths)
def test_every_ratio_is_a_share(name, mixing, exponent, depth):
    ratios = ratios_of(name, mixing, exponent, depth)
    assert len(ratios) == depth
    assert all(0 <= ratio <= 1 for ratio in ratios)


@given(st.sampled_from(["depth", "power", "groups", "constant"]), exponents, depths)
def test_lambda_one_gives_the_child_model(name, exponent, depth):
    assert ratios_of(name, 1.0, exponent, depth) == (1.0,) * depth


@given(st.sampled_from(["depth", "power", "groups"]), mixings, depths)
def test_alpha_zero_gives_the_child_model(name, mixing, depth):
    assert ratios_of(name, mixing, 0.0, depth) == (1.0,) * depth


@given(st.sampled_from(["depth", "groups", "constant"]), st.floats(0.01, MAX_EXPONENT), depths)
def test_lambda_zero_gives_the_adult_model(name, exponent, depth):
    assert ratios_of(name, 0.0, exponent, depth) == (0.0,) * depth


@given(mixings, exponents, depths)
def test_decay_starts_at_the_child_share_and_a_smaller_lambda_favours_the_child(mixing, exponent, depth):
    ratios = ratios_of("decay", mixing, exponent, depth)
    assert ratios[0] == 1 - mixing
    assert all(high >= low for high, low in zip(ratios_of("decay", mixing / 2, exponent, depth), ratios, strict=True))


@given(mixings, exponents, depths)
def test_the_top_layer_of_depth_gets_lambda_to_the_alpha(mixing, exponent, depth):
    assert ratios_of("depth", mixing, exponent, depth)[-1] == pytest.approx(mixing**exponent)


@given(st.sampled_from(["depth", "power"]), mixings, exponents, depths)
def test_the_child_share_falls_with_the_layer(name, mixing, exponent, depth):
    ratios = ratios_of(name, mixing, exponent, depth)
    assert list(ratios) == sorted(ratios, reverse=True)


@given(st.sampled_from(["depth", "power", "groups", "constant"]), mixings, mixings, exponents, depths)
def test_the_child_share_rises_with_lambda(name, one, other, exponent, depth):
    low, high = sorted((one, other))
    pairs = zip(ratios_of(name, low, exponent, depth), ratios_of(name, high, exponent, depth), strict=True)
    assert all(lower <= higher for lower, higher in pairs)


@given(st.sampled_from(["depth", "power", "groups"]), mixings, exponents, exponents, depths)
def test_the_child_share_falls_with_alpha(name, mixing, one, other, depth):
    low, high = sorted((one, other))
    pairs = zip(ratios_of(name, mixing, low, depth), ratios_of(name, mixing, high, depth), strict=True)
    assert all(more >= less for more, less in pairs)


@given(mixings, exponents, depths)
def test_constant_does_not_use_alpha(mixing, exponent, depth):
    assert ratios_of("constant", mixing, exponent, depth) == (mixing,) * depth


# Published readings of the formula at λ = 0.2, α = 0.8, twelve layers: ../shared/reference/paper-facts.md, section 1.2.
PUBLISHED = {
    "depth": [0.90, 0.81, 0.73, 0.65, 0.59, 0.53, 0.47, 0.42, 0.38, 0.34, 0.31, 0.28],
    "power": [1, 0.28, 0.08, 0.02, 0.01, 0, 0, 0, 0, 0, 0, 0],
    # Printed there as the adult share and from layer 1.
    "decay": [1 - share for share in (0.2, 0.28, 0.36, 0.44, 0.52, 0.59, 0.66, 0.71, 0.76, 0.81, 0.84, 0.87)],
    "constant": [0.2] * 12,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_values_come_out(name):
    assert ratios_of(name, 0.2, 0.8, 12) == pytest.approx(PUBLISHED[name], abs=0.006)


def test_the_published_values_of_the_authors_first_script_come_out():
    ratios = mixing_ratios("groups", 0.2, (0.7, 0.8, 0.9), 12)
    assert ratios == pytest.approx([0.32] * 4 + [0.28] * 4 + [0.24] * 4, abs=0.0051)


def test_twelve_layers_fall_into_the_thirds_of_the_authors_first_script():
    assert [group_of(layer, 12) for layer in range(12)] == [0] * 4 + [1] * 4 + [2] * 4


@given(st.integers(3, 64))
def test_thirds_are_in_order_and_as_even_as_can_be(depth):
    groups = [group_of(layer, depth) for layer in range(depth)]
    sizes = [groups.count(group) for group in range(3)]
    assert groups == sorted(groups)
    assert sum(sizes) == depth
    assert max(sizes) - min(sizes) <= 1


@given(mixings, st.tuples(exponents, exponents, exponents), st.integers(3, 32))
def test_each_third_follows_its_own_alpha(mixing, alphas, depth):
    ratios = mixing_ratios("groups", mixing, alphas, depth)
    assert ratios == tuple(mixing ** alphas[group_of(layer, depth)] for layer in range(depth))


def test_every_schedule_says_what_it_is():
    assert set(SCHEDULES) == set(SCHEDULE_NAMES)
    assert all(row.formula and row.meaning.endswith(".") for row in SCHEDULES.values())
