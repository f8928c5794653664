"""The command line: what each command prints, where it prints it, and how it ends."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import yaml
from material import READY_METHODS, sine

from explorer.__main__ import main
from explorer.addition import Addition
from explorer.corpora.manifest import MANIFEST
from explorer.device import pick_device
from explorer.errors import ConfigError
from explorer.live_model import LiveModel
from explorer.methods import METHODS
from explorer.recipe import Recipe, recipe_from
from explorer.schedule import SCHEDULE_NAMES

ROOT = Path(__file__).parents[1]
FEW = ("--max-new-tokens", "3")


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = []
    for number in range(6):
        soundfile.write(folder / f"{number}.wav", sine(200 + 90 * number, 0.4, 16_000), 16_000)
        rows.append({"file_name": f"{number}.wav", "text": "a b", "speaker": str(number % 3), "age": 6 + number})
    rows.append({"file_name": "absent.wav", "text": "a"})
    (folder / "silent.wav").write_bytes((folder / "0.wav").read_bytes()[:44] + bytes(12_800))
    rows.append({"file_name": "silent.wav", "text": "a", "speaker": "9", "age": 12})
    (folder / MANIFEST).write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_triples_lists_what_the_configuration_names(document, tiny_whisper_folders):
    found = document("triples")
    assert found["default"] == "tiny"
    assert found["problems"] == []
    (row,) = found["triples"]
    assert (row["name"], row["title"], row["window"]) == ("tiny", "Three random Whispers", "fit")
    for member in ("base", "m1", "m2"):
        assert row[member]["source"] == str(getattr(tiny_whisper_folders, member))
        assert set(row[member]) == {"source", "licence", "provenance", "revision", "reported_wer"}


def test_triples_in_words_names_every_triple_and_licence(run):
    code, told, _ = run("triples")
    assert code == 0
    assert "tiny " in told
    assert "Three random Whispers" in told
    assert told.count("not stated") == 3


def test_the_projects_own_configuration_has_no_problems(capsys):
    assert main(["triples", "--json"]) == 0
    told, complaint = capsys.readouterr()
    found = json.loads(told)
    assert complaint == ""
    assert found["problems"] == []
    assert found["default"] == found["triples"][0]["name"] == "tiny-en"
    assert len(found["triples"]) >= 7
    assert all(row[member]["licence"] for row in found["triples"] for member in ("base", "m1", "m2"))


def test_merge_writes_a_folder_and_tells_recipe_and_fingerprint(document, tmp_path, tiny_triple):
    found = document("merge", "--out", tmp_path / "merge", "--lambda", "0.4", "--schedule", "constant")
    recipe = recipe_from(found["recipe"])
    assert recipe == Recipe("tiny", schedule="constant", mixing=0.4)
    assert found["folder"] == str(tmp_path / "merge")
    assert found["fingerprint"] == LiveModel(tiny_triple, pick_device("cpu")).merged_fingerprint(recipe)
    assert (tmp_path / "merge" / "model.safetensors").is_file()
    assert set(found) == {"recipe", "fingerprint", "folder", "dtype", "verified"}


def test_merge_in_words_says_what_it_wrote(run, tmp_path):
    code, told, _ = run("merge", "--out", tmp_path / "merge")
    assert code == 0
    assert told.startswith(f"Wrote {tmp_path / 'merge'}, weights ")


def test_transcribe_tells_what_each_model_hears_in_each_clip(document, tone, corpus):
    found = document("transcribe", tone, corpus / "1.wav", "--models", "m0,m1,m2,merge", *FEW)
    assert set(found) == {"recipe", "fingerprint", "clips"}
    assert [clip["path"] for clip in found["clips"]] == [str(tone), str(corpus / "1.wav")]
    assert [clip["seconds"] for clip in found["clips"]] == [1.0, 0.4]
    assert all(list(clip["hypotheses"]) == ["m0", "m1", "m2", "merge"] for clip in found["clips"])
    assert all(clip["hypotheses"]["m1"] for clip in found["clips"])


def test_transcribe_hears_with_lambda_one_what_the_child_model_hears(document, corpus):
    clips = [corpus / f"{number}.wav" for number in range(3)]
    found = document("transcribe", *clips, "--lambda", "1", *FEW)
    assert all(clip["hypotheses"]["merge"] == clip["hypotheses"]["m1"] for clip in found["clips"])


def test_transcribe_in_words_stands_clip_by_clip(run, tone):
    code, told, _ = run("transcribe", tone, "--models", "m2,m1", *FEW)
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == [str(tone), "m2", "m1"]


def test_evaluate_tells_rates_with_all_that_they_depend_on(document, corpus):
    found = document("evaluate", "--corpus", f"manifest:{corpus}", "--models", "m0,m1,m2,merge", *FEW)
    assert set(found) == {
        *("corpus", "utterances", "speakers", "ids", "left_out", "stopped", "recipe", "fingerprints", "decoding"),
        *("normalizer", "fillers", "bootstrap", "models", "pins"),
    }
    assert found["corpus"].items() >= {"name": f"manifest:{corpus}", "filter": "", "limit": None, "seed": 0}.items()
    assert (found["utterances"], found["speakers"], found["stopped"]) == (6, 3, False)
    assert found["ids"] == [f"{number}.wav" for number in range(6)]
    assert found["decoding"] == {"search": "greedy", "window": "fit", "max_new_tokens": 3}
    assert found["normalizer"] == "whisper-english"
    assert found["bootstrap"] == {"resamples": 10_000, "seed": 0, "unit": "speaker", "level": 0.95}
    assert list(found["fingerprints"]) == list(found["models"]) == ["m0", "m1", "m2", "merge"]
    for name, model in found["models"].items():
        errors = model["substitutions"] + model["deletions"] + model["insertions"]
        assert model["words"] == 12
        assert model["wer"] == pytest.approx(errors / 12, abs=1e-6)
        assert model["interval"][0] <= model["wer"] <= model["interval"][1]
        assert list(model["verdicts"]) == [other for other in ("m1", "m2") if other != name]
        for other, verdict in model["verdicts"].items():
            assert set(verdict) == {"difference", "interval", "better", "sentence"}
            assert f" against {other.upper()}: " in verdict["sentence"]
            assert "; 3 speakers, 6 utterances" in verdict["sentence"]


def test_evaluate_names_what_it_left_out(run, corpus):
    code, told, complaint = run("evaluate", "--corpus", f"manifest:{corpus}", "--models", "m1", *FEW, "--json")
    assert code == 0
    left_out = json.loads(told)["left_out"]
    assert len(left_out) == 2
    assert "'absent.wav'" in left_out[0]
    assert left_out[1].startswith("silent.wav: is silent")
    assert all(f"left out: {problem}\n" in complaint for problem in left_out)


def test_evaluate_gives_the_fingerprint_of_every_checkpoint_whichever_is_evaluated(document, corpus):
    found = document("evaluate", "--corpus", f"manifest:{corpus}", "--models", "merge", *FEW)
    assert list(found["fingerprints"]) == ["m0", "m1", "m2", "merge"]
    assert list(found["models"]) == ["merge"]


def test_evaluate_draws_the_subset_it_was_told_to(document, corpus):
    options = ("--filter", "age < 11", "--limit", "3", "--seed", "5")
    found = document("evaluate", "--corpus", f"manifest:{corpus}", *options, "--models", "m1", *FEW)
    assert found["utterances"] == found["speakers"] == 3
    asked = {"name": f"manifest:{corpus}", "filter": "age < 11", "limit": 3, "seed": 5}
    assert found["corpus"].items() >= asked.items()
    assert found["corpus"]["steps"] == [["age < 11", 2], ["3 drawn, seed 5", 2]]


def test_evaluate_gives_the_same_bytes_twice(run, corpus):
    command = ("evaluate", "--corpus", f"manifest:{corpus}", *FEW, "--json")
    assert run(*command)[1] == run(*command)[1]


def test_evaluate_in_words_has_a_line_for_each_model_and_verdict(run, corpus):
    code, told, _ = run("evaluate", "--corpus", f"manifest:{corpus}", "--models", "m1,merge", *FEW)
    assert code == 0
    rows = told.splitlines()
    assert [row.split()[0] for row in rows] == ["m1", "merge", rows[2].split()[0]]
    assert rows[0].endswith("of 12 words")
    assert rows[2].strip().startswith("merge against M1: ")


def test_fetch_tells_that_a_triple_is_here(document, tiny_bench):
    found = document("fetch")
    prints = {member: tiny_bench.fingerprint(member, Recipe("tiny")) for member in ("m0", "m1", "m2")}
    assert found == {"triple": "tiny", "fingerprints": prints}


# Recipe options.


def recipe_of(document, tone, *options):
    return recipe_from(document("transcribe", tone, "--models", "merge", *FEW, *options)["recipe"])


def test_without_options_the_recipe_is_the_configurations_default(document, tone):
    assert recipe_of(document, tone) == Recipe("tiny", mixing=0.2, exponents=(0.8,))


def test_every_option_lands_in_the_recipe(document, tone):
    found = recipe_of(
        document,
        tone,
        *("--triple", "tiny", "--method", "sa", "--schedule", "groups", "--lambda", "0.25"),
        *("--alpha", "0.7,0.8,0.9", "--scope", "decoder.cross,encoder.self", "--projections", "v,q"),
    )
    assert found == Recipe("tiny", "sa", "groups", 0.25, (0.7, 0.8, 0.9), ("encoder.self", "decoder.cross"), ("q", "v"))


def test_an_empty_scope_merges_nothing(document, tone):
    assert recipe_of(document, tone, "--scope", "").scope == ()


@pytest.mark.parametrize("schedule", [name for name in SCHEDULE_NAMES if name != "custom"])
def test_every_schedule_can_be_chosen(document, tone, schedule):
    assert recipe_of(document, tone, "--schedule", schedule).schedule == schedule


def test_a_recipe_file_is_used_and_options_go_before_it(document, tone, tmp_path):
    recipe = Recipe("tiny", schedule="power", mixing=0.7, exponents=(0.1,), scope=("decoder.self",))
    path = tmp_path / "R.yaml"
    path.write_text(yaml.safe_dump(recipe.as_dict()))
    assert recipe_of(document, tone, "--recipe", path) == recipe
    assert recipe_of(document, tone, "--recipe", path, "--lambda", "0.6").mixing == 0.6
    assert recipe_of(document, tone, "--recipe", path, "--lambda", "0.6").exponents == (0.1,)


@pytest.mark.parametrize("method", READY_METHODS)
def test_every_method_and_every_parameter_of_its_row_can_be_given(document, tone, method):
    row = METHODS[method]
    given = [("--set", f"{each.name}={each.lowest + (each.highest - each.lowest) / 3:.0f}") for each in row.parameters]
    given = [pair for pair in given if not pair[1].startswith("density")]
    found = recipe_of(document, tone, "--method", method, *itertools.chain(*given))
    assert found.method == method
    assert [f"{name}={value:.0f}" for name, value in found.values if name != "density"] == [text for _, text in given]
    assert recipe_of(document, tone, "--method", method) == recipe_from({"triple": "tiny", "method": method})


def test_another_method_than_the_files_takes_its_triple_and_its_additions_alone(document, tone, tmp_path):
    path = tmp_path / "R.yaml"
    path.write_text(yaml.safe_dump({"triple": "tiny", "lambda": 0.9, "add": [{"vector": "m2", "beta": 0.5}]}))
    found = recipe_of(document, tone, "--recipe", path, "--method", "lerp", "--scope", "norms,output")
    expected = {
        "triple": "tiny",
        "method": "lerp",
        "scope": ["output", "norms"],
        "add": [{"vector": "m2", "beta": 0.5}],
    }
    assert found == recipe_from(expected)
    assert recipe_of(document, tone, "--recipe", path, "--method", "sa").mixing == 0.9


def test_task_vectors_are_added_by_option(document, tone):
    found = recipe_of(document, tone, "--add", "m2=0.5", "--add", "m1=-0.25@feed-forward,encoder.self")
    assert found.add == (Addition("m2", 0.5), Addition("m1", -0.25, ("encoder.self", "feed-forward")))


def test_the_pages_link_takes_the_place_of_a_recipe_file(document, run, tone):
    link = "http://127.0.0.1:7860/?r=v1~tiny~ties~density:0.4~add:m2:0.3&clip=x"
    recipe = document("transcribe", tone, "--recipe-link", link, "--set", "scale=0.5", *FEW)["recipe"]
    assert (recipe["method"], recipe["density"], recipe["scale"], recipe["share"]) == ("ties", 0.4, 0.5, 0.5)
    assert recipe["add"] == [{"vector": "m2", "beta": 0.3}]
    code, _, complaint = run("transcribe", tone, "--recipe-link", "v1~tiny~sa~depth~lambda:7")
    assert code == 2
    assert complaint == "error: --recipe-link: lambda: expected a number from 0 to 1, but got 7.0.\n"


def test_every_method_writes_its_own_weights_and_a_recipe_that_gives_them_again(document, tmp_path):
    prints = set()
    for method in READY_METHODS:
        told = document("merge", "--method", method, "--out", tmp_path / method)
        card = json.loads((tmp_path / method / "merge_recipe.json").read_text())
        assert card["recipe"] == {**told["recipe"], "sources": card["recipe"]["sources"]}
        assert set(card["recipe"]["sources"]) == {"m0", "m1", "m2"}
        (tmp_path / f"{method}.json").write_text(json.dumps(card["recipe"]))
        again = document("merge", "--recipe", tmp_path / f"{method}.json", "--out", tmp_path / f"{method}-again")
        assert again["fingerprint"] == told["fingerprint"]
        prints.add(told["fingerprint"])
    assert len(prints) == len(READY_METHODS) - 1  # Task Arithmetic at λ 1, w 0.5 is Lerp at 0.5


def test_several_methods_are_evaluated_in_one_pass(document, corpus, tmp_path):
    for method in ("ties", "lerp"):
        (tmp_path / f"{method}.yaml").write_text(f"method: {method}\n")
    pins = itertools.chain(*(("--pin", tmp_path / f"{method}.yaml") for method in ("ties", "lerp")))
    options = ("--limit", "1", "--models", "m1,merge", "--method", "dare", *FEW)
    found = document("evaluate", "--corpus", f"manifest:{corpus}", *options, *pins)
    assert [found["recipe"]["method"], *(pin["method"] for pin in found["pins"].values())] == ["dare", "ties", "lerp"]
    assert len(set(found["fingerprints"].values())) == 6


def test_the_methods_are_listed_with_all_that_their_rows_say(document, run):
    found = document("methods")
    assert list(found["methods"]) == list(METHODS)
    assert found["methods"]["ties"]["parameters"][0]["default"] == 0.2
    _, told, _ = run("methods")
    assert all(row.equation in told and row.paper in told for row in METHODS.values())


def test_the_recipe_a_command_tells_is_a_recipe_file(document, tone, tmp_path):
    told = document("transcribe", tone, "--models", "merge", *FEW, "--lambda", "0.35")
    (tmp_path / "R.json").write_text(json.dumps(told["recipe"]))
    again = document("transcribe", tone, "--models", "merge", *FEW, "--recipe", tmp_path / "R.json")
    assert again == told


@pytest.mark.parametrize(("window", "told"), [((), "fit"), (("--window", "30"), "30"), (("--window", "fit"), "fit")])
def test_the_window_is_the_triples_unless_it_is_given(document, corpus, window, told):
    found = document("evaluate", "--corpus", f"manifest:{corpus}", "--limit", "1", "--models", "m1", *window, *FEW)
    assert found["decoding"]["window"] == told


# How a command ends.


def test_help_ends_well_and_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    told, complaint = capsys.readouterr()
    assert end.value.code == 0
    assert complaint == ""
    assert all(command in told for command in ("triples", "merge", "transcribe", "evaluate"))


def test_an_interrupt_ends_with_130_and_one_word(run, monkeypatch, tone):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("explorer.workbench.Workbench.stream", interrupted)
    code, told, complaint = run("transcribe", tone, "--json")
    assert (code, told) == (130, "")
    assert complaint.endswith("Stopped.\n")


def test_a_mistake_ends_a_real_process_with_2_one_line_and_no_output():
    done = subprocess.run(
        [sys.executable, "-m", "explorer", "transcribe", "nowhere.wav", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nowhere.wav: no such audio file; check the path.\n"


def test_a_mistake_told_in_several_lines_is_one_line_here(run, monkeypatch, tmp_path):
    def failing(*_):
        raise ConfigError("the library says:\n  no room\n  on the disk.")

    monkeypatch.setattr("explorer.workbench.Workbench.export", failing)
    assert run("merge", "--out", tmp_path / "out") == (2, "", "error: the library says: no room on the disk.\n")
