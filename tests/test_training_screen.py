"""Screening clips: what is a loop, and that every model that ships and every merge of the grid is heard."""

import json

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.checkpoints.weights import load_weights
from training import screen
from training.network import is_frozen
from training.task_vector_file import write_task_vector

CLEAN = "if you mix the salt in the water you can't see it but it's still there"


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("", False),
        (CLEAN, False),
        (f"{CLEAN} {CLEAN}", False),
        (f"{CLEAN} {CLEAN} {CLEAN}", True),
        ("and and the ball", False),
        ("ha " * 40, True),
        ("goes around and goes around", False),
    ],
)
def test_a_loop_is_the_same_words_again_and_again(text, loops):
    assert screen.is_loop(text) is loops


@given(st.lists(st.text("abcdefgh", min_size=3, max_size=8), min_size=4, max_size=15, unique=True))
def test_different_words_are_no_loop(words):
    assert not screen.is_loop(" ".join(words))


def test_everything_that_ships_is_heard_and_what_must_not_be_shown_is_named(
    tiny_whisper_folders, tmp_path, monkeypatch, capsys
):
    base = load_weights(tiny_whisper_folders.base)
    torch.manual_seed(0)
    for name in ("child", "child-speed", "adult"):
        vector = {key: 0.3 * torch.randn(value.shape) for key, value in base.items() if not is_frozen(key)}
        write_task_vector(tmp_path / "vectors" / f"{name}.safetensors", vector, {"seed": "0"})
    clips = tmp_path / "clips"
    clips.mkdir()
    soundfile.write(clips / "a.wav", np.random.default_rng(0).normal(0, 0.2, 6_000), 16_000)
    (clips / "metadata.jsonl").write_text(
        json.dumps({"file_name": "a.wav", "id": "a", "text": "a b c", "speaker": "s"}) + "\n", encoding="utf-8"
    )
    options = ["--clips", str(clips), "--vectors", str(tmp_path / "vectors"), "--base", str(tiny_whisper_folders.base)]
    rude: list[str] = []

    def judge(text):
        rude.append(text)
        return len(rude) == 1

    monkeypatch.setattr(screen, "_profanity", lambda: judge)
    assert screen.main(options) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(rude) == 2 + 2 * (1 + len(screen.GRID))  # M0 and M2 once; M1 and the merges of each child vector
    assert sum(line.startswith("rude: a, M0: ") for line in said) == 1
    for name in ("M0", "M2", "child: m1", "child-speed: m1", "child-speed: λ 0.8, α 1.5"):
        assert sum(line.startswith(f"{name}: WER ") for line in said) == 1
    assert said[-1].endswith("answers that must not be shown.")


def test_without_an_adult_there_is_nothing_to_merge(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(screen, "_profanity", lambda: bool)
    assert screen.main(["--vectors", str(tmp_path)]) == 2
    assert "needs adult.safetensors" in capsys.readouterr().err
