"""Every merge method against the paper's formula, written here once more: slowly, in double precision."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from material import READY_METHODS

from explorer.kept import Kept
from explorer.merging.dare_linear import drop_and_rescale
from explorer.merging.headwise import chosen_heads
from explorer.merging.operands import Operands
from explorer.merging.plan import merge_of
from explorer.merging.selection import magnitude_at
from explorer.merging.ties import disjoint_mean, threshold, trim
from explorer.methods import METHODS

SHAPE = (4, 3)
# Multiples of 1/16: exact in float32, so that an elected sign does not hang on the last bit.
entries = st.integers(-64, 64).map(lambda number: number / 16)
tensors = arrays.arrays(np.float32, SHAPE, elements=entries)
triples = st.tuples(tensors, tensors, tensors)
shares = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
scales = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0])
densities = st.sampled_from([0.01, 0.2, 0.5, 0.75, 1.0])


def merged(method, triple, kept=None, **values):
    base, first, second = (torch.from_numpy(tensor) for tensor in triple)
    out = torch.full(SHAPE, torch.nan)  # what was there before must not shine through
    before = [tensor.copy() for tensor in triple]
    operands = Operands("a", base, first, second, heads=2, kept=kept or Kept(0))
    values = {parameter.name: parameter.default for parameter in METHODS[method].parameters} | values
    assert merge_of(method)(operands, values, out) is out
    assert [tensor.tobytes() for tensor in triple] == [tensor.tobytes() for tensor in before]
    return out.numpy()


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


# ---- References -----------------------------------------------------------------------------------------------------


def flat(triple):
    base, first, second = (tensor.astype(float).ravel() for tensor in triple)
    return base, first - base, second - base


def slow_slerp(one, other, share):
    lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in other))
    cosine = sum(x * y for x, y in zip(one, other, strict=True)) / lengths if lengths else 1.0
    if abs(cosine) > 0.9995:
        return [share * x + (1 - share) * y for x, y in zip(one, other, strict=True)]
    angle = math.acos(cosine)
    a, b = math.sin(share * angle) / math.sin(angle), math.sin((1 - share) * angle) / math.sin(angle)
    return [a * x + b * y for x, y in zip(one, other, strict=True)]


def slow_trim(vector, density):
    count = max(1, int(density * len(vector)))
    smallest = sorted((abs(x) for x in vector), reverse=True)[count - 1]
    return [x if abs(x) >= smallest else 0.0 for x in vector]


def slow_ties(one, other, share):
    """Sections 3.2 and 3.3 of arXiv 2306.01708 for one pair of trimmed task vectors."""
    result = []
    for x, y in zip(one, other, strict=True):
        elected = 1 if share * x + (1 - share) * y >= 0 else -1
        voters = [(w, v) for w, v in ((share, x), (1 - share, y)) if v * elected > 0 and w > 0]
        result.append(sum(w * v for w, v in voters) / sum(w for w, _ in voters) if voters else 0.0)
    return result


def slow_heads(triple, ratio, share):
    base, first, second = (tensor.astype(float) for tensor in triple)
    rows = SHAPE[0] // 2
    score = [
        math.sqrt(sum((abs(t1) + abs(t2)) ** 2 for t1, t2 in _moves(base, first, second, head, rows)))
        for head in range(2)
    ]
    count = math.floor(2 * share + 0.5)
    best = sorted(range(2), key=lambda head: (-score[head], head))[:count]
    result = first.copy()
    for head in best:
        part = slice(head * rows, (head + 1) * rows)
        result[part] = base[part] + ratio * (first - base)[part] + (1 - ratio) * (second - base)[part]
    return result


def _moves(base, first, second, head, rows):
    for row, column in itertools.product(range(head * rows, (head + 1) * rows), range(SHAPE[1])):
        origin = base[row, column]
        yield first[row, column] - origin, second[row, column] - origin


# ---- Formulas -------------------------------------------------------------------------------------------------------


@given(triples, shares)
def test_lerp_is_its_formula(triple, share):
    close(merged("lerp", triple, **{"lambda": share}), share * triple[1] + (1 - share) * triple[2])


@given(triples, shares)
def test_slerp_is_its_formula(triple, share):
    expected = slow_slerp(triple[1].astype(float).ravel(), triple[2].astype(float).ravel(), share)
    close(merged("slerp", triple, **{"lambda": share}).ravel(), expected)


@given(triples, shares)
def test_slerp_of_task_vectors_is_its_formula(triple, share):
    base, one, other = flat(triple)
    close(merged("task-slerp", triple, **{"lambda": share}).ravel(), base + slow_slerp(one, other, share))


@given(triples, scales, shares)
def test_task_arithmetic_is_its_formula(triple, scale, share):
    base, one, other = flat(triple)
    found = merged("task-arithmetic", triple, scale=scale, share=share)
    close(found.ravel(), base + scale * (share * one + (1 - share) * other))


@given(triples, densities, scales, shares)
def test_ties_is_its_formula(triple, density, scale, share):
    base, one, other = flat(triple)
    vector = slow_ties(slow_trim(one, density), slow_trim(other, density), share)
    close(merged("ties", triple, density=density, scale=scale, share=share).ravel(), base + scale * np.array(vector))


@given(triples, shares, st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]))
def test_headwise_merge_is_its_formula(triple, ratio, share):
    close(merged("hsa", triple, ratio=ratio, heads=share), slow_heads(triple, ratio, share))


@given(triples, densities, scales, shares, st.integers(0, 9))
def test_dare_is_its_formula_for_what_was_drawn(triple, density, scale, share, seed):
    """What was drawn is read off merges of one task vector alone; then both are put together by the formulas."""
    base, one, other = flat(triple)
    values = {"density": density, "seed": seed}
    tilde1 = merged("dare", triple, scale=1.0, share=1.0, **values).ravel() - base
    tilde2 = merged("dare", triple, scale=1.0, share=0.0, **values).ravel() - base
    for tilde, vector in ((tilde1, one), (tilde2, other)):
        kept = tilde != 0
        close(tilde[kept], vector[kept] / density)
    linear = base + scale * (share * tilde1 + (1 - share) * tilde2)
    np.testing.assert_allclose(
        merged("dare", triple, scale=scale, share=share, **values).ravel(), linear, rtol=1e-5, atol=1e-4
    )
    if share in (0.25, 0.5):  # at other weights a tie of the vote may hang on the last bit
        elected = base + scale * np.array(slow_ties(np.round(tilde1, 4), np.round(tilde2, 4), share))
        found = merged("dare-ties", triple, scale=scale, share=share, **values).ravel()
        unsure = np.abs(share * tilde1 + (1 - share) * tilde2) < 1e-3
        np.testing.assert_allclose(found[~unsure], elected[~unsure], rtol=1e-4, atol=2e-3)


# ---- Laws -----------------------------------------------------------------------------------------------------------

WHOLE = {"density": 1.0, "heads": 1.0}
CHILD = {"lambda": 1.0, "share": 1.0, "ratio": 1.0, "scale": 1.0} | WHOLE
ADULT = {"lambda": 0.0, "share": 0.0, "ratio": 0.0, "scale": 1.0} | WHOLE


def own(method, values):
    names = {parameter.name for parameter in METHODS[method].parameters} | (
        {"ratio"} if METHODS[method].curve else set()
    )
    return {name: value for name, value in values.items() if name in names}


@pytest.mark.parametrize("method", READY_METHODS)
@given(triples)
def test_all_weight_on_the_child_is_the_child_and_on_the_adult_the_adult(method, triple):
    close(merged(method, triple, **own(method, CHILD)), triple[1])
    close(merged(method, triple, **own(method, ADULT)), triple[2])


@pytest.mark.parametrize("method", ["sa", "hsa", "lerp", "slerp", "task-slerp", "task-arithmetic"])
@given(arrays.arrays(np.float32, SHAPE, elements=st.floats(-8, 8, width=32) | st.just(-0.0)), tensors, tensors)
def test_the_child_end_is_exact(method, first, base, second):
    triple = (base, first, second)
    found = merged(method, triple, **own(method, CHILD))
    assert np.array_equal(found, first)
    if method != "task-arithmetic":  # the ends of an interpolation are copies, in the sign of zero too
        assert found.tobytes() == first.tobytes()


@pytest.mark.parametrize("method", METHODS)
@given(tensors, shares)
def test_three_equal_tensors_are_a_fixed_point(method, tensor, share):
    values = own(method, {"lambda": share, "ratio": share, "share": share})
    close(merged(method, (tensor, tensor, tensor), **values), tensor)


@pytest.mark.parametrize("method", METHODS)
@given(tensors, tensors, shares)
def test_two_equal_parents_are_a_fixed_point_where_nothing_is_dropped_or_scaled(method, base, parent, share):
    values = own(method, {"lambda": share, "ratio": share, "share": share, "scale": 1.0} | WHOLE)
    close(merged(method, (base, parent, parent), **values), parent)


@pytest.mark.parametrize("method", [name for name in METHODS if not name.startswith("dare")])
@given(triples)
def test_swapping_the_parents_and_their_shares_changes_nothing(method, triple):
    mirrored = (triple[0], triple[2], triple[1])
    values = own(method, {"lambda": 0.25, "ratio": 0.25, "share": 0.25, "heads": 1.0})
    other = own(method, {"lambda": 0.75, "ratio": 0.75, "share": 0.75, "heads": 1.0})
    close(merged(method, triple, **values), merged(method, mirrored, **other))


@given(triples, scales)
def test_scale_walks_a_straight_line_from_the_base(triple, scale):
    for method in ("task-arithmetic", "ties", "dare", "dare-ties"):
        one = merged(method, triple, scale=1.0) - triple[0]
        close(merged(method, triple, scale=scale), triple[0] + scale * one)


@given(triples, scales, shares)
def test_ties_without_trimming_or_conflicts_is_task_arithmetic(triple, scale, share):
    base, first, _ = triple
    first = np.where(first == base, base + 1, first)
    second = (base + (first - base) * 3).astype(np.float32)  # the same signs everywhere, and no zero
    values = {"scale": scale, "share": share}
    close(
        merged("ties", (base, first, second), density=1.0, **values),
        merged("task-arithmetic", (base, first, second), **values),
    )


@given(triples, shares)
def test_headwise_merge_of_all_heads_is_sa_merge_and_of_none_the_child(triple, ratio):
    assert merged("hsa", triple, ratio=ratio, heads=1.0).tobytes() == merged("sa", triple, ratio=ratio).tobytes()
    assert merged("hsa", triple, ratio=ratio, heads=0.0).tobytes() == triple[1].tobytes()


def test_ties_by_hand():
    """Two task vectors of ten entries, half of them kept: trim, elect, average, as one would on paper."""
    one = torch.tensor([5.0, -4.0, 3.0, 0.5, 2.0, 0.1, -0.2, 6.0, 0.3, 0.0])
    other = torch.tensor([3.0, 9.0, -3.0, 7.0, -0.5, 0.2, 8.0, 0.4, -0.1, 0.0])
    none = torch.zeros(10)
    kept_one, kept_other = trim(one, threshold(none, one, 0.5)), trim(other, threshold(none, other, 0.5))
    assert kept_one.tolist() == [5.0, -4.0, 3.0, 0, 2.0, 0, 0, 6.0, 0, 0]
    assert kept_other.tolist() == [3.0, 9.0, -3.0, 7.0, 0, 0, 8.0, 0, 0, 0]
    #        both +   + wins  tie: +  alone  alone  none  alone alone  none none
    expected = [4.0, 9.0, 3.0, 7.0, 2.0, 0, 8.0, 6.0, 0, 0]
    assert disjoint_mean(kept_one, kept_other, 0.5).tolist() == expected
    # With more weight on the first, it wins the second entry and weighs more in the first.
    assert disjoint_mean(kept_one, kept_other, 0.75).tolist()[:2] == [4.5, -4.0]


@given(arrays.arrays(np.float32, 30, elements=entries), st.floats(0.01, 1.0))
def test_trimming_keeps_the_largest_and_those_that_tie_with_the_last(vector, density):
    tensor = torch.from_numpy(vector)
    kept = trim(tensor, threshold(torch.zeros(30), tensor, density)).numpy()
    wanted = max(1, int(density * 30))
    left_out = np.abs(vector[kept != vector])
    assert (kept != 0).sum() >= min(wanted, (vector != 0).sum())
    assert left_out.size == 0 or left_out.max() < np.sort(np.abs(vector))[-wanted]


@pytest.mark.parametrize("kind", ["normal", "many the same", "all the same", "sparse", "in columns", "growing"])
@pytest.mark.parametrize("count", [1, 65_537, 300_000])
def test_the_magnitude_at_a_rank_is_that_of_a_sort(kind, count):
    """Also where the sample is misleading: columns as far apart as its stride, values in order."""
    drawn = np.random.default_rng(count).normal(size=count).astype(np.float32)
    places = np.arange(count)
    end = {
        "normal": drawn,
        "many the same": np.round(drawn),
        "all the same": np.full(count, -0.5, np.float32),
        "sparse": drawn * (places % 50 == 0),
        "in columns": drawn * (places % 65 == 0) * 1e3 + drawn * 1e-3,
        "growing": places.astype(np.float32),
    }[kind].astype(np.float32)
    ordered = np.sort(np.abs(end))
    for rank in {0, count // 100, count // 2, int(count * 0.8), count - 1}:
        assert magnitude_at(torch.zeros(count), torch.from_numpy(end), rank) == ordered[rank]


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_what_dare_expects_is_the_task_vector(density):
    vector = torch.linspace(-2, 3, 50)
    draws = torch.stack(
        [drop_and_rescale(vector, density, torch.Generator().manual_seed(seed)) for seed in range(4_000)]
    )
    deviation = (vector.square() * (1 - density) / density / len(draws)).sqrt()
    assert ((draws.mean(dim=0) - vector).abs() <= 5 * deviation + 1e-6).all()
    assert ((draws != 0).double().mean() - density).abs() < 0.01


def test_a_draw_is_the_seeds_and_the_tensors_and_the_members():
    generator = np.random.default_rng(0)
    base = np.zeros(SHAPE, np.float32)
    first = generator.normal(size=SHAPE).astype(np.float32)
    one = merged("dare", (base, first, first), seed=1, share=1.0)
    assert np.array_equal(one, merged("dare", (base, first, first), seed=1, share=1.0))
    assert not np.array_equal(one, merged("dare", (base, first, first), seed=2, share=1.0))
    assert not np.array_equal(one, merged("dare", (base, first, first), seed=1, share=0.0))
    # What is kept at a low density is kept at a high one: a slider adds entries and takes none back.
    low, high = merged("dare", (base, first, first), density=0.3), merged("dare", (base, first, first), density=0.6)
    assert ((low != 0) <= (high != 0)).all()


def test_big_tensors_are_merged_as_small_ones():
    """Work is done in pieces; the pieces' borders must not show."""
    generator = np.random.default_rng(1)
    triple = [generator.normal(size=(300, 300)).astype(np.float32) for _ in range(3)]
    base, one, other = flat(triple)
    out = torch.empty(300, 300)
    operands = Operands("a", *(torch.from_numpy(tensor) for tensor in triple))
    merge_of("ties")(operands, {"density": 0.2, "scale": 1.0, "share": 0.5}, out)
    vector = slow_ties(slow_trim(one.astype(np.float32), 0.2), slow_trim(other.astype(np.float32), 0.2), 0.5)
    np.testing.assert_allclose(out.numpy().ravel(), base + vector, atol=1e-5)


def test_heads_of_equal_score_are_taken_from_the_front():
    assert chosen_heads(torch.tensor([1.0, 3.0, 3.0, 3.0]), 0.5).tolist() == [1, 2]
    assert chosen_heads(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 0.6).tolist() == [2, 3, 4, 5]  # 3.6 heads


# ---- What is kept ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@given(triples, st.lists(st.tuples(shares, scales, densities), min_size=2, max_size=4))
def test_what_is_kept_from_earlier_merges_never_shows(method, triple, moves):
    kept = Kept()
    for share, scale, density in moves:
        values = own(method, {"lambda": share, "ratio": share, "share": share, "scale": scale, "density": density})
        assert merged(method, triple, kept, **values).tobytes() == merged(method, triple, **values).tobytes()


def test_the_memory_is_bounded_and_lets_the_oldest_go():
    kept, computed = Kept(limit=110), []

    def compute(name, size):
        def made():
            computed.append(name)
            return torch.zeros(size)

        return kept.recall(name, None, made)

    compute("a", 10)
    compute("b", 10)
    compute("a", 10)
    assert computed == ["a", "b"]
    compute("c", 10)  # 120 bytes: b goes, a was asked for last
    assert kept.size == 80
    compute("a", 10)
    compute("huge", 100)  # is not kept, and drives nothing out
    compute("c", 10)
    assert computed == ["a", "b", "c", "huge"]
    assert kept.recall("a", "another key", lambda: 1.5) == 1.5
    assert kept.size == 40 + 64


# ---- The table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_row_says_all_that_is_to_be_said(method):
    row = METHODS[method]
    assert row.title
    assert row.meaning.endswith(".")
    assert row.paper.startswith("https://")
    assert "W" in row.equation or "as TIES" in row.equation
    for parameter in row.parameters:
        assert parameter.read(parameter.default, "table") == parameter.default
        assert parameter.meaning
