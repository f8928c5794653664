"""The use cases: a triple is opened once, what was heard is not decoded again, nobody gets another's answer."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from material import no_progress, write_config

from explorer.audio import clip_from_samples
from explorer.config_file import read_config
from explorer.errors import CheckpointError, ConfigError, RecipeError
from explorer.recipe import Recipe, recipe_from
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.workbench import MAX_TRIPLES, Workbench

RECIPE = Recipe("tiny")
SHORT = Decoding("fit", 4)


def some_clip(seed):
    samples = np.random.default_rng(seed).normal(0, 0.2, 8_000).astype(np.float32)
    return clip_from_samples(samples, 16_000, "noise")


@pytest.fixture
def clip(request):
    """A clip no other test has heard."""
    return some_clip(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def hear(tiny_workbench, tiny_bench):
    def hearing(clip, model="merge", recipe=RECIPE, decoding=SHORT, halt=None):
        return list(tiny_workbench.stream(tiny_bench, model, recipe, clip, decoding, halt or Halt()))

    return hearing


@pytest.fixture
def decoded(monkeypatch):
    """A list that grows with every step of the decoder."""
    steps, step = [], Decoder.step

    def noting(self, tokens, *rest):
        steps.append(len(tokens))
        return step(self, tokens, *rest)

    monkeypatch.setattr(Decoder, "step", noting)
    return steps


def test_what_was_heard_once_is_answered_at_once(hear, clip):
    first = hear(clip)
    assert len(first) == 4
    assert hear(clip) == first[-1:]


def test_the_same_sound_under_another_name_is_known(hear, clip):
    first = hear(clip)
    assert hear(replace(clip, name="upload.wav")) == first[-1:]


@pytest.mark.parametrize(
    "change",
    [
        {"model": "m1"},
        {"recipe": replace(RECIPE, mixing=0.9)},
        {"decoding": Decoding("30", 4)},
        {"decoding": Decoding("fit", 5)},
    ],
)
def test_another_model_recipe_or_window_is_decoded_anew(hear, clip, decoded, change):
    hear(clip)
    decoded.clear()
    hear(clip)
    assert not decoded
    hear(clip, **change)
    assert decoded


def test_another_sound_is_decoded_anew(hear, clip, decoded):
    hear(clip)
    decoded.clear()
    hear(some_clip(1))
    assert decoded


def test_the_recipe_does_not_matter_to_the_checkpoints(hear, clip):
    hear(clip, model="m2")
    assert len(hear(clip, model="m2", recipe=replace(RECIPE, mixing=0.9))) == 1


def test_an_answer_that_was_cut_off_is_not_remembered(hear, clip):
    left = iter(range(3))
    with pytest.raises(InterruptedDecodingError):
        hear(clip, halt=Halt(lambda: next(left, None) is None))
    assert len(hear(clip)) == 4


def test_a_listener_who_leaves_gives_the_model_back(tiny_workbench, tiny_bench, hear, clip):
    stream = tiny_workbench.stream(tiny_bench, "m1", RECIPE, clip, SHORT, Halt())
    next(stream)
    stream.close()
    assert len(hear(clip)) == 4


def test_a_recipe_takes_what_it_lacks_from_the_configurations_default(tiny_workbench):
    assert tiny_workbench.recipe({"lambda": 0.5}, "page") == Recipe("tiny", mixing=0.5, exponents=(0.8,))
    assert tiny_workbench.default_recipe() == Recipe("tiny", mixing=0.2, exponents=(0.8,))


def test_a_recipe_for_a_triple_that_is_not_there_is_refused(tiny_workbench):
    with pytest.raises(ConfigError, match="'huge'"):
        tiny_workbench.recipe({"triple": "huge"}, "page")


def test_an_evaluation_of_a_recipe_that_does_not_fit_fails_before_anything_is_heard(tiny_workbench, tiny_bench):
    misfit = recipe_from({"triple": "tiny", "schedule": "custom", "ratios": {"encoder.self": [1.0] * 9}})
    with pytest.raises(RecipeError, match="expected 2 values"):
        tiny_workbench.evaluate(tiny_bench, [], ["m1", "merge"], misfit, SHORT, Halt())


@pytest.fixture
def many(tiny_whisper_folders, tmp_path):
    """A workbench with one triple more than it keeps open, all of the same folders."""
    path = write_config(tmp_path / "checkpoints.yaml", tiny_whisper_folders)
    text = path.read_text()
    row = text[text.index("  - name") :]
    path.write_text(text + "".join(row.replace("name: tiny", f"name: tiny{number}") for number in range(MAX_TRIPLES)))
    return Workbench(read_config(path), "cpu")


def test_a_triple_is_opened_once(many):
    assert not many.is_open("tiny")
    bench = many.bench("tiny", no_progress)
    assert many.is_open("tiny")
    assert many.bench("tiny", no_progress) is bench


def test_the_triple_that_was_not_used_for_longest_is_let_go(many):
    names = ["tiny", *(f"tiny{number}" for number in range(MAX_TRIPLES))]
    for name in names[:-1]:
        many.bench(name, no_progress)
    many.bench(names[0], no_progress)
    many.bench(names[-1], no_progress)
    assert [many.is_open(name) for name in names] == [True, *[False] * (MAX_TRIPLES - 1), True]


def test_a_triple_that_cannot_be_opened_leaves_the_open_ones_alone(own_folders, tmp_path):
    path = write_config(tmp_path / "checkpoints.yaml", own_folders)
    text = path.read_text()
    path.write_text(
        text + text[text.index("  - name") :].replace("name: tiny", "name: broken").replace("/m2'", "/broken'")
    )
    (tmp_path / "broken").mkdir()
    workbench = Workbench(read_config(path), "cpu")
    bench = workbench.bench("tiny", no_progress)
    with pytest.raises(CheckpointError, match="broken"):
        workbench.bench("broken", no_progress)
    assert workbench.bench("tiny", no_progress) is bench
    assert not workbench.is_open("broken")
