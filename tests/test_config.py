"""checkpoints.yaml → frozen values. What can be wrong in it is in test_bad_inputs."""

import pytest
import yaml

from explorer.config_file import read_config, read_yaml
from explorer.errors import ConfigError


@pytest.fixture
def entries(tmp_path):
    for name in ("base", "m1", "m2", "clips"):
        (tmp_path / name).mkdir()
    (tmp_path / "child.safetensors").touch()
    return {
        "default": {"triple": "one", "lambda": 0.3},
        "triples": [
            {
                "name": "one",
                "title": "One",
                "base": {"repo": "openai/whisper-tiny.en", "folder": "base"},
                "m1": {"task_vector": "child.safetensors"},
                "m2": {"repo": "someone/whisper", "revision": "v1", "licence": "mit"},
            }
        ],
        "corpora": [{"name": "clips", "path": "clips"}],
    }


@pytest.fixture
def read(tmp_path):
    def reading(entries):
        path = tmp_path / "checkpoints.yaml"
        path.write_text(yaml.safe_dump(entries), encoding="utf-8")
        return read_config(path)

    return reading


def test_paths_are_relative_to_the_file_wherever_the_program_runs(entries, read, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    config = read(entries)
    assert config.problems == ()
    assert config.triples[0].base.folder == tmp_path / "base"
    assert config.triples[0].m1.task_vector == tmp_path / "child.safetensors"
    assert config.corpora[0].path == tmp_path / "clips"


def test_what_is_not_said_has_cautious_defaults(entries, read):
    triple = read(entries).triple("one")
    assert triple.window == "30"
    assert triple.m1.licence == "not stated"
    assert triple.m1.revision == "main"
    assert (triple.m2.revision, triple.m2.licence) == ("v1", "mit")


def test_a_base_may_name_a_folder_beside_its_repository_but_a_member_may_not(entries, read):
    entries["triples"][0]["m2"]["folder"] = "m2"
    with pytest.raises(ConfigError, match=r"triples\[0\]\.m2: expected exactly one .* but got repo and folder"):
        read(entries)


def test_one_broken_entry_leaves_the_others_usable(entries, read):
    entries["triples"].append({**entries["triples"][0], "name": "two", "m1": {"folder": "nowhere"}})
    entries["triples"].append({**entries["triples"][0], "name": "three"})
    entries["corpora"].append({"name": "gone", "path": "gone"})
    config = read(entries)
    assert [triple.name for triple in config.triples] == ["one", "three"]
    assert [corpus.name for corpus in config.corpora] == ["clips"]
    assert len(config.problems) == 2
    assert "triples[1].m1.folder" in config.problems[0]
    assert "corpora[1].path" in config.problems[1]


def test_a_name_that_is_taken_goes_to_the_first(entries, read):
    entries["triples"].append({**entries["triples"][0], "title": "Another"})
    config = read(entries)
    assert config.triple("one").title == "One"
    assert "triples[1].name: 'one' is taken" in config.problems[0]


def test_a_triple_that_is_not_there_is_told_with_those_that_are(entries, read):
    with pytest.raises(ConfigError, match=r"no usable triple is called 'two'; there are: one\."):
        read(entries).triple("two")


def test_the_values_cannot_be_changed(entries, read):
    with pytest.raises(AttributeError):
        read(entries).triples[0].window = "fit"


def test_yaml_is_read_without_running_what_it_says(tmp_path):
    path = tmp_path / "evil.yaml"
    path.write_text(f"a: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']")
    with pytest.raises(ConfigError, match=r"evil\.yaml: line 1"):
        read_yaml(path)
    assert not (tmp_path / "made").exists()
