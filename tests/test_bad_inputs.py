"""What a user can get wrong, each on the command line: exit code 2, one line that names the culprit, nothing written.

A case is (arguments, culprit); the arguments name files that the ``things`` fixture made.
"""

import json
import re
import shutil

import numpy as np
import pytest
import soundfile
from material import sine, write_config
from test_triple_check import MISMATCHES

from explorer.__main__ import main
from explorer.corpora.manifest import MANIFEST

HOUR = 3_600


def three_hours(path):
    """A WAV of three hours whose samples are a hole in the file: it takes no room on the disk."""
    soundfile.write(path, np.zeros(8, np.int16), 8_000)
    size = 3 * HOUR * 8_000 * 2
    header = bytearray(path.read_bytes()[:44])
    header[4:8] = (size + 36).to_bytes(4, "little")
    header[40:44] = size.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(size + 44)


def with_value(value):
    samples = sine(440, 1, 16_000)
    samples[77] = value
    return samples


def write_sounds(folder):
    soundfile.write(folder / "good.wav", sine(440, 1, 16_000), 16_000)
    soundfile.write(folder / "silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(folder / "short.wav", sine(440, 0.05, 16_000), 16_000)
    soundfile.write(folder / "no-samples.wav", np.zeros(0), 16_000)
    soundfile.write(folder / "nan.wav", with_value(np.nan), 16_000, subtype="FLOAT")
    soundfile.write(folder / "infinite.wav", with_value(np.inf), 16_000, subtype="FLOAT")
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("This is a text.\n" * 20)
    (folder / "noise.flac").write_bytes(b"fLaC" + bytes(range(256)) * 20)
    (folder / "header-only.wav").write_bytes((folder / "good.wav").read_bytes()[:20])
    (folder / "page.mp3").write_text("<html><body>404</body></html>")
    three_hours(folder / "three-hours.wav")


RECIPES = {
    "syntax": "schedule: [depth\nlambda: 0.2",
    "tab": "schedule:\tdepth\n\tlambda: 0.2",
    "list": "- depth\n- 0.2",
    "nothing": "",
    "date": "lambda: 2026-02-30",
    "nested": "scope: " + "[" * 3_000,
    "digits": "lambda: " + "9" * 5_000,
    "key": "lamda: 0.2",
    "two-line-key": '"a\\nb": 0.2',
    "lambda": "lambda: 1.2",
    "lambda-text": "lambda: a little",
    "alpha": "alpha: 2.5",
    "alpha-list": "alpha: [0.7, 0.8, 0.9]",
    "schedule": "schedule: steep",
    "scope": "scope: [encoder.self, decoder.both]",
    "projections": "projections: [q, k, w]",
    "version": "version: 9",
    "triple": "triple: huge",
    "ratio": "schedule: custom\nratios: {encoder.self: [0.5, 1.5]}",
    "misfit": "schedule: custom\nscope: [encoder.self]\nratios: {encoder.self: [0.5, 0.5, 0.5]}",
    "no-ratios": "schedule: custom",
}

TRIPLE = "{name: tiny, title: t, base: {folder: 'BASE'}, m1: {folder: 'M1'}, m2: {folder: 'M2'}}"


def config_with(old="", new=""):
    """A configuration with one triple, in which one thing is written differently."""
    assert old in TRIPLE
    return f"default: {{triple: tiny}}\ntriples: [{TRIPLE.replace(old, new, 1) if old else TRIPLE}]"


CONFIGS = {
    "syntax": "default: {triple: tiny\ntriples: []",
    "top-key": config_with().replace("triples", "triple"),
    "no-default": config_with().replace("default: {triple: tiny}\n", ""),
    "default-list": config_with().replace("{triple: tiny}", "[tiny]"),
    "default-key": config_with().replace("{triple: tiny}", "{triple: tiny, gamma: 1}"),
    "default-triple": config_with().replace("{triple: tiny}", "{triple: absent}"),
    "no-triples": "default: {triple: tiny}",
    "triples-map": f"default: {{triple: tiny}}\ntriples: {TRIPLE}",
    "triple-text": "default: {triple: tiny}\ntriples: [tiny]",
    "triple-key": config_with("title", "titel"),
    "window": config_with("title", "window: wide, title"),
    "layers": config_with("title", "layers: 0, title"),
    "no-member": config_with("m2", "m3"),
    "two-sources": config_with("{folder: 'M1'}", "{folder: 'M1', repo: a/b}"),
    "no-source": config_with("{folder: 'M2'}", "{label: x}"),
    "missing-folder": config_with("BASE", "/nowhere/at-all"),
    "nobody": config_with("BASE", "~nobody-of-that-name/x"),
    "long-path": config_with("BASE", "x" * 5_000),
    "vector-base": config_with("folder: 'BASE'", "task_vector: 'BASE'"),
    "corpora-map": config_with() + "\ncorpora: {a: b}",
    "wide": config_with(),
}


def write_corpora(folder):
    for name, text in {
        "good": json.dumps({"file_name": "a.wav", "text": "a", "age": 7, "gender": "f"}),
        "no-json": "file_name: a.wav",
        "no-text": json.dumps({"file_name": "a.wav"}),
        "absent-audio": json.dumps({"file_name": "b.wav", "text": "a"}),
        "outside": json.dumps({"file_name": "../../good.wav", "text": "a"}),
        "nothing": "",
    }.items():
        (folder / name).mkdir(parents=True)
        (folder / name / MANIFEST).write_text(text)
        soundfile.write(folder / name / "a.wav", sine(440, 0.3, 16_000), 16_000)
    (folder / "no-manifest").mkdir()


@pytest.fixture(scope="module")
def things(tmp_path_factory, tiny_whisper_folders):
    """A folder with everything the cases name; each case checks that it leaves the folder as it was."""
    folder = tmp_path_factory.mktemp("things")
    write_sounds(folder)
    for name, text in RECIPES.items():
        (folder / f"{name}.recipe.yaml").write_text(text)
    (folder / "binary.recipe.yaml").write_bytes(b"\xff\xfe\x00lambda")
    places = {"BASE": tiny_whisper_folders.base, "M1": tiny_whisper_folders.m1, "M2": tiny_whisper_folders.m2}
    for name, text in CONFIGS.items():
        filled = re.sub(r"\b(BASE|M1|M2)\b", lambda match: str(places[match[0]]), text)
        (folder / f"{name}.config.yaml").write_text(filled)
    write_config(folder / "checkpoints.yaml", tiny_whisper_folders)
    write_corpora(folder / "corpora")
    (folder / "other.list").write_text("x1\nx2\n")
    (folder / "twice.hyp").write_text("b.wav one\nb.wav two\n")
    (folder / "broken.hyp").write_text('{"id": \n')
    return folder


@pytest.fixture
def own_things(tmp_path, own_folders):
    """A triple to break, its configuration and a good clip."""
    write_config(tmp_path / "checkpoints.yaml", own_folders)
    soundfile.write(tmp_path / "good.wav", sine(440, 1, 16_000), 16_000)
    return tmp_path


def everything_in(folder):
    return {str(path): path.stat().st_size for path in folder.rglob("*")}


def refusal(arguments, things, capsys):
    """Run one command, check that it is refused as it should be, and return its one line."""
    before = everything_in(things)
    if (
        "--config" not in arguments
        and len(arguments) > 1
        and arguments[0] in ("triples", "merge", "transcribe", "evaluate")
    ):
        arguments = [*arguments, "--config", str(things / "checkpoints.yaml")]
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    told, complaint = capsys.readouterr()
    assert code == 2
    assert told == ""
    assert complaint.startswith("error: ")
    assert complaint.count("\n") == 1
    assert complaint.endswith(".\n")
    assert len(complaint) < 700
    assert everything_in(things) == before
    return complaint


def clip(name):
    return f"transcribe {{things}}/{name}"


def recipe(name):
    return f"transcribe {{things}}/good.wav --recipe {{things}}/{name}.recipe.yaml"


def config(name, command="merge --out {things}/out"):
    return f"{command} --config {{things}}/{name}.config.yaml"


def with_option(option):
    return f"transcribe {{things}}/good.wav {option}"


def corpus(name, options=""):
    return f"evaluate --corpus manifest:{{things}}/corpora/{name} {options}"


CASES = {
    # Sound files.
    "absent audio": (clip("nowhere.wav"), "nowhere.wav: no such audio file"),
    "audio is a folder": (clip("corpora"), "corpora: no such audio file"),
    "audio with a name too long for the disk": (clip("x" * 400), "x: cannot be read"),
    "broken audio": (clip("noise.flac"), "noise.flac: cannot be read as audio"),
    "empty file": (clip("empty.wav"), "empty.wav: cannot be read as audio"),
    "header cut short": (clip("header-only.wav"), "header-only.wav: cannot be read as audio"),
    "text as audio": (clip("text.wav"), "text.wav: cannot be read as audio"),
    "a web page as MP3": (clip("page.mp3"), "page.mp3: "),
    "a recipe as audio": (clip("key.recipe.yaml"), "key.recipe.yaml: cannot be read as audio"),
    "audio without samples": (clip("no-samples.wav"), "no-samples.wav: lasts 0 ms"),
    "too short audio": (clip("short.wav"), "short.wav: lasts 50 ms"),
    "three hours of audio": (clip("three-hours.wav"), "three-hours.wav: lasts 180 minutes"),
    "silent audio": (clip("silent.wav"), "silent.wav: is silent"),
    "NaN in audio": (clip("nan.wav"), "nan.wav: holds values that are not numbers"),
    "infinity in audio": (clip("infinite.wav"), "infinite.wav: holds values that are not numbers"),
    "one good clip and one bad": (clip("good.wav {things}/silent.wav"), "silent.wav: is silent"),
    # Recipe files.
    "absent recipe": (recipe("nowhere"), "nowhere.recipe.yaml: no such file"),
    "binary recipe": (recipe("binary"), "binary.recipe.yaml: cannot be read as UTF-8"),
    "recipe with a syntax error": (recipe("syntax"), "syntax.recipe.yaml: line 2, column"),
    "recipe with a tab": (recipe("tab"), "tab.recipe.yaml: line"),
    "recipe that is a list": (recipe("list"), "list.recipe.yaml: expected a mapping"),
    "empty recipe": (recipe("nothing"), "nothing.recipe.yaml: expected a mapping"),
    "recipe with 30 February": (recipe("date"), "date.recipe.yaml: "),
    "recipe nested without end": (recipe("nested"), "nested.recipe.yaml: "),
    "recipe with a number of 5,000 digits": (recipe("digits"), "digits.recipe.yaml: "),
    "recipe with an unknown key": (recipe("key"), "key.recipe.yaml: 'lamda': no such key"),
    "recipe with a key of two lines": (recipe("two-line-key"), "two-line-key.recipe.yaml: 'a\\nb': no such key"),
    "recipe with λ out of range": (recipe("lambda"), "lambda.recipe.yaml: lambda: expected a number from 0 to 1"),
    "recipe with λ in words": (recipe("lambda-text"), "lambda-text.recipe.yaml: lambda: expected a number"),
    "recipe with α out of range": (recipe("alpha"), "alpha.recipe.yaml: alpha: expected a number from 0 to 2"),
    "recipe with three α for one": (recipe("alpha-list"), "alpha-list.recipe.yaml: alpha: schedule depth takes 1"),
    "recipe with an unknown schedule": (recipe("schedule"), "schedule.recipe.yaml: schedule: expected one of"),
    "recipe with an unknown lane": (recipe("scope"), "scope.recipe.yaml: scope: expected one of"),
    "recipe with an unknown projection": (recipe("projections"), "projections.recipe.yaml: projections: expected one"),
    "recipe of a later version": (recipe("version"), "version.recipe.yaml: version: "),
    "recipe for an unknown triple": (recipe("triple"), "'huge'"),
    "recipe with a ratio out of range": (recipe("ratio"), "ratio.recipe.yaml: ratios.encoder.self: expected"),
    "recipe with a curve of another depth": (recipe("misfit"), "ratios.encoder.self: expected 2 values"),
    "recipe without the ratios it needs": (recipe("no-ratios"), "no-ratios.recipe.yaml: ratios: "),
    "a good recipe and a bad option": (recipe("window") + " --lambda 3", "window.recipe.yaml: no such file"),
    # Options.
    "λ above one": (with_option("--lambda 1.5"), "command line: lambda: expected a number from 0 to 1"),
    "λ below zero": (with_option("--lambda -0.5"), "command line: lambda: expected a number from 0 to 1"),
    "λ not a number": (with_option("--lambda nan"), "command line: lambda: expected a number from 0 to 1"),
    "λ in words": (with_option("--lambda little"), "--lambda: expected a number, but got 'little'"),
    "α above two": (with_option("--alpha 2.1"), "command line: alpha: expected a number from 0 to 2"),
    "three α for one": (with_option("--alpha 0.7,0.8,0.9"), "command line: alpha: schedule depth takes 1 value"),
    "two α for three": (with_option("--schedule groups --alpha 0.7,0.8"), "alpha: schedule groups takes 3 value"),
    "a comma too many in α": (with_option("--alpha 0.7,"), "--alpha: expected a number, but got ''"),
    "unknown schedule": (with_option("--schedule steep"), "schedule: expected one of depth"),
    "custom without a recipe file": (with_option("--schedule custom"), "command line: ratios: "),
    "unknown lane": (with_option("--scope encoder.cross"), "scope: expected one of encoder.self"),
    "unknown projection": (with_option("--projections q,o"), "projections: expected one of q, k, v"),
    "unknown method": (with_option("--method soup"), "method: expected one of sa"),
    "parameter of another method": (
        with_option("--method lerp --set density=0.2"),
        "command line: 'density': no such key",
    ),
    "λᵢ for a method without a curve": (with_option("--method ties --alpha 0.8"), "command line: 'alpha': no such key"),
    "parameter out of range": (
        with_option("--method ties --set density=0"),
        "density: expected a number from 0.01 to 1",
    ),
    "parameter in words": (with_option("--method ties --set density=few"), "density: expected a number from 0.01 to 1"),
    "parameter without a value": (with_option("--method ties --set density"), "--set: expected NAME=VALUE"),
    "parameter for any method": (with_option("--set speed=3"), "command line: 'speed': no such key"),
    "part that SA Merge cannot merge": (with_option("--scope norms"), "scope: expected one of encoder.self"),
    "unknown task vector": (with_option("--add noise=1"), "add: vector: expected one of m1, m2, but got 'noise'"),
    "task vector without β": (with_option("--add m1"), "--add: expected VECTOR=β"),
    "β in words": (with_option("--add m1=much"), "--add: expected a number, but got 'much'"),
    "β out of range": (with_option("--add m1=3"), "add[0].beta: expected a number from -2 to 2"),
    "unknown triple": (with_option("--triple huge"), "'huge'"),
    "unknown window": (with_option("--window 12"), "window: expected fit or 30, but got '12'"),
    "fit where it was not declared": (
        config("wide", "transcribe {things}/good.wav --window fit"),
        "window: tiny was not trained for windows cut to the clip",
    ),
    "no tokens": (with_option("--max-new-tokens 0"), "max-new-tokens: expected 1 to 440, but got 0"),
    "too many tokens": (with_option("--max-new-tokens 441"), "max-new-tokens: expected 1 to 440, but got 441"),
    "tokens in words": (with_option("--max-new-tokens many"), "--max-new-tokens: invalid int value: 'many'"),
    "unknown model": (with_option("--models m1,m3"), "--models: expected some of m0, m1, m2, merge, but got 'm1,m3'"),
    "no model": (with_option("--models ,"), "--models: expected some of"),
    "unknown option": (with_option("--beam 5"), "unrecognized arguments: --beam 5"),
    "unknown command": ("transcrib x.wav", "invalid choice: 'transcrib'"),
    "no command": ("", "COMMAND"),
    "unknown device": ("triples --device tpu", "invalid choice: 'tpu'"),
    "CUDA where there is none": ("triples --device cuda", "device: cuda"),
    # checkpoints.yaml.
    "absent configuration": (config("nowhere"), "nowhere.config.yaml: no such file"),
    "configuration with a syntax error": (config("syntax"), "syntax.config.yaml: line 2"),
    "unknown key at the top": (config("top-key"), "top-key.config.yaml: triple: no such key"),
    "no default recipe": (config("no-default"), "no-default.config.yaml: default: "),
    "default recipe is a list": (config("default-list"), "default-list.config.yaml: default: "),
    "unknown key in the default recipe": (config("default-key"), "'gamma': no such key"),
    "default recipe for an unknown triple": (config("default-triple"), "'absent'"),
    "no triples": (config("no-triples"), "no-triples.config.yaml: triples: at least one"),
    "triples in a mapping": (config("triples-map"), "triples-map.config.yaml: triples: expected a list"),
    "triple that is a text": (config("triple-text"), "triple-text.config.yaml: triples[0]"),
    "unknown key in a triple": (config("triple-key"), "triple-key.config.yaml: triples[0].title: this key is missing"),
    "unknown window in a triple": (config("window"), "window.config.yaml: triples[0].window"),
    "no layers in a triple": (config("layers"), "layers.config.yaml: triples[0].layers"),
    "triple without M2": (config("no-member"), "no-member.config.yaml: triples[0].m"),
    "member with two sources": (config("two-sources"), "two-sources.config.yaml: triples[0].m1"),
    "member without a source": (config("no-source"), "no-source.config.yaml: triples[0].m2"),
    "absent folder of a member": (
        config("missing-folder"),
        "triples[0].base.folder: no such file or folder: '/nowhere",
    ),
    "folder of a user who does not exist": (
        config("nobody"),
        "triples[0].base.folder: no such file or folder: '~nobody",
    ),
    "folder with a name too long": (config("long-path"), "triples[0].base.folder: no such file or folder: 'xxx"),
    "base made of a task vector": (config("vector-base"), "triples[0].base"),
    "corpora in a mapping": (config("corpora-map"), "corpora-map.config.yaml: corpora: expected a list"),
    # Corpora, filters, subsets.
    "absent corpus": (corpus("nowhere"), "corpora/nowhere: no such folder"),
    "corpus without a manifest": (corpus("no-manifest"), f"corpora/no-manifest: holds no {MANIFEST}"),
    "empty manifest": (corpus("nothing"), f"corpora/nothing: {MANIFEST} has no usable utterance"),
    "manifest that is no JSON": (corpus("no-json"), f"{MANIFEST} line 1: is not JSON"),
    "manifest without transcripts": (corpus("no-text"), f"{MANIFEST} line 1: text: "),
    "manifest of absent audio": (corpus("absent-audio"), f"{MANIFEST} line 1: file_name: no such audio file: 'b.wav'"),
    "manifest of audio elsewhere": (corpus("outside"), f"{MANIFEST} line 1: file_name: '../../good.wav' lies outside"),
    "unknown corpus": ("evaluate --corpus mine", "corpus: 'mine'"),
    "unknown kind of corpus": ("evaluate --corpus tapes:{things}", "corpus: 'tapes': no such kind"),
    "no corpus": ("evaluate --limit 5", "--corpus"),
    "filter by an unknown field": (corpus("good", "--filter height>3"), "filter: height: no such field"),
    "filter without a sign": (corpus("good", "--filter age"), "filter: 'age'"),
    "filter with a word for a number": (corpus("good", "--filter age<=eight"), "filter: age: expected a number"),
    "filter that nothing meets": (corpus("good", "--filter age>90"), "filter: no utterance meets 'age>90'"),
    "limit of zero": (corpus("good", "--limit 0"), "limit: expected at least 1 utterance, but got 0"),
    "limit in words": (corpus("good", "--limit all"), "--limit: invalid int value: 'all'"),
    "seed in words": (corpus("good", "--seed lucky"), "--seed: invalid int value: 'lucky'"),
    "split that there is not": (corpus("good", "--split tset"), "split: this corpus has no 'tset'; there are: none"),
    "absent list of ids": (corpus("good", "--ids {things}/no.list"), "ids: {things}/no.list: cannot be read"),
    "list of ids that is a sound": (corpus("good", "--ids {things}/noise.flac"), "noise.flac: is not UTF-8 text"),
    "empty list of ids": (corpus("good", "--ids {things}/empty.wav"), "ids: {things}/empty.wav: is empty"),
    "list of ids of another corpus": (corpus("good", "--ids {things}/other.list"), "ids: 'x1' is not in this corpus"),
    "ids written into nowhere": (
        corpus("good", "--write-ids {things}/no/ids"),
        "ids: {things}/no/ids: cannot be writt",
    ),
    "ids written over a folder": (corpus("good", "--write-ids {things}/corpora"), "corpora: cannot be written"),
    "absent hypotheses": (corpus("good", "--hypotheses {things}/no.txt"), "hypotheses: {things}/no.txt: cannot be"),
    "empty hypotheses": (corpus("good", "--hypotheses {things}/empty.wav"), "hypotheses: {things}/empty.wav: is empty"),
    "hypotheses of an id twice": (
        corpus("good", "--hypotheses {things}/twice.hyp"),
        "twice.hyp line 2: 'b.wav' occurs",
    ),
    "hypotheses in broken JSON": (corpus("good", "--hypotheses {things}/broken.hyp"), "broken.hyp line 1: is not JSON"),
    "hypotheses that leave nothing": (
        corpus("good", "--hypotheses {things}/other.list"),
        "hypotheses: no utterance is left: 1 have fewer than 3 words",
    ),
    "curve of another depth in an evaluation": (
        corpus("good", "--recipe {things}/misfit.recipe.yaml"),
        "ratios.encoder.self: expected 2 values",
    ),
    # Where a merge is written.
    "target exists": ("merge --out {things}/corpora", "corpora: exists already"),
    "target is a file": ("merge --out {things}/good.wav", "good.wav: exists already"),
    "target in an absent folder": ("merge --out {things}/no/where", "no/where: its parent folder does not exist"),
    "target with a name too long": ("merge --out {things}/" + "x" * 400, "x: cannot be written"),
    "no target": ("merge --lambda 0.2", "--out"),
}


@pytest.mark.parametrize(("arguments", "culprit"), CASES.values(), ids=CASES.keys())
def test_a_bad_input_is_one_line_that_names_the_culprit(things, capsys, arguments, culprit):
    assert culprit.format(things=things) in refusal(
        [part.format(things=things) for part in arguments.split()], things, capsys
    )


@pytest.mark.parametrize("kind", MISMATCHES)
def test_a_triple_that_does_not_fit_is_one_line_and_writes_nothing(own_things, own_folders, capsys, kind):
    break_it, parts = MISMATCHES[kind]
    break_it(own_folders.m2)
    line = refusal(["merge", "--out", str(own_things / "out")], own_things, capsys)
    assert [part for part in parts if part not in line] == []


SETTINGS = ["preprocessor_config.json", "generation_config.json", "tokenizer.json", "normalizer.json"]
BROKEN_SETTINGS = [(name, content) for name in SETTINGS for content in (None, b"{", b"[]")] + [
    ("tokenizer.json", b"{}"),
    ("generation_config.json", b"{}"),
    ("generation_config.json", b'{"is_multilingual": true}'),
    ("generation_config.json", b'{"decoder_start_token_id": 50257, "no_timestamps_token_id": 50362}'),
]


@pytest.mark.parametrize(("name", "content"), BROKEN_SETTINGS)
def test_a_base_without_its_settings_is_one_line(own_things, own_folders, capsys, name, content):
    (own_folders.base / name).unlink()
    if content is not None:
        (own_folders.base / name).write_bytes(content)
    assert "base" in refusal(["transcribe", str(own_things / "good.wav")], own_things, capsys)


def test_a_good_input_is_not_refused(things, capsys):
    """The mould of all cases above: without what is wrong in them they would pass."""
    code = main(
        ["transcribe", str(things / "good.wav"), "--config", str(things / "checkpoints.yaml"), "--models", "m1"]
    )
    assert code == 0
    assert "good.wav" in capsys.readouterr().out


def test_a_broken_triple_leaves_the_others_usable(own_things, capsys):
    text = (own_things / "checkpoints.yaml").read_text()
    broken = text[text.index("  - name") :].replace("name: tiny", "name: broken").replace("window", "widnow")
    duplicate = text[text.index("  - name") :]
    (own_things / "checkpoints.yaml").write_text(text + broken + duplicate)
    assert main(["triples", "--json", "--config", str(own_things / "checkpoints.yaml")]) == 0
    told, complaint = capsys.readouterr()
    document = json.loads(told)
    assert [row["name"] for row in document["triples"]] == ["tiny"]
    assert document["problems"] == complaint.splitlines()
    assert "triples[1].widnow: no such key" in complaint
    assert "triples[2].name: 'tiny' is taken" in complaint


def test_the_cases_are_many():
    assert len(CASES) + len(MISMATCHES) >= 100


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(own_things, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", no_room)
    assert "out: cannot be written (No space left on device)" in refusal(
        ["merge", "--out", str(own_things / "out")], own_things, quiet(capsys)
    )


def no_room(source, target):
    raise OSError(28, "No space left on device")


def quiet(capsys):
    """Drop what transformers draws while it writes; only the complaint counts here."""

    class Quiet:
        def readouterr(self):
            told, complaint = capsys.readouterr()
            return told, re.sub(r"(?s)^.*?(?=error: )", "", complaint)

    return Quiet()
