"""The needle: equal to a full forward pass whatever was reused, and computing only what a move changed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.attention import LANES
from explorer.audio import load_clip
from explorer.corpora.utterance import Utterance
from explorer.errors import AudioError, CorpusError, RecipeError
from explorer.layer_cache import LayerCache
from explorer.needle import MAX_CLIPS, Needle
from explorer.recipe import recipe_from
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.transcription.encoder import encode

FIT = Decoding("fit")
START = {lane: [0.9, 0.4] for lane in LANES}


def drawn(ratios=START, **entries):
    return recipe_from({"triple": "tiny", "schedule": "custom", "ratios": ratios, **entries})


def moved(lane, layer, ratio=0.25):
    return drawn({each: [ratio if (each, at) == (lane, layer) else START[each][at] for at in (0, 1)] for each in LANES})


@pytest.fixture
def spoken(noises):
    """Five clips of two windows, with references of several lengths."""
    said = ("abc abcd", "a", "ab abc a b", "abcd abcd abc", "b")
    return [Utterance(each.id, each.path, text, "s") for each, text in zip(noises, said, strict=False)]


@pytest.fixture
def counted(tiny_bench):
    """Which layers, and which layers' keys for cross-attention, ran in the merge since the list was cleared."""
    ran = []
    with tiny_bench.live.merged(drawn()) as network:
        model = network.model
    layers = {
        **{f"encoder {index}": layer for index, layer in enumerate(model.encoder.layers)},
        **{f"decoder {index}": layer for index, layer in enumerate(model.decoder.layers)},
        **{f"cross {index}": layer.encoder_attn.k_proj for index, layer in enumerate(model.decoder.layers)},
    }
    hooks = [layer.register_forward_pre_hook(lambda *_, name=name: ran.append(name)) for name, layer in layers.items()]
    yield ran
    for hook in hooks:
        hook.remove()


def by_hand(bench, model, recipe, utterance):
    """One clip, one full forward pass."""
    clip = load_clip(utterance.path)
    rules, ids = bench.transcriber.rules, bench.transcriber.tokens(f" {utterance.reference}")
    with bench.held(model, recipe) as network, torch.inference_mode():
        hidden = encode(network, bench.transcriber.features([clip], FIT), Halt())
        tokens = torch.tensor([[*rules.prompt, *ids]])
        out = network.model.decoder(tokens, encoder_hidden_states=hidden, use_cache=False).last_hidden_state
        scores = network.proj_out(out[0, len(rules.prompt) - 1 :]).double().log_softmax(-1)
    wanted = torch.tensor([*ids, rules.end])
    return -scores.gather(1, wanted[:, None])[:, 0], scores.argmax(-1) == wanted


@pytest.mark.parametrize("model", ["m0", "m1", "m2", "merge"])
def test_it_is_the_likelihood_of_a_full_forward_pass_clip_by_clip(tiny_bench, spoken, model):
    needle = Needle(tiny_bench)
    probe = needle.probe(spoken, FIT)
    assert len(probe.groups) == 2
    reading = needle.read(model, drawn(), probe, Halt())
    for utterance, seen in zip(spoken, reading.clips, strict=True):
        losses, right = by_hand(tiny_bench, model, drawn(), utterance)
        assert seen.losses == pytest.approx(losses.tolist(), abs=2e-4)
        assert list(seen.right) == right.tolist()
    whole = [loss for clip in reading.clips for loss in clip.losses]
    assert reading.value == pytest.approx(sum(whole) / len(whole))


MOVES = {
    ("decoder.cross", 1): ["decoder 1", "cross 1"],
    ("decoder.self", 1): ["decoder 1"],
    ("decoder.cross", 0): ["decoder 0", "cross 0", "decoder 1"],
    ("decoder.self", 0): ["decoder 0", "decoder 1"],
    ("encoder.self", 1): ["encoder 1", "decoder 0", "cross 0", "decoder 1", "cross 1"],
    ("encoder.self", 0): ["encoder 0", "encoder 1", "decoder 0", "cross 0", "decoder 1", "cross 1"],
}


@pytest.mark.parametrize(("place", "expected"), MOVES.items(), ids=lambda each: str(each))
def test_a_move_runs_the_layers_from_the_lowest_it_changed_and_no_others(tiny_bench, spoken, counted, place, expected):
    needle = Needle(tiny_bench)
    probe = needle.probe(spoken[:1], FIT)
    before = needle.read("merge", drawn(), probe, Halt())
    counted.clear()
    needle.read("merge", moved(*place), probe, Halt())
    assert counted == expected
    counted.clear()
    assert needle.read("merge", drawn(), probe, Halt()) == before  # to the bit
    assert counted == []


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 1), st.sampled_from([0.0, 0.3, 1.0])), max_size=5))
def test_whatever_way_the_hand_came_the_needle_is_where_it_would_be_without_a_memory(tiny_bench, noises, moves):
    spoken = [Utterance(each.id, each.path, "abc a", "s") for each in noises[:2]]
    with_memory, without = Needle(tiny_bench), Needle(tiny_bench, limit_bytes=0)
    ratios = {lane: list(values) for lane, values in START.items()}
    for lane, layer, ratio in moves:
        ratios[lane][layer] = ratio
        recipe = drawn(ratios)
        readings = [each.read("merge", recipe, each.probe(spoken, FIT), Halt()) for each in (with_memory, without)]
        assert readings[0] == readings[1]
    assert without.cache.bytes == 0


def test_every_method_and_added_vectors_have_a_needle(tiny_bench, spoken):
    needle = Needle(tiny_bench)
    probe = needle.probe(spoken, FIT)
    recipes = [
        drawn(),
        drawn(add=[{"vector": "m2", "beta": 0.4}]),
        recipe_from({"triple": "tiny", "method": "ties"}),
        recipe_from({"triple": "tiny", "method": "lerp", "lambda": 0.5}),
        recipe_from({"triple": "tiny", "method": "lerp", "lambda": 0.6}),
    ]
    values = [needle.read("merge", recipe, probe, Halt()).value for recipe in recipes]
    assert len(set(values)) == len(values)
    losses, _ = by_hand(tiny_bench, "merge", recipes[-1], spoken[0])
    assert needle.read("merge", recipes[-1], probe, Halt()).clips[0].losses == pytest.approx(losses.tolist(), abs=2e-4)


def test_what_is_not_kept_leaves_the_memory_as_it_was(tiny_bench, spoken):
    needle = Needle(tiny_bench)
    probe = needle.probe(spoken, FIT)
    needle.read("merge", drawn(), probe, Halt())
    before = needle.cache.bytes
    needle.read("merge", moved("encoder.self", 0), probe, Halt(), keep=False)
    assert needle.cache.bytes == before > 0


def test_a_newer_request_stops_it_between_two_layers(tiny_bench, spoken):
    needle = Needle(tiny_bench)
    probe = needle.probe(spoken, FIT)
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(InterruptedDecodingError):
        needle.read("merge", drawn(), probe, Halt(cancelled))
    assert needle.read("merge", drawn(), probe, Halt()).tokens > 0  # what was computed by then is used


def test_words_have_their_tokens(tiny_bench, spoken):
    probe = Needle(tiny_bench).probe(spoken, FIT)
    assert [word for word, _ in probe.words[2]] == ["ab", "abc", "a", "b"]
    for place, words in enumerate(probe.words):
        text = " ".join(word for word, _ in words)
        assert sum(count for _, count in words) == len(tiny_bench.transcriber.tokens(f" {text}"))
        told = next(told for told, places in probe.groups if place in places)
        assert told.key in probe.key


def test_the_memory_is_bounded_and_the_oldest_goes_first():
    cache = LayerCache(100)
    one, two, three = (torch.zeros(10) for _ in range(3))
    cache.put("one", one)
    cache.put("two", two)
    assert cache.get("one") == (one,)
    cache.put("three", three)
    assert cache.get("two") is None
    assert cache.get("one") == (one,)
    assert cache.bytes == 80
    cache.put("large", torch.zeros(26))
    assert cache.get("large") is None
    assert cache.bytes == 0


def test_clips_that_cannot_be_told_are_one_sentence(tiny_bench, spoken, tmp_path):
    needle = Needle(tiny_bench)
    with pytest.raises(RecipeError, match=f"expected 1 to {MAX_CLIPS} clips"):
        needle.probe([], FIT)
    with pytest.raises(RecipeError, match="but got 9"):
        needle.probe(spoken[:1] * 9, FIT)
    with pytest.raises(CorpusError, match="has no reference"):
        needle.probe([Utterance("x", spoken[0].path, "  ", "s")], FIT)
    with pytest.raises(AudioError, match="no such audio file"):
        needle.probe([Utterance("x", tmp_path / "x.wav", "a", "s")], FIT)
