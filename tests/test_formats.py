"""Recipes for other tools and back: mergekit's YAML, the authors' groups, a Python script."""

import json
import re
import subprocess
import sys

import pytest
import torch
import yaml
from material import READY_METHODS, no_progress
from safetensors.torch import load_file, save_file

from explorer.attention import PARTS, part_of
from explorer.config_file import read_config
from explorer.errors import ConfigError, RecipeError
from explorer.formats.heading import number_text
from explorer.formats.linear import same_sums, weighted_sums
from explorer.formats.script import _PATTERNS, _pattern
from explorer.formats.texts import FORMATS, export_text, recipe_from_foreign
from explorer.methods import METHODS
from explorer.recipe import recipe_from
from explorer.schedule import SCHEDULE_NAMES
from explorer.text_file import read_text
from explorer.workbench import Workbench

DRAWN = {"encoder.self": [1.0, 0.25], "decoder.self": [0.0, 0.5], "decoder.cross": [0.125, 0.0]}
FINER = {"encoder.self.q": [0.5, 0.0], "decoder.cross.k": [1.0, 0.7], "decoder.feed-forward": [0.25, 1.0]}
HEADS = {"encoder.self.v": [[0.0, 1.0], [0.3, 0.6]], "decoder.self.q": [0.2, [0.4, 0.8]]}
ADD = [{"vector": "m2", "beta": 0.3, "scope": ["feed-forward", "encoder.self"]}, {"vector": "m1", "beta": -0.2}]


def a_recipe(**entries):
    return recipe_from({"triple": "tiny", **entries})


CURVES = {
    name: a_recipe(schedule=name, ratios=DRAWN)
    if name == "custom"
    else a_recipe(schedule=name, alpha=[0.7, 0.8, 0.9] if name == "groups" else 0.8)
    for name in SCHEDULE_NAMES
}
SUMS = {
    **CURVES,
    "one lane": a_recipe(scope=["decoder.cross"], projections=["q", "v"]),
    "nothing": a_recipe(scope=[]),
    "finer": a_recipe(schedule="custom", ratios=DRAWN, finer=FINER),
    "all M1": a_recipe(**{"lambda": 1.0}),
    "all M2 in attention": a_recipe(schedule="constant", **{"lambda": 0.0}),
    "every head": a_recipe(method="hsa", heads=1.0),
    "lerp": a_recipe(method="lerp", **{"lambda": 0.3}),
    "lerp at its end": a_recipe(method="lerp", **{"lambda": 0.0}),
    "lerp of some": a_recipe(method="lerp", scope=["feed-forward", "norms", "decoder.self"]),
    "arithmetic": a_recipe(method="task-arithmetic", scale=1.3, share=0.35),
    "arithmetic of some": a_recipe(method="task-arithmetic", scale=0.7, share=1.0, scope=["output", "stem"]),
    "base": a_recipe(method="task-arithmetic", scale=0.0),
    "added": a_recipe(add=ADD),
}
SHARES = {name: recipe for name, recipe in SUMS.items() if recipe.method in ("sa", "lerp") and not recipe.add}
TIES = {
    "ties": a_recipe(method="ties", density=0.3, scale=1.2, share=0.4),
    "ties of M1 alone": a_recipe(method="ties", share=1.0),
    "ties of M2 alone": a_recipe(method="ties", share=0.0),
}


@pytest.fixture(scope="module")
def exported(tiny_bench):
    def exporting(kind, recipe):
        fingerprint = tiny_bench.fingerprint("merge", recipe)
        return export_text(kind, recipe, tiny_bench.spec, tiny_bench.names, fingerprint)

    return exporting


@pytest.fixture(scope="module")
def members(tiny_bench):
    return {name: tiny_bench.live.triple.weights[name] for name in ("m0", "m1", "m2")}


def imported(text, names):
    return recipe_from_foreign(yaml.safe_load(text), text, names, "tiny", "there.yaml")


def without_comments(text):
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def merged_tensors(bench, recipe):
    with bench.live.merged(recipe) as model:
        return {name: tensor.clone() for name, tensor in model.state_dict().items() if name != "proj_out.weight"}


@pytest.mark.parametrize("recipe", SUMS.values(), ids=SUMS)
def test_a_weighted_sum_is_the_merge(recipe, tiny_bench, members):
    sums = weighted_sums(recipe, tiny_bench.names)
    wanted = merged_tensors(tiny_bench, recipe)
    assert sums.keys() == wanted.keys()
    for name, found in sums.items():
        assert sum(found.values()) == pytest.approx(1)
        total = sum(weight * members[member][name].double() for member, weight in found.items())
        assert torch.allclose(total, wanted[name].double(), rtol=1e-5, atol=1e-6), name


# mergekit.


def raw_mode(text, name):
    """What mergekit's raw mode computes for a tensor: member → weight; the first filter in the name counts."""
    entries = yaml.safe_load(text)
    weights = {}
    for row in entries["models"]:
        setting = row["parameters"]["weight"]
        value = next(each["value"] for each in setting if each.get("filter", "") in name)
        assert isinstance(value, float)
        assert value != 0  # falsy: mergekit before 0.1.5 takes it for missing
        weights[row["model"].split("/")[0]] = value
    if entries["merge_method"] == "task_arithmetic":
        weights["m0"] = 1 - sum(weights.values())
    return weights


@pytest.mark.parametrize("recipe", SUMS.values(), ids=SUMS)
def test_mergekits_raw_mode_gives_the_merge(recipe, exported, tiny_bench, members):
    text = exported("mergekit", recipe)
    for name, wanted in merged_tensors(tiny_bench, recipe).items():
        weights = raw_mode(text, name)
        total = sum(weight * members[member][name].double() for member, weight in weights.items())
        assert (total - wanted.double()).abs().max() < 1e-6, name


def test_every_attention_module_has_its_filter_and_none_meets_another(exported, tiny_bench):
    setting = yaml.safe_load(exported("mergekit", SUMS["depth"]))["models"][0]["parameters"]["weight"]
    filters = [each["filter"] for each in setting if "filter" in each]
    attention = [name for name in tiny_bench.names if part_of(name) in PARTS[:3]]
    assert {next(part for part in filters if part in name) for name in attention} == set(filters)
    assert all(sum(part in name for part in filters) == 1 for name in attention)
    assert not any("layers.1" in part and part in "model.encoder.layers.11.self_attn.q_proj.weight" for part in filters)
    assert setting[-1] == {"value": 1.0}


@pytest.mark.parametrize("recipe", (SUMS | TIES).values(), ids=SUMS | TIES)
def test_mergekits_yaml_comes_back_with_the_same_weights(recipe, exported, tiny_bench):
    text = exported("mergekit", recipe)
    back = imported(text, tiny_bench.names)
    assert tiny_bench.fingerprint("merge", back) == tiny_bench.fingerprint("merge", recipe)
    if recipe.method != "ties":
        assert back == recipe
    if not recipe.add:
        bare = imported(without_comments(text), tiny_bench.names)
        assert (
            same_sums(weighted_sums(bare, tiny_bench.names), weighted_sums(recipe, tiny_bench.names))
            if recipe.method != "ties"
            else bare == back
        )
        if recipe.method in ("sa", "lerp", "ties"):
            assert tiny_bench.fingerprint("merge", bare) == tiny_bench.fingerprint("merge", recipe)


def test_an_edited_body_counts_more_than_the_comment(exported, tiny_bench):
    text = exported("mergekit", SUMS["lerp"]).replace("0.3", "0.25").replace("0.7", "0.75")
    assert dict(imported(text, tiny_bench.names).values) == {"lambda": 0.25}


def test_a_file_of_somebody_elses_is_read_by_place_and_normalised(tiny_bench):
    text = """
        merge_method: linear
        models:
          - {model: child.safetensors, parameters: {weight: 3}}
          - {model: adult.safetensors, parameters: {weight: 1}}
    """
    recipe = imported(text, tiny_bench.names)
    assert (recipe.method, dict(recipe.values)) == ("lerp", {"lambda": 0.75})


@pytest.mark.parametrize(
    ("method", "entries", "reason"),
    [
        ("slerp", {}, "mergekit: slerp has no exact equivalent"),
        ("task-slerp", {}, "no slerp of task vectors"),
        ("hsa", {}, "cannot merge single heads"),
        ("dare", {}, "at random"),
        ("dare-ties", {}, "at random"),
        ("regmean", {}, "no RegMean"),
        ("ties", {"scope": ["output"]}, "no room for tensors out of scope"),
        ("ties", {"add": ADD}, "no room for added task vectors"),
    ],
)
def test_what_mergekit_cannot_do_is_said_in_a_sentence(method, entries, reason, tiny_bench):
    with pytest.raises(RecipeError, match=reason) as caught:
        export_text("mergekit", a_recipe(method=method, **entries), tiny_bench.spec, tiny_bench.names, "0")
    assert "\n" not in str(caught.value)


# The authors' groups.


@pytest.mark.parametrize("recipe", SHARES.values(), ids=SHARES)
def test_the_authors_groups_come_back_with_the_same_weights(recipe, exported, tiny_bench):
    text = exported("sa-merge", recipe)
    assert imported(text, tiny_bench.names) == recipe
    bare = imported(without_comments(text), tiny_bench.names)
    assert tiny_bench.fingerprint("merge", bare) == tiny_bench.fingerprint("merge", recipe)


def test_the_authors_script_would_read_the_same_shares(exported, tiny_bench):
    """``re.match`` and ``lamda ** alpha``; a lamda of 0 would keep M1."""
    groups = yaml.safe_load(exported("sa-merge", SUMS["all M2 in attention"]))["merge_configs"]
    assert all(group["lamda"] > 0 for group in groups)
    sums = weighted_sums(SUMS["depth"], tiny_bench.names)
    groups = yaml.safe_load(exported("sa-merge", SUMS["depth"]))["merge_configs"]
    for name, found in sums.items():
        shares = [g["lamda"] ** g["alpha"] for g in groups if any(re.match(each, name) for each in g["include"])]
        assert (shares or [1.0]) == [found["m1"]]


def test_groups_keep_the_recipes_own_numbers(exported):
    groups = yaml.safe_load(exported("sa-merge", CURVES["depth"]))["merge_configs"]
    assert [(group["lamda"], group["alpha"]) for group in groups] == [(0.2, 0.4), (0.2, 0.8)]


def test_the_authors_published_file_is_read_as_m1(tiny_bench):
    """Its placeholders, lamda 0, keep M1; its patterns stand in r"…"."""
    text = """
merge_configs:
  - include:
      - r".*\\.encoder\\.layers\\.[0-3]\\.self_attn\\.q_proj.*"
      - r".*\\.embed_positions*"
    lamda: 0
    alpha: 0
"""
    recipe = imported(text, tiny_bench.names)
    assert tiny_bench.fingerprint("merge", recipe) == tiny_bench.fingerprint("m1", recipe)
    recipe = imported(
        text.replace("lamda: 0", "lamda: 0.5")
        .replace("alpha: 0", "alpha: 2")
        .replace('      - r".*\\.embed_positions*"\n', ""),
        tiny_bench.names,
    )
    assert (recipe.scope, recipe.projections) == (("encoder.self",), ("q",))
    assert dict(recipe.ratios) == {"encoder.self": (0.25, 0.25)}


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (SUMS["added"], "no place for added"),
        (SUMS["arithmetic"], "which task-arithmetic is not"),
        (TIES["ties"], "which ties is not"),
    ],
)
def test_what_groups_cannot_express_is_said_in_a_sentence(recipe, reason, exported):
    with pytest.raises(RecipeError, match=reason) as caught:
        exported("sa-merge", recipe)
    assert "\n" not in str(caught.value)


def test_shares_that_differ_by_projection_and_layer_go_out_and_come_back(exported, tiny_bench):
    recipe = a_recipe(schedule="custom", ratios=DRAWN, finer=FINER)
    for kind in ("mergekit", "sa-merge"):
        assert imported(exported(kind, recipe), tiny_bench.names) == recipe
    text = groups_of((Q, 0.5), (K, 0.6))
    found = dict(imported(text, tiny_bench.names).finer)
    assert [found[f"encoder.self.{letter}"] for letter in "qk"] == [(0.5, 1.0), (0.6, 1.0)]


@pytest.mark.parametrize("kind", ["mergekit", "sa-merge"])
def test_shares_of_heads_leave_as_a_script_alone(kind, exported):
    with pytest.raises(RecipeError, match="heads with ratios of their own"):
        exported(kind, a_recipe(schedule="custom", ratios=DRAWN, finer=HEADS))


Q, K = ".*layers.0.self_attn.q.*", ".*layers.0.self_attn.k.*"


def groups_of(*rows):
    return json.dumps({"merge_configs": [{"include": [each], "lamda": base, "alpha": 1} for each, base in rows]})


def kit(method="linear", **models):
    rows = [{"model": f"{name}/a", "parameters": settings} for name, settings in models.items()]
    return json.dumps({"merge_method": method, "models": rows})


BROKEN = {
    "neither": "a: 1",
    "no groups": "merge_configs: 3",
    "a group of nothing": "merge_configs: [3]",
    "no lamda": "merge_configs: [{include: ['.*']}]",
    "lamda too large": groups_of((".*", 2)),
    "not a pattern": groups_of(("((", 0.5)),
    "no string": groups_of((3, 0.5)),
    "uneven": groups_of((".*fc1.*", 0.5), (".*fc2.*", 0.6)),
    "method": "merge_method: karcher",
    "no models": "merge_method: linear",
    "three models": kit(a={"weight": 1}, b={"weight": 1}, c={"weight": 1}),
    "no weights": kit(a={}, b={}),
    "a word for a weight": kit(a={"weight": "x"}, b={"weight": 1}),
    "sum of nothing": kit(a={"weight": 1}, b={"weight": -1}),
    "further models": kit("task_arithmetic", m1={"weight": 1}, v={"weight": 1}),
    "densities": kit("ties", m1={"weight": 1, "density": 0.2}, m2={"weight": 1, "density": 0.3}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_foreign_file_that_says_nothing_here_is_one_sentence(text, tiny_bench):
    with pytest.raises(RecipeError, match=r"^there\.yaml: ") as caught:
        imported(text, tiny_bench.names)
    assert "\n" not in str(caught.value)


# The script.

METHODS_OF_A_SCRIPT = {
    "curve": a_recipe(schedule="custom", ratios=DRAWN, projections=["q", "v"]),
    "depth": a_recipe(),
    "nothing": a_recipe(scope=[]),
    **{name: a_recipe(method=name) for name in READY_METHODS if name not in ("sa",)},
    "some": a_recipe(method="ties", scope=["feed-forward", "norms", "decoder.cross", "embeddings"], share=1.0),
    "seeded": a_recipe(method="dare", seed=7, density=0.3, scale=1.5, share=0.2),
    "added": a_recipe(add=ADD),
    "finer": a_recipe(schedule="custom", ratios=DRAWN, finer=FINER | HEADS, projections=["q", "v"]),
    "lerp end": a_recipe(method="lerp", **{"lambda": 0.0}),
}


def run_script(text, folder):
    (folder / "merge.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "merge.py", "out"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return load_file(folder / "out" / "model.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", METHODS_OF_A_SCRIPT.values(), ids=METHODS_OF_A_SCRIPT)
def test_the_script_gives_the_live_merge_bit_for_bit(recipe, exported, tiny_bench, tmp_path):
    found = run_script(exported("python", recipe), tmp_path)
    wanted = merged_tensors(tiny_bench, recipe)
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert torch.equal(found[name], tensor), name
    assert (tmp_path / "out" / "tokenizer.json").is_file()


@pytest.mark.slow
def test_the_script_adds_vectors_and_reads_task_vectors(tiny_whisper_folders, tmp_path):
    """M1 and a further vector come as task-vector files, one of them in 8 bits."""
    m0, m1 = (load_file(getattr(tiny_whisper_folders, each) / "model.safetensors") for each in ("base", "m1"))
    save_file(
        {name: m1[name] - m0[name] for name in m0 if "conv" not in name},
        tmp_path / "m1.safetensors",
        {"format": "task-vector/1"},
    )
    small = "model.encoder.layers.1.fc1.weight"
    eight = {
        f"{small}.int8": torch.randint(-9, 9, m0[small].shape, dtype=torch.int8),
        f"{small}.scale": torch.rand(m0[small].shape[0]),
    }
    save_file(eight, tmp_path / "v.safetensors", {"format": "task-vector/1"})
    config = tmp_path / "checkpoints.yaml"
    config.write_text(
        f"default: {{triple: tiny}}\ntriples:\n  - name: tiny\n    title: t\n    layers: 2\n"
        f"    base: {{folder: '{tiny_whisper_folders.base}'}}\n    m1: {{task_vector: m1.safetensors}}\n"
        f"    m2: {{folder: '{tiny_whisper_folders.m2}'}}\n    vectors: {{v: {{task_vector: v.safetensors}}}}\n"
    )
    bench = Workbench(read_config(config), "cpu").bench("tiny", no_progress)
    recipe = a_recipe(add=[{"vector": "v", "beta": 0.5}])
    found = run_script(export_text("python", recipe, bench.spec, bench.names, "0"), tmp_path)
    for name, tensor in merged_tensors(bench, recipe).items():
        assert torch.equal(found[name], tensor), name


def test_the_scripts_patterns_are_the_parts(tiny_bench):
    for name in tiny_bench.names:
        assert [part for part, pattern in _PATTERNS.items() if re.search(pattern, name)] == [part_of(name)]
        assert not re.search(_pattern(()), name)


def test_regmean_says_why_there_is_no_script(tiny_bench):
    with pytest.raises(RecipeError, match=r"regmean needs the Gram matrices .* merge --out"):
        export_text("python", a_recipe(method="regmean"), tiny_bench.spec, tiny_bench.names, "0")


def test_strangers_learn_no_folder_of_this_machine(tiny_bench):
    text = export_text("python", a_recipe(), tiny_bench.spec, tiny_bench.names, "0", local=False)
    assert str(tiny_bench.spec.base.folder.parent) not in text
    assert "checkpoint('base')" in text


def test_a_name_cannot_end_a_comment(tiny_bench):
    text = export_text("python", a_recipe(triple="tiny\nimport os"), tiny_bench.spec, tiny_bench.names, "0")
    assert "\nimport os\n" not in text


def test_numbers_are_numbers_to_yaml():
    for value in (1e-12, 0.1, 1.5e-7, 1.0, 1e22, -3e-9):
        assert yaml.safe_load(number_text(value)) == value


# The commands.


@pytest.mark.parametrize("kind", FORMATS)
def test_export_writes_a_file_or_tells(kind, run, tmp_path):
    code, told, complaints = run("export", "--format", kind)
    assert (code, complaints) == (0, "")
    assert run("export", "--format", kind, "--out", tmp_path / "there")[:2] == (0, f"Wrote {tmp_path / 'there'}.\n")
    assert (tmp_path / "there").read_text() == told
    assert (tmp_path / "there").stat().st_mode & 0o777 == (tmp_path / "checkpoints.yaml").stat().st_mode & 0o777


@pytest.mark.parametrize("kind", FORMATS)
def test_a_recipe_goes_out_and_comes_back(kind, run, document, tmp_path):
    out = document(
        "export", "--format", kind, "--lambda", "0.3", "--scope", "encoder.self", "--out", tmp_path / "there"
    )
    assert run("import", tmp_path / "there", "--out", tmp_path / "back.yaml")[0] == 0
    assert document("export", "--recipe", tmp_path / "back.yaml")["fingerprint"] == out["fingerprint"]
    assert document("import", tmp_path / "there")["recipe"] == out["recipe"]


@pytest.mark.parametrize("kind", ["recipe", "json"])
def test_a_recipe_file_is_read_again(kind, document, tmp_path):
    given = document("export", "--format", kind, "--method", "ties", "--add", "m2=0.3@norms", "--out", tmp_path / "r")
    assert document("export", "--recipe", tmp_path / "r")["recipe"] == given["recipe"]
    read = json.loads if kind == "json" else yaml.safe_load
    assert {key: value for key, value in read(given["text"]).items() if key != "sources"} == given["recipe"]


def test_what_cannot_be_exported_writes_nothing(run, tmp_path):
    code, told, complaint = run("export", "--format", "sa-merge", "--method", "ties", "--out", tmp_path / "there")
    assert (code, told) == (2, "")
    assert complaint.count("\n") == 1
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(("target", "reason"), [(".", "is a folder"), ("absent/x", "its folder does not exist")])
def test_where_nothing_can_be_written_is_one_sentence(target, reason, run, tmp_path):
    code, told, complaint = run("export", "--out", tmp_path / target)
    assert (code, told) == (2, "")
    assert reason in complaint


def test_a_file_that_is_absent_is_named(run, tmp_path):
    assert run("import", tmp_path / "absent")[::2] == (
        2,
        f"error: {tmp_path / 'absent'}: no such file; expected a YAML file there.\n",
    )
    with pytest.raises(ConfigError, match="cannot be read as UTF-8 text"):
        read_text(tmp_path)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_exported_or_refused_with_what_to_do(name, kind, tiny_bench):
    try:
        told = export_text(kind, a_recipe(method=name), tiny_bench.spec, tiny_bench.names, "0")
    except RecipeError as error:
        told = str(error)
    assert told.startswith(("version: 1", "{", "# ")) or "export it as" in told
