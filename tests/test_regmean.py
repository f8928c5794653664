"""RegMean: against least squares, and from clips to a merged model."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.torch import load_file

from explorer.__main__ import main
from explorer.audio import load_clip
from explorer.calibration import gather_grams, gathering
from explorer.checkpoints.triple import MEMBERS
from explorer.errors import CorpusError, RecipeError
from explorer.merging.grams import Grams, grams_path, load_grams, save_grams
from explorer.merging.operands import Operands
from explorer.merging.regmean import merge, regression_mean, shielded
from explorer.recipe import recipe_from
from explorer.transcription.decoding import Decoding, Halt
from explorer.transcription.encoder import encode

ROOT = Path(__file__).parents[1]
entries = st.integers(-16, 16).map(lambda number: number / 8)
weights = arrays.arrays(np.float32, (3, 4), elements=entries)
INPUTS = np.random.default_rng(0).normal(size=(2, 60, 4))
FIT = Decoding("fit", None)


def gram(inputs):
    return torch.from_numpy((inputs.T @ inputs / len(inputs)).astype(np.float32))


@given(weights, weights, st.integers(5, 60), st.integers(5, 60))
def test_it_is_the_least_squares_solution_over_both_models_inputs(first, second, many, others):
    """Unshielded: the layer whose outputs on both sets of inputs are nearest to those that each model gives there."""
    one, other = INPUTS[0][:many], INPUTS[1][:others]
    found = regression_mean(torch.from_numpy(first), torch.from_numpy(second), (gram(one), gram(other)), 1.0)
    # Each set counts as its mean, so its rows are divided by the square root of their number.
    rows = np.concatenate([one / many**0.5, other / others**0.5])
    outputs = np.concatenate([one @ first.T / many**0.5, other @ second.T / others**0.5])
    expected, *_ = np.linalg.lstsq(rows, outputs, rcond=None)
    np.testing.assert_allclose(found.numpy(), expected.T, rtol=1e-4, atol=1e-4)


@given(weights, weights)
def test_without_correlations_every_input_is_a_weighted_mean(first, second):
    grams = gram(INPUTS[0] * [1, 2, 3, 4]), gram(INPUTS[1])
    found = regression_mean(torch.from_numpy(first), torch.from_numpy(second), grams, 0.0).numpy()
    one, other = (np.diag(each.numpy().astype(float)) for each in grams)
    np.testing.assert_allclose(found, (first * one + second * other) / (one + other), rtol=1e-5, atol=1e-6)


@given(weights, st.floats(0, 1))
def test_equal_parents_are_a_fixed_point_in_directions_nobody_heard_too(parent, alpha):
    flat = INPUTS[0] * [1, 1, 0, 0]
    tensor = torch.from_numpy(parent)
    found = regression_mean(tensor, tensor, (gram(flat), gram(flat)), alpha)
    np.testing.assert_allclose(found.numpy(), parent, atol=1e-5)


def test_what_no_clip_said_anything_about_is_averaged():
    first, second, out = torch.zeros(3, 4), torch.full((3, 4), 2.0), torch.empty(3, 4)
    nothing = (torch.zeros(4, 4), torch.zeros(4, 4))
    for grams in (None, nothing):
        merge(Operands("a", first, first, second, grams=grams), {"offdiagonal": 0.9}, out)
        assert out.tolist() == [[1.0] * 4] * 3
    half = gram(INPUTS[0] * [1, 1, 0, 0])
    found = regression_mean(first, second, (half, half), 0.9)
    np.testing.assert_allclose(found[:, 2:], 1.0, atol=1e-5)


def test_the_shield_takes_from_what_is_off_the_diagonal_alone():
    matrix = gram(INPUTS[0])
    assert torch.allclose(shielded(matrix, 1.0), matrix.double())
    assert torch.allclose(shielded(matrix, 0.0), torch.diag(torch.diagonal(matrix)).double())
    assert torch.allclose(shielded(matrix, 0.25).fill_diagonal_(0), 0.25 * matrix.double().fill_diagonal_(0))


# ---- From clips to a merge ------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_gram_matrices_are_those_of_the_inputs_a_layer_gets(tiny_bench, tone):
    clip, seen = load_clip(tone), []
    with tiny_bench.live.checkpoint("m1") as network:
        layer = network.model.encoder.layers[1].fc2
        hook = layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
        with gathering(network) as grams:
            for _ in range(2):
                tiny_bench.transcriber.forced(network, clip, "a b", FIT)
        hook.remove()
        tiny_bench.transcriber.forced(network, clip, "a b c", FIT)  # nobody gathers any more
        names = {f"{name}.weight" for name, each in network.named_modules() if isinstance(each, torch.nn.Linear)}
    assert set(grams) == names - {"proj_out.weight"}
    rows = torch.cat([each.reshape(-1, 32) for each in seen])
    assert torch.allclose(grams["model.encoder.layers.1.fc2.weight"], rows.T @ rows / len(rows), rtol=1e-4)
    cross = "model.decoder.layers.0.encoder_attn"
    assert torch.equal(grams[f"{cross}.k_proj.weight"], grams[f"{cross}.v_proj.weight"])
    assert not torch.equal(grams[f"{cross}.q_proj.weight"], grams[f"{cross}.k_proj.weight"])


def test_being_told_the_words_is_what_decoding_them_would_compute(tiny_bench, tone):
    """The hidden states after the prompt are those of a step of the decoder, whatever words follow."""
    clip, transcriber = load_clip(tone), tiny_bench.transcriber
    with tiny_bench.live.checkpoint("m1") as network:
        told = [transcriber.forced(network, clip, text, FIT) for text in ("a b", "c")]
        with torch.inference_mode():
            heard = encode(network, transcriber.features([clip], FIT), Halt())
            prompt = torch.tensor([transcriber.rules.prompt])
            step = network.model.decoder(prompt, encoder_hidden_states=heard, use_cache=False).last_hidden_state
    for hidden in told:
        assert torch.allclose(hidden[:, : prompt.shape[1]], step, atol=1e-5)
    assert transcriber.forced(network, clip, "abc " * 900, FIT).shape[1] == network.config.max_target_positions


def test_a_merge_from_clips_is_regmean_on_linear_layers_and_a_mean_elsewhere(tiny_bench, noises, kept):
    told = []
    assert gather_grams(tiny_bench, "few", (noises[:3], noises[3:5]), FIT, told.append) == 5
    assert told == [1] * 5
    live = tiny_bench.live
    path = grams_path(live.fingerprint("m1"), live.fingerprint("m2"), "few")
    grams, raw = load_grams(path), load_file(path)
    m0, m1, m2 = (live.triple.weights[member] for member in MEMBERS)
    with live.merged(recipe_from({"triple": "tiny", "method": "regmean", "grams": "few", "offdiagonal": 0.5})) as model:
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for name in m1:
        expected = (m1[name].double() + m2[name].double()) / 2
        if f"m1 {name}" in raw:
            expected = regression_mean(m1[name], m2[name], grams.of(name), 0.5)
        if m1[name] is m0[name] and m2[name] is m0[name]:
            expected = m0[name].double()
        assert torch.allclose(state[name].double(), expected, atol=1e-6), name
    with pytest.raises(RecipeError, match="name: 'few' is taken for this triple"):
        gather_grams(tiny_bench, "few", (noises[:1], noises[:1]), FIT, told.append)


def test_absent_and_broken_matrices_are_one_sentence_and_harm_nothing(tiny_triple, live, kept):
    regmean = recipe_from({"triple": "tiny", "method": "regmean", "grams": "mine"})
    before = live.merged_fingerprint(recipe_from({"triple": "tiny"}))
    path = grams_path(live.fingerprint("m1"), live.fingerprint("m2"), "mine")
    save_grams(path.with_name("other.safetensors"), Grams({}, {}))
    with pytest.raises(RecipeError, match=r"no Gram matrices called 'mine' .*there are: other.*make them with"):
        live.merged_fingerprint(regmean)
    path.write_bytes(b"nothing")
    with pytest.raises(RecipeError, match=r"mine\.safetensors: is broken"):
        live.check(regmean)
    assert live.merged_fingerprint(recipe_from({"triple": "tiny"})) == before


def test_no_clip_short_enough_is_said_before_anything_is_kept(tiny_bench, noises, kept):
    with pytest.raises(CorpusError, match="no utterance of at most 30 s for M2"):
        gather_grams(tiny_bench, "none", (noises[:1], []), FIT, lambda done: None)
    assert not kept.exists()


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a b", "x" * 61, 5])
def test_a_name_that_could_be_a_path_is_refused(name):
    with pytest.raises(RecipeError, match="grams: expected a name"):
        recipe_from({"triple": "tiny", "method": "regmean", "grams": name})


def test_from_the_command_line(tiny_config, kept, capsys):
    def run(*arguments):
        code = main([*arguments, "--config", str(tiny_config), "--device", "cpu", "--json"])
        told, complaint = capsys.readouterr()
        return code, told, complaint

    corpus = f"manifest:{ROOT / 'assets' / 'clips'}"
    code, told, _ = run("grams", "--corpus", corpus, "--limit", "2", "--name", "1h")
    assert code == 0
    assert json.loads(told) == {"triple": "tiny", "grams": "1h", "clips": 4, "corpora": [corpus, corpus]}
    code, told, _ = run("merge", "--method", "regmean", "--set", "grams=1h", "--out", str(kept / "merged"))
    assert code == 0
    assert json.loads(told)["recipe"]["grams"] == "1h"
    code, _, complaint = run("merge", "--method", "regmean", "--out", str(kept / "again"))
    assert code == 2
    assert complaint.startswith("error: grams: no Gram matrices called 'default' for this triple (there are: 1h)")
