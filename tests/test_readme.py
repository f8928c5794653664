"""The README keeps its word: its commands run, its recipe is a recipe, its picture is there."""

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
COMMANDS = re.findall(r"^python -m (explorer .+)$", README, flags=re.MULTILINE)


def test_the_recipe_of_the_readme_is_a_recipe():
    (block,) = re.findall(r"```yaml\n(.+?)```", README, flags=re.DOTALL)
    assert recipe_from(yaml.safe_load(block)).schedule == "groups"


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
