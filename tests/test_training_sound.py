"""Perturbations and features of training against known truths."""

from pathlib import Path

import numpy as np
import pytest
import torch
from material import sine

from explorer.audio import clip_from_samples
from explorer.transcription.decoding import Decoding
from explorer.transcription.transcriber import Transcriber
from training.perturbation import change_speed, perturb, shift_pitch, stretch_time
from training.spectrogram import LogMel, mask, warp_matrix

RATE = 16_000


def pitch_of(samples: np.ndarray) -> float:
    """The strongest frequency in the middle of a recording, in Hz."""
    middle = samples[len(samples) // 4 : -(len(samples) // 4)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), n=1 << 18))
    return float(np.argmax(spectrum) * RATE / (1 << 18))


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_speed_divides_the_length_and_multiplies_the_pitch(factor):
    changed = change_speed(sine(300, 2.0, RATE), factor)
    assert len(changed) == pytest.approx(2 * RATE / factor, abs=2)
    assert pitch_of(changed) == pytest.approx(300 * factor, rel=0.002)


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.3, 2.0])
def test_stretching_time_keeps_the_pitch_and_the_level(factor):
    tone = sine(300, 2.0, RATE)
    stretched = stretch_time(tone, factor)
    assert len(stretched) == round(2 * RATE * factor)
    assert pitch_of(stretched) == pytest.approx(300, rel=0.005)
    middle = stretched[len(stretched) // 4 : -len(stretched) // 4]
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("semitones", [-12, -5, 3, 7, 12])
def test_a_shift_of_pitch_multiplies_it_by_its_ratio_and_keeps_the_length(semitones):
    tone = sine(300, 1.5, RATE)
    shifted = shift_pitch(tone, semitones)
    assert len(shifted) == len(tone)
    assert shifted.dtype == np.float32
    assert pitch_of(shifted) == pytest.approx(300 * 2 ** (semitones / 12), rel=0.005)


def test_a_perturbed_clip_stays_where_it_was_in_time():
    """A beep a second into the clip is still there, or its words would no longer fit its window."""
    silent = np.zeros(3 * RATE, dtype=np.float32)
    silent[RATE : RATE + 8_000] = sine(400, 0.5, RATE)
    energy = shift_pitch(silent, 6) ** 2
    centre = float((energy * np.arange(len(energy))).sum() / energy.sum())
    assert centre / RATE == pytest.approx(1.25, abs=0.03)


def test_what_is_switched_off_leaves_the_samples_alone():
    tone = sine(300, 0.5, RATE)
    assert perturb(tone, speed=False, pitch=False, generator=np.random.default_rng(0)) is tone


def test_the_three_speeds_and_pitches_up_and_down_are_all_drawn():
    tone = sine(300, 0.5, RATE)
    lengths = {len(perturb(tone, speed=True, pitch=False, generator=np.random.default_rng(n))) for n in range(20)}
    assert len(lengths) == 3
    pitches = [pitch_of(perturb(tone, speed=False, pitch=True, generator=np.random.default_rng(n))) for n in range(40)]
    assert sum(abs(pitch - 300) < 1 for pitch in pitches) in range(10, 31)
    assert min(pitches) < 290 < 310 < max(pitches)


@pytest.fixture(scope="module")
def base(tiny_whisper_folders) -> Path:
    return tiny_whisper_folders.base


@pytest.mark.parametrize("window", ["fit", "30"])
def test_features_are_the_apps_own(base, window):
    noise = np.random.default_rng(0).normal(0, 0.1, 30_011).astype(np.float32)
    clip = clip_from_samples(noise, RATE, "noise")
    decoding = Decoding(window)
    expected = Transcriber(base).features([clip], decoding)[0]
    torch.testing.assert_close(
        LogMel(base)(clip.samples, 2 * decoding.positions(clip.seconds)), expected, atol=2e-4, rtol=0
    )


@pytest.mark.parametrize("factor", [0.9, 0.97, 1.1])
def test_a_warp_moves_frequencies_by_its_factor_and_keeps_the_ends(factor):
    bins = 201
    matrix = warp_matrix(bins, factor)
    assert matrix.shape == (bins, bins)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(bins))
    spectrum = torch.exp(-(((torch.arange(bins) - 60) / 3.0) ** 2))  # a formant at 2,400 Hz
    assert int((matrix @ spectrum).argmax()) == round(60 * factor)
    for end in (0, bins - 1):
        assert matrix[end, end] == pytest.approx(1)


def test_a_warp_keeps_the_shape_of_the_features_and_a_factor_of_one_changes_nothing(base):
    log_mel, tone = LogMel(base), sine(1_000, 1.0, RATE)
    plain = log_mel(tone, 200)
    assert torch.equal(log_mel(tone, 200, 1.0), plain)
    warped = log_mel(tone, 200, 1.1)
    assert warped.shape == plain.shape
    assert int(warped[:, 50].argmax()) > int(plain[:, 50].argmax())
    assert int(log_mel(tone, 200, 0.9)[:, 50].argmax()) < int(plain[:, 50].argmax())


def test_masks_are_flat_stripes_inside_the_clip_and_leave_the_rest_alone():
    generator = np.random.default_rng(0)
    features = torch.randn(80, 400, generator=torch.Generator().manual_seed(0))
    before = features.clone()
    for _ in range(30):
        masked = mask(features, 300, generator)
        changed = masked != features
        rows, columns = changed[:, 300:].all(dim=1), changed.all(dim=0)
        assert rows.sum() <= 30
        assert columns.sum() <= 60
        assert not columns[300:].any()
        assert torch.equal(changed, rows[:, None] | columns[None, :])
        if changed.any():
            assert masked[changed].unique().numel() == 1
    assert torch.equal(features, before)
