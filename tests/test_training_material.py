"""Splits, draws, labels and batches of training; and what is said of options that make no sense."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.corpora.utterance import Utterance
from explorer.halves import speaker_halves
from training.batches import IGNORED, BatchMaker
from training.errors import TrainingError
from training.halves import draw_hours, hold_out
from training.material import Example, Labels, Material
from training.options import Options, options_from
from training.packing import packed
from training.spectrogram import LogMel

PROMPT_LENGTH = 2


def utterances_of(speakers: list[int]) -> list[Utterance]:
    return [Utterance(str(n), Path(f"{n}.wav"), "a b", f"s{speaker}") for n, speaker in enumerate(speakers)]


def speakers_of(utterances) -> set[str]:
    return {utterance.speaker for utterance in utterances}


@given(st.lists(st.integers(0, 9), min_size=2, max_size=40))
def test_halves_share_no_speaker_lose_no_clip_and_do_not_depend_on_the_order(speakers):
    utterances = utterances_of(speakers)
    a, b = speaker_halves(utterances)
    assert not speakers_of(a) & speakers_of(b)
    assert sorted(u.id for u in [*a, *b]) == sorted(u.id for u in utterances)
    assert 0 <= len(speakers_of(a)) - len(speakers_of(b)) <= 1
    assert speakers_of(speaker_halves(utterances[::-1])[0]) == speakers_of(a)


@given(st.lists(st.integers(0, 9), min_size=12, max_size=40), st.integers(0, 4), st.integers(0, 100))
def test_held_out_speakers_are_nowhere_in_training(speakers, number, seed):
    utterances = utterances_of([*range(5), *speakers])
    kept, out = hold_out(utterances, number, seed)
    assert len(speakers_of(out)) == number
    assert not speakers_of(kept) & speakers_of(out)
    assert len(kept) + len(out) == len(utterances)


def test_holding_everybody_out_is_refused():
    with pytest.raises(TrainingError, match="2 of 2 speakers would leave nobody"):
        hold_out(utterances_of([0, 1]), 2, 0)


def test_fewer_hours_are_a_subset_of_more():
    utterances = utterances_of([n % 7 for n in range(400)])
    seconds = list(np.random.default_rng(0).uniform(1, 9, 400))
    little, hours = draw_hours(utterances, seconds, 0.1, seed=3)
    more, _ = draw_hours(utterances, seconds, 0.3, seed=3)
    assert hours == pytest.approx(0.1, abs=0.006)
    assert {u.id for u in little} < {u.id for u in more}
    assert {u.id for u in draw_hours(utterances, seconds, 0.1, seed=4)[0]} != {u.id for u in little}
    with pytest.raises(TrainingError, match=r"expected at most the 0\.\d\d there are, but got 2"):
        draw_hours(utterances, seconds, 2, seed=0)


def test_labels_are_lower_case_words_between_prompt_and_end(tiny_whisper_folders):
    label = Labels(tiny_whisper_folders.base)
    tokens = label("Well, a BAD cab; isn't it?")
    assert tokens == label("well a bad cab isn't it")
    assert len(label("")) == label.prompt_length + len(" ") + 1
    assert tokens[0] == 50_257
    assert tokens[-1] == 50_256
    text = label._tokenizer.decode(tokens[label.prompt_length : -1])
    assert text == " well a bad cab isn't it"


@pytest.fixture(scope="module")
def log_mel(tiny_whisper_folders) -> LogMel:
    return LogMel(tiny_whisper_folders.base)


def material_of(real: int, made: int = 0) -> Material:
    generator = np.random.default_rng(0)

    def example(number: int) -> Example:
        samples = generator.normal(0, 0.1, generator.integers(8_000, 40_000)).astype(np.float32)
        return Example(samples, (101, 102, *range(1, 2 + number % 5), 100), PROMPT_LENGTH)

    return Material(tuple(map(example, range(real))), tuple(map(example, range(made))), (), 0.0, {}, "")


def example_of(seconds: float, number: int) -> Example:
    """A clip of one value, its number and one, that says it."""
    samples = np.full(round(seconds * 16_000), number + 1, np.float32)
    return Example(samples, (101, 102, number + 1, 100), PROMPT_LENGTH)


def options_of(**changes) -> Options:
    return Options(corpus=Path("x"), out=Path("x.safetensors"), **changes)


def test_an_epoch_has_every_clip_once_and_the_next_one_another_order(log_mel):
    maker = BatchMaker(material_of(45), log_mel, options_of())
    first, second = maker._planned(0), maker._planned(1)
    assert sorted(index for batch in first for index in batch) == list(range(45))
    assert first != second
    assert len(first) == maker.steps_per_epoch == 6
    assert BatchMaker(material_of(45), log_mel, options_of())._planned(1) == second
    assert BatchMaker(material_of(45), log_mel, options_of(seed=1))._planned(1) != second


def test_clips_of_like_length_share_a_batch(log_mel):
    material = material_of(64)
    batches = BatchMaker(material, log_mel, options_of())._planned(0)
    lengths = [[len(material.real[index].samples) for index in batch] for batch in batches]
    padded = sum(max(batch) * len(batch) for batch in lengths) / sum(map(sum, lengths))
    assert padded < 1.1


def test_synthetic_clips_have_their_share_and_change_from_epoch_to_epoch(log_mel):
    options = options_of(synthetic=Path("y"), synthetic_share=0.2)
    maker = BatchMaker(material_of(40, 30), log_mel, options)
    drawn = [{index for batch in maker._planned(epoch) for index in batch if index >= 40} for epoch in (0, 1)]
    assert [len(each) for each in drawn] == [10, 10]
    assert drawn[0] != drawn[1]


def test_one_batch_in_twelve_has_the_full_window_the_others_half_a_second_to_three_and_a_half_to_spare(log_mel):
    maker = BatchMaker(material_of(192), log_mel, options_of())
    full = 0
    for number in range(24):
        batch = maker.batch(0, number)
        longest = max(len(maker._example(index).samples) for index in maker._planned(0)[number]) / 16_000
        if batch.features.shape[-1] == 3_000:
            full += 1
        else:
            assert 0.5 <= batch.features.shape[-1] / 100 - longest <= 3.53
        assert batch.features.shape[-1] % 2 == 0
    assert full == 2


def test_packed_clips_stand_behind_each_other_with_the_times_of_their_ends():
    examples = [example_of(seconds, number) for number, seconds in enumerate((8.0, 12.0, 9.0, 29.9))]
    first, second, third = packed([each.samples for each in examples], examples, np.random.default_rng(0))
    assert [each.prompt_length for each in (first, second, third)] == [1, 1, 1]
    assert [len(each.samples) / 16_000 for each in (first, second)] == [30, 30]
    zero = 103  # stands behind "no timestamps"
    for window, whole in ((first, (0, 1)), (second, (2,)), (third, (3,))):
        assert window.tokens[0] == 101
        assert window.tokens[-1] == 100
        said, at = list(window.tokens[1:-1]), 0
        for number in whole:
            begun, word, over = said[:3]
            samples = window.samples[round((begun - zero) * 320) :][: len(examples[number].samples)]
            assert word == number + 1
            assert (over - begun) * 0.02 == pytest.approx(len(examples[number].samples) / 16_000, abs=0.021)
            assert np.abs(samples[:400] - examples[number].samples[0]).min() == 0
            assert begun >= at
            at, said = over, said[3:]
        # A clip that the window's end cuts has the time of its beginning alone.
        assert len(said) == (0 if window is third else 1)
        if said:
            assert at < said[0] <= zero + 1_500


def test_a_packed_window_holds_as_many_words_as_the_decoder_has_positions():
    examples = [Example(np.ones(1_600, np.float32), (101, 102, *range(200), 100), 2) for _ in range(5)]
    windows = packed([each.samples for each in examples], examples, np.random.default_rng(0))
    assert len(windows) == 3
    assert all(len(window.tokens) <= 448 for window in windows)


def test_one_full_window_in_two_is_packed_if_asked_and_its_prompt_lacks_no_timestamps(log_mel):
    maker = BatchMaker(material_of(192), log_mel, options_of(full_window_every=6, packed_every=2))
    full = [
        (number, maker.batch(1, number)) for number in range(24) if maker.batch(1, number).features.shape[-1] == 3_000
    ]
    assert [number for number, _ in full] == [1, 7, 13, 19]
    assert [len(batch.features) == 8 for _, batch in full] == [False, True, False, True]
    assert [bool((batch.inputs[:, 1] == 102).all()) for _, batch in full] == [False, True, False, True]
    assert sum(target == 100 for batch in full for target in batch[1].targets.flatten().tolist()) > 16


def test_targets_are_the_inputs_one_token_on_without_prompt_and_padding(log_mel):
    batch = BatchMaker(material_of(8), log_mel, options_of()).batch(0, 0)
    assert batch.inputs.shape == batch.targets.shape == (8, 7)
    for inputs, targets in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        said = [token for token in targets if token != IGNORED]
        words = said[:-1]
        assert said[-1] == 100
        assert targets[0] == IGNORED
        assert inputs[: 2 + len(words)] == [101, 102, *words]


def test_a_batch_is_the_same_whatever_was_made_before_it(log_mel):
    options = options_of(spec_augment=True, speed=True, pitch=True, vtlp=True)
    one, other = (BatchMaker(material_of(24), log_mel, options) for _ in range(2))
    for number in (0, 1):
        one.batch(0, number)
    assert torch.equal(one.batch(1, 2).features, other.batch(1, 2).features)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--epochs 0", "--epochs: expected 1 to 100, but got 0."),
        ("--learning-rate 1", "--learning-rate: expected 1e-08 to 0.01, but got 1."),
        ("--dropout nan", "--dropout: expected 0 to 0.5, but got nan."),
        ("--average-checkpoints 5", "--average-checkpoints: expected 1 to 4, but got 5."),
        ("--early-stop 2", "give --held-out-speakers too"),
        ("--synthetic-share 0.2", "give both or neither"),
        ("--hours many", "invalid float value: 'many'"),
        ("--speakers c", "invalid choice: 'c'"),
        ("--tempo 2", "unrecognized arguments: --tempo 2"),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(arguments, says):
    with pytest.raises(TrainingError) as caught:
        options_from(["--corpus", "x", "--out", "x.safetensors", *arguments.split()])
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_output_has_to_be_safetensors():
    with pytest.raises(TrainingError, match=r"--out: expected a name that ends in \.safetensors, but got 'x.bin'"):
        options_from(["--corpus", "x", "--out", "x.bin"])


def test_every_option_can_be_given_and_stands_in_the_header_unless_it_is_a_place():
    given_ = options_from(["--corpus", "x", "--out", "x.safetensors", "--seed", "7", "--vtlp", "--speakers", "b"])
    assert (given_.seed, given_.vtlp, given_.speakers) == (7, True, "b")
    places = {"corpus", "synthetic", "base", "out", "device", "fresh"}
    assert set(given_.as_dict()) == {field.name for field in dataclasses.fields(Options)} - places
