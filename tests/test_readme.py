"""README and docs keep their word: every block runs or is listed with the reason why not; pictures are there.

The README's blocks are run as somebody would who has just got the project: in a copy of nothing but its own files, with
an empty home, after `make run`. Only the environment is not built again: `make test` has just done that, by the rule by
which `make run` would.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from gradio_client import Client, handle_file
from material import free_port, wait_for

from explorer.corpora.open import READERS
from explorer.recipe import recipe_from

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
BLOCKS = [
    (name, language, text)
    for name, page in PAGES.items()
    for language, text in re.findall(r"^```(\w*)\n(.+?)^```", page, flags=re.DOTALL | re.MULTILINE)
]
# By how a block begins: who runs it, or why nobody can here.
ELSEWHERE = {
    "make run ": "runs below, in an empty home; make test is what runs this file",
    "hf auth login": "needs a login at the Hub; tests/test_pushing.py pushes to a stand-in",
    "docker build ": "needs a Docker engine; tests/container/replay.py does its steps in a Debian of its own",
    "ray start ": "needs a cluster; tests/test_sweep_ray.py has two workers on one machine",
    "from gradio_client ": "tests/browser/test_api.py runs it against the app",
    "const app = ": "tests/browser/test_api.py runs it against the app",
    "APP=": "tests/browser/test_api.py runs it against the app",
}
RUN = [(name, text) for name, language, text in BLOCKS if language == "bash" and text.startswith("python -m explorer ")]
COMMANDS = re.findall(r"^python -m (explorer .+)$", README, flags=re.MULTILINE)


def test_the_recipe_of_the_readme_is_a_recipe():
    (block,) = re.findall(r"```yaml\n(.+?)```", README, flags=re.DOTALL)
    assert recipe_from(yaml.safe_load(block)).schedule == "groups"


def test_every_block_runs_or_says_why_not():
    known = {text for _, text in RUN} | {text for _, language, text in BLOCKS if language == "yaml"}
    rest = [text for _, _, text in BLOCKS if text not in known]
    assert [text for text in rest if not text.startswith(tuple(ELSEWHERE))] == []
    assert [start for start in ELSEWHERE if not any(text.startswith(start) for text in rest)] == []


@pytest.mark.parametrize("name", PAGES)
def test_what_is_to_be_typed_stands_in_a_block(name):
    """An indented line is a picture of something; a command would run in no test there."""
    assert re.findall(r"^ {4}(?:python|pip|make|docker|curl|ray|source) .*", PAGES[name], flags=re.MULTILINE) == []


def test_every_kind_of_corpus_is_explained():
    assert all(f"`{kind}`" in README for kind in READERS)


def test_the_space_starts_the_pinned_gradio():
    front_matter = yaml.safe_load(README.split("---")[1])
    assert f"gradio=={front_matter['sdk_version']}\n" in (ROOT / "requirements.txt").read_text()
    assert (ROOT / front_matter["app_file"]).is_file()


def test_the_pictures_are_there():
    pictures = re.findall(r"!\[.*?\]\((.+?)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


class Fresh(NamedTuple):
    """A copy of the project's files, and an environment that knows nothing but where programs and packages are."""

    folder: Path
    env: dict[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess:
        """Type a command there, the virtual environment being active."""
        return subprocess.run(
            ["bash", "-euc", command], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300
        )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """What somebody has who has cloned the project on a machine where it never ran."""
    place = tmp_path_factory.mktemp("fresh")
    folder, home = place / "clone", place / "home"
    home.mkdir()
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)  # with its date: make compares it with the environment's
    # Where packages come from belongs to the machine, also what pip has been told about it in a home that is not empty.
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_", "http", "HTTP"))}
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    pip = {"PIP_CONFIG_FILE": str(settings)} if settings.is_file() else {}
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return Fresh(folder, {**pip, **kept, "HOME": str(home), "PATH": path, "LANG": "C.UTF-8"})


@pytest.fixture(scope="module")
def opened(fresh):
    """`make run`, until the models have heard a clip; then it is closed. What it heard, and what it printed."""
    port, log = free_port(), fresh.folder.parent / "log.txt"
    run = ["make", "run", f"VENV={sys.prefix}", f"PYTHON={sys.executable}"]
    with log.open("w") as output:
        environment = {**fresh.env, "GRADIO_SERVER_PORT": str(port)}
        app = subprocess.Popen(
            run, cwd=fresh.folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, app, log)
        clip = handle_file(fresh.folder / "assets" / "clips" / "s01_strong.flac")
        told = Client(url, verbose=False).predict(clip=clip, recipe={}, models=["m1"], api_name="/transcribe")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(app.pid, signal.SIGTERM)
        app.wait(30)
    return told["hypotheses"]["m1"], log.read_text()


@pytest.mark.slow
def test_make_run_in_an_empty_home_fetches_the_weights_and_hears(fresh, opened):
    heard, printed = opened
    assert heard
    assert "Traceback" not in printed
    cache = Path(fresh.env["HOME"]) / ".cache" / "sa-merge-explorer"
    assert list((cache / "models").glob("*/model.safetensors"))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_runs(command, fresh, opened):
    done = fresh.run(f"python -m {command}")
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.slow
def test_the_recipe_of_the_readme_takes_the_place_of_the_options(fresh, opened):
    (block,) = re.findall(r"```yaml\n(.+?)```", README, flags=re.DOTALL)
    (fresh.folder / "R.yaml").write_text(block, encoding="utf-8")
    done = fresh.run("python -m explorer export --recipe R.yaml --format json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schedule"] == "groups"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "block"), [each for each in RUN if each[0] != "README.md"])
def test_every_block_of_the_docs_runs(name, block, tmp_path):
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    run = ["bash", "-euc", block]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
