"""A merge as a folder that plain transformers loads."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from material import chosen, no_progress
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from explorer.audio import SAMPLE_RATE, load_clip
from explorer.config_file import read_config
from explorer.corpora.manifest import read_manifest
from explorer.errors import ConfigError, RecipeError
from explorer.export import RECIPE_FILE
from explorer.formats.link import link_entries
from explorer.model_card import curve_picture, model_card
from explorer.recipe import Recipe, recipe_from
from explorer.steps import finished
from explorer.transcription.decoding import Decoding, Halt
from explorer.workbench import Workbench

RECIPE = Recipe("tiny", mixing=0.3, scope=("encoder.self", "decoder.cross"))
ROOT = Path(__file__).parents[1]


@pytest.fixture
def exported(tiny_workbench, tiny_bench, tmp_path):
    target = tmp_path / "merge"
    finished(tiny_workbench.export(tiny_bench, RECIPE, target))
    return target


def test_the_folder_holds_the_merge_bit_for_bit(exported, tiny_bench):
    model = WhisperForConditionalGeneration.from_pretrained(exported)
    with tiny_bench.live.merged(RECIPE) as merge:
        wanted = merge.state_dict()
        assert model.state_dict().keys() == wanted.keys()
        assert all(torch.equal(tensor, wanted[name]) for name, tensor in model.state_dict().items())


def test_the_output_projection_is_stored_once_and_tied(exported):
    assert "proj_out.weight" not in load_file(exported / "model.safetensors")
    model = WhisperForConditionalGeneration.from_pretrained(exported)
    assert model.proj_out.weight.data_ptr() == model.model.decoder.embed_tokens.weight.data_ptr()


def test_the_folder_has_the_bases_tokenizer_and_settings(exported, tiny_whisper_folders):
    WhisperProcessor.from_pretrained(exported)
    for name in ("tokenizer.json", "preprocessor_config.json", "generation_config.json", "normalizer.json"):
        assert (exported / name).read_bytes() == (tiny_whisper_folders.base / name).read_bytes()


def test_the_folder_says_how_it_was_made(exported, tiny_bench):
    card = json.loads((exported / RECIPE_FILE).read_text())
    assert recipe_from(card["recipe"]) == RECIPE
    assert card["fingerprint"] == tiny_bench.live.merged_fingerprint(RECIPE)


def test_the_folder_can_be_a_member_of_a_triple(exported, tiny_workbench, tiny_config):
    text = tiny_config.read_text().replace("title: Three", "title: Two and a merge of")
    tiny_config.write_text(text[: text.index("    m1:")] + "    m1: {folder: merge}\n" + text[text.index("    m2:") :])
    bench = Workbench(read_config(tiny_config), "cpu").bench("tiny", no_progress)
    card = json.loads((exported / RECIPE_FILE).read_text())
    assert bench.fingerprint("m1", RECIPE) == card["fingerprint"]


def test_everybody_who_may_read_the_recipe_may_read_the_weights(exported):
    rights = {path.name: path.stat().st_mode & 0o777 for path in exported.iterdir()}
    mask = os.umask(0)
    os.umask(mask)
    assert set(rights.values()) == {0o666 & ~mask}
    assert exported.stat().st_mode & 0o777 == 0o777 & ~mask


def test_the_live_model_merges_on_as_before(tiny_workbench, tiny_bench, tmp_path):
    before = [tiny_bench.fingerprint(model, RECIPE) for model in ("m0", "m1", "m2", "merge")]
    finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge"))
    assert [tiny_bench.fingerprint(model, RECIPE) for model in ("m0", "m1", "m2", "merge")] == before


# In half the bytes, with a card, verified.


@pytest.fixture(scope="module")
def clips():
    return [load_clip(each.path, each.id) for each in read_manifest(ROOT / "assets" / "clips").utterances[:1]]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_tensors_are_rounded_and_the_live_merge_is_not(dtype, tiny_workbench, tiny_bench, tmp_path):
    fingerprint, found = finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge", dtype, clips=[]))
    stored = load_file(tmp_path / "merge" / "model.safetensors")
    with tiny_bench.live.merged(RECIPE) as merge:
        wanted = merge.state_dict()
        assert stored.keys() == wanted.keys() - {"proj_out.weight"}
        assert all(torch.equal(tensor, wanted[name].to(getattr(torch, dtype))) for name, tensor in stored.items())
        assert {tensor.dtype for tensor in wanted.values()} == {torch.float32}
    assert WhisperForConditionalGeneration.from_pretrained(tmp_path / "merge").dtype == getattr(torch, dtype)
    assert json.loads((tmp_path / "merge" / "config.json").read_text())["dtype"] == dtype
    assert tiny_bench.live.merged_fingerprint(RECIPE) == fingerprint
    assert "but for rounding (tolerance" in found


def test_verification_compares_tensors_and_transcripts_and_says_so(tiny_workbench, tiny_bench, tmp_path, clips):
    _, found = finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge", clips=clips))
    assert (
        "tensors are the live merge's bit for bit (tolerance 0); it writes the same words for 1 of 1 sample clips"
        in found
    )
    assert found.startswith("Verified with")
    assert found in (tmp_path / "merge" / "README.md").read_text()


def test_words_that_differ_are_counted_and_only_the_weights_are_called_verified(
    tiny_workbench, tiny_bench, tmp_path, clips, monkeypatch
):
    heard = iter(["what the merge writes", "something else"])
    monkeypatch.setattr("explorer.verification._plain", lambda *_: "what the merge writes")
    monkeypatch.setattr("explorer.verification._live", lambda *_: next(heard))
    _, found = finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge", clips=clips * 2))
    assert found.startswith("Weights verified with plain transformers: ")
    assert found.endswith("; but it writes the same words for only 1 of 2 sample clips.")


def test_an_export_that_is_not_the_merge_is_not_kept(tiny_workbench, tiny_bench, tmp_path, monkeypatch):
    def damaged(model, folder, dtype):
        model.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        tensors["model.encoder.layers.1.fc1.bias"][3] += 1e-3
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})

    monkeypatch.setattr("explorer.export._save", damaged)
    before = listing(tmp_path)
    with pytest.raises(ConfigError, match=r"layers\.1\.fc1\.bias: the exported tensor is not the merge's"):
        finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge", clips=[]))
    assert listing(tmp_path) == before


def test_the_card_says_what_it_is_and_whose(exported, tiny_bench, tiny_whisper_folders):
    text = (exported / "README.md").read_text()
    front = yaml.safe_load(text.split("---")[1])
    assert {"merge", "sa-merge"} <= set(front["tags"])
    assert front["license"] == "other"  # the owners state none
    recipe = re.findall(r"```yaml\n(.+?)```", text, flags=re.DOTALL)[0]
    assert recipe_from(yaml.safe_load(recipe)) == RECIPE
    assert recipe_from(link_entries(re.findall(r"`(\?r=v1~.+)`", text)[0])) == RECIPE
    for member in ("m0", "m1", "m2", "merge"):
        assert tiny_bench.fingerprint(member, RECIPE) in text
    assert "not verified" in text.lower()
    assert "arXiv 2501.08468" in text
    assert str(tiny_whisper_folders.base.parent) not in text
    assert "decoder.self" not in curve_picture(RECIPE, tiny_bench.depths)
    assert curve_picture(RECIPE, tiny_bench.depths) in text


def test_the_card_names_repositories_and_their_licence(real_config, tiny_bench):
    spec = real_config.triple("hub-tiny")
    prints = dict.fromkeys(("m0", "m1", "m2", "merge"), "0")
    text = model_card(Recipe("hub-tiny"), spec, tiny_bench.depths, prints, "float16", None)
    front = yaml.safe_load(text.split("---")[1])
    assert front["license"] == "apache-2.0"
    assert front["base_model"] == [spec.base.repo, spec.m1.repo, spec.m2.repo]
    assert front["base_model_relation"] == "merge"
    assert "21.53 %" in text


def test_the_command_verifies_and_tells(run, tmp_path):
    code, told, _ = run("merge", "--out", tmp_path / "merge", "--dtype", "bfloat16", "--verify")
    assert code == 0
    assert "Verified with plain transformers" in told
    assert "was given no sample clips" in (tmp_path / "merge" / "README.md").read_text()


# Where it cannot be written.


def listing(folder):
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link into the void"])
def test_what_is_there_already_is_not_touched(tiny_workbench, tiny_bench, tmp_path, kind):
    target = tmp_path / "merge"
    if kind == "file":
        target.write_text("mine")
    elif kind == "link into the void":
        target.symlink_to("/nowhere/at-all")
    else:
        target.mkdir()
        if kind == "folder":
            (target / "mine").write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(ConfigError, match=r"merge: exists already; name a folder that does not"):
        finished(tiny_workbench.export(tiny_bench, RECIPE, target))
    assert listing(tmp_path) == before


def test_an_absent_parent_folder_is_named_and_not_made(tiny_workbench, tiny_bench, tmp_path):
    with pytest.raises(ConfigError, match=r"b/merge: its parent folder does not exist; create .*b first\.$"):
        finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "a" / "b" / "merge"))
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_parent_folder_is_named(tiny_workbench, tiny_bench, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written to"):
        finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "closed" / "merge"))


def fail(error):
    def raising(*_, **__):
        raise error

    return raising


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), SafetensorError("I/O error: No space left on device (os error 28)")],
)
def test_a_disk_that_fills_up_is_one_sentence_and_leaves_nothing_behind(
    tiny_workbench, tiny_bench, tmp_path, monkeypatch, error
):
    monkeypatch.setattr(WhisperForConditionalGeneration, "save_pretrained", fail(error))
    before = listing(tmp_path)
    with pytest.raises(ConfigError, match=r"merge: cannot be written \(.*No space left.*\); free space") as caught:
        finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge"))
    assert "\n" not in str(caught.value)
    assert listing(tmp_path) == before


def test_an_interrupt_in_the_middle_leaves_nothing_behind(tiny_workbench, tiny_bench, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", fail(KeyboardInterrupt()))
    before = listing(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        finished(tiny_workbench.export(tiny_bench, RECIPE, tmp_path / "merge"))
    assert listing(tmp_path) == before


def test_the_folder_appears_only_when_it_is_complete(tiny_workbench, tiny_bench, tmp_path, monkeypatch):
    target, there, copy = tmp_path / "merge", [], shutil.copyfile
    monkeypatch.setattr(shutil, "copyfile", lambda *paths: (there.append(target.exists()), copy(*paths)))
    finished(tiny_workbench.export(tiny_bench, RECIPE, target))
    assert set(there) == {False}
    assert target.exists()


def test_a_recipe_that_does_not_fit_writes_nothing(tiny_workbench, tiny_bench, tmp_path):
    misfit = recipe_from({"triple": "tiny", "schedule": "custom", "ratios": {"encoder.self": [1.0] * 9}})
    before = listing(tmp_path)
    with pytest.raises(RecipeError):
        finished(tiny_workbench.export(tiny_bench, misfit, tmp_path / "merge"))
    assert listing(tmp_path) == before


@pytest.mark.slow
def test_a_real_write_error_of_the_system_is_one_line_and_leaves_nothing_behind(tiny_config):
    """The process may write no file over a megabyte; the weights have three."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        "from explorer.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    before = listing(tiny_config.parent)
    target = tiny_config.parent / "merge"
    done = subprocess.run(
        [sys.executable, "-c", code, "merge", "--config", str(tiny_config), "--out", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"error: {target}: cannot be written" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert listing(tiny_config.parent) == before


@pytest.mark.slow
def test_plain_transformers_hears_with_the_folder_what_the_page_hears(real_bench, speech, tmp_path):
    recipe = Recipe("tiny-en", mixing=0.2, exponents=(0.8,))
    bench = real_bench.bench("tiny-en", no_progress)
    target = tmp_path / "merge"
    finished(real_bench.export(bench, recipe, target))
    model = WhisperForConditionalGeneration.from_pretrained(target)
    processor = WhisperProcessor.from_pretrained(target)
    utterances = chosen(read_manifest(speech / "speechocean762" / "dev-child").utterances, limit=5)
    for utterance in utterances:
        clip = load_clip(utterance.path)
        features = processor(clip.samples, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
        (text,) = processor.batch_decode(model.generate(features), skip_special_tokens=True)
        with bench.live.merged(recipe) as merge:
            (found,) = bench.transcriber.transcribe(merge, [clip], Decoding("30"), Halt())
        assert found.text == text.strip() != ""
