"""README and docs keep their word: every block runs or is listed with the reason why not; pictures are there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
    "make run ": "make test is what runs this file; make run is the same app that the browser tests start",
    "hf auth login": "needs a login at the Hub; tests/test_pushing.py pushes to a stand-in",
    "docker build ": "needs a Docker engine; tests/test_container.py lints it and checks what it promises",
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


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_runs(command, tmp_path):
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    run = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("name", "block"), [each for each in RUN if each[0] != "README.md"])
def test_every_block_of_the_docs_runs(name, block, tmp_path):
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    run = ["bash", "-euc", block]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
