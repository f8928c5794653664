"""The greedy loop and the transcriber: transformers' text at 30 s, and all that transformers cannot do."""

import itertools
import json
import re
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from material import chosen, no_progress, sine
from tiny_whisper import config_of, write_companions, write_whisper
from transformers import GenerationConfig, WhisperForConditionalGeneration, WhisperProcessor

from explorer.audio import SAMPLE_RATE, Clip, clip_from_samples, load_clip
from explorer.checkpoints.triple import build_model
from explorer.checkpoints.weights import load_weights, read_json
from explorer.corpora.manifest import read_manifest
from explorer.errors import CheckpointError
from explorer.recipe import Recipe
from explorer.scoring import align
from explorer.threads import at_once, use_threads
from explorer.transcription.companions import companions
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError, Prints
from explorer.transcription.encoder import encode
from explorer.transcription.greedy import greedy
from explorer.transcription.room import Room, dealt
from explorer.transcription.token_rules import TokenRules
from explorer.transcription.transcriber import Transcriber

GO_ON = Halt()


def noise(seed: int, seconds: float = 1.0) -> Clip:
    generator = np.random.default_rng(seed)
    samples = generator.normal(0, 0.2, int(seconds * SAMPLE_RATE)).astype(np.float32)
    return clip_from_samples(samples, SAMPLE_RATE, f"noise {seed}")


def cancelled_after(checks: int) -> Halt:
    """A halt that says yes so many times."""
    left = iter(range(checks))
    return Halt(lambda: next(left, None) is None)


def model_in(folder: Path) -> WhisperForConditionalGeneration:
    return build_model(read_json(folder / "config.json"), load_weights(folder))


@pytest.fixture(scope="module")
def tiny_model(tiny_whisper_folders):
    return model_in(tiny_whisper_folders.base)


@pytest.fixture
def tiny(tiny_model, tiny_whisper_folders):
    """A tiny English model and a transcriber that has heard nothing yet."""
    return tiny_model, Transcriber(tiny_whisper_folders.base)


@pytest.fixture(scope="module")
def multilingual_folder(tmp_path_factory) -> Path:
    folder = write_whisper(tmp_path_factory.mktemp("multilingual") / "base", seed=3, config=config_of(words=50_257))
    write_companions(folder, words=50_257)
    return folder


def first_tokens(monkeypatch, model, transcriber) -> list[int]:
    """What the decoder is given up to its first word."""
    given, step = [], Decoder.step

    def noting(self, tokens, *rest):
        given.extend(tokens.tolist())
        return step(self, tokens, *rest)

    monkeypatch.setattr(Decoder, "step", noting)
    transcriber.transcribe(model, [noise(0)], Decoding(max_new_tokens=1), GO_ON)
    return given


def test_an_english_prompt_names_neither_language_nor_task(monkeypatch, tiny):
    # <|startoftranscript|> <|notimestamps|>
    assert first_tokens(monkeypatch, *tiny) == [50_257, 50_362]


@pytest.mark.parametrize(("language", "token"), [("en", 50_259), ("de", 50_261), ("zh", 50_260)])
def test_a_multilingual_prompt_names_language_and_task(monkeypatch, multilingual_folder, language, token):
    transcriber = Transcriber(multilingual_folder, language)
    # <|startoftranscript|> <|en|> <|transcribe|> <|notimestamps|>
    assert first_tokens(monkeypatch, model_in(multilingual_folder), transcriber) == [50_258, token, 50_359, 50_363]


def test_a_language_no_whisper_knows_is_refused(multilingual_folder):
    with pytest.raises(CheckpointError, match="does not know language 'tlh'"):
        Transcriber(multilingual_folder, "tlh")


# Seeds whose models do not say the same to every clip.
@pytest.mark.parametrize(("words", "seed"), [(50_256, 0), (50_257, 3)], ids=["English", "multilingual"])
def test_the_loop_says_what_generate_says_with_random_weights(tmp_path, words, seed):
    folder = write_whisper(tmp_path / "base", seed, config=config_of(words=words))
    write_companions(folder, words=words)
    # generate would start anew behind a time it was not asked for; a model with random weights says such things.
    settings = GenerationConfig.from_pretrained(folder)
    settings.suppress_tokens += range(settings.no_timestamps_token_id + 1, words + 1_608)
    settings.save_pretrained(folder)
    model, transcriber = model_in(folder), Transcriber(folder)
    clips = [noise(seed, 0.5 + seed) for seed in range(5)]
    found = transcriber.transcribe(model, clips, Decoding("30", 24), GO_ON)
    texts = generated(model, folder, clips, 24)
    assert [hypothesis.text for hypothesis in found] == texts
    assert len(set(texts)) > 1


def generated(model, folder, clips, max_new_tokens) -> list[str]:
    """The oracle: transformers' own generate, and its own decoding of tokens."""
    processor = WhisperProcessor.from_pretrained(folder)
    inputs = processor([clip.samples for clip in clips], sampling_rate=SAMPLE_RATE, return_tensors="pt")
    settings = GenerationConfig.from_pretrained(folder)
    prompt = {"language": "en", "task": "transcribe"} if settings.is_multilingual else {}
    with torch.inference_mode():
        tokens = model.generate(
            inputs.input_features, generation_config=settings, max_new_tokens=max_new_tokens, **prompt
        )
    return [text.strip() for text in processor.batch_decode(tokens, skip_special_tokens=True)]


def test_a_stream_of_what_was_never_heard_grows_by_one_token_a_step_and_ends_with_the_transcript(tiny):
    model, transcriber = tiny
    clips = [noise(1), noise(2)]
    steps = list(transcriber.stream(model, clips, Decoding("fit", 12), GO_ON))
    assert len(steps) == 12
    assert steps[-1] == transcriber.transcribe(model, clips, Decoding("fit", 12), GO_ON)
    for before, after in pairwise(steps):
        assert all(later.text.startswith(earlier.text) for earlier, later in zip(before, after, strict=True))


def test_a_hypothesis_that_the_limit_cut_off_says_so(tiny):
    model, transcriber = tiny
    (found,) = transcriber.transcribe(model, [noise(1)], Decoding("fit", 3), GO_ON)
    assert not found.ended


def test_half_a_letter_is_not_shown(tiny):
    _, transcriber = tiny
    first, second = transcriber._tokenizer.convert_tokens_to_ids(["Ã", "©"])  # the two bytes of é
    assert [transcriber._hypothesis(row).text for row in ([64, first], [64, first, second])] == ["a", "aé"]


def steps_of(stream) -> int:
    """Count the steps of a stream until it is interrupted."""
    steps = []
    with pytest.raises(InterruptedDecodingError):
        steps.extend(stream)
    return len(steps)


@pytest.mark.parametrize("checks", [0, 1, 2, 3, 4, 9])
def test_cancelling_stops_at_the_next_token(tiny, checks):
    model, transcriber = tiny
    steps = steps_of(transcriber.stream(model, [noise(1)], Decoding("fit", 40), cancelled_after(checks)))
    # One check comes before the encoder, one before each of its two layers, one before the prompt's first token.
    assert steps == max(0, checks - 4)


def test_a_deadline_stops_at_the_next_token(tiny, monkeypatch):
    clock = iter(range(1_000))
    monkeypatch.setattr("explorer.transcription.decoding.time.monotonic", lambda: next(clock))
    model, transcriber = tiny
    assert steps_of(transcriber.stream(model, [noise(1)], Decoding("fit", 40), Halt(deadline=8))) == 5


def test_every_row_stops_at_its_own_limit(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(1), noise(2), noise(3)], Decoding("fit"))
    rows = list(greedy(model, features, transcriber.rules, [2, 9, 5], GO_ON))[-1]
    assert [len(row) for row in rows] == [2, 9, 5]


def test_a_batch_says_what_each_of_its_clips_says_alone(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(seed) for seed in range(4)], Decoding("fit"))
    limits = [3, 11, 7, 11]
    together = list(greedy(model, features, transcriber.rules, limits, GO_ON))[-1]
    alone = [
        list(greedy(model, features[[place]], transcriber.rules, [limit], GO_ON))[-1][0]
        for place, limit in enumerate(limits)
    ]
    assert together == alone


def test_clips_of_many_windows_come_and_go_and_say_what_each_says_alone(tiny, monkeypatch):
    """More clips than have room: those that end early are followed by others, whatever their window."""
    monkeypatch.setattr("explorer.transcription.room.CPU", Room(3, 5, 24_000))
    model, transcriber = tiny
    clips = [noise(seed, 0.4 + seed % 4) for seed in range(14)]
    mels = [transcriber.features([clip], Decoding("fit"))[0] for clip in clips]
    limits = [2 + 5 * (seed % 3) for seed in range(14)]
    sizes, step = [], Decoder.step

    def counting(self, tokens, *rest):
        sizes.append(len(tokens))
        return step(self, tokens, *rest)

    monkeypatch.setattr(Decoder, "step", counting)
    together = [list(row) for row in list(greedy(model, mels, transcriber.rules, limits, GO_ON))[-1]]
    assert max(sizes) <= 5
    assert len(sizes) < sum(limits) / 2
    alone = [
        list(greedy(model, [mel], transcriber.rules, [limit], GO_ON))[-1][0]
        for mel, limit in zip(mels, limits, strict=True)
    ]
    assert together == alone
    assert len({tuple(row[:2]) for row in together}) > 1


@pytest.mark.parametrize("threads", [2, 3])
def test_clips_heard_side_by_side_are_heard_alike_and_in_their_order(tiny, tiny_whisper_folders, monkeypatch, threads):
    model, _ = tiny
    clips, fit = [noise(seed, 0.4 + seed % 4) for seed in range(9)], Decoding("fit", 12)
    alone = [Transcriber(tiny_whisper_folders.base).transcribe(model, [clip], fit, GO_ON)[0] for clip in clips]
    seen, step = set(), Decoder.step

    def watched(self, *rest):
        seen.add(threading.get_ident())
        return step(self, *rest)

    monkeypatch.setattr(Decoder, "step", watched)
    use_threads(threads)
    assert Transcriber(tiny_whisper_folders.base).transcribe(model, clips, fit, GO_ON) == alone
    assert len(seen) == threads
    assert len(set(alone)) > 3
    assert Transcriber(tiny_whisper_folders.base).transcribe(model, [], fit, GO_ON) == []


def test_clips_heard_side_by_side_all_stop(tiny, tiny_whisper_folders):
    model, _ = tiny
    use_threads(2)
    asked = itertools.count()
    halt = Halt(lambda: next(asked) > 20)
    with pytest.raises(InterruptedDecodingError):
        Transcriber(tiny_whisper_folders.base).transcribe(
            model, [noise(seed) for seed in range(6)], Decoding("fit", 40), halt
        )
    assert next(asked) < 26
    assert at_once() == 2


def test_shares_have_about_as_much_to_do():
    use_threads(2)
    seconds = dict(enumerate([9.0, 1.0, 8.0, 2.0, 7.0]))
    shares = dealt(seconds, "cpu")
    assert sorted(place for share in shares for place in share) == [0, 1, 2, 3, 4]
    assert abs(sum(seconds[place] for place in shares[0]) - sum(seconds[place] for place in shares[1])) < 9
    assert dealt(seconds, "cuda") == [[0, 1, 2, 3, 4]]
    assert dealt({3: 1.0, 5: 2.0, 6: 1.0}, "cpu") == [[3, 5, 6]]  # two a share at least
    assert dealt({}, "cpu") == []


def test_what_an_encoder_made_of_a_clip_is_recalled_and_another_encoders_is_not(tiny, tiny_whisper_folders):
    model, _ = tiny
    transcriber = Transcriber(tiny_whisper_folders.base)
    clips, fit = [noise(1), noise(2), noise(3, 2.5)], Decoding("fit", 6)
    layers = []
    norm = model.model.encoder.layers[0].self_attn_layer_norm  # called by every way through a layer
    hook = norm.register_forward_pre_hook(lambda _, args: layers.append(len(args[0])))
    first = transcriber.transcribe(model, clips[1:], fit, GO_ON, Prints(["one"], "words"))
    assert sum(layers) == 2
    layers.clear()
    assert transcriber.transcribe(model, clips, fit, GO_ON, Prints(["one"], "words"))[1:] == first
    assert layers == [1]
    layers.clear()
    for prints in (Prints(["other"], "words"), None):
        assert transcriber.transcribe(model, clips[1:], fit, GO_ON, prints) == first
    hook.remove()
    assert sum(layers) == 4


def test_layers_below_the_first_changed_one_are_not_computed_again(tiny_bench):
    transcriber, clip, fit = Transcriber(tiny_bench.live.triple.folder), noise(1), Decoding("fit", 6)
    worked = []

    def heard(*ratios):
        curves = {lane: (0.5,) * depth for lane, depth in tiny_bench.depths.items()} | {"encoder.self": ratios}
        recipe = Recipe("tiny", schedule="custom", ratios=tuple(curves.items()))
        prints = tiny_bench.fine_parts("merge", recipe)
        with tiny_bench.held("merge", recipe) as model:
            layers = model.model.encoder.layers
            hooks = [
                layer.self_attn_layer_norm.register_forward_pre_hook(lambda *_, number=number: worked.append(number))
                for number, layer in enumerate(layers)
            ]
            (found,) = transcriber.transcribe(model, [clip], fit, GO_ON, prints)
            for hook in hooks:
                hook.remove()
            assert transcriber.transcribe(model, [clip], fit, GO_ON) == [found]
        done = worked.copy()
        worked.clear()
        return done

    assert tiny_bench.depths["encoder.self"] == 2
    assert heard(0.2, 0.2) == [0, 1]
    assert heard(0.2, 0.9) == [1]
    assert heard(0.2, 0.9) == []
    assert heard(0.9, 0.9) == [0, 1]
    assert heard(0.9, 0.2) == [1]


def test_what_comes_before_the_layers_is_computed_once_for_models_that_share_it(tiny_bench):
    transcriber, clips, fit = Transcriber(tiny_bench.live.triple.folder), [noise(1), noise(2)], Decoding("fit", 6)
    merges = {name: Recipe("tiny", mixing=ratio) for name, ratio in (("low", 0.2), ("high", 0.9))}
    prints = tiny_bench.parts(["m1", *merges], merges)
    convolved = []
    for name, each in prints.items():
        with tiny_bench.lender(merges)(name) as model:
            hook = model.model.encoder.conv1.register_forward_pre_hook(lambda _, args: convolved.append(len(args[0])))
            found = transcriber.transcribe(model, clips, fit, GO_ON, each)
            hook.remove()
            assert transcriber.transcribe(model, clips, fit, GO_ON) == found
    assert convolved == [2]
    assert len({each.encoder[0] for each in prints.values()}) == 1
    assert len({each.encoder[1] for each in prints.values()}) == 3


def test_bfloat16_is_another_decoding_and_says_so(tiny):
    model, transcriber = tiny
    clips = [noise(seed) for seed in range(3)]
    found = transcriber.transcribe(model, clips, Decoding("fit", 6, "bfloat16"), GO_ON)
    assert [hypothesis.ended for hypothesis in found] == [False] * 3
    assert Decoding("fit", 6, "bfloat16").as_dict() == Decoding("fit", 6).as_dict() | {"precision": "bfloat16"}


def test_suppressed_tokens_are_never_said(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(1)], Decoding("fit"))
    allowed = {300, 301, 50_256}
    rules = replace(transcriber.rules, suppressed=tuple(set(range(51_864)) - allowed), suppressed_first=())
    (row,) = list(greedy(model, features, rules, [20], GO_ON))[-1]
    assert set(row) <= allowed


def test_tokens_suppressed_at_the_start_are_not_said_first(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(1)], Decoding("fit"))
    rules = replace(transcriber.rules, suppressed_first=())
    (free,) = list(greedy(model, features, rules, [1], GO_ON))[-1]
    (row,) = list(greedy(model, features, replace(rules, suppressed_first=tuple(free)), [1], GO_ON))[-1]
    assert row != free


def test_tokens_suppressed_at_the_start_may_follow_later(tiny):
    model, transcriber = tiny
    rules = replace(transcriber.rules, suppressed_first=())
    for seed in range(20):
        features = transcriber.features([noise(seed)], Decoding("fit"))
        (row,) = list(greedy(model, features, rules, [12], GO_ON))[-1]
        if later := set(row) - {row[0]}:
            break
    assert later, "no clip in which a model with random weights says two different things"
    again = list(greedy(model, features, replace(rules, suppressed_first=tuple(later)), [12], GO_ON))[-1]
    assert again == [row]


def test_a_row_ends_with_the_end_token(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(1)], Decoding("fit"))
    only_end = TokenRules(transcriber.rules.prompt, 50_256, tuple(range(50_256)) + tuple(range(50_257, 51_864)), ())
    assert list(greedy(model, features, only_end, [20], GO_ON)) == [[[50_256]]]


@pytest.mark.parametrize(("window", "frames"), [("30", 3_000), ("fit", 500)])
def test_features_have_the_frames_of_the_window(tiny, window, frames):
    _, transcriber = tiny
    assert transcriber.features([noise(1, 3.5)], Decoding(window)).shape == (1, 80, frames)


def test_the_encoder_of_a_full_window_is_transformers_own(tiny):
    model, transcriber = tiny
    features = transcriber.features([noise(1), noise(2)], Decoding("30"))
    with torch.inference_mode():
        expected = model.model.encoder(features).last_hidden_state
        assert torch.equal(encode(model, features, GO_ON, modules=True), expected)
        torch.testing.assert_close(encode(model, features, GO_ON), expected, rtol=1e-5, atol=1e-5)


def test_the_encoder_of_a_cut_window_is_that_of_a_network_with_fewer_positions(tiny, tiny_whisper_folders):
    model, transcriber = tiny
    features = transcriber.features([noise(1, 3.5)], Decoding("fit"))
    positions = "model.encoder.embed_positions.weight"
    weights = load_weights(tiny_whisper_folders.base)
    weights[positions] = weights[positions][:250]
    short = build_model(read_json(tiny_whisper_folders.base / "config.json") | {"max_source_positions": 250}, weights)
    with torch.inference_mode():
        expected = short.model.encoder(features).last_hidden_state
        assert torch.equal(encode(model, features, GO_ON, modules=True), expected)
        torch.testing.assert_close(encode(model, features, GO_ON), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("checks", [0, 3])
def test_cancelling_stops_a_recording_over_30_seconds_at_a_token(tiny, checks):
    model, transcriber = tiny
    calls = []
    hook = model.model.decoder.register_forward_pre_hook(lambda *_: calls.append(1))
    with pytest.raises(InterruptedDecodingError):
        transcriber.transcribe(model, [noise(1, 31)], Decoding(), cancelled_after(checks))
    hook.remove()
    assert len(calls) <= checks + 1


# On real weights and real speech.


@pytest.fixture(scope="module")
def bench(real_bench):
    return real_bench.bench("tiny-en", no_progress)


def clips_of(speech, name, count):
    utterances = chosen(read_manifest(speech / "speechocean762" / name).utterances, limit=count)
    return [(load_clip(utterance.path, utterance.id), utterance.reference) for utterance in utterances]


@pytest.fixture(scope="module")
def real_clips(speech):
    """A hundred clips of children and a hundred of adults, evenly over 62 speakers."""
    return [clip for name in ("dev-child", "dev-adult") for clip, _ in clips_of(speech, name, 100)]


@pytest.mark.slow
def test_the_loop_says_what_generate_says_on_200_real_clips(bench, real_clips):
    assert len(real_clips) == 200
    differing = []
    with bench.live.checkpoint("m1") as model:
        for start in range(0, 200, 8):
            batch = real_clips[start : start + 8]
            found = bench.transcriber.transcribe(model, batch, Decoding("30", 64), GO_ON)
            texts = generated(model, bench.live.triple.folder, batch, 64)
            differing += [
                (clip.name, hypothesis.text, text)
                for clip, hypothesis, text in zip(batch, found, texts, strict=True)
                if hypothesis.text != text
            ]
    assert differing == []


def texts_of(bench, held, batch):
    with held as model:
        return [hypothesis.text for hypothesis in bench.transcriber.transcribe(model, batch, Decoding("fit"), GO_ON)]


def batches_by_window(clips):
    """Clips that share a fitting window, at most eight together."""
    by_window = {}
    for clip in clips:
        by_window.setdefault(Decoding("fit").positions(clip.seconds), []).append(clip)
    return [batch[start : start + 8] for batch in by_window.values() for start in range(0, len(batch), 8)]


@pytest.mark.slow
def test_lambda_one_hears_what_the_child_model_hears(bench, real_clips):
    for batch in batches_by_window(real_clips[:60]):
        child = texts_of(bench, bench.live.checkpoint("m1"), batch)
        texts_of(bench, bench.live.merged(Recipe("tiny-en", mixing=0.1)), batch[:1])
        assert texts_of(bench, bench.live.merged(Recipe("tiny-en", mixing=1.0)), batch) == child


@pytest.mark.slow
def test_the_members_and_the_merge_hear_different_things(bench, real_clips):
    """Otherwise the law above would hold of anything."""
    batch = max(batches_by_window(real_clips[:100]), key=len)
    recipe = Recipe("tiny-en", schedule="constant", mixing=0.0)
    heard = [
        texts_of(bench, held, batch)
        for held in (bench.live.checkpoint("m1"), bench.live.checkpoint("m2"), bench.live.merged(recipe))
    ]
    assert heard[0] != heard[1] != heard[2] != heard[0]


@pytest.mark.slow
def test_what_is_heard_in_a_fitting_window_does_not_depend_on_the_batch(bench, real_clips):
    for batch in batches_by_window(real_clips[::4]):
        together = texts_of(bench, bench.live.checkpoint("m1"), batch)
        assert [texts_of(bench, bench.live.checkpoint("m1"), [clip])[0] for clip in batch] == together


@pytest.mark.slow
def test_a_real_stream_yields_prefixes_of_the_transcript(bench, real_clips):
    transcriber = Transcriber(bench.live.triple.folder)  # one that has heard nothing it could guess by
    with bench.live.checkpoint("m1") as model:
        for clip in real_clips[::20]:
            steps = [found.text for (found,) in transcriber.stream(model, [clip], Decoding("fit"), GO_ON)]
            assert len(steps) > 2
            assert all(steps[-1].startswith(step) for step in steps)


@pytest.fixture(scope="module")
def long_recording(speech):
    """45 seconds of one adult after the other, and what they said."""
    parts, said, seconds = [], [], 0.0
    for clip, reference in clips_of(speech, "dev-adult", 40):
        parts += [clip.samples, np.zeros(SAMPLE_RATE // 2, np.float32)]
        said.append(reference)
        seconds += clip.seconds + 0.5
        if seconds > 45:
            break
    samples = np.concatenate(parts)[: 45 * SAMPLE_RATE]
    return clip_from_samples(samples, SAMPLE_RATE, "long"), " ".join(said)


# Adults read it: M2's speech, and an M1's that heard an hour of children; one that heard a quarter gets 0.52.
@pytest.mark.slow
@pytest.mark.parametrize(("triple", "member", "most"), [("tiny-en-hour", "m1", 0.5), ("tiny-en", "m2", 0.4)])
def test_a_recording_of_45_seconds_is_decoded_as_transformers_does_it(real_bench, long_recording, triple, member, most):
    clip, said = long_recording
    bench = real_bench.bench(triple, no_progress)
    folder = bench.live.triple.folder
    processor = WhisperProcessor.from_pretrained(folder)
    inputs = processor(
        clip.samples,
        sampling_rate=SAMPLE_RATE,
        return_tensors="pt",
        truncation=False,
        padding="longest",
        return_attention_mask=True,
    )
    with bench.live.checkpoint(member) as model:
        # There is nothing to stream: one step, with one hypothesis.
        ((found,),) = bench.transcriber.stream(model, [clip], Decoding("fit"), GO_ON)
        tokens = model.generate(
            **inputs, generation_config=GenerationConfig.from_pretrained(folder), return_timestamps=True
        )
    (text,) = processor.batch_decode(tokens, skip_special_tokens=True)
    assert found.text == re.sub(r"\s+", " ", text).strip()
    # Both windows are in it: about as many words as were said, most of them right.
    counts = align(bench.normalizer(said), bench.normalizer(found.text)).counts
    assert counts.wer < most


@pytest.mark.slow
def test_a_long_recording_with_real_weights_can_be_cancelled_and_runs_into_its_deadline(bench, long_recording):
    with bench.live.checkpoint("m1") as model:
        calls = []
        hook = model.model.decoder.register_forward_pre_hook(lambda *_: calls.append(1))
        with pytest.raises(InterruptedDecodingError, match="no longer wanted"):
            bench.transcriber.transcribe(model, [long_recording[0]], Decoding(), cancelled_after(10))
        assert len(calls) <= 11
        with pytest.raises(InterruptedDecodingError, match="deadline"):
            bench.transcriber.transcribe(model, [long_recording[0]], Decoding(), Halt(deadline=0))
        hook.remove()
        assert len(calls) <= 12


def test_a_tone_has_no_words_of_its_own(tiny):
    """Any clip may be decoded, with speech in it or not."""
    model, transcriber = tiny
    clip = clip_from_samples(sine(440, 1, SAMPLE_RATE), SAMPLE_RATE, "tone")
    assert len(transcriber.transcribe(model, [clip], Decoding("fit", 5), GO_ON)) == 1


def test_features_computed_together_are_those_of_each_clip_alone(tiny_whisper_folders):
    clips = [noise(seed, 0.5 + 0.4 * (seed % 4)) for seed in range(20)]  # two windows, more clips than go together
    fit = Decoding("fit")
    together = Transcriber(tiny_whisper_folders.base)._mels.of(clips, fit, "cpu")
    for clip, mel in zip(clips, together, strict=True):
        (alone,) = Transcriber(tiny_whisper_folders.base).features([clip], fit)
        assert mel.shape == alone.shape
        assert torch.allclose(mel, alone, rtol=0, atol=1e-5)
    assert len({mel.shape for mel in together}) > 1


def test_triples_of_one_base_share_its_tokenizer_until_its_files_change(tmp_path):
    folder = write_whisper(tmp_path / "base", seed=3)
    write_companions(folder)
    one, other = companions(folder), companions(folder)
    assert one[0] is other[0]
    file = folder / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"suppress_tokens": [7]}))
    _, extractor, settings = companions(folder)
    assert extractor is not one[1]
    assert settings.suppress_tokens == [7]
