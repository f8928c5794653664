"""Three repositories of the Hub on the page: looked at for kilobytes, fetched, given up, taken up again, opened."""

import itertools
import json
import os
import re
import shutil
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import huggingface_hub.constants
import pytest
from filelock import FileLock
from hub_standin import HubStandin, commit_of, empty_caches
from material import no_progress
from safetensors.torch import load
from test_hub_ahead import REFUSED, WEIGHTS, change_config

from explorer.__main__ import main
from explorer.checkpoints import hub_files, hub_parts
from explorer.checkpoints.hub import hub_folder
from explorer.checkpoints.hub_look import look
from explorer.config import Source, TripleSpec, named_triple
from explorer.errors import ConfigError, SourceError
from explorer.recipe import recipe_from
from explorer.ui.opening import Opening
from explorer.ui.own_triples import OwnTriples
from explorer.workbench import Workbench

STAMPS = itertools.count(1)
NAMES = {"base": "o/base", "m1": "o/m1", "m2": "o/m2"}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def standin(tmp_path, monkeypatch, tiny_whisper_folders):
    """A Hub with three Whispers that fit together, and empty caches."""
    empty_caches(monkeypatch, tmp_path)
    monkeypatch.setattr(hub_parts, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(hub_parts, "_BLOCK", 1 << 16)
    with HubStandin() as standin:
        standin.add_three(tiny_whisper_folders)
        standin.licences["o/m1"] = "mit"
        monkeypatch.setenv("HF_ENDPOINT", standin.endpoint)
        yield standin


@pytest.fixture
def section(tiny_workbench):
    """The section, with a workbench of its own behind it."""
    return section_of(Workbench(tiny_workbench.config, "cpu"))


def section_of(workbench, *, own_places=True):
    opening = Opening(workbench.config, own_places=own_places)
    opening._workbench = workbench
    opening._ready.set()
    return OwnTriples(opening)


def visitor(name="v"):
    return SimpleNamespace(session_hash=name)


def asked(**repos):
    return {role: {"repo": repo, "revision": ""} for role, repo in (NAMES | repos).items()}


def answers(section, shown, name="v"):
    return list(section.run({"stamp": next(STAMPS)} | shown, visitor(name)))


def looked(section, **repos):
    return answers(section, {"action": "look", "asked": asked(**repos)})[-1]


def pinned(standin):
    return "hub:" + "+".join(f"{repo}@{commit_of(standin.repos[repo])}" for repo in NAMES.values())


def weights_here():
    return list(Path(huggingface_hub.constants.HF_HUB_CACHE).rglob("snapshots/*/*.safetensors"))


def test_a_look_costs_kilobytes_and_tells_all(section, standin):
    value = looked(section)
    assert value["state"] == "looked"
    seen = value["look"]
    assert [sight["repo"] for sight in seen["sights"]] == list(NAMES.values())
    assert [sight["licence"] for sight in seen["sights"]] == ["not stated", "mit", "not stated"]
    assert [sight["commit"] for sight in seen["sights"]] == [commit_of(standin.repos[r]) for r in NAMES.values()]
    size = len(standin.repos["o/m1"][WEIGHTS]) + len(standin.repos["o/m1"]["config.json"])
    assert seen["sights"][1]["size"] >= size
    assert seen["needed"] == sum(sight["missing"] for sight in seen["sights"]) > 3 * size
    assert (seen["triple"], seen["layers"], seen["fault"]) == (pinned(standin), (2, 2), "")
    tensors = load(standin.repos["o/base"][WEIGHTS])
    assert seen["memory"] == 3 * 4 * sum(
        tensor.numel() for name, tensor in tensors.items() if name != "proj_out.weight"
    )
    assert seen["room"]["free"] > 0
    assert seen["room"]["budget"] is None
    assert standin.sent < 400_000
    assert weights_here() == []
    json.dumps(value)  # it goes to the browser


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_one_sentence_beside_its_repository(section, standin, what):
    change, parts = REFUSED[what]
    files = dict(standin.repos["o/m2"])
    change(files)
    standin.add("o/m2", files)
    base, m1, m2 = looked(section)["look"]["sights"]
    assert base["fault"] == m1["fault"] == ""
    assert m2["fault"].startswith("o/m2: ")
    assert [part for part in parts if part not in m2["fault"]] == []
    assert "\n" not in m2["fault"]
    assert weights_here() == []


def test_each_has_its_own_fault_and_none_hides_the_others(section, standin):
    files = dict(standin.repos["o/m1"])
    change_config(files, encoder_layers=3)
    standin.add("o/m1", files)
    standin.private.add("o/m2")
    value = looked(section, base="o/gone")
    base, m1, m2 = value["look"]["sights"]
    assert "o/gone: the Hub has no such model or keeps it private" in base["fault"]
    assert m1["fault"] == ""  # nothing to compare it with
    assert "set HF_TOKEN" in m2["fault"]
    assert (value["look"]["triple"], value["look"]["layers"]) == (None, (0, 0))
    assert "cannot be opened" in value["notice"]
    last = answers(section, {"action": "fetch", "asked": value["asked"], "look": value["look"]})[-1]
    assert last["state"] == "error"
    assert weights_here() == []


def test_a_gated_member_and_a_wrong_token_are_told(section, standin, monkeypatch):
    standin.fault = "gated"
    assert all("accept its terms" in sight["fault"] for sight in looked(section)["look"]["sights"][:1])
    standin.fault = None
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert looked(section)["look"]["triple"] == pinned(standin)
    standin.fault = "token refused"
    value = looked(section)
    assert "HF_TOKEN" in value["look"]["sights"][0]["fault"]
    assert "hf_secret" not in json.dumps(value)


def test_a_renamed_repository_is_taken_under_its_new_name(section, standin):
    standin.add("o/new", standin.repos.pop("o/m1"))
    standin.renamed["o/m1"] = "o/new"
    value = looked(section)
    assert (value["look"]["sights"][1]["repo"], value["look"]["sights"][1]["name"]) == ("o/m1", "o/new")
    assert "+o/new@" in value["look"]["triple"]


def test_too_big_for_the_disk_or_its_budget(section, standin, monkeypatch):
    monkeypatch.setenv("SA_MERGE_DISK_BUDGET", "0.005")
    seen = looked(section)["look"]
    assert "do not fit into SA_MERGE_DISK_BUDGET (0.005 GB)" in seen["fault"]
    assert (seen["triple"], seen["room"]["budget"]) == (None, 5_000_000)
    monkeypatch.setenv("SA_MERGE_DISK_BUDGET", "much")
    assert "expected gigabytes" in looked(section)["look"]["fault"]
    monkeypatch.delenv("SA_MERGE_DISK_BUDGET")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
    assert "of free disk space" in looked(section)["look"]["fault"]


def test_it_is_fetched_opened_and_pinned(section, standin):
    value = looked(section)
    told = answers(section, {"action": "fetch", "asked": value["asked"], "look": value["look"]})
    assert {each["state"] for each in told[:-1]} == {"running"}
    last = told[-1]
    name = pinned(standin)
    assert last["triple"] == {
        "name": name,
        "title": "o/m1 + o/m2",
        "depths": dict.fromkeys(("encoder.self", "decoder.self", "decoder.cross"), 2),
        "vectors": last["triple"]["vectors"],
    }
    workbench = section._opening.workbench()
    assert workbench.is_open(name)
    recipe = workbench.recipe({"triple": name}, "page")
    sources = workbench.bench(name, no_progress).sources(recipe)
    assert (sources.m1.repo, sources.m1.revision) == ("o/m1", commit_of(standin.repos["o/m1"]))
    assert sources.m1.licence == "mit"  # the model card names it
    assert re.fullmatch(r"hub-sa-[0-9a-f]{8}", recipe.stem)
    # Once more: nothing has to be fetched, and nothing is.
    before = standin.sent
    again = looked(section)
    assert again["look"]["needed"] == 0
    assert [sight["licence"] for sight in again["look"]["sights"]] == ["not stated", "mit", "not stated"]
    assert "on this machine" in again["notice"]
    assert (
        answers(section, {"action": "fetch", "asked": again["asked"], "look": again["look"]})[-1]["state"] == "opened"
    )
    assert standin.sent == before


def wait_for(section, running, done):
    for value in running:
        if value.get("done", 0) >= done:
            return value
    raise AssertionError("it ended before")


def test_a_download_that_was_given_up_goes_on_where_it_was(section, standin):
    value = looked(section)
    before = standin.sent
    standin.fault = "stall"
    press = {"stamp": next(STAMPS), "action": "fetch", "asked": value["asked"], "look": value["look"]}
    running = section.run(press, visitor())
    came = wait_for(section, running, 1_000_000)
    assert came["total"] == sum(sight["size"] for sight in value["look"]["sights"])
    section.announce(press | {"action": "cancel"}, visitor())
    rest = list(running)
    assert (rest[-1]["state"], rest[-1]["look"]) == ("stopped", value["look"])
    assert weights_here() == []
    standin.fault = None
    standin.going.set()
    again = looked(section)
    assert again["look"]["needed"] < value["look"]["needed"]
    told = answers(section, {"action": "fetch", "asked": again["asked"], "look": again["look"]})
    assert told[-1]["state"] == "opened"
    whole = sum(len(files[WEIGHTS]) for files in standin.repos.values())
    # What the stalled answer had sent on is the only thing that went over the line twice, headers aside.
    assert standin.sent - before < whole + len(standin.repos["o/m1"][WEIGHTS]) + 800_000


def test_a_big_file_goes_on_where_a_killed_run_left_it(standin):
    def interrupt(what, done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub_folder("o/m1", "main", interrupt)
    (part,) = (path for path in (hub_parts.piece("x").parent).iterdir() if not path.name.startswith("."))
    left = part.stat().st_size
    size = len(standin.repos["o/m1"][WEIGHTS])
    assert size // 4 < left < size
    before = standin.sent
    folder = hub_folder("o/m1", "main", no_progress)
    assert standin.sent - before == size - left
    assert (folder / WEIGHTS).read_bytes() == standin.repos["o/m1"][WEIGHTS]
    assert not part.exists()


def test_pieces_that_were_abandoned_are_removed_when_the_next_fetch_begins(standin):
    folder = hub_parts.piece("x").parent
    folder.mkdir(parents=True)
    week = 7 * 24 * 3600
    for name, age in (("abandoned", week + 60), ("waiting", week - 60), ("at-work", week + 60)):
        (folder / name).write_bytes(b"some")
        os.utime(folder / name, (time.time() - age,) * 2)
    (wanted,) = (file.sha256 for file in hub_files.listed_files("o/m1", "main", "model").files if file.name == WEIGHTS)
    (folder / wanted).write_bytes(standin.repos["o/m1"][WEIGHTS][:1_000_000])
    os.utime(folder / wanted, (0, 0))
    before = standin.sent
    with FileLock(hub_parts._lock_of(folder / "at-work")):
        hub_folder("o/m1", "main", no_progress)
    assert {path.name for path in folder.iterdir() if not path.name.startswith(".")} == {"waiting", "at-work"}
    # However old, what is wanted now is gone on with.
    assert standin.sent - before < len(standin.repos["o/m1"][WEIGHTS]) - 1_000_000 + 100_000


def test_a_piece_that_is_wrong_is_not_built_upon_twice(standin):
    digest = hub_files.listed_files("o/m1", "main", "model").files
    (sha256,) = (file.sha256 for file in digest if file.name == WEIGHTS)
    hub_parts.piece(sha256).parent.mkdir(parents=True)
    hub_parts.piece(sha256).write_bytes(b"something else")
    with pytest.raises(SourceError, match=r"model\.safetensors is damaged: SHA-256"):
        hub_folder("o/m1", "main", no_progress)
    assert (hub_folder("o/m1", "main", no_progress) / WEIGHTS).read_bytes() == standin.repos["o/m1"][WEIGHTS]


@pytest.mark.parametrize("fault", ["cut", "short", "wrong bytes", "rate limit", "server error"])
def test_a_broken_download_is_a_sentence_and_the_next_press_recovers(section, standin, monkeypatch, fault):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    value = looked(section)
    press = {"action": "fetch", "asked": value["asked"], "look": value["look"]}
    standin.fault = fault
    last = answers(section, press)[-1]
    assert (last["state"], last["look"]) == ("error", value["look"])
    assert "o/base: " in last["notice"]
    standin.fault = None
    assert answers(section, press)[-1]["state"] == "opened"


def test_another_triple_is_used_while_one_is_fetched(section, standin, tiny_workbench):
    """Whoever waits for a download keeps nobody from the triples that are open."""
    workbench = section._opening.workbench()
    workbench.bench("tiny", no_progress)
    value = looked(section)
    standin.fault = "stall"
    press = {"stamp": next(STAMPS), "action": "fetch", "asked": value["asked"], "look": value["look"]}
    running = section.run(press, visitor())
    wait_for(section, running, 100_000)
    began = time.monotonic()
    workbench.bench("tiny", no_progress)
    assert looked(section_of(workbench), base="o/gone")["state"] == "looked"
    assert time.monotonic() - began < 30
    section.leave(visitor())
    assert list(running) == []  # who has left is told nothing


def test_a_cancel_before_the_work_and_one_that_comes_with_an_answer(section):
    (early,) = answers(section, {"action": "cancel"})
    assert early["state"] == "stopped"
    (skipped,) = section.run({"stamp": early["stamp"], "action": "cancel"}, visitor())
    assert skipped == gr.skip()


def test_what_people_copy_from_the_browser_is_understood(section, standin):
    commit = commit_of(standin.repos["o/m1"])
    seen = looked(section, base="https://huggingface.co/o/base/", m1=f"hf.co/o/m1/tree/{commit}")["look"]
    assert seen["triple"] == pinned(standin)


@pytest.mark.parametrize(
    ("field", "said"),
    [("", "M1, child: expected a repository"), ("../../etc", "not a name the Hub can have"), ("a+b", "not a name")],
)
def test_a_field_that_names_no_repository_is_told(section, standin, field, said):
    value = looked(section, m1=field)
    faults = [sight["fault"] for sight in (value.get("look") or {"sights": []})["sights"]]
    assert said in " ".join([value["notice"], *faults])


def test_strangers_fetch_nothing(tiny_workbench, standin):
    """Neither through the section, nor through a recipe that names repositories."""
    workbench = Workbench(replace(tiny_workbench.config, own_places=False), "cpu")
    section = section_of(workbench, own_places=False)
    for action in ("look", "fetch"):
        (last,) = answers(section, {"action": action, "asked": asked(), "look": {"triple": pinned(standin)}})
        assert "open to others" in last["notice"]
    with pytest.raises(ConfigError, match="opens no triples but those it lists"):
        workbench.recipe({"triple": pinned(standin)}, "page")
    assert standin.requests == []


def test_the_command_line_names_a_triple_the_same_way(standin, tiny_config, capsys):
    name = pinned(standin)
    assert main(["fetch", "--triple", name, "--config", str(tiny_config), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["triple"] == name
    assert len(weights_here()) == 3


@pytest.mark.parametrize("name", ["hub:", "hub:a/b", "hub:a/b+c/d", "hub:a/b+c/d+e/f+g/h", "hub:a/b++c/d"])
def test_a_name_of_another_form_is_told(tiny_workbench, name):
    with pytest.raises(ConfigError, match=r"expected hub:BASE\+M1\+M2"):
        tiny_workbench.config.triple(name)


def test_a_name_says_what_it_is_made_of():
    spec = named_triple("hub:a/b@v1+c/d+e/f@0123")
    assert [each.repo for each in (spec.base, spec.m1, spec.m2)] == ["a/b", "c/d", "e/f"]
    assert [each.revision for each in (spec.base, spec.m1, spec.m2)] == ["v1", "main", "0123"]
    assert recipe_from({"triple": spec.name}).as_dict()["triple"] == spec.name
    assert named_triple("tiny-en") is None


def test_a_base_that_is_here_from_elsewhere_keeps_its_revision(standin, tiny_whisper_folders, monkeypatch, tmp_path):
    """tiny.en may come from the package index: then it has no commit to be pinned to."""
    own = tmp_path / "own" / "models" / "o--base"
    shutil.copytree(tiny_whisper_folders.base, own)
    source = {name: Source(repo=f"o/{name}") for name in ("base", "m1", "m2")}
    seen = look(TripleSpec(name="t", title="t", **source), lambda _: None)
    assert seen.triple.startswith("hub:o/base+o/m1@")
    assert (seen.sights[0].commit, seen.sights[0].missing) == ("", 0)
