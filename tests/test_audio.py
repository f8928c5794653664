"""Sound files and samples → clips."""

import hashlib

import numpy as np
import pytest
import soundfile
from material import sine

from explorer.audio import MAX_SECONDS, SAMPLE_RATE, clip_from_samples, clip_seconds, load_clip
from explorer.errors import AudioError

RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000]
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "wav-float": ("WAV", "FLOAT"),
    "wav-8-bit": ("WAV", "PCM_U8"),
    "flac": ("FLAC", "PCM_24"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "sph": ("NIST", "PCM_16"),
}


def pitch_of(samples):
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return spectrum.argmax() * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize("rate", RATES)
def test_any_rate_becomes_16_khz_and_a_tone_keeps_its_pitch(tmp_path, rate):
    soundfile.write(tmp_path / "tone.wav", sine(1_000, 1.5, rate), rate)
    clip = load_clip(tmp_path / "tone.wav")
    assert clip.samples.dtype == np.float32
    assert clip.seconds == pytest.approx(1.5, abs=0.001)
    assert pitch_of(clip.samples) == pytest.approx(1_000, abs=1)
    assert np.abs(clip.samples[800:-800]).max() == pytest.approx(0.5, abs=0.01)


def test_what_16_khz_cannot_hold_is_filtered_out_and_not_folded_back(tmp_path):
    soundfile.write(tmp_path / "tone.wav", sine(11_000, 1, 48_000), 48_000)
    assert np.abs(load_clip(tmp_path / "tone.wav").samples[800:-800]).max() < 1e-3


@pytest.mark.parametrize(("form", "subtype"), FORMATS.values(), ids=FORMATS.keys())
def test_every_format_of_soundfile_is_read(tmp_path, form, subtype):
    rate = 48_000 if subtype == "OPUS" else 16_000
    path = tmp_path / f"tone.{form.lower()}"
    soundfile.write(path, sine(500, 1, rate), rate, format=form, subtype=subtype)
    clip = load_clip(path)
    assert clip.seconds == pytest.approx(1, abs=0.1)  # MP3 pads
    assert pitch_of(clip.samples) == pytest.approx(500, abs=2)
    assert clip_seconds(path) == pytest.approx(clip.seconds, abs=0.001)


def test_channels_are_averaged(tmp_path):
    left, right = sine(500, 1, 16_000), sine(900, 1, 16_000)
    soundfile.write(tmp_path / "two.wav", np.stack([left, right], axis=1), 16_000, subtype="FLOAT")
    assert np.allclose(load_clip(tmp_path / "two.wav").samples, (left + right) / 2, atol=1e-6)


def test_16_khz_mono_is_taken_as_it_is():
    samples = sine(500, 1, 16_000)
    assert np.array_equal(clip_from_samples(samples, 16_000, "tone").samples, samples)


def test_the_same_sound_has_the_same_digest_under_any_name_and_in_any_format(tmp_path):
    samples = (sine(500, 1, 16_000) * 32_768).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    soundfile.write(tmp_path / "b.flac", samples, 16_000)
    one, other = load_clip(tmp_path / "a.wav"), load_clip(tmp_path / "b.flac", "another name")
    assert one.digest == other.digest
    assert other.name == "another name"
    assert one.digest == hashlib.sha256(one.samples.tobytes()).hexdigest()


def test_one_changed_sample_changes_the_digest():
    samples = sine(500, 1, 16_000)
    other = samples.copy()
    other[5] += 1e-4
    assert clip_from_samples(samples, 16_000, "a").digest != clip_from_samples(other, 16_000, "a").digest


def test_a_clip_cannot_be_written_to(tone):
    with pytest.raises(ValueError, match="read-only"):
        load_clip(tone).samples[0] = 0.0


def test_the_callers_samples_stay_writable():
    samples = sine(500, 1, 16_000)
    clip_from_samples(samples, 16_000, "microphone")
    samples[0] = 0.25
    assert samples[0] == 0.25


def test_a_clip_does_not_change_with_the_callers_samples():
    samples = sine(500, 1, 16_000)
    clip = clip_from_samples(samples, 16_000, "microphone")
    samples[:] = 0.0
    assert np.abs(clip.samples).max() > 0.4


@pytest.mark.parametrize(("seconds", "taken"), [(0.05, False), (0.1, True), (1, True), (MAX_SECONDS + 1, False)])
def test_a_clip_may_last_a_tenth_of_a_second_to_half_an_hour(seconds, taken):
    samples = sine(50, seconds, 1_000)
    if taken:
        assert clip_from_samples(samples, 1_000, "tone").seconds == pytest.approx(seconds, abs=0.01)
    else:
        with pytest.raises(AudioError, match=r"^tone: lasts"):
            clip_from_samples(samples, 1_000, "tone")


def test_a_very_quiet_voice_is_not_silence():
    assert clip_from_samples(sine(500, 1, 16_000) * 0.001, 16_000, "whisper").seconds == 1.0
