"""What ``make oracles`` compares without its peers: SA Merge as it is described, RegMean as least squares."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import run
from oracles.groupings import group
from oracles.slow_sa_merge import shares, slow_sa_merge

STACKS = {r".*\.encoder\..*self_attn": "e", r".*\.decoder\..*self_attn": "s", r".*\.decoder\..*encoder_attn": "x"}
KINDS = st.sampled_from([*STACKS, r".*", r".*\.layers\.0\..*attn", r".*\.layers\.[0-1]\.self_attn"])
ENDS = st.sampled_from([r"\.(q|k|v)_proj.*", r"\.q_proj.*", r"\.[kv]_proj\.weight", r".*bias", r"\.out_proj.*"])
PATTERNS = st.lists(st.tuples(KINDS, ENDS).map("".join), min_size=1, max_size=3)
GROUPS = st.lists(
    st.builds(
        lambda patterns, lamda, alpha: group(lamda, alpha, *patterns),
        PATTERNS,
        st.integers(0, 10).map(lambda number: number / 10),
        st.integers(0, 20).map(lambda number: number / 10),
    ),
    max_size=4,
)


@given(GROUPS)
@settings(max_examples=40)
def test_sa_merge_is_the_description_of_the_authors_script_for_any_grouping(tiny_bench, groups):
    members = [
        {name: tensor.numpy() for name, tensor in tiny_bench.live.triple.weights[member].items()}
        for member in ("m0", "m1", "m2")
    ]
    found, wanted = run.by_tensor(tiny_bench, groups), slow_sa_merge(groups, *members)
    for name, tensor in found.items():
        np.testing.assert_allclose(tensor.numpy(), wanted[name], rtol=1e-6, atol=1e-6, err_msg=name)


def test_what_can_be_imported_is_the_same_merge_live(tiny_bench, monkeypatch):
    monkeypatch.delenv("SA_MERGE_SCRIPT", raising=False)
    rows = list(run.with_authors(tiny_bench, None, None))
    assert sum(title.endswith(", imported") for title, _, _ in rows) >= 6
    assert max(found for _, _, found in rows) <= run.LIMIT


def test_regmean_reaches_the_least_squares(tiny_bench):
    ((_, _, found),) = run.with_least_squares(tiny_bench, None, None)
    assert abs(found) <= run.LIMIT


def test_a_difference_is_seen_and_a_lack_is_told():
    one = {"a": torch.tensor([1.0, 100.0]), "b": torch.zeros(1)}
    other = {"a": torch.tensor([1.0, 100.001]), "b": torch.tensor([2e-5])}
    assert run.difference(one, one) == 0
    assert run.difference(one, other) == pytest.approx(2e-5)
    with pytest.raises(SystemExit, match="lacks"):
        run.difference(one, {"a": one["a"]})


def test_later_groups_count_and_zero_stands_for_m1():
    groups = [group(0.25, 1, r"a.*"), group(0.5, 2, r"ab"), group(0, 0, r"ac")]
    names = ["a", "ab", "ac", "b"]
    assert shares(groups, names) == {"a": 0.25, "ab": 0.25, "ac": 1.0, "b": 1.0}
    weights = [{name: np.full(1, value, np.float32) for name in names} for value in (1.0, 8.0, 4.0)]
    merged = slow_sa_merge(groups, *weights)
    for name, share in shares(groups, names).items():
        assert merged[name] == pytest.approx(8 * share + 4 * (1 - share))
