"""Shipped results: made by one command, shown only while they belong to what is here, and the repository's own do."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from explorer.config import CorpusSpec
from explorer.config_file import read_config
from explorer.corpora.manifest import MANIFEST, read_manifest
from explorer.recipe import recipe_from
from explorer.shipped import SHIPPED_FILE, read_shipped, triple_digest
from explorer.shipping import make_shipped
from explorer.stripe import STOPS, along
from explorer.transcription.decoding import Halt
from explorer.ui.clips import Clips
from explorer.ui.exploring import Exploring
from explorer.ui.opening import Opening
from explorer.ui.shelf import Shelf
from explorer.ui.striping import Striping
from explorer.workbench import Workbench

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shipped(tiny_workbench, tiny_bench, tmp_path_factory):
    """A configuration with two sample clips, and the file made for it."""
    folder = tmp_path_factory.mktemp("samples")
    rows = []
    for name, said in (("one", "a b"), ("two", "c")):
        samples = np.random.default_rng(len(rows)).normal(0, 0.2, 4_800)
        soundfile.write(folder / f"{name}.wav", samples, 16_000)
        rows.append({"file_name": f"{name}.wav", "id": name, "text": said})
    (folder / MANIFEST).write_text("\n".join(map(json.dumps, rows)))
    config = replace(tiny_workbench.config, corpora=(CorpusSpec(name="samples", path=folder),))
    workbench = Workbench(config, "cpu")
    workbench._benches["tiny"] = tiny_bench
    path = folder / SHIPPED_FILE
    make_shipped(workbench, path)
    return config, path, workbench, tiny_bench


def samples_of(config):
    return read_manifest(config.corpora[0].path).utterances


def changed(shipped, tmp_path, change):
    config, path, *_ = shipped
    document = json.loads(path.read_text())
    change(document)
    target = tmp_path / SHIPPED_FILE
    target.write_text(json.dumps(document))
    return read_shipped(target, config, samples_of(config))


def test_the_command_gives_the_same_bytes_again(shipped, tmp_path):
    _, path, workbench, _ = shipped
    make_shipped(workbench, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_what_was_written_is_what_the_models_hear(shipped):
    config, path, workbench, bench = shipped
    read = read_shipped(path, config, samples_of(config))
    recipe = workbench.default_recipe()
    assert set(read.models) == set(read.stripes) == {"one", "two"}
    assert read.fingerprints["m1"] == bench.fingerprint("m1", recipe)
    assert set(read.heard("one", recipe)) == {"m0", "m1", "m2", "merge"}
    for alpha in (recipe.exponents, (0.1,)):
        other = replace(recipe, exponents=alpha)
        assert (read.heard("one", other) is None) == (alpha != recipe.exponents)
        assert (read.stripe("one", other) is None) == (alpha != recipe.exponents)
    stripe = read.stripe("one", recipe)
    assert len(stripe) == STOPS
    stop = along(recipe, "lambda", 0.85)
    assert read.heard("one", stop)["merge"] == stripe[0.85]
    assert read.heard("one", along(recipe, "lambda", 0.86)) is None
    assert read.heard("three", recipe) is None
    assert read.stripe("one", recipe_from({"triple": "tiny", "method": "ties"})) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["recipe"].update({"lambda": 0.7}),
        lambda document: document.update(triple="0" * 16),
        lambda document: document.update(version=0),
        lambda document: document.update(decoding="beam search"),
        lambda document: document.pop("clips"),
        lambda document: document["clips"][0].pop("sound") and document["clips"].pop(),
        lambda document: [row.update(sound="0") for row in document["clips"]],
    ],
)
def test_results_of_something_else_are_not_shown(shipped, tmp_path, change, caplog):
    assert changed(shipped, tmp_path, change) is None
    assert "python -m explorer ship" in caplog.text


def test_a_file_that_is_broken_or_absent_is_no_obstacle(shipped, tmp_path):
    config = shipped[0]
    for text in ("{", "[]", "null", "3"):
        (tmp_path / "broken.json").write_text(text)
        assert read_shipped(tmp_path / "broken.json", config, samples_of(config)) is None
    assert read_shipped(tmp_path / "absent.json", config, samples_of(config)) is None


def test_only_the_clip_that_has_changed_is_left_out(shipped, tmp_path):
    def other_reference(document):
        document["clips"][1]["reference"] = "d"

    assert set(changed(shipped, tmp_path, other_reference).models) == {"one"}


def test_other_weights_are_other_contents_of_the_task_vectors(tmp_path):
    config = read_config(ROOT / "checkpoints.yaml")
    spec = config.triple(config.default["triple"])
    vector = shutil.copy(spec.m1.task_vector, tmp_path / "m1.safetensors")
    same = replace(spec, m1=replace(spec.m1, task_vector=Path(vector)))
    assert triple_digest(same) == triple_digest(spec)
    with Path(vector).open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    assert triple_digest(same) != triple_digest(spec)


class Request:
    session_hash = "visitor"


def handlers(shipped):
    """The page's handlers while nothing is loaded, as at its start."""
    config, path, *_ = shipped
    clips = Clips({each.id: each for each in samples_of(config)}, Shelf())
    known = read_shipped(path, config, clips.samples.values())
    opening = Opening(config)
    return Exploring(opening, clips, known), Striping(opening, clips, known), known


def test_the_first_transcripts_need_no_model(shipped):
    exploring, _, known = handlers(shipped)
    sent = {"recipe": known.recipe.as_dict(), "stamp": 1}
    value = exploring.announce(sent, {"id": "two", "stamp": 2}, True, Request)
    assert value["state"] == "shipped"
    assert [column["model"] for column in value["columns"]] == ["m1", "merge", "m2", "m0"]
    assert value["columns"][1]["text"] == known.models["two"]["merge"].text
    assert len(value["columns"][1]["fates"]) == len(value["columns"][1]["words"])
    assert value["reference"] == "c"
    for panel, chosen in ((sent, {"id": None}), ({"recipe": {"triple": 3}}, {"id": "two"}), (None, None)):
        assert exploring.meanwhile(panel, chosen) is None


def test_a_shipped_stripe_needs_no_model_and_others_are_offered(shipped):
    _, striping, known = handlers(shipped)
    recipe = known.recipe.as_dict() | {"lambda": 0.61}  # where λ stands is no matter

    def asked(reference="a b", **change):
        panel = {"recipe": recipe | change}
        return list(striping.run({"stamp": 1}, panel, {"id": "one"}, None, reference, Request))[-1]

    answer = asked()
    assert (answer["state"], answer["shipped"], len(answer["stops"])) == ("done", True, STOPS)
    assert [stop["value"] for stop in answer["stops"]] == sorted(known.stripes["one"])
    assert asked(reference="other words")["state"] == "offer"
    assert asked(alpha=0.1)["state"] == "offer"
    assert "no single λ" in asked(schedule="custom", ratios={"encoder.self": [1, 1]}, scope=["encoder.self"])["notice"]


@pytest.mark.slow
def test_the_repositorys_shipped_results_are_of_its_weights_and_clips(real_bench, real_config):
    """When this fails, clips, task vectors or the default recipe have changed: run python -m explorer ship."""
    samples = read_manifest(real_config.corpora[0].path).utterances
    read = read_shipped(ROOT / "assets" / SHIPPED_FILE, real_config, samples)
    assert read is not None
    assert set(read.models) == {sample.id for sample in samples}
    recipe = real_bench.default_recipe()
    bench = real_bench.bench(recipe.triple, lambda *_: None)
    assert {member: bench.fingerprint(member, recipe) for member in read.fingerprints} == read.fingerprints
    clips = Clips({sample.id: sample for sample in samples}, Shelf())
    decoding = real_bench.decoding(recipe)
    clip = clips.clip({"id": samples[0].id}, None, "")
    for model, heard in read.heard(samples[0].id, recipe).items():
        live = list(real_bench.stream(bench, model, recipe, clip, decoding, Halt()))[-1]
        assert (model, heard.text) == (model, live.text)
