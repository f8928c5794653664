"""What can be said of container and Space without an engine: the linter's word, and what their files promise."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from container.dockerfile import context, health_check, steps

from explorer.checkpoints.base import TINY_EN
from explorer.checkpoints.hub_snapshot import SIDE_FILES

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no build for this machine")
def test_the_linter_finds_nothing():
    done = subprocess.run([HADOLINT, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


STEPS = steps(DOCKERFILE)
ONLY = {step.name: step for step in STEPS}  # of those that come once


def test_the_weights_are_in_at_build_and_nobody_is_root_then_or_later():
    names = [step.name for step in STEPS]
    fetch = next(index for index, step in enumerate(STEPS) if step.name == "RUN" and "explorer fetch" in step.rest)
    assert names.count("USER") == 1
    assert names.index("USER") < fetch
    assert int(ONLY["USER"].rest) > 0
    assert {"HEALTHCHECK", "CMD"} <= set(names)


def test_nothing_is_written_but_below_tmp():
    """What the app writes at run time goes to the temporary folder; the rest may be read-only."""
    env = ONLY["ENV"].assigned
    assert env["GRADIO_TEMP_DIR"].startswith("/tmp/")
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]


def test_the_health_check_asks_where_the_app_listens():
    env = ONLY["ENV"].assigned
    assert f"http://127.0.0.1:{env['GRADIO_SERVER_PORT']}/" in health_check(DOCKERFILE).words[-1]
    assert ONLY["EXPOSE"].rest == env["GRADIO_SERVER_PORT"]


def test_only_the_gpu_profile_asks_for_a_gpu():
    plain, gpu = COMPOSE["services"]["explorer"], COMPOSE["services"]["explorer-gpu"]
    assert "deploy" not in plain
    assert "profiles" not in plain
    assert gpu["profiles"] == ["gpu"]
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]


def test_the_image_has_what_the_app_reads_and_not_what_tests_need():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", "tests"} <= set(ignored)
    assert not {"app.py", "explorer", "assets", "checkpoints.yaml", "requirements.txt"} & set(ignored)


def test_the_build_is_sent_the_files_that_nothing_leaves_out(tmp_path):
    kept = ("app.py", "explorer/ui/page.py", "assets/page/style.css")
    for name in (*kept, "tests/test_x.py", "explorer/__pycache__/app.pyc", ".mypy_cache/x", ".git/config"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert {str(path) for path in context(tmp_path, ignored)} == set(kept)


def test_the_dockerfile_is_read_as_an_engine_reads_it():
    first, second, third = steps('# a\nRUN a \\\n# b\n  && b\nENV A=1 \\\n  B="2 3"\nCOPY --chown=1:1 x y\n')
    assert first.rest.split() == ["a", "&&", "b"]
    assert second.assigned == {"A": "1", "B": "2 3"}
    assert (third.flags, third.words) == ({"chown": "1:1"}, ["x", "y"])
    assert ONLY["CMD"].words == ["python", "app.py"]
    assert health_check(DOCKERFILE).flags["start-period"].endswith("s")


def test_the_front_matter_of_the_space_is_complete():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file", "python_version"} <= set(front)
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {front["colorFrom"], front["colorTo"]} <= colours
    assert len(front["short_description"]) <= 60
    assert f"FROM python:{front['python_version']}-slim" in DOCKERFILE
    assert front["models"] == [TINY_EN]
    assert front["suggested_hardware"] == "cpu-basic"


def test_the_hub_fetches_while_the_space_is_built_what_its_first_start_needs():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    (line,) = front["preload_from_hub"]
    repo, files = line.split()
    assert repo == TINY_EN
    assert set(files.split(",")) == (SIDE_FILES - {"processor_config.json"}) | {"model.safetensors"}
