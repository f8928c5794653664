"""A guess of what a clip's text is never changes what is said; where it is right, fewer steps find it."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from material import no_progress
from test_transcription import GO_ON, generated, model_in, noise
from tiny_whisper import config_of, write_companions, write_whisper

from explorer.audio import load_clip
from explorer.checkpoints.weights import EMBEDDINGS
from explorer.corpora.manifest import read_manifest
from explorer.recipe import Recipe
from explorer.transcription import guesses
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import Decoding, Prints
from explorer.transcription.greedy import greedy
from explorer.transcription.guesses import Guesses, guess
from explorer.transcription.transcriber import Transcriber

FIT = Decoding("fit", 12)


@pytest.mark.parametrize(
    ("earlier", "said", "rest"),
    [
        ([1, 2, 3, 4], [], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [1, 2], [3, 4]),
        ([1, 2, 3, 4], [1, 9], [3, 4]),  # in 2's place
        ([1, 2, 3, 4], [1, 3], [4]),  # 2 is not said
        ([1, 2, 3, 4], [1, 9, 2], [3, 4]),  # 9 is said between
        ([1, 2, 5, 1, 2, 6], [1, 2], [5, 1, 2, 6]),
        ([1, 2, 5, 1, 2, 6], [1, 2, 5, 1, 2], [6]),
        ([1, 2], [1, 2, 3, 4], []),
        ([], [1], []),
    ],
)
def test_a_guess_is_what_came_behind_the_same_words(earlier, said, rest):
    assert guess(earlier, said) == rest


@given(st.lists(st.integers(0, 5)), st.integers(0, 9))
def test_what_was_said_as_before_goes_on_as_before(earlier, count):
    assert guess(earlier, earlier[:count]) == earlier[count:]


def test_the_clips_that_were_heard_last_are_known(monkeypatch):
    monkeypatch.setattr(guesses, "_CLIPS", 3)
    known = Guesses()
    for clip in "abcad":
        known.note(clip, [ord(clip)])
    assert [known.of(clip) for clip in "abcd"] == [(97,), (), (99,), (100,)]


@pytest.fixture(scope="module")
def heard(tiny_whisper_folders):
    """A model with random weights, clips of several windows, and what is said in them without any guess."""
    model, transcriber = model_in(tiny_whisper_folders.base), Transcriber(tiny_whisper_folders.base)
    mels = [transcriber.features([noise(seed, 0.4 + seed % 3)], Decoding("fit"))[0] for seed in range(7)]
    limits = [3, 20, 9, 20, 14, 20, 1]
    rows = [list(row) for row in list(greedy(model, mels, transcriber.rules, limits, GO_ON))[-1]]
    assert len({tuple(row[:3]) for row in rows}) > 2
    return model, mels, transcriber.rules, limits, rows


def steps_with(heard, earlier, monkeypatch) -> int:
    """Decode with guesses, see that the same is said, and count the decoder's steps."""
    model, mels, rules, limits, rows = heard
    sizes, step = [], Decoder.step

    def counting(self, tokens, *rest):
        sizes.append(len(tokens))
        return step(self, tokens, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Decoder, "step", counting)
        found = list(greedy(model, mels, rules, limits, GO_ON, earlier=earlier))[-1]
    assert found == rows
    return len(sizes)


def test_right_guesses_are_found_in_few_steps(heard, monkeypatch):
    rows = heard[-1]
    without = steps_with(heard, None, monkeypatch)
    right = steps_with(heard, rows, monkeypatch)
    assert right <= without - 15
    assert steps_with(heard, [row if place != 1 else () for place, row in enumerate(rows)], monkeypatch) > right


def test_wrong_guesses_change_nothing(heard, monkeypatch):
    rows = heard[-1]
    generator = random.Random(0)
    for _ in range(12):
        earlier = []
        for row in rows:
            text = list(row)
            for _ in range(generator.randrange(4)):
                place = generator.randrange(len(text) + 1)
                text[place : place + generator.randrange(3)] = generator.choices(range(1_000), k=generator.randrange(3))
            earlier.append(text * generator.randrange(3))
        steps_with(heard, earlier, monkeypatch)


def test_one_clip_alone_is_guessed_as_in_a_batch(heard, monkeypatch):
    model, mels, rules, limits, rows = heard
    alone = model, mels[1:2], rules, limits[1:2], rows[1:2]
    assert steps_with(alone, [rows[1]], monkeypatch) < steps_with(alone, [rows[0] + rows[1][4:]], monkeypatch) < 20


def test_what_one_model_heard_is_guessed_of_another(tiny_bench):
    """Two merges that lie close together; the second needs fewer steps, and says what it says alone."""
    clips = [noise(seed, 0.4 + seed % 3) for seed in range(5)]
    first, second = Recipe("tiny", mixing=0.5), Recipe("tiny", mixing=0.501)

    def said(transcriber, recipe):
        with tiny_bench.held("merge", recipe) as model:
            return list(transcriber.stream(model, clips, FIT, GO_ON))

    fresh = said(Transcriber(tiny_bench.live.triple.folder), second)
    assert len(fresh) == 12
    transcriber = Transcriber(tiny_bench.live.triple.folder)
    said(transcriber, first)
    again = said(transcriber, second)
    assert again[-1] == fresh[-1]
    assert len(again) < 6


def test_a_copy_of_the_vocabulary_is_recalled_and_another_vocabularys_is_not(tiny_whisper_folders, monkeypatch):
    transcriber, clips = Transcriber(tiny_whisper_folders.base), [noise(1), noise(2)]
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    models = [model_in(getattr(tiny_whisper_folders, name)) for name in ("base", "m1")]
    with torch.no_grad():  # so that other words win
        models[1].get_parameter(EMBEDDINGS).copy_(models[0].get_parameter(EMBEDDINGS).roll(7, dims=0))
    copied, to = [], torch.Tensor.to

    def noting(tensor, *given, **named):
        if tensor.shape[0] > 50_000 and given[:1] == (torch.bfloat16,):
            copied.append(len(tensor))
        return to(tensor, *given, **named)

    monkeypatch.setattr(torch.Tensor, "to", noting)
    for precision in ("float32", "bfloat16"):
        options = Decoding("fit", 6, precision)
        for name, model in zip("abab", models * 2, strict=True):
            found = transcriber.transcribe(model, clips, options, GO_ON, Prints([f"{name} encoder"], name))
            assert found == Transcriber(tiny_whisper_folders.base).transcribe(model, clips, options, GO_ON)
    assert len(copied) == 8 + 2  # those of the transcribers that are made anew each time, and one of each vocabulary


@pytest.mark.slow
@pytest.mark.parametrize("window", ["fit", "30"])
def test_in_real_speech_a_guess_changes_no_text(real_bench, speech, window):
    """What M2 hears, with what M1 heard as a guess, and the other way round, in blocks as a sweep has them."""
    bench = real_bench.bench("tiny-en", no_progress)
    utterances = read_manifest(speech / "speechocean762" / "dev-child").utterances[: 60 if window == "fit" else 16]
    clips, options = [load_clip(each.path) for each in utterances], Decoding(window)
    texts = {}
    for order in (["m1", "m2"], ["m2", "merge", "m1"]):
        transcriber = Transcriber(bench.live.triple.folder)
        for name in order:
            with bench.held(name, Recipe("tiny-en")) as model:
                rows = transcriber.transcribe(model, clips[:20], options, GO_ON)
                rows += transcriber.transcribe(model, clips[20:], options, GO_ON)
            texts.setdefault(name, []).append(rows)
    assert texts["m1"][0] == texts["m1"][1]
    assert texts["m2"][0] == texts["m2"][1]
    assert texts["m1"][0] != texts["m2"][0]


def test_a_guess_changes_nothing_of_what_generate_says(tmp_path):
    folder = write_whisper(tmp_path / "base", 0, config=config_of(words=50_256))
    write_companions(folder, words=50_256)
    model, transcriber = model_in(folder), Transcriber(folder)
    clips = [noise(seed, 0.5 + seed) for seed in range(4)]
    first = transcriber.transcribe(model, clips, Decoding("30", 9), GO_ON)
    again = transcriber.transcribe(model, clips, Decoding("30", 24), GO_ON)
    assert all(late.text.startswith(early.text) for early, late in zip(first, again, strict=True))
    assert [hypothesis.text for hypothesis in again] == generated(model, folder, clips, 24)
