"""The lens: what models think while they are told the words, and where they look; the live model stays as it is."""

import base64
import json

import numpy as np
import pytest
import torch

from explorer.audio import SAMPLE_RATE, clip_from_samples, load_clip
from explorer.checkpoints.triple import build_model
from explorer.corpora.manifest import read_manifest
from explorer.errors import AudioError
from explorer.lens import LENS_MODELS, Lens, Look, scored_words
from explorer.recipe import Recipe
from explorer.thoughts import ALTERNATIVES, think
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.transcription.told import tell

RECIPE = Recipe("tiny", mixing=0.4)
TEXT = "abc dab Cad abcabc"
FIT = Decoding("fit")


def noise(seed: int, seconds: float = 1.0):
    samples = np.random.default_rng(seed).normal(0, 0.2, int(seconds * SAMPLE_RATE)).astype(np.float32)
    return clip_from_samples(samples, SAMPLE_RATE, f"noise {seed}")


def looked(lens, bench, clip, text=TEXT, recipe=RECIPE, halt=None):
    *names, look = lens.look(bench, recipe, clip, text, FIT, halt or Halt())
    assert isinstance(look, Look)
    return names, look


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.fixture(scope="module")
def thoughts(tiny_bench):
    """What M1 thinks, in a window of 30 s, and what plain transformers give for the same tokens."""
    bench, clip = tiny_bench, noise(0)
    told = tell(bench.transcriber, [clip], [TEXT], Decoding("30"), 448)
    with bench.held("m1", RECIPE) as model:
        before = state(model)
        found = think(model, told, bench.transcriber.vocabulary.folded, Halt())
        after = state(model)
        hooks = [hook for module in model.modules() for hook in (*module._forward_hooks, *module._forward_pre_hooks)]
    assert hooks == []
    assert all(torch.equal(before[name], after[name]) for name in before)
    plain = build_model(bench.live.triple.config, bench.live.triple.weights["m1"])
    plain.set_attn_implementation("eager")
    with torch.inference_mode():
        output = plain(input_features=told.features, decoder_input_ids=told.tokens, output_attentions=True)
    return found, told, output


def test_attention_is_that_of_transformers_and_every_row_sums_to_one(thoughts):
    found, told, output = thoughts
    theirs = torch.stack(output.cross_attentions)[:, 0, :, told.prompt - 1 :].numpy()
    assert found.attention.shape == theirs.shape == (2, 2, len(told.targets[0]), 1_500)
    np.testing.assert_allclose(found.attention, theirs, atol=1e-5)
    np.testing.assert_allclose(found.attention.sum(axis=-1), 1, atol=1e-5)


def test_probabilities_are_those_of_a_plain_forward(thoughts, tiny_bench):
    found, told, output = thoughts
    chances = output.logits[0, told.prompt - 1 :].softmax(dim=-1).numpy()
    targets = np.array(told.targets[0])
    np.testing.assert_allclose(found.probabilities, chances[np.arange(len(targets)), targets], rtol=1e-4, atol=1e-9)
    best = np.sort(chances, axis=-1)[:, ::-1][:, :ALTERNATIVES]
    np.testing.assert_allclose(found.odds, best, rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(chances, found.likeliest, axis=-1), best, rtol=1e-4)
    lowered = [tiny_bench.transcriber.vocabulary.piece(token).lower() for token in range(50_256)]
    for row, target in enumerate(targets[:-1]):
        alike = [token for token, piece in enumerate(lowered) if piece == lowered[target]]
        assert found.any_case[row] == pytest.approx(chances[row, alike].sum(), rel=1e-3)
        assert found.any_case[row] >= found.probabilities[row]


def test_a_look_tells_every_model_and_remembers_what_each_thinks(tiny_bench):
    lens, clip = Lens(), noise(1)
    names, look = looked(lens, tiny_bench, clip)
    assert names == list(LENS_MODELS)
    assert look.words == ("abc", "dab", "Cad", "abcabc")
    assert look.spans[0][0] == 0
    assert look.spans[-1][1] == len(look.pieces) - 1
    assert "".join(look.pieces[:-1]).split() == TEXT.split()
    assert look.shares.shape == (2, 2)
    assert all(0 <= begin < end <= clip.seconds for begin, end in look.times)
    again, same = looked(lens, tiny_bench, clip)
    assert again == []
    assert same.document() == look.document()
    moved, _ = looked(lens, tiny_bench, clip, recipe=Recipe("tiny", mixing=0.9))
    assert moved == ["merge"]
    assert looked(lens, tiny_bench, clip, text="abc")[0] == list(LENS_MODELS)


def test_the_merge_at_its_ends_thinks_what_its_parents_do(tiny_bench):
    _, look = looked(Lens(), tiny_bench, noise(2), recipe=Recipe("tiny", mixing=1.0))
    np.testing.assert_array_equal(look.thoughts["merge"].probabilities, look.thoughts["m1"].probabilities)
    np.testing.assert_array_equal(look.thoughts["merge"].attention, look.thoughts["m1"].attention)


def test_what_is_sent_is_json_and_a_map_can_be_read_back(tiny_bench):
    _, look = looked(Lens(), tiny_bench, noise(3))
    document = json.loads(json.dumps(look.document()))
    assert set(document["models"]) == set(LENS_MODELS)
    mel = base64.b64decode(document["mel"]["shades"])
    assert len(mel) == document["mel"]["bins"] * document["mel"]["frames"]
    assert max(mel) == 255
    for layer, head in ((None, None), (1, None), (0, 1)):
        sent = look.attention(layer, head)
        read = {
            name: np.frombuffer(base64.b64decode(packed), "<u2").reshape(sent["tokens"], sent["positions"])
            * (sent["highest"] / 65_535)
            for name, packed in sent["maps"].items()
        }
        assert set(read) == {"m1", "merge", "m2"}
        for values in read.values():
            np.testing.assert_allclose(values.sum(axis=-1), 1, atol=2e-3)
        if head is not None:
            np.testing.assert_allclose(read["m2"], look.thoughts["m2"].attention[layer, head], atol=1e-4)


def test_old_thoughts_go_when_there_is_no_more_room(tiny_bench):
    lens, first = Lens(limit=1), noise(4)
    looked(lens, tiny_bench, first)
    assert looked(lens, tiny_bench, first)[0] == []  # what is being looked at stays
    looked(lens, tiny_bench, noise(5))
    assert looked(lens, tiny_bench, first)[0] == list(LENS_MODELS)


@pytest.mark.parametrize(
    ("seconds", "text", "says"),
    [
        (31.0, "abc", "looks at one window of 30 s"),
        (1.0, "  ", "no word to look at"),
        (1.0, "q " * 300, "300 words are too many for 1.0 s"),
    ],
)
def test_what_cannot_be_looked_at_is_said_in_a_sentence(tiny_bench, seconds, text, says):
    with pytest.raises(AudioError, match=says):
        looked(Lens(), tiny_bench, noise(6, seconds), text)


def test_a_look_can_be_stopped(tiny_bench):
    with pytest.raises(InterruptedDecodingError):
        looked(Lens(), tiny_bench, noise(7), halt=Halt(lambda: True))


@pytest.mark.parametrize(
    ("text", "scored", "origins"),
    [
        ("um it's  Red", "it is red", (1, 1, 2)),
        ("he can't see", "he can not see", (0, 1, 1, 2)),
        ("twenty one cats", "21 cats", (0, 2)),
        ("uh um", "", ()),
    ],
)
def test_every_word_as_it_is_scored_comes_from_a_word_of_the_text(tiny_bench, text, scored, origins):
    words = text.split()
    assert tiny_bench.normalizer(text) == scored
    assert scored_words(tiny_bench, words) == origins


@pytest.mark.slow
def test_the_words_of_a_real_clip_come_one_after_the_other_and_fill_it(real_bench, real_config):
    bench = real_bench.bench("tiny-en", lambda *_: None)
    sample = read_manifest(real_config.corpora[0].path).utterances[0]
    clip = load_clip(sample.path)
    *_, look = real_bench.lens.look(bench, Recipe("tiny-en"), clip, sample.reference, FIT, Halt())
    starts = [begin for begin, _ in look.times]
    assert starts == sorted(starts)
    assert look.times[-1][1] > 0.7 * clip.seconds
    assert all(end - begin < 0.5 * clip.seconds for begin, end in look.times)
    assert look.shares.max() > 0.7  # there are heads that follow the sound
