"""Log-mel features: what silence is not computed for, and what is recalled."""

import numpy as np
import pytest
import torch
from transformers import WhisperFeatureExtractor

from explorer.audio import SAMPLE_RATE, Clip, clip_from_samples
from explorer.transcription.decoding import FRAMES_PER_POSITION, Decoding
from explorer.transcription.mels import Mels

# Samples of what ends everywhere in a frame, is as long as the window, or nearly so.
LENGTHS = (1_601, 8_000, 16_159, 16_160, 40_039, 399_880, 479_480, 479_640, 479_999, 480_000)


def clip(samples: int, loudness: float = 0.1) -> Clip:
    noise = np.random.default_rng(samples).normal(0, loudness, samples)
    return clip_from_samples(noise.astype(np.float32), SAMPLE_RATE, f"{samples} samples")


@pytest.mark.parametrize("window", ["30", "fit"])
def test_features_are_to_the_bit_what_transformers_makes_of_thirty_seconds(window):
    """Clips of all lengths together, quiet ones among them: what stands for silence hangs on a clip's loudest."""
    extractor = WhisperFeatureExtractor()
    decoding = Decoding(window)
    clips = [clip(length, loudness) for length in LENGTHS for loudness in (0.3, 0.001)]
    for each, found in zip(clips, Mels(extractor).of(clips, decoding, "cpu"), strict=True):
        whole = extractor(each.samples, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features[0]
        frames = decoding.positions(each.seconds) * FRAMES_PER_POSITION
        assert found.shape == (80, frames)
        assert torch.equal(found, whole[:, :frames]), each.name


def test_no_more_of_a_window_is_computed_than_its_longest_clip_fills(monkeypatch):
    extractor = WhisperFeatureExtractor()
    asked = []
    compute = WhisperFeatureExtractor.__call__

    def counting(self, clips, max_length, **rest):
        asked.append(max_length)
        return compute(self, clips, max_length=max_length, **rest)

    monkeypatch.setattr(WhisperFeatureExtractor, "__call__", counting)
    mels, clips = Mels(extractor), [clip(30_000), clip(16_000)]
    mels.of(clips, Decoding("30"), "cpu")
    mels.of(clips, Decoding("30"), "cpu")
    assert len(asked) == 1
    assert 30_000 < asked[0] < 31_000
