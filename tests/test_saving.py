"""A merge leaves the page as a zip or a text and comes back from a file; what nobody wants any more is taken away."""

import io
import itertools
import json
import zipfile
from types import SimpleNamespace

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from material import no_progress

from explorer import saving
from explorer.errors import ConfigError, ExplorerError
from explorer.formats.texts import FORMATS
from explorer.recipe import Recipe, recipe_from
from explorer.saving import opened_recipe, saved_text, write_zip
from explorer.steps import finished
from explorer.ui import saved as saved_module
from explorer.ui.opening import Opening
from explorer.ui.saved import MOST, SavedFiles
from explorer.ui.saving import Saving
from explorer.ui.serving import routes
from explorer.ui.shelf import Shelf

RECIPE = Recipe("tiny", mixing=0.3)
PANEL = {"recipe": RECIPE.as_dict(), "stamp": 1}
STAMPS = itertools.count(10)


@pytest.fixture
def saved():
    files = SavedFiles()
    yield files
    files.close()


@pytest.fixture
def section(tiny_workbench, saved, tmp_path, monkeypatch):
    """The section with the three random Whispers behind it; its zips lie below the test's folder."""
    monkeypatch.setattr(saved_module.tempfile, "tempdir", str(tmp_path))
    opening = Opening(tiny_workbench.config)
    opening._workbench = tiny_workbench
    opening._ready.set()
    return Saving(opening, saved)


def visitor(name="v"):
    return SimpleNamespace(session_hash=name)


def answers(section, shown, panel=PANEL, name="v"):
    """Ask as a visitor does: every press has a later stamp."""
    return list(section.run({"stamp": next(STAMPS), "action": "save"} | shown, panel, visitor(name)))


def test_what_comes_with_a_cancel_is_not_taken_for_another_request(section):
    *_, answer = answers(section, {"kind": "recipe"})
    assert answer["state"] == "saved"
    for shown in (answer, answer | {"action": "cancel"}):  # either may come with the press
        (skipped,) = section.run(shown, PANEL, visitor())
        assert skipped == gr.skip()
    (early,) = section.run({"stamp": next(STAMPS), "action": "cancel", "kind": "folder"}, PANEL, visitor())
    assert early["state"] == "stopped"
    section.leave(visitor())
    assert section._running.begin("v", answer["stamp"])


def test_the_zip_is_the_folder_and_the_same_bytes_twice(tiny_workbench, tiny_bench, tmp_path):
    shares = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        steps = write_zip(tiny_workbench, tiny_bench, RECIPE, tmp_path / name / "m.zip", "float16", None)
        fingerprint, verified = finished(steps, lambda step: shares.append(step.share))
    assert verified is None
    assert fingerprint == tiny_bench.fingerprint("merge", RECIPE)
    half = shares[: len(shares) // 2]
    assert half == sorted(half)
    assert half[-1] == 1
    assert (tmp_path / "a" / "m.zip").read_bytes() == (tmp_path / "b" / "m.zip").read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["m.zip"]
    with zipfile.ZipFile(tmp_path / "a" / "m.zip") as archive:
        assert archive.testzip() is None
        assert {"m/model.safetensors", "m/config.json", "m/README.md", "m/tokenizer.json"} <= set(archive.namelist())
        document = json.loads(archive.read("m/merge_recipe.json"))
    assert recipe_from(document["recipe"]) == RECIPE


def test_a_zip_that_is_given_up_leaves_nothing(tiny_workbench, tiny_bench, tmp_path):
    steps = write_zip(tiny_workbench, tiny_bench, RECIPE, tmp_path / "m.zip", "float32", [])
    while next(steps).share < 0.9:
        pass
    assert list(tmp_path.iterdir())
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_before_the_work(tiny_workbench, tiny_bench, tmp_path, monkeypatch):
    monkeypatch.setattr(saving.shutil, "disk_usage", lambda place: SimpleNamespace(free=1_000_000))
    with pytest.raises(ConfigError, match=r"m\.zip: needs \d+ MB for a while, and 1 MB are free"):
        next(write_zip(tiny_workbench, tiny_bench, RECIPE, tmp_path / "m.zip", "float32", None))
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_saved_verified_fetched_and_forgotten(section, saved, tmp_path):
    told = answers(section, {"kind": "folder", "dtype": "bfloat16", "verify": True})
    assert [each["state"] for each in told] == ["running"] * (len(told) - 1) + ["saved"]
    assert told[-2]["remaining"] is not None
    last = told[-1]
    assert "Verified with plain transformers" in last["verified"]
    assert "bfloat16" in last["notice"]
    served = FastAPI()
    served.include_router(routes(Shelf(), saved))
    client = TestClient(served)
    got = client.get(f"/saved/{last['address']}/model.zip")
    assert got.status_code == 200
    assert got.headers["cache-control"] == "no-store, private"
    assert last["file"] in got.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        (card,) = [name for name in archive.namelist() if name.endswith("README.md")]
        assert last["verified"] in archive.read(card).decode()
    assert client.get("/saved/another/model.zip").status_code == 404
    section.leave(visitor())
    assert client.get(f"/saved/{last['address']}/model.zip").status_code == 404
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_save_says_so_and_leaves_nothing(section, tmp_path):
    running = section.run({"stamp": 1, "action": "save", "kind": "folder", "dtype": "float32"}, PANEL, visitor())
    next(running)
    section.announce({"stamp": 1, "action": "cancel"}, visitor())
    rest = list(running)
    assert rest[-1]["state"] == "stopped"
    assert len(rest) <= 2
    assert list(tmp_path.iterdir()) == []


def test_a_newer_save_takes_the_place_of_an_older_one_in_silence(section, tmp_path):
    running = section.run({"stamp": 1, "action": "save", "kind": "folder", "dtype": "float32"}, PANEL, visitor())
    next(running)
    section.announce({"stamp": 5, "action": "save"}, visitor())
    assert list(running) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_every_text_is_saved_and_opened_again(kind, section, tiny_bench):
    (last,) = answers(section, {"kind": kind})
    assert last["state"] == "saved"
    shown = {"action": "open", "name": last["file"], "text": last["text"]}
    back = answers(section, shown)[-1]
    assert back["state"] == "opened"
    assert tiny_bench.fingerprint("merge", recipe_from(back["recipe"])) == tiny_bench.fingerprint("merge", RECIPE)


def test_a_visitors_text_does_not_say_where_on_this_machine_anything_lies(section, tiny_whisper_folders):
    (last,) = answers(section, {"kind": "python"})
    assert str(tiny_whisper_folders.base.parent) not in last["text"]


def test_what_a_format_cannot_express_is_a_sentence(section):
    panel = {"recipe": recipe_from({"triple": "tiny", "method": "ties"}).as_dict(), "stamp": 1}
    (last,) = answers(section, {"kind": "sa-merge"}, panel)
    assert last["state"] == "error"
    assert "export it as" in last["notice"]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"kind": "pickle"}, "expected one of folder, recipe"),
        ({"kind": None}, "expected one of folder, recipe"),
        ({"kind": "folder", "dtype": "int4"}, "expected float32, float16, bfloat16"),
        ({"action": "open", "name": "a", "text": 3}, "at most 1 MB"),
        ({"action": "open", "name": "a", "text": "x" * 1_000_001}, "at most 1 MB"),
        ({"action": "open", "name": "a.yaml", "text": "{"}, "a.yaml: line 1"),
        ({"action": "open", "name": "a.yaml", "text": "just words"}, "expected a mapping"),
        ({"action": "open", "name": "a.yaml", "text": "slices: []"}, "mergekit's merge_method"),
        ({"action": "open", "name": "a.yaml", "text": "triple: absent"}, "absent"),
        ({"action": "open", "name": "a.yaml", "text": "{triple: tiny, lambda: 7}"}, "a.yaml: lambda"),
    ],
)
def test_anything_may_be_sent(shown, said, section):
    last = answers(section, shown)[-1]
    assert last["state"] == "error"
    assert said in last["notice"]
    assert "\n" not in last["notice"]


def test_a_report_and_an_exported_folder_say_their_recipe(tiny_workbench):
    text = json.dumps({"recipe": RECIPE.as_dict(), "fingerprint": "0"})
    assert opened_recipe(tiny_workbench, text, "merge_recipe.json", None, no_progress) == RECIPE


def test_the_commands_for_faster_whisper_name_the_recipe_and_the_language(tiny_bench):
    text, _ = saved_text(tiny_bench, RECIPE, "ctranslate2", local=False)
    assert "--recipe-link '?r=v1~tiny~sa~depth~lambda:0.3~alpha:0.8' --out merged" in text
    assert 'language="en"' in text


def test_only_a_few_models_are_kept_and_none_for_long(saved, monkeypatch):
    kept = []
    for number in range(MOST + 1):
        address, folder = saved.place(f"v{number}")
        (folder / "m.zip").write_bytes(b"m")
        kept.append((address, folder))
    assert saved.at(kept[0][0]) is None
    assert not kept[0][1].exists()
    assert saved.at(kept[-1][0]).read_bytes() == b"m"
    again, _ = saved.place(f"v{MOST}")
    assert saved.at(kept[-1][0]) is None  # a visitor's newest takes the place of the last
    assert saved.at(again) is None  # nothing is in it yet
    monkeypatch.setattr(saved_module, "SECONDS", -1.0)
    assert saved.at(kept[1][0]) is None
    assert not kept[1][1].exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(section, tmp_path, monkeypatch):
    monkeypatch.setattr(saved_module.tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(OSError(28, "disk full")))
    last = answers(section, {"kind": "folder", "dtype": "float32"})[-1]
    assert (last["state"], last["notice"]) == ("error", "Nothing can be written here (disk full).")


def test_errors_are_the_users(section):
    with pytest.raises(ExplorerError):
        opened_recipe(section._opening.workbench(), "[", "x", None, no_progress)
