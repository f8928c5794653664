"""Whole runs of the trainer on a tiny random Whisper: the file it writes, what it leaves alone, killing it."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from material import no_progress
from safetensors import safe_open
from safetensors.torch import load_file

from explorer.checkpoints.base import weights_fingerprint
from explorer.checkpoints.task_vector import add_task_vector, load_task_vector
from explorer.checkpoints.triple import load_triple
from explorer.checkpoints.weights import load_weights
from explorer.config import Source, TripleSpec
from training import average as average_command
from training import fine_tune
from training import record as record_command
from training.batches import Batch
from training.learner import learning_rate_at
from training.network import is_frozen, learning_network, token_loss
from training.options import Options
from training.run_state import RunFolder
from training.task_vector_file import quantised, record, write_task_vector

KEEP_EPOCH = RunFolder.keep_epoch
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """An audiofolder of 36 clips of noise by six speakers, half a second to one long."""
    folder = tmp_path_factory.mktemp("speech") / "of-noise"
    folder.mkdir()
    generator = np.random.default_rng(0)
    rows = []
    for number in range(36):
        samples = generator.normal(0, 0.2, generator.integers(8_000, 16_000))
        soundfile.write(folder / f"{number}.wav", samples, 16_000)
        text = " ".join("abc"[each] for each in generator.integers(0, 3, 4))
        rows.append({"file_name": f"{number}.wav", "text": text, "speaker": f"s{number % 6}"})
    (folder / "metadata.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture
def command(corpus, tiny_whisper_folders, tmp_path):
    """Train on the corpus with more options, in this process; returns the task vector's path."""

    def run(*more: str, name: str = "child", code: int = 0) -> Path:
        out = tmp_path / f"{name}.safetensors"
        places = ["--corpus", str(corpus), "--base", str(tiny_whisper_folders.base), "--out", str(out)]
        assert fine_tune.main([*places, "--epochs", "2", "--device", "cpu", "--learning-rate", "1e-3", *more]) == code
        return out

    return run


def losses_of(out: Path) -> list[float]:
    lines = (out.with_suffix(".training") / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def header_of(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return file.metadata()


@pytest.fixture
def vector() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "matrix": 1e-3 * torch.randn(12, 384, generator=generator),
        "kernel": 1e-2 * torch.randn(4, 3, 5, generator=generator),
        "vector": 1e-3 * torch.randn(7, generator=generator),
        "zeros": torch.cat([torch.zeros(1, 6), torch.ones(1, 6)]),
        "tiny": torch.full((2, 4), 1e-9),
    }


def test_a_task_vector_comes_back_within_half_a_step_of_its_row(vector, tmp_path):
    write_task_vector(tmp_path / "child.safetensors", vector, {"base": "someone/something"})
    read = load_task_vector(tmp_path / "child.safetensors")
    assert read.keys() == vector.keys()
    for name in ("matrix", "kernel", "zeros"):
        rows, seen = (each[name].reshape(len(vector[name]), -1) for each in (vector, read))
        step = rows.abs().amax(dim=1, keepdim=True) / 127
        # float16 knows a scale to one part in two thousand, 127 steps away that is a sixteenth of a step more.
        assert ((rows - seen).abs() <= 0.6 * step).all()
    torch.testing.assert_close(read["vector"], vector["vector"], rtol=1e-3, atol=1e-7)
    assert torch.equal(read["zeros"][0], torch.zeros(6))
    assert read["tiny"].abs().max() <= 2e-9
    error = (read["matrix"] - vector["matrix"]).norm() / vector["matrix"].norm()
    assert error < 0.01


def test_what_was_quantised_once_is_not_changed_by_quantising_it_again(vector, tmp_path):
    write_task_vector(tmp_path / "a.safetensors", vector, {})
    write_task_vector(tmp_path / "b.safetensors", load_task_vector(tmp_path / "a.safetensors"), {})
    one, other = (load_task_vector(tmp_path / f"{name}.safetensors") for name in "ab")
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=2e-3, atol=1e-8)


def test_a_network_that_has_not_learned_has_a_task_vector_of_zeros():
    stored = quantised({"matrix": torch.zeros(3, 4)})
    assert not stored["matrix.int8"].any()
    assert not stored["matrix.scale"].any()


def test_measurements_are_added_to_the_header_and_the_tensors_stay(vector, tmp_path):
    path = tmp_path / "child.safetensors"
    write_task_vector(path, vector, {"seed": "3"})
    before = load_file(path)
    record(path, {"dev-child": {"wer": 23.1}})
    record(path, {"dev-adult": {"wer": 25.0}, "dev-child": {"wer": 22.9}})
    header = header_of(path)
    assert json.loads(header["wer"]) == {"dev-adult": {"wer": 25.0}, "dev-child": {"wer": 22.9}}
    assert header["seed"] == "3"
    assert header["format"] == "task-vector/1"
    after = load_file(path)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_run_lowers_its_loss_and_leaves_frozen_tensors_out(command, tiny_whisper_folders):
    out = command("--epochs", "6")
    losses = losses_of(out)
    assert len(losses) == 30
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    read = load_task_vector(out)
    base = load_weights(tiny_whisper_folders.base)
    assert set(read) == {name for name in base if not is_frozen(name)}
    # A key's bias moves all scores of a query alike, so it has none; every other tensor moves.
    assert all(tensor.abs().max() > 0 for tensor in read.values())
    learned = add_task_vector(base, read, out)
    assert all(learned[name] is base[name] for name in base if is_frozen(name))


def test_the_app_loads_what_a_run_writes(command, tiny_whisper_folders):
    out = command()
    base = Source(folder=tiny_whisper_folders.base)
    spec = TripleSpec(name="x", title="x", layers=2, base=base, m1=Source(task_vector=out), m2=Source(task_vector=out))
    triple = load_triple(spec, no_progress)
    name = "model.encoder.layers.0.fc1.weight"
    assert not torch.equal(triple.weights["m1"][name], triple.weights["m0"][name])


def test_the_header_says_how_the_vector_was_made_and_names_no_folder_of_this_machine(
    command, corpus, tiny_whisper_folders
):
    header = header_of(command("--held-out-speakers", "1", "--seed", "5", "--spec-augment"))
    assert header["base_fingerprint"] == weights_fingerprint(tiny_whisper_folders.base)
    assert header["data"].endswith("/of-noise")
    assert (header["clips"], header["speakers"], header["seed"]) == ("30", "5", "5")
    assert json.loads(header["options"])["spec_augment"] is True
    measured = json.loads(header["epochs"])["measured on held-out speakers"]
    assert [sorted(each) for each in measured] == [["epoch", "loss", "wer"]] * 2
    assert len(header["commit"].removesuffix("+")) in (len("unknown"), 40)
    assert str(corpus.parent.parent) not in json.dumps(header)


def test_the_same_seed_gives_the_same_losses_and_another_one_others(command):
    one, same, other = (
        losses_of(command("--dropout", "0.1", "--vtlp", "--seed", seed, name=name))
        for name, seed in (("one", "1"), ("same", "1"), ("other", "2"))
    )
    assert one == same
    assert one != other


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("last", [3, 5, 9])
def test_a_run_that_was_killed_ends_as_one_that_was_not(command, monkeypatch, last):
    options = ["--dropout", "0.1", "--pitch", "--held-out-speakers", "1", "--average-checkpoints", "2", "--epochs", "3"]
    whole = command(*options, name="whole")
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 0.0)
    step = fine_tune.Learner.step

    def dying(self, number, batch):
        if number == last:
            raise Killed
        return step(self, number, batch)

    with monkeypatch.context() as patch:
        patch.setattr(fine_tune.Learner, "step", dying)
        with pytest.raises(Killed):
            command(*options, name="killed")
    killed = command(*options, name="killed")
    assert losses_of(killed) == losses_of(whole)
    expected, seen = load_file(whole), load_file(killed)
    assert all(torch.equal(expected[name], seen[name]) for name in expected)


def test_losses_noted_after_the_last_checkpoint_are_not_noted_twice(command, monkeypatch):
    """The process dies with steps done that no checkpoint has."""
    monkeypatch.setattr(fine_tune, "CHECKPOINT_SECONDS", 1e9)
    step = fine_tune.Learner.step

    def dying(self, number, batch):
        if number == 8:  # three steps into the second epoch
            raise Killed
        return step(self, number, batch)

    with monkeypatch.context() as patch:
        patch.setattr(fine_tune.Learner, "step", dying)
        with pytest.raises(Killed):
            command(name="killed")
    assert losses_of(command(name="killed")) == losses_of(command(name="whole"))


def test_a_run_that_is_over_is_not_run_again(command, capsys):
    out = command()
    before = out.stat().st_mtime_ns
    assert command().stat().st_mtime_ns == before
    assert "is there already" in capsys.readouterr().err


def test_another_runs_vector_and_another_runs_folder_are_not_overwritten(command, capsys):
    out = command()
    command("--seed", "1", code=2)
    assert "is another run's; give --fresh" in capsys.readouterr().err
    out.unlink()
    command()
    out.unlink()
    assert command("--seed", "1", "--fresh") == out


def test_a_run_stops_early_and_takes_its_best_epochs(command, monkeypatch):
    measured = iter([30.0, 20.0, 25.0, 21.0, 22.0, 10.0])
    monkeypatch.setattr(fine_tune.Judge, "__call__", lambda self, model: {"wer": next(measured), "loss": 1.0})
    options = ["--epochs", "6", "--held-out-speakers", "1", "--early-stop", "3", "--average-checkpoints", "2"]
    epochs = json.loads(header_of(command(*options))["epochs"])
    assert len(epochs["measured on held-out speakers"]) == 5
    assert epochs["averaged"] == [2, 4]


def test_averaged_epochs_are_the_mean_of_their_weights(command, monkeypatch, tiny_whisper_folders):
    kept = []
    monkeypatch.setattr(
        RunFolder,
        "keep_epoch",
        lambda self, number, weights: kept.append(copy.deepcopy(weights)) or KEEP_EPOCH(self, number, weights),
    )
    out = command("--average-checkpoints", "2")
    base = load_weights(tiny_whisper_folders.base)
    vector = load_file(out.with_suffix(".training") / "unquantised.safetensors")
    for name, tensor in vector.items():
        torch.testing.assert_close(tensor + base[name], (kept[0][name] + kept[1][name]) / 2)


def test_the_learning_rate_rises_and_falls_in_straight_lines():
    options = Options(corpus=Path("x"), out=Path("x.safetensors"), learning_rate=1e-4, warm_up=0.1)
    rates = [learning_rate_at(step, 100, options) for step in range(100)]
    assert rates[0] == pytest.approx(1e-5)
    assert max(rates) == pytest.approx(rates[9]) == pytest.approx(rates[10]) == pytest.approx(1e-4)
    assert rates[55] == pytest.approx(5e-5)
    assert rates[99] == pytest.approx(1e-4 / 90)
    assert learning_rate_at(0, 10, Options(corpus=Path("x"), out=Path("x.safetensors"), warm_up=0)) == 2e-5


def test_dropout_is_on_while_learning_and_off_otherwise(tiny_whisper_folders, tiny_triple):
    model = learning_network(tiny_triple.config, tiny_triple.weights["m0"], 0.3)
    features = torch.randn(2, 80, 100)
    tokens = torch.tensor([[5, 6, 7]] * 2)
    batch = Batch(features, tokens, tokens, 2.0)
    quiet = [token_loss(model, batch).item() for _ in range(2)]
    model.train()
    torch.manual_seed(0)
    loud = [token_loss(model, batch).item() for _ in range(2)]
    assert quiet[0] == quiet[1]
    assert loud[0] != loud[1]


def test_a_mistake_is_one_line_and_exit_code_two(command, corpus, capsys):
    command("--held-out-speakers", "6", code=2)
    command("--hours", "1", code=2)
    for line in capsys.readouterr().err.splitlines():
        assert line.startswith("error: --")


def test_the_app_does_not_import_training():
    code = "import app, explorer.__main__, sys; sys.exit(any(name.startswith('training') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_fifty_steps_on_real_speech_from_one_seed_have_the_same_losses(speech, tmp_path):
    """What the README promises of a rerun, with the real base and real children."""
    corpus = speech / "speechocean762" / "train-child"
    runs = []
    for name in ("one", "two"):
        out = tmp_path / f"{name}.safetensors"
        arguments = ["--corpus", str(corpus), "--out", str(out), "--hours", "0.12", "--steps", "50", "--device", "cpu"]
        assert fine_tune.main([*arguments, "--speed", "--spec-augment", "--precision", "bfloat16"]) == 0
        runs.append(losses_of(out))
    assert len(runs[0]) == 50
    np.testing.assert_allclose(runs[0], runs[1], atol=1e-4)
    assert np.mean(runs[0][-10:]) < np.mean(runs[0][:10])


def test_a_vector_is_measured_and_its_header_says_what_it_scored(command, corpus, tiny_whisper_folders, capsys):
    out = command()
    options = ["--corpus", str(corpus), "--base", str(tiny_whisper_folders.base), "--window", "fit", "--window", "30"]
    assert record_command.main([str(out), *options]) == 0
    measured = json.loads(header_of(out)["wer"])
    assert list(measured) == [f"of-noise {window}{kind}" for window in ("30", "fit") for kind in ("", " unquantised")]
    row = measured["of-noise fit"]
    assert row["wer"] == round(100 * (row["substitutions"] + row["deletions"] + row["insertions"]) / row["words"], 2)
    assert row["clips"] == 36
    assert capsys.readouterr().out.count("\n") == 4


def test_the_mean_of_two_runs_is_their_mean_and_its_header_says_of_what(command, tmp_path, vector, capsys):
    parts = [command(name="one"), command("--seed", "1", name="other")]
    out = tmp_path / "mean.safetensors"
    assert average_command.main([*map(str, parts), "--out", str(out)]) == 0
    one, other, mean = map(load_task_vector, (*parts, out))
    assert set(mean) == set(one) == set(other)
    for name, values in mean.items():
        assert (values - (one[name] + other[name]) / 2).abs().max() <= values.abs().max() / 100
    header, headers = header_of(out), [header_of(path) for path in parts]
    assert header["base_fingerprint"] == headers[0]["base_fingerprint"]
    assert header["hours"] == headers[0]["hours"]
    assert "seed" not in header
    assert [part["run"] for part in json.loads(header["mean_of"])] == [each["run"] for each in headers]
    assert average_command.main([str(parts[0]), "--out", str(out)]) == 2
    write_task_vector(tmp_path / "foreign.safetensors", vector, {**headers[0], "base_fingerprint": "0"})
    assert average_command.main([str(parts[0]), str(tmp_path / "foreign.safetensors"), "--out", str(out)]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines() if line.startswith("error")] == [
        "error"
    ] * 2
    assert load_task_vector(out).keys() == mean.keys()


def test_a_vector_that_is_not_there_is_one_line(corpus, tiny_whisper_folders, tmp_path, capsys):
    options = ["--corpus", str(corpus), "--base", str(tiny_whisper_folders.base)]
    assert record_command.main([str(tmp_path / "none.safetensors"), *options]) == 2
    assert capsys.readouterr().err.startswith("error: none.safetensors")
