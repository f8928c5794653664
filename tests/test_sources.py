"""What leaves this program says which weights it was made of; what comes back is compared with what is here."""

import json
import re
import shutil

import pytest
import yaml
from hub_standin import THREE, HubStandin, commit_of, empty_caches

from explorer.__main__ import main
from explorer.errors import RecipeError
from explorer.formats.texts import FORMATS
from explorer.recipe import Recipe, recipe_from

COMMIT = re.compile("[0-9a-f]{40}")


@pytest.fixture
def hub(tmp_path, monkeypatch, tiny_whisper_folders):
    """A Hub with M0, M1 and a further checkpoint; M2 is a folder."""
    empty_caches(monkeypatch, tmp_path)
    (tmp_path / "checkpoints.yaml").write_text(
        THREE.replace("{repo: o/m2}", f"{{folder: '{tiny_whisper_folders.m2}'}}")
        + "    vectors:\n      more: {repo: o/more}\n"
    )
    with HubStandin() as hub:
        hub.add_three(tiny_whisper_folders)
        hub.add_folder("o/more", tiny_whisper_folders.m2)
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def told(hub, tmp_path, capsys):
    """Run a command on the three; give what it writes as JSON, or the sentence it ends with."""

    def running(*arguments):
        capsys.readouterr()
        config = ["--config", str(tmp_path / "checkpoints.yaml"), "--device", "cpu"]
        code = main([*map(str, arguments), *config, "--json"])
        out = capsys.readouterr()
        return json.loads(out.out) if code == 0 else out.err

    return running


def test_an_exported_folder_names_the_commits_that_were_merged(hub, told, tmp_path):
    commits = {name: commit_of(hub.repos[f"o/{name}"]) for name in ("base", "m1", "more")}
    told("merge", "--add", "more=0.1", "--add", "hub:o/m1=0.2", "--out", tmp_path / "out")
    sources = json.loads((tmp_path / "out" / "merge_recipe.json").read_text())["recipe"]["sources"]
    assert {name: row.get("revision") for name, row in sources.items()} == {
        "m0": commits["base"],
        "m1": commits["m1"],
        "m2": None,
        "more": commits["more"],
        "hub:o/m1": commits["m1"],
    }
    assert sources["m2"]["file"] == "m2"
    card = (tmp_path / "out" / "README.md").read_text()
    (block,) = re.findall(r"```yaml\n(.+?)```", card, flags=re.DOTALL)
    assert yaml.safe_load(block)["sources"] == sources
    assert f"o/m1 at {commits['m1']}" in card
    for member in ("m0", "m1", "m2"):
        assert sources[member]["weights"] in card


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_names_the_commits(hub, told, kind):
    text = told("export", "--format", kind, "--lambda", "0.3")["text"]
    assert set(COMMIT.findall(text)) == {commit_of(hub.repos[f"o/{name}"]) for name in ("base", "m1")}


def test_a_commit_is_the_one_that_was_loaded_whatever_the_branch_is_now(hub, told):
    commit = commit_of(hub.repos["o/m1"])
    told("fetch")
    hub.add("o/m1", {**hub.repos["o/m1"], "generation_config.json": b"{}"})
    assert commit in told("export", "--format", "mergekit")["text"]


@pytest.mark.parametrize("kind", FORMATS)
def test_what_was_exported_is_opened_again(told, tmp_path, kind):
    given = told("export", "--format", kind, "--lambda", "0.3", "--out", tmp_path / "r")
    assert told("import", tmp_path / "r")["recipe"] == given["recipe"]
    if kind in ("recipe", "json"):
        assert told("export", "--recipe", tmp_path / "r")["text"] == told("export", "--lambda", "0.3")["text"]


def test_a_recipe_of_other_weights_is_not_merged_in_silence(hub, told, tmp_path):
    commit = commit_of(hub.repos["o/m1"])
    told("export", "--out", tmp_path / "r.yaml")
    for folder in ("hub", "own"):
        shutil.rmtree(tmp_path / folder)
    hub.add("o/m1", hub.repos["o/more"])
    for command in (["export", "--recipe"], ["import"]):
        sentence = told(*command, tmp_path / "r.yaml")
        assert "r.yaml: sources.m1: made with weights" in sentence
        assert f"revision {commit} of o/m1" in sentence
    pinned = (tmp_path / "checkpoints.yaml").read_text().replace("{repo: o/m1}", f"{{repo: o/m1, revision: {commit}}}")
    (tmp_path / "checkpoints.yaml").write_text(pinned)
    assert "fingerprint" in told("export", "--recipe", tmp_path / "r.yaml")


def test_another_triple_may_take_the_place_of_a_files_own(told, tmp_path):
    text = (tmp_path / "checkpoints.yaml").read_text()
    entry = text[text.index("  - name") :].replace("name: hub", "name: two").replace("o/m1", "o/more")
    (tmp_path / "checkpoints.yaml").write_text(text + entry)
    told("export", "--out", tmp_path / "r.yaml")
    assert told("export", "--recipe", tmp_path / "r.yaml", "--triple", "two")["recipe"]["triple"] == "two"


@pytest.mark.parametrize(
    "sources", ["text", ["m1"], {"m1": "text"}, {"m1": {"weights": 3}}, {"m1": {"colour": "red"}}, None]
)
def test_sources_that_are_none_are_named(tiny_workbench, tiny_bench, sources):
    with pytest.raises(RecipeError, match=r"R\.yaml: sources"):
        tiny_workbench.recipe({"triple": "tiny", "sources": sources}, "R.yaml")


def test_sources_are_no_part_of_the_value(tiny_workbench, tiny_bench):
    weights = tiny_bench.fingerprint("m1", Recipe("tiny"))
    entries = Recipe("tiny", mixing=0.3).as_dict()
    recipe = tiny_workbench.recipe(entries | {"sources": {"m1": {"file": "m1", "weights": weights}}}, "R.yaml")
    assert recipe == recipe_from(entries)
    with pytest.raises(RecipeError, match="give that triple the m1 it was made with, or take sources out"):
        tiny_workbench.recipe(entries | {"sources": {"m1": {"file": "m1", "weights": "0" * 16}}}, "R.yaml")
