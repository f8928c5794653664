"""Cancel frees the model at once: after it, no more is computed than the one call that was under way.

A call is a layer of the encoder or a step of the decoder; loops that run side by side have one under way each. How
long it takes is the machine's affair, so calls are counted here, not seconds.
"""

import json
import threading
from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
import soundfile
from material import no_progress

from explorer.audio import SAMPLE_RATE, load_clip
from explorer.corpora.manifest import MANIFEST, read_manifest
from explorer.recipe import Recipe
from explorer.threads import at_once
from explorer.transcription.decoder import Decoder
from explorer.transcription.decoding import Decoding, Halt
from explorer.transcription.transcriber import Transcriber

PATIENCE = 120
MODELS = ("m1", "merge", "m2")


class Watch:
    """Counts the calls of encoders and decoders, and holds the work at one of them until it has been cancelled."""

    def __init__(self, call: int) -> None:
        self.call = call
        self.calls = 0
        self.guard = threading.Lock()
        self.reached, self.cancelled = threading.Event(), threading.Event()

    def __call__(self, *_) -> None:
        with self.guard:
            self.calls += 1
            held = self.calls >= self.call
        if held:
            self.reached.set()
            assert self.cancelled.wait(PATIENCE)

    def on(self, bench, recipe) -> ExitStack:
        """Watch every model of a triple."""
        hooks = ExitStack()
        for name in MODELS:
            with bench.held(name, recipe) as network:
                norms = [layer.self_attn_layer_norm for layer in network.model.encoder.layers]  # called by every way
                for part in (*norms, network.model.decoder):  # the latter of long recordings
                    hooks.callback(part.register_forward_pre_hook(self).remove)
        step = Decoder.step

        def watched(decoder, *rest):
            self()
            return step(decoder, *rest)

        hooks.enter_context(patch.object(Decoder, "step", watched))
        return hooks


def cancel_at(call, workbench, bench, utterances, recipe, decoding):
    """Evaluate in a thread, cancel at a call of a network, and return what came of it and how many calls there were."""
    watch, states, freed = Watch(call), [], []
    bench = replace(bench, transcriber=Transcriber(bench.live.triple.folder))  # remembers nothing

    def evaluating():
        halt = Halt(watch.cancelled.is_set)
        states.extend(workbench.evaluate(bench, utterances, MODELS, recipe, decoding, halt))

    def waiting():
        with bench.held("m2", recipe):
            freed.append(watch.calls)

    with watch.on(bench, recipe):
        threads = [threading.Thread(target=work, daemon=True) for work in (evaluating, waiting)]
        threads[0].start()
        assert watch.reached.wait(PATIENCE)
        threads[1].start()  # someone else waits for the model
        watch.cancelled.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        calls = watch.calls
    return states[-1], calls, freed


@pytest.mark.parametrize("call", [1, 2, 3, 7, 8, 20, 40])
def test_after_a_cancel_only_the_call_that_is_under_way_ends(tiny_workbench, tiny_bench, noises, call):
    recipe = Recipe("tiny", schedule="constant", mixing=0.5)
    state, calls, freed = cancel_at(call, tiny_workbench, tiny_bench, noises, recipe, Decoding("fit", 12))
    assert state.stopped
    assert state.done < len(noises)
    assert calls == call
    assert freed == [call]


@pytest.mark.slow
@pytest.mark.parametrize("call", [1, 4, 5, 60])
def test_an_evaluation_with_real_weights_is_cancelled_within_one_call(real_bench, speech, call):
    """At the encoder's first and last layer, the decoder's first step, and later; who waits then has the model."""
    bench = real_bench.bench("tiny-en", no_progress)
    utterances = read_manifest(speech / "speechocean762" / "dev-child").utterances[:40]
    state, calls, freed = cancel_at(call, real_bench, bench, utterances, Recipe("tiny-en"), Decoding("fit"))
    assert state.stopped
    assert call <= calls < call + at_once()
    assert freed == [calls]


@pytest.mark.slow
@pytest.mark.parametrize("call", [2, 10])
def test_a_recording_over_30_seconds_is_cancelled_within_one_call_too(real_bench, speech, tmp_path, call):
    bench = real_bench.bench("tiny-en", no_progress)
    utterances = read_manifest(long_corpus(speech, tmp_path)).utterances
    state, calls, freed = cancel_at(call, real_bench, bench, utterances, Recipe("tiny-en"), Decoding("fit"))
    assert (state.stopped, state.done) == (True, 0)
    assert calls == call
    assert freed == [call]


def long_corpus(speech, folder):
    """One recording of more than 30 s, made of many."""
    clips = read_manifest(speech / "speechocean762" / "dev-adult").utterances[:12]
    samples = np.concatenate([load_clip(utterance.path).samples for utterance in clips])
    assert len(samples) > 30 * SAMPLE_RATE
    soundfile.write(folder / "long.wav", samples, SAMPLE_RATE)
    (folder / MANIFEST).write_text(json.dumps({"file_name": "long.wav", "text": "a"}))
    return folder
