"""A model of the Hub is looked at before it is fetched: what does not fit costs kilobytes, and is one sentence."""

import json
import shutil
from collections import namedtuple
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from hub_standin import THREE, HubStandin, empty_caches
from material import no_progress
from safetensors.torch import load, save

from explorer.__main__ import main
from explorer.checkpoints import hub_header
from explorer.checkpoints.triple import load_triple
from explorer.config import Source, TripleSpec
from explorer.errors import CheckpointError

WEIGHTS = "model.safetensors"
Q = "model.encoder.layers.1.self_attn.q_proj.weight"
Usage = namedtuple("Usage", "total used free")
SPEC = TripleSpec(name="t", title="t", base=Source(repo="o/base"), m1=Source(repo="o/m1"), m2=Source(repo="o/m2"))


@pytest.fixture
def standin(tmp_path, monkeypatch, tiny_whisper_folders):
    """A Hub with three Whispers that fit together, and empty caches."""
    empty_caches(monkeypatch, tmp_path)
    with HubStandin() as standin:
        standin.add_three(tiny_whisper_folders)
        monkeypatch.setenv("HF_ENDPOINT", standin.endpoint)
        yield standin


def change_config(files, **entries):
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | entries).encode()


def change_tensors(files, change):
    tensors = load(files[WEIGHTS])
    change(tensors)
    files[WEIGHTS] = save(tensors)


def cut(files):
    files[WEIGHTS] = files[WEIGHTS][:-100]


def to_pickle(files):
    files["pytorch_model.bin"] = files.pop(WEIGHTS)


def refused(standin, spec=SPEC):
    """The sentence a triple is refused with; of no member have weights been fetched."""
    with pytest.raises(CheckpointError) as caught:
        load_triple(spec, no_progress)
    sentence = str(caught.value)
    assert "\n" not in sentence
    # Headers are a few kilobytes; one file of weights has three megabytes.
    assert standin.sent < 400_000
    assert not list(Path(huggingface_hub.constants.HF_HUB_CACHE).rglob("snapshots/*/*.safetensors"))
    return sentence


REFUSED = {
    "another architecture": (lambda f: change_config(f, model_type="wav2vec2"), ["config.json", "expected whisper"]),
    "another vocabulary": (lambda f: change_config(f, vocab_size=51_865), ["vocab_size", "51864", "51865"]),
    "more layers": (lambda f: change_config(f, encoder_layers=3), ["encoder_layers", "expected 2", "got 3"]),
    "another width": (lambda f: change_config(f, d_model=32), ["d_model", "expected 16", "got 32"]),
    "broken config": (lambda f: f.update({"config.json": b"{"}), ["config.json"]),
    "another shape": (
        lambda f: change_tensors(f, lambda t: t.update({Q: torch.zeros(16, 8)})),
        [Q, "expected shape (16, 16)", "got (16, 8)"],
    ),
    "a missing tensor": (lambda f: change_tensors(f, lambda t: t.pop(Q)), [Q, "is missing"]),
    "a tensor too many": (lambda f: change_tensors(f, lambda t: t.update(x=torch.zeros(1))), ["x: not a tensor of"]),
    "an adapter": (lambda f: change_tensors(f, lambda t: t.update({"lora_A": torch.zeros(1)})), ["adapter"]),
    "cut short on the Hub": (cut, [WEIGHTS, "not whole on the Hub"]),
    "not safetensors": (lambda f: f.update({WEIGHTS: b"\xff" * 1000}), [WEIGHTS, "does not begin as"]),
    "an empty file": (lambda f: f.update({WEIGHTS: b""}), [WEIGHTS, "does not begin as"]),
    "a header that is no JSON": (lambda f: f.update({WEIGHTS: b"\x08" + bytes(7) + b"{" * 8}), ["does not begin as"]),
    "only a pickle": (to_pickle, ["only pickled weights"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_before_any_weights_are_fetched(standin, what):
    change, parts = REFUSED[what]
    files = dict(standin.repos["o/m2"])
    change(files)
    standin.add("o/m2", files)
    sentence = refused(standin)
    assert sentence.startswith("o/m2: ")
    assert [part for part in parts if part not in sentence] == []


@pytest.mark.parametrize("what", ["another architecture", "another shape", "only a pickle", "cut short on the Hub"])
def test_a_base_is_looked_at_too(standin, what):
    files = dict(standin.repos["o/base"])
    REFUSED[what][0](files)
    standin.add("o/base", files)
    assert refused(standin).startswith("o/base: ")


def test_a_triple_that_fits_is_fetched_once_and_then_not_asked_for_again(standin, tiny_whisper_folders):
    triple = load_triple(SPEC, no_progress)
    assert triple.weights["m1"].keys() == triple.weights["m2"].keys()
    whole = sum(len(files[WEIGHTS]) for files in standin.repos.values())
    assert whole <= standin.sent < whole + 400_000
    asked = len(standin.requests)
    load_triple(SPEC, no_progress)
    assert len(standin.requests) == asked


def test_a_member_is_compared_with_a_base_that_is_a_folder(standin, tiny_whisper_folders):
    files = dict(standin.repos["o/m1"])
    change_config(files, decoder_layers=4)
    standin.add("o/m1", files)
    spec = TripleSpec(name="t", title="t", base=Source(folder=tiny_whisper_folders.base), m1=SPEC.m1, m2=SPEC.m2)
    assert "decoder_layers: expected 2" in refused(standin, spec)


def test_a_server_without_ranges_is_not_read_to_the_end(standin):
    standin.fault = "no ranges"
    files = dict(standin.repos["o/m2"])
    change_tensors(files, lambda tensors: tensors.update({Q: torch.zeros(16, 8)}))
    standin.add("o/m2", files)
    with pytest.raises(CheckpointError, match="got \\(16, 8\\)"):
        load_triple(SPEC, no_progress)
    assert not list(Path(huggingface_hub.constants.HF_HUB_CACHE).rglob("snapshots/*/*.safetensors"))


def test_a_long_header_is_asked_for_in_full(standin, monkeypatch):
    monkeypatch.setattr(hub_header, "_FIRST", 64)
    standin.fault = "no ranges"
    load_triple(SPEC, no_progress)
    standin.fault = None
    shutil.rmtree(huggingface_hub.constants.HF_HUB_CACHE)
    load_triple(SPEC, no_progress)


def test_the_token_does_not_follow_to_another_host(standin, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    files = dict(standin.repos["o/m2"])
    REFUSED["a missing tensor"][0](files)
    standin.add("o/m2", files)
    refused(standin)
    assert standin.tokens == {"Bearer hf_secret", None}


def test_a_gated_member_says_so_before_the_base_is_fetched(standin):
    standin.fault = "gated"
    assert "accept its terms" in refused(standin)


def test_what_is_fetched_is_what_was_looked_at(standin):
    """The owner pushes between the look and the download: the old commit is fetched, whole."""
    old = standin.repos["o/m2"]
    broken = dict(old)
    REFUSED["another shape"][0](broken)
    spec = TripleSpec(name="t", title="t", base=SPEC.m1, m1=SPEC.m1, m2=SPEC.m2)
    load_triple(TripleSpec(name="t", title="t", base=SPEC.m1, m1=SPEC.m1, m2=SPEC.m1), no_progress)
    standin.after_listing = lambda: standin.add("o/m2", broken)
    loaded = load_triple(spec, no_progress)
    assert standin.repos["o/m2"] == broken
    assert torch.equal(loaded.weights["m2"][Q], load(old[WEIGHTS])[Q])


def test_all_that_is_missing_must_fit_on_the_disk_together(standin, monkeypatch):
    size = sum(len(data) for data in standin.repos["o/m1"].values())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 2 * size))
    assert "o/base, o/m1, o/m2: " in (sentence := refused(standin))
    assert "of free disk space" in sentence


def test_a_disk_budget_counts_what_is_kept_already(standin, monkeypatch, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "kept").write_bytes(bytes(1_000_000))
    needed = sum(len(data) for files in standin.repos.values() for data in files.values())
    monkeypatch.setenv("SA_MERGE_DISK_BUDGET", f"{(needed + 900_000) / 1e9:.6f}")
    assert "do not fit into SA_MERGE_DISK_BUDGET" in (sentence := refused(standin))
    assert "of which 1 MB are taken" in sentence
    monkeypatch.setenv("SA_MERGE_DISK_BUDGET", f"{(needed + 1_100_000) / 1e9:.6f}")
    load_triple(SPEC, no_progress)
    load_triple(SPEC, no_progress)  # what is here needs no more room


@pytest.mark.parametrize("budget", ["plenty", "-3", "nan", "1e9"])
def test_a_budget_that_is_no_number_is_named(standin, monkeypatch, budget):
    monkeypatch.setenv("SA_MERGE_DISK_BUDGET", budget)
    assert f"SA_MERGE_DISK_BUDGET: expected gigabytes such as 20, but got {budget!r}" in refused(standin)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "checkpoints.yaml"
    path.write_text(THREE)
    return path


def test_the_command_tells_size_and_licence_and_fetches_nothing(standin, config, capsys):
    standin.licences["o/m1"] = "mit"
    assert main(["fetch", "--look", "--json", "--config", str(config)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["repo"] for row in document["fetch"]] == ["o/base", "o/m1", "o/m2"]
    assert [row["licence"] for row in document["fetch"]] == ["not stated", "mit", "not stated"]
    size = sum(len(data) for data in standin.repos["o/m1"].values())
    assert document["fetch"][1]["bytes"] == size
    assert standin.sent < 400_000
    assert main(["fetch", "--config", str(config)]) == 0
    capsys.readouterr()
    assert main(["fetch", "--look", "--config", str(config)]) == 0
    assert "Nothing of hub has to be fetched" in capsys.readouterr().out


def test_an_added_checkpoint_is_looked_at_before_it_is_fetched(standin, config, capsys, tmp_path):
    assert main(["fetch", "--config", str(config)]) == 0
    files = dict(standin.repos["o/m1"])
    change_config(files, encoder_layers=3)
    standin.add("o/odd", files)
    before = standin.sent
    out = str(tmp_path / "out")
    assert main(["merge", "--add", "hub:o/odd=0.5", "--out", out, "--config", str(config), "--device", "cpu"]) == 2
    told = capsys.readouterr().err
    assert "o/odd: config.json: encoder_layers: expected 2" in told
    assert standin.sent == before
