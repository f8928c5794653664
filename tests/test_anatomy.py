"""What fine-tuning changed, in numbers: each measured once more with numpy, in the plainest way."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.torch import save_file

from explorer.__main__ import main
from explorer.anatomy import Sums, anatomy, cosines, effective_rank, energy, head_norms, kept_anatomy
from explorer.attention import PARTS, layer_matrices, part_of

entries = st.integers(-32, 32).map(lambda number: number / 8)
matrices = arrays.arrays(np.float32, (4, 6), elements=entries)


def vectors_of(triple):
    base = triple.weights["m0"]
    return {member: {name: triple.weights[member][name] - base[name] for name in base} for member in ("m1", "m2")}


@pytest.fixture(scope="module")
def found(tiny_triple):
    return anatomy(tiny_triple, vectors_of(tiny_triple))


@given(matrices, matrices, matrices)
def test_lengths_cosine_and_conflicts_are_what_numpy_says(base, first, second):
    sums = Sums()
    sums.add(*(torch.from_numpy(each) for each in (base, first, second)))
    numbers = sums.numbers()
    lengths = [np.linalg.norm(each.astype(float)) for each in (base, first, second)]
    assert [numbers["norm_base"], numbers["norm_1"], numbers["norm_2"]] == pytest.approx(lengths, abs=1e-6)
    if all(lengths):
        assert numbers["relative_1"] == pytest.approx(lengths[1] / lengths[0], abs=1e-6)
        assert numbers["cosine"] == pytest.approx((first * second).sum() / lengths[1] / lengths[2], abs=1e-6)
    pairs = [(x, y) for x, y in zip(first.ravel(), second.ravel(), strict=True) if x and y]
    opposed = sum((x > 0) != (y > 0) for x, y in pairs)
    assert numbers["conflicts"] == pytest.approx(opposed / len(pairs) if pairs else 0.0, abs=1e-6)


@given(matrices)
def test_effective_rank_is_the_entropy_of_the_singular_values(matrix):
    found = effective_rank(torch.from_numpy(matrix))
    values = np.linalg.svd(matrix.astype(float), compute_uv=False)
    shares = values[values > 1e-9] / max(values.sum(), 1e-30)
    expected = np.exp(-(shares * np.log(shares)).sum()) if values.sum() else 0.0
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert effective_rank(torch.from_numpy(np.ascontiguousarray(matrix.T))) == pytest.approx(found, rel=1e-4)


def test_effective_rank_of_what_is_known():
    assert effective_rank(torch.eye(5)) == pytest.approx(5)
    assert effective_rank(torch.outer(torch.arange(1.0, 5), torch.arange(1.0, 4))) == pytest.approx(1, abs=1e-3)
    assert effective_rank(torch.zeros(3, 4)) == 0


def test_rows_of_queries_and_columns_of_outputs_belong_to_heads():
    matrix = torch.arange(16.0).reshape(4, 4)
    rows = [float(np.linalg.norm(matrix[:2])), float(np.linalg.norm(matrix[2:]))]
    columns = [float(np.linalg.norm(matrix[:, :2])), float(np.linalg.norm(matrix[:, 2:]))]
    assert head_norms(matrix, 2, "q") == pytest.approx(rows)
    assert head_norms(matrix, 2, "out") == pytest.approx(columns)


def test_every_matrix_is_there_once_from_the_bottom_up(found, tiny_triple):
    assert len(found["matrices"]) == 2 * (4 + 2) + 2 * (8 + 2)
    places = [(row["stack"], row["layer"], row["kind"], row["projection"]) for row in found["matrices"]]
    assert len(set(places)) == len(places)
    assert places[:3] == [("encoder", 0, "self", projection) for projection in ("q", "k", "v")]
    assert places[-1] == ("decoder", 1, "feed-forward", "fc2")
    assert len(layer_matrices(tiny_triple.weights["m0"])) == len(places)


def test_a_row_measures_its_own_matrix(found, tiny_triple):
    name = "model.decoder.layers.1.encoder_attn.k_proj.weight"
    base, first, second = (tiny_triple.weights[member][name].double().numpy() for member in ("m0", "m1", "m2"))
    wanted = ("decoder", 1, "cross", "k")
    (row,) = [
        row for row in found["matrices"] if (row["stack"], row["layer"], row["kind"], row["projection"]) == wanted
    ]
    assert row["norm_1"] == pytest.approx(np.linalg.norm(first - base), rel=1e-5)
    assert row["relative_2"] == pytest.approx(np.linalg.norm(second - base) / np.linalg.norm(base), rel=1e-5)
    assert row["heads_1"] == pytest.approx([np.linalg.norm((first - base)[rows]) for rows in (slice(8), slice(8, 16))])
    assert sum(norm**2 for norm in row["heads_2"]) == pytest.approx(row["norm_2"] ** 2, rel=1e-5)
    assert "heads_1" not in found["matrices"][-1]


def test_kinds_pool_their_matrices(found):
    for kind in found["kinds"]:
        rows = [row for row in found["matrices"] if (row["stack"], row["kind"]) == (kind["stack"], kind["kind"])]
        assert kind["norm_1"] ** 2 == pytest.approx(sum(row["norm_1"] ** 2 for row in rows), rel=1e-5)
        assert min(row["conflicts"] for row in rows) <= kind["conflicts"] <= max(row["conflicts"] for row in rows)
    assert len(found["kinds"]) == 5


def test_energy_is_shared_out_among_the_parts(tiny_triple):
    vector = vectors_of(tiny_triple)["m1"]
    shares = energy(vector)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert list(shares) == list(PARTS)
    assert shares["embeddings"] == shares["stem"] == 0
    whole = sum(float(tensor.double().square().sum()) for tensor in vector.values())
    feed = sum(float(t.double().square().sum()) for name, t in vector.items() if part_of(name) == "feed-forward")
    assert shares["feed-forward"] == pytest.approx(feed / whole, abs=1e-6)
    assert set(energy({}).values()) == {0.0}


def test_cosines_of_whole_task_vectors():
    one = {"a": torch.tensor([3.0, 0.0]), "b": torch.tensor([4.0])}
    other = {"a": torch.tensor([0.0, 1.0])}
    opposite = {name: -2 * tensor for name, tensor in one.items()}
    found = cosines([one, other, opposite, {"b": torch.tensor([1.0])}])
    assert found[0] == [1.0, 0.0, -1.0, 0.8]
    assert all(found[i][j] == found[j][i] for i in range(4) for j in range(4))


def test_equal_parents_have_no_conflict_and_point_the_same_way(tiny_triple):
    twins = replace(tiny_triple, weights={**tiny_triple.weights, "m2": tiny_triple.weights["m1"]})
    found = anatomy(twins, vectors_of(twins))
    assert {row["conflicts"] for row in found["matrices"]} == {0.0}
    assert {row["cosine"] for row in found["matrices"]} == {1.0}
    assert found["cosines"] == [[1.0, 1.0], [1.0, 1.0]]


def test_it_is_computed_once_and_read_afterwards(tiny_triple, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr("explorer.anatomy.anatomy", lambda *given: calls.append(given) or anatomy(*given))
    members = {"m0": "a", "m1": "b", "m2": "c"}
    first = kept_anatomy(tiny_triple, members, tmp_path / "new")
    assert kept_anatomy(tiny_triple, members, tmp_path / "new") == first
    assert len(calls) == 1
    (path,) = (tmp_path / "new").iterdir()
    for damage in ("", "{", "[]", '{"version": 0}'):
        path.write_text(damage)
        assert kept_anatomy(tiny_triple, members, tmp_path / "new") == first
    assert len(calls) == 5
    kept_anatomy(tiny_triple, members | {"m1": "other weights"}, tmp_path / "new")
    assert len(calls) == 6
    (tmp_path / "file").write_text("in the way")
    assert kept_anatomy(tiny_triple, members, tmp_path / "file") == first


def test_further_vectors_of_the_triple_are_measured_too(tiny_triple, tmp_path):
    name = "model.encoder.layers.0.fc1.weight"
    path = tmp_path / "noise.safetensors"
    save_file({name: torch.ones(32, 16)}, path, {"format": "task-vector/1"})
    source = replace(tiny_triple.spec.m1, folder=None, task_vector=path)
    with_noise = replace(tiny_triple, spec=replace(tiny_triple.spec, vectors={"noise": source}))
    found = kept_anatomy(with_noise, {"m0": "a"}, tmp_path / "kept")
    assert found["vectors"] == ["m1", "m2", "noise"]
    assert found["energy"]["noise"]["feed-forward"] == 1
    assert [found["cosines"][i][i] for i in range(3)] == [1.0, 1.0, 1.0]


def test_the_command_tells_it_as_a_document_and_as_a_table(tiny_config, capsys):
    assert main(["anatomy", "--triple", "tiny", "--config", str(tiny_config), "--device", "cpu", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["fingerprints"]) == {"m0", "m1", "m2"}
    assert len(document["matrices"]) == 32
    assert main(["anatomy", "--config", str(tiny_config), "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    assert told.count("\n") == 1 + 5 + 2
    assert "energy of m1: encoder.self" in told
