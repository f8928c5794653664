"""Synthetic speech: what is said, how sounds are simplified, rooms; whole folders, with a stand-in for the reader."""

import numpy as np
import pytest
from material import sine

from explorer.corpora.audiofolder import read_audiofolder
from training import synthesize
from training.articulation import simplified
from training.errors import TrainingError
from training.room import in_a_room
from training.sentences import sentences, words_of
from training.synthesize import SHIPPED_VOICES, make, shipped_texts


class Reader:
    """Hums a second for every ten phonemes; remembers what it was asked."""

    voices = ("af_heart", "am_puck", "af_nova", "bm_fable")

    def __init__(self):
        self.read = []

    def phonemes(self, text):
        return words_of(text)

    def speak(self, phonemes, voice, speed):
        self.read.append((phonemes, voice, speed))
        pulses = sum(sine(120 * k, len(phonemes) / 10, 24_000) / k for k in range(1, 20))
        return pulses.astype(np.float64)


@pytest.mark.parametrize("kind", ["child", "adult"])
def test_sentences_are_many_different_reproducible_and_none_of_those_that_ship(kind):
    many = sentences(kind, 600, 0, shipped_texts())
    assert len(many) == 600
    assert len({words_of(each) for each in many}) == 600
    assert sentences(kind, 50, 0, shipped_texts()) == many[:50]
    assert sentences(kind, 50, 1) != many[:50]
    assert not {words_of(each) for each in many} & {words_of(each) for each in shipped_texts()}


def test_a_sentence_that_is_forbidden_does_not_come_up_however_it_is_spelt():
    first = sentences("adult", 1, 0)[0]
    assert words_of(first) not in {words_of(each) for each in sentences("adult", 600, 0, [first.upper().rstrip(".")])}


def test_frames_take_turns_so_that_a_short_draw_has_them_all():
    openings = {each.split()[0] for each in sentences("adult", 7, 0)}
    assert openings == {"The", "She", "Most", "Please", "There", "He", "It"}


def test_articulation_simplifies_as_children_do():
    certain = np.random.default_rng(0)
    assert simplified("ɹˈɑk plˈænt θɪŋk", 0, certain) == "ɹˈɑk plˈænt θɪŋk"
    strongest = simplified("ɹɑk plænt θɪŋk ðeɪ bɔl", 10, certain)
    assert strongest == "wɑk pwæn fɪŋk deɪ bɔʊ"


def test_a_room_keeps_length_and_adds_a_hum_of_the_level_asked_for():
    samples = np.concatenate([sine(300, 1.0, 16_000), np.zeros(16_000)]).astype(np.float64)
    noisy = in_a_room(samples, 16_000, 20.0, np.random.default_rng(0))
    assert noisy.shape == samples.shape
    silence = noisy[-8_000:]
    ratio = 20 * np.log10(np.sqrt((samples[:16_000] ** 2).mean()) / np.sqrt((silence**2).mean()))
    assert ratio == pytest.approx(20, abs=3)


def test_a_folder_of_clips_is_a_corpus_with_voices_that_do_not_ship(tmp_path):
    reader = Reader()
    make(reader, "adult", 12, tmp_path, seed=3)
    corpus = read_audiofolder(tmp_path)
    assert not corpus.problems
    assert len(corpus.utterances) == 12
    assert {voice for _, voice, _ in reader.read} <= set(Reader.voices) - set(SHIPPED_VOICES)
    assert {each.speaker for each in corpus.utterances} <= {"synthetic-adult-af_nova", "synthetic-adult-bm_fable"}
    assert all(each.reference == words_of(each.reference) for each in corpus.utterances)


def test_a_run_that_was_stopped_goes_on_and_gives_the_same_folder(tmp_path):
    make(Reader(), "adult", 8, tmp_path / "whole", seed=0)
    make(Reader(), "adult", 3, tmp_path / "parts", seed=0)
    second = Reader()
    make(second, "adult", 8, tmp_path / "parts", seed=0)
    assert len(second.read) == 5
    for path in (tmp_path / "whole").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "parts" / path.relative_to(tmp_path / "whole")).read_bytes()


def test_more_clips_than_sentences_are_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"--clips: expected at most \d+, as many as there are sentences"):
        make(Reader(), "adult", 10_000, tmp_path, seed=0)


def test_what_is_not_installed_is_named_with_what_to_do():
    with pytest.raises(TrainingError, match=r"needs .*nowhere.*; run pip install -r training/requirements\.txt"):
        synthesize._needed("training.nowhere")


def test_a_childs_voice_has_the_pitch_and_the_formants_asked_for():
    child_voice = pytest.importorskip("training.child_voice", reason="pyworld is in training/requirements.txt alone")
    rate = 24_000
    # Pulses at 120 Hz through a resonance at 2 kHz.
    source = np.zeros(rate)
    source[:: rate // 120] = 1.0
    times = np.arange(600) / rate
    samples = np.convolve(source, np.exp(-times * 600) * np.sin(2 * np.pi * 2_000 * times))[:rate]
    voice = child_voice.ChildVoice(pitch=240.0, formants=1.25, breath=0.1, wander=0.0)
    child = child_voice.to_child(samples, rate, voice, np.random.default_rng(0))
    assert len(child) == pytest.approx(rate, abs=rate * 0.006)
    spectrum = np.abs(np.fft.rfft(child[6_000:18_000] * np.hanning(12_000)))
    frequencies = np.fft.rfftfreq(12_000, 1 / rate)
    assert frequencies[spectrum.argmax()] == pytest.approx(2_500, abs=250)
    low = (frequencies > 150) & (frequencies < 330)
    assert frequencies[low][spectrum[low].argmax()] == pytest.approx(240, abs=5)


def test_a_warp_of_formants_leaves_the_ends_of_the_axis_in_place():
    child_voice = pytest.importorskip("training.child_voice", reason="pyworld is in training/requirements.txt alone")
    frequencies = np.linspace(0, 12_000, 513)
    source = child_voice.warped_frequencies(frequencies, 1.25)
    assert source[0] == 0
    assert (np.diff(source) > 0).all()
    assert np.interp(2_500, frequencies, source) == pytest.approx(2_000, rel=0.001)
