"""Do M0, M1 and M2 belong together? Every mismatch is one sentence that names file, tensor, expected and seen."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from material import Folders, no_progress
from safetensors.torch import load_file, save_file

from explorer.checkpoints import triple
from explorer.checkpoints.triple import load_triple
from explorer.config import Source, TripleSpec
from explorer.errors import CheckpointError

Q = "model.encoder.layers.1.self_attn.q_proj.weight"
B = "model.decoder.layers.0.fc1.bias"


def spec_of(folders: Folders, **sources) -> TripleSpec:
    given = {"base": Source(folder=folders.base), "m1": Source(folder=folders.m1), "m2": Source(folder=folders.m2)}
    return TripleSpec(name="t", title="t", **given | sources)


def write_weights(folder: Path, tensors, name="model.safetensors"):
    (folder / name).unlink(missing_ok=True)  # a hard link: writing into it would write into everybody's
    save_file(tensors, folder / name)


def change_weights(change):
    def apply(folder):
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        write_weights(folder, tensors)

    return apply


def change_config(**entries):
    def apply(folder):
        path = folder / "config.json"
        config = json.loads(path.read_text())
        path.unlink()
        path.write_text(json.dumps(config | entries))

    return apply


def write_file(name, content):
    def apply(folder):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)

    return apply


def remove(name):
    return lambda folder: (folder / name).unlink()


def set_value(tensors, value):
    tensors[Q][3, 3] = value


def reshape(tensors):
    tensors[Q] = torch.zeros(16, 8)


def to_pickle(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def cut_short(folder):
    content = (folder / "model.safetensors").read_bytes()
    write_file("model.safetensors", content[: len(content) // 2])(folder)


def index_outside(folder):
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {Q: "../base/model.safetensors"}}
    write_file("model.safetensors.index.json", json.dumps(index).encode())(folder)


def missing_shard(folder):
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {Q: "model-00001-of-00002.safetensors"}}
    write_file("model.safetensors.index.json", json.dumps(index).encode())(folder)


# What is wrong with M2's folder, and the parts its sentence must have.
MISMATCHES = {
    "another architecture": (
        change_config(model_type="wav2vec2"),
        ["m2/config.json", "model_type", "whisper", "wav2vec2"],
    ),
    "no architecture": (change_config(model_type=None), ["m2/config.json", "model_type", "whisper", "None"]),
    "multilingual vocabulary": (change_config(vocab_size=51_865), ["m2/config.json", "vocab_size", "51864", "51865"]),
    "large-v3's vocabulary": (change_config(vocab_size=51_866), ["m2/config.json", "vocab_size", "51864", "51866"]),
    "no Whisper's vocabulary": (change_config(vocab_size=32_000), ["m2/config.json", "vocab_size", "51866", "32000"]),
    "vocabulary of another type": (change_config(vocab_size=[1]), ["m2/config.json", "vocab_size", "51866", "[1]"]),
    "mel bins": (change_config(num_mel_bins=128), ["m2/config.json", "num_mel_bins", "mel bins", "80", "128"]),
    "encoder layers": (change_config(encoder_layers=3), ["m2/config.json", "encoder_layers", "expected 2", "3"]),
    "decoder layers": (change_config(decoder_layers=4), ["m2/config.json", "decoder_layers", "expected 2", "4"]),
    "width": (change_config(d_model=32), ["m2/config.json", "d_model", "expected 16", "32"]),
    "encoder heads": (
        change_config(encoder_attention_heads=4),
        ["m2/config.json", "encoder_attention_heads", "2", "4"],
    ),
    "decoder heads": (
        change_config(decoder_attention_heads=4),
        ["m2/config.json", "decoder_attention_heads", "2", "4"],
    ),
    "encoder feed-forward": (change_config(encoder_ffn_dim=64), ["m2/config.json", "encoder_ffn_dim", "32", "64"]),
    "decoder feed-forward": (change_config(decoder_ffn_dim=64), ["m2/config.json", "decoder_ffn_dim", "32", "64"]),
    "positions": (change_config(max_source_positions=750), ["m2/config.json", "max_source_positions", "1500", "750"]),
    "no config": (remove("config.json"), ["config.json", "m2"]),
    "broken config": (write_file("config.json", b'{"model_type": '), ["config.json", "m2"]),
    "config of another type": (write_file("config.json", b"[1]"), ["config.json", "m2", "object"]),
    "missing tensor": (change_weights(lambda t: t.pop(B)), ["m2", B, "(32,)", "missing"]),
    "extra tensor": (change_weights(lambda t: t.update(extra=torch.ones(1))), ["m2", "extra", "base"]),
    "wrong shape": (change_weights(reshape), ["m2", Q, "(16, 16)", "(16, 8)"]),
    "NaN": (change_weights(lambda t: set_value(t, torch.nan)), ["m2", Q, "finite", "1 are NaN"]),
    "infinity": (change_weights(lambda t: set_value(t, -torch.inf)), ["m2", Q, "finite", "1 are NaN or infinite"]),
    "adapter folder": (write_file("adapter_config.json", b"{}"), ["m2", "adapter"]),
    "adapter's tensor": (
        change_weights(lambda t: t.update({f"{Q}.lora_A": torch.ones(1)})),
        ["m2", "lora_A", "adapter"],
    ),
    "pickle only": (to_pickle, ["m2", "pickle", "safetensors"]),
    "no weights": (remove("model.safetensors"), ["m2", "model.safetensors", "none"]),
    "cut short": (cut_short, ["model.safetensors", "m2", "not a complete safetensors file"]),
    "empty file": (
        write_file("model.safetensors", b""),
        ["model.safetensors", "m2", "not a complete safetensors file"],
    ),
    "shard outside": (index_outside, ["model.safetensors.index.json", "m2", "shards"]),
    "shard missing": (missing_shard, ["model-00001-of-00002.safetensors", "m2"]),
    "broken index": (
        lambda folder: (remove("model.safetensors")(folder), write_file("model.safetensors.index.json", b"{")(folder)),
        ["model.safetensors.index.json", "m2"],
    ),
    "index of another type": (
        lambda folder: (
            remove("model.safetensors")(folder),
            write_file("model.safetensors.index.json", b'{"weight_map": [1]}')(folder),
        ),
        ["model.safetensors.index.json", "m2"],
    ),
}


def refusal(spec: TripleSpec) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_triple(spec, no_progress)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(("break_it", "parts"), MISMATCHES.values(), ids=MISMATCHES.keys())
def test_a_member_that_does_not_fit_is_named_with_what_was_expected_and_seen(own_folders, break_it, parts):
    break_it(own_folders.m2)
    message = refusal(spec_of(own_folders))
    assert [part for part in parts if part not in message] == [], message


@pytest.mark.parametrize("member", ["base", "m1"])
@pytest.mark.parametrize("kind", ["NaN", "cut short", "no Whisper's vocabulary", "adapter folder", "no config"])
def test_every_member_is_checked(own_folders, member, kind):
    MISMATCHES[kind][0](getattr(own_folders, member))
    assert member in refusal(spec_of(own_folders))


def test_all_members_without_the_same_tensor_are_refused_too(own_folders):
    for folder in (own_folders.base, own_folders.m1, own_folders.m2):
        change_weights(lambda tensors: tensors.pop(B))(folder)
    message = refusal(spec_of(own_folders))
    assert "base" in message
    assert B in message


def test_a_base_whose_tensors_are_not_its_configs_is_refused(own_folders):
    for folder in (own_folders.base, own_folders.m1, own_folders.m2):
        change_config(encoder_layers=3)(folder)
    message = refusal(spec_of(own_folders))
    assert "base" in message
    assert "model.encoder.layers.2" in message


@pytest.mark.parametrize(
    "entries", [{"d_model": 15}, {"encoder_layers": "two"}, {"activation_function": "none"}, {"pad_token_id": 99_999}]
)
def test_a_config_no_network_can_be_built_from_is_refused(own_folders, entries):
    for folder in (own_folders.base, own_folders.m1, own_folders.m2):
        change_config(**entries)(folder)
    assert "config.json" in refusal(spec_of(own_folders))


def test_headers_are_compared_before_any_values_are_read(own_folders, monkeypatch):
    change_weights(reshape)(own_folders.m2)
    monkeypatch.setattr(triple, "load_weights", None)
    assert Q in refusal(spec_of(own_folders))


def test_a_whole_triple_passes(own_folders):
    loaded = load_triple(spec_of(own_folders), no_progress)
    assert {len(weights) for weights in loaded.weights.values()} == {len(loaded.weights["m0"])}
    assert len(loaded.parameters) == 6 * 5


def test_a_folder_in_shards_is_the_same_model(own_folders, tiny_triple):
    tensors = load_file(own_folders.m2 / "model.safetensors")
    (own_folders.m2 / "model.safetensors").unlink()
    names = sorted(tensors)
    shards = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for shard, inside in shards.items():
        write_weights(own_folders.m2, {name: tensors[name] for name in inside}, shard)
    index = {"weight_map": {name: shard for shard, inside in shards.items() for name in inside}}
    write_file("model.safetensors.index.json", json.dumps(index).encode())(own_folders.m2)
    loaded = load_triple(spec_of(own_folders), no_progress).weights["m2"]
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tiny_triple.weights["m2"].items())


def test_half_precision_on_disk_is_float32_in_memory(own_folders):
    halved = {name: tensor.half() for name, tensor in load_file(own_folders.m2 / "model.safetensors").items()}
    write_weights(own_folders.m2, halved)
    loaded = load_triple(spec_of(own_folders), no_progress).weights["m2"]
    assert {tensor.dtype for tensor in loaded.values()} == {torch.float32}
    assert torch.equal(loaded[Q], halved[Q].float())


def test_an_output_projection_that_is_stored_twice_is_taken_once(own_folders):
    change_weights(lambda t: t.update({"proj_out.weight": t["model.decoder.embed_tokens.weight"].clone()}))(
        own_folders.m1
    )
    assert "proj_out.weight" not in load_triple(spec_of(own_folders), no_progress).weights["m1"]


def test_storing_what_is_common_once_changes_no_bit(own_folders):
    """0.0 equals −0.0, but the child model is to be had bit for bit."""
    base = load_file(own_folders.base / "model.safetensors")
    zeros = torch.zeros_like(base[B])
    change_weights(lambda tensors: tensors.update({B: zeros.clone()}))(own_folders.base)
    change_weights(lambda tensors: tensors.update({B: -zeros}))(own_folders.m1)
    loaded = load_triple(spec_of(own_folders), no_progress)
    assert torch.signbit(loaded.weights["m1"][B]).all()
    assert not torch.signbit(loaded.weights["m0"][B]).any()


# Task vectors.


def write_vector(path: Path, tensors, **header) -> Path:
    save_file(tensors, path, metadata={"format": "task-vector/1", **header})
    return path


def vector():
    """A matrix with a scale for each row, and a vector."""
    return {
        f"{Q}.int8": torch.arange(-128, 128, dtype=torch.int8).reshape(16, 16),
        f"{Q}.scale": torch.linspace(0.25, 4, 16).half(),
        B: torch.linspace(-1, 1, 32).half(),
    }


def test_a_member_may_be_the_base_plus_a_task_vector(own_folders, tmp_path):
    path = write_vector(tmp_path / "tau.safetensors", vector())
    loaded = load_triple(spec_of(own_folders, m1=Source(task_vector=path)), no_progress)
    base, child = loaded.weights["m0"], loaded.weights["m1"]
    scale = torch.linspace(0.25, 4, 16).half()
    for row in range(16):
        steps = torch.arange(-128 + 16 * row, -112 + 16 * row).float()
        assert torch.equal(child[Q][row], base[Q][row] + steps * scale[row].float())
    assert torch.equal(child[B], base[B] + vector()[B].float())


def test_what_a_task_vector_does_not_mention_is_the_base_itself(own_folders, tmp_path):
    path = write_vector(tmp_path / "tau.safetensors", vector())
    loaded = load_triple(spec_of(own_folders, m1=Source(task_vector=path)), no_progress)
    for name, tensor in loaded.weights["m0"].items():
        assert (loaded.weights["m1"][name] is tensor) == (name not in (Q, B))


def changed(**entries):
    tensors = vector()
    for name, tensor in entries.items():
        tensors[{"matrix": f"{Q}.int8", "scale": f"{Q}.scale", "vector": B}.get(name, name)] = tensor
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


BAD_VECTORS = {
    "no format": (vector(), {"format": ""}, ["task-vector/1", "''"]),
    "format of a later version": (vector(), {"format": "task-vector/2"}, ["task-vector/1", "task-vector/2"]),
    "another base": (
        vector(),
        {"base": "openai/whisper-base.en"},
        ["openai/whisper-base.en", "openai/whisper-tiny.en"],
    ),
    "scale missing": (changed(scale=None), {}, [Q, "scales"]),
    "scale too short": (changed(scale=torch.ones(3).half()), {}, [Q, "16", "3"]),
    "scale NaN": (changed(scale=torch.full((16,), torch.nan).half()), {}, [Q, "finite", "NaN"]),
    "vector infinite": (changed(vector=torch.full((32,), torch.inf).half()), {}, [B, "finite", "32"]),
    "matrix of another shape": (
        changed(matrix=torch.ones(16, 8, dtype=torch.int8)),
        {},
        [Q, "(16, 16)", "(16, 8)"],
    ),
    "vector of another shape": (changed(vector=torch.ones(31).half()), {}, [B, "(32,)", "(31,)"]),
    "unknown tensor": (changed(other=torch.ones(2).half()), {}, ["other", "base"]),
}


@pytest.mark.parametrize(("tensors", "header", "parts"), BAD_VECTORS.values(), ids=BAD_VECTORS.keys())
def test_a_task_vector_that_does_not_fit_is_named(own_folders, tmp_path, tensors, header, parts):
    path = write_vector(tmp_path / "tau.safetensors", tensors, **header)
    spec = spec_of(own_folders, m1=Source(task_vector=path))
    # As checkpoints.yaml may say it: where a copy of the repository lies, and which repository it is.
    spec = replace(spec, base=Source(folder=own_folders.base, repo="openai/whisper-tiny.en"))
    message = refusal(spec)
    assert [part for part in ["tau.safetensors", *parts] if part not in message] == [], message


def test_a_task_vector_that_is_cut_short_is_named(own_folders, tmp_path):
    path = write_vector(tmp_path / "tau.safetensors", vector())
    path.write_bytes(path.read_bytes()[:-20])
    assert "tau.safetensors" in refusal(spec_of(own_folders, m2=Source(task_vector=path)))


def test_a_task_vector_made_for_the_base_passes_wherever_the_base_lies(own_folders, tmp_path):
    """The name of a local folder says nothing about which model is in it."""
    path = write_vector(tmp_path / "tau.safetensors", vector(), base="openai/whisper-tiny.en")
    shutil.copytree(own_folders.base, tmp_path / "my--copy")
    load_triple(
        spec_of(own_folders, base=Source(folder=tmp_path / "my--copy"), m1=Source(task_vector=path)), no_progress
    )
