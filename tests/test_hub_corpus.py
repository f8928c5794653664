"""A free corpus from the Hub, against the stand-in: fetched once, verified, an ordinary folder from then on."""

import io
import json
import shutil
from types import SimpleNamespace

import huggingface_hub.constants
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import soundfile
from hub_standin import HubStandin, empty_caches
from material import no_progress, sine

from explorer.__main__ import main
from explorer.config_file import read_config
from explorer.corpora.hub_corpus import corpus_folder, fetch_corpus
from explorer.corpora.manifest import read_manifest
from explorer.errors import CorpusError, SourceError
from explorer.ui.choosing import Choosing, Place
from explorer.ui.opening import Opening
from explorer.ui.real_speech import RealSpeech
from explorer.ui.shelf import Shelf

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
    empty_caches(monkeypatch, tmp_path)
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


CONFIG = """
default: {{triple: tiny}}
triples:
  - name: tiny
    title: t
    layers: 2
    window: fit
    base: {{folder: '{base}'}}
    m1: {{folder: '{m1}'}}
    m2: {{folder: '{m2}'}}
corpora:
  - {{name: samples, path: '{samples}'}}
  - {{name: free, repo: owner/speech, split: test, note: Free.}}
"""


@pytest.fixture
def config(standin, tmp_path, tiny_whisper_folders):
    samples = fetch_corpus(REPO, "main", "train", no_progress)
    path = tmp_path / "checkpoints.yaml"
    path.write_text(CONFIG.format(**vars(tiny_whisper_folders), samples=samples))
    return path


def test_the_command_line_fetches_a_named_corpus_and_evaluates_it(config, capsys):
    chosen = ["--models", "m1", "--filter", "speaker = s0", "--max-new-tokens", "4"]
    assert main(["evaluate", "--config", str(config), "--corpus", "free", "--json", *chosen]) == 0
    assert json.loads(capsys.readouterr().out)["ids"] == ["0000", "0002"]


def test_a_folder_or_a_repository_not_both_and_not_neither(config):
    for entries, given in (("note: x", "neither"), ("repo: a/b, path: .", "both")):
        config.write_text(f"{config.read_text()}  - {{name: bad, {entries}}}\n")
        (problem,) = read_config(config).problems
        assert f"corpora[2]: expected path, a folder, or repo, a dataset on the Hub, but got {given}" in problem
        config.write_text(config.read_text().rsplit("  - {name: bad", 1)[0])


def test_the_page_fetches_a_corpus_when_it_is_first_evaluated(config):
    choosing = Choosing(read_config(config), serve_folders=False)
    assert "free" in choosing.corpora()
    place = Place("free")
    assert choosing.count("free", *[None] * 8).startswith("free (owner/speech, from the Hub) is fetched when you press")
    assert choosing.missing(place) is not None
    opening = Opening(read_config(config))
    told = list(opening.told("fetching", lambda: choosing.fetch(place, opening.progress)))
    assert told[0] == "fetching"
    assert choosing.missing(place) is None
    assert choosing.count("free", *[None] * 8).startswith("**3** of 3 utterances")
    assert len(choosing.choose(place, str).subset.utterances) == 3


def test_a_fetch_that_fails_is_told_where_it_was_asked_for(config, standin):
    standin.fault = "server error"
    opening = Opening(read_config(config))
    choosing = Choosing(opening.config, serve_folders=False)
    with pytest.raises(SourceError, match="owner/speech"):
        list(opening.told("fetching", lambda: choosing.fetch(Place("free"), no_progress)))


def offered(config, shelf: Shelf, **form: object) -> list[dict]:
    """What the Explore tab's section for real speech is told, one after the other."""
    opening = Opening(read_config(config))
    choosing = Choosing(opening.config, serve_folders=False)
    real = RealSpeech(opening.config, opening, choosing, shelf, open_=False)
    return list(real.draw({"corpus": "free", "stamp": 1.0} | form, SimpleNamespace(session_hash="visitor")))


def test_its_children_are_offered_on_the_explore_tab(config):
    shelf = Shelf()
    *working, drawn = offered(config, shelf, filter="age <= 6")
    assert {each["state"] for each in working} == {"working"}
    assert sorted(row["reference"] for row in drawn["rows"]) == ["WORD 0", "WORD 1"]
    assert shelf.clip("visitor", f"{drawn['rows'][0]['visit']}/{drawn['rows'][0]['clip']}").path.exists()


def test_without_a_hub_the_explore_tab_says_so(config, standin):
    standin.fault = "server error"
    *_, drawn = offered(config, Shelf())
    assert drawn["state"] == "error"
    assert REPO in drawn["notice"]
