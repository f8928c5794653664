"""A free corpus from the Hub, against the stand-in: fetched once, verified, an ordinary folder from then on."""

import io
import shutil

import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import soundfile
from hub_standin import HubStandin
from material import no_progress, sine

from explorer.corpora.hub_corpus import corpus_folder, fetch_corpus
from explorer.corpora.manifest import read_manifest
from explorer.errors import CorpusError, SourceError

REPO = "owner/speech"


def wave(frequency: float) -> bytes:
    sound = io.BytesIO()
    soundfile.write(sound, sine(frequency, 0.5, 16_000), 16_000, format="WAV", subtype="PCM_16")
    return sound.getvalue()


def parquet(rows: list[dict]) -> bytes:
    table = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), table)
    return table.getvalue()


def row(number: int, **more) -> dict:
    sound = {"bytes": wave(200 + 50 * number), "path": f"{number:04}.wav"}
    return {
        "audio": sound,
        "text": f"WORD {number}",
        "speaker": f"s{number % 2}",
        "age": 5 + number,
        "words": [1],
    } | more


FILES = {
    "data/test-00000-of-00002.parquet": parquet([row(0), row(1)]),
    "data/test-00001-of-00002.parquet": parquet([row(2, gender="f")]),
    "data/train-00000-of-00001.parquet": parquet([row(3)]),
    "README.md": b"free",
}


@pytest.fixture
def standin(tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "own"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    with HubStandin() as standin:
        standin.add_dataset(REPO, FILES)
        monkeypatch.setenv("HF_ENDPOINT", standin.endpoint)
        yield standin


def test_a_split_becomes_a_folder_like_any_other(standin):
    seen = []
    folder = fetch_corpus(REPO, "main", "test", lambda *step: seen.append(step))
    corpus = read_manifest(folder)
    assert not corpus.problems
    assert [
        (each.id, each.reference, each.speaker, each.age, each.gender, each.split) for each in corpus.utterances
    ] == [
        ("0000", "WORD 0", "s0", 5, None, "test"),
        ("0001", "WORD 1", "s1", 6, None, "test"),
        ("0002", "WORD 2", "s0", 7, "f", "test"),
    ]
    samples, _ = soundfile.read(corpus.utterances[1].path, dtype="float32")
    assert np.abs(samples - sine(250, 0.5, 16_000)).max() < 1e-4
    assert seen[-1] == (f"{REPO}: unpacking", 3, 3)
    assert standin.downloads("train-00000-of-00001.parquet") == 0


def test_what_is_there_is_not_asked_for_again(standin):
    folder = fetch_corpus(REPO, "main", "test", no_progress)
    before = len(standin.requests)
    assert fetch_corpus(REPO, "main", "test", no_progress) == folder
    assert len(standin.requests) == before


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("wrong bytes", "SHA-256"),
        ("cut", "cannot be reached"),
        ("rate limit", "Hub"),
        ("server error", "Hub"),
        ("not a hub", "not a Hub"),
        ("gated", "Hub"),
    ],
)
def test_a_failure_is_one_sentence_and_the_next_start_recovers(standin, fault, sentence):
    standin.fault = fault
    with pytest.raises(SourceError, match=sentence) as told:
        fetch_corpus(REPO, "main", "test", no_progress)
    assert "\n" not in str(told.value)
    assert not corpus_folder(REPO, "test").exists()
    standin.fault = None
    assert len(read_manifest(fetch_corpus(REPO, "main", "test", no_progress)).utterances) == 3


def test_a_full_disk_leaves_nothing_half_written(standin, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(SourceError, match="free disk space"):
        fetch_corpus(REPO, "main", "test", no_progress)
    assert not corpus_folder(REPO, "test").exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"README.md": b""}, r"holds no data/test-\*\.parquet"),
        ({"data/test-0.parquet": parquet([{"text": "a"}])}, "no column audio; it has text"),
        ({"data/test-0.parquet": parquet([{"audio": {"bytes": b""}, "sentence": "a"}])}, "no column text"),
        ({"data/test-0.parquet": b"not parquet"}, "cannot be read as rows of audio and text"),
        ({"data/test-0.parquet": parquet([{"audio": "a.wav", "text": "a"}])}, "cannot be read as rows"),
        ({"data/test-0.parquet": parquet([{"audio": {"bytes": None, "path": "a"}, "text": "a"}])}, "cannot be read"),
    ],
)
def test_what_is_no_corpus_of_speech_is_told(standin, files, sentence):
    standin.add_dataset("owner/other", files)
    with pytest.raises(CorpusError, match=sentence):
        fetch_corpus("owner/other", "main", "test", no_progress)
    assert not corpus_folder("owner/other", "test").exists()


def test_names_of_files_cannot_lead_out_of_the_folder(standin):
    wicked = [row(0, audio={"bytes": wave(300), "path": "../../x y/../evil*.wav"}), row(1, audio={"bytes": wave(300)})]
    wicked.append(row(2, audio={"bytes": wave(300), "path": "evil*.wav"}))
    standin.add_dataset("owner/wicked", {"data/test-0.parquet": parquet(wicked)})
    folder = fetch_corpus("owner/wicked", "main", "test", no_progress)
    assert sorted(path.name for path in folder.iterdir()) == [
        "000001.wav", "000002-evil_.wav", "evil_.wav", "metadata.jsonl",
    ]  # fmt: skip


def test_without_a_hub_the_sentence_says_so(standin, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SourceError, match="HF_HUB_OFFLINE"):
        fetch_corpus(REPO, "main", "test", no_progress)
