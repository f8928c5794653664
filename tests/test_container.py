"""What can be said of container and Space without an engine: the linter's word, and what their files promise."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent)


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no build for this machine")
def test_the_linter_finds_nothing():
    done = subprocess.run([HADOLINT, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def instructions():
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]


def test_the_weights_are_in_at_build_and_nobody_is_root_then_or_later():
    steps = [(name, rest) for name, rest in instructions() if name in ("USER", "RUN", "CMD", "HEALTHCHECK")]
    names = [name for name, _ in steps]
    fetch = next(index for index, (name, rest) in enumerate(steps) if name == "RUN" and "explorer fetch" in rest)
    assert names.count("USER") == 1
    assert names.index("USER") < fetch
    assert int(dict(instructions())["USER"]) > 0
    assert {"HEALTHCHECK", "CMD"} <= set(names)


def test_nothing_is_written_but_below_tmp():
    """What the app writes at run time goes to the temporary folder; the rest may be read-only."""
    env = dict(re.findall(r"(\w+)=(\S+)", dict(instructions())["ENV"]))
    assert env["GRADIO_TEMP_DIR"].startswith("/tmp/")
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"
    for service in COMPOSE["services"].values():
        assert service["read_only"] is True
        assert service["tmpfs"] == ["/tmp"]


def test_the_health_check_asks_where_the_app_listens():
    env = dict(re.findall(r"(\w+)=(\S+)", dict(instructions())["ENV"]))
    assert f"http://127.0.0.1:{env['GRADIO_SERVER_PORT']}/" in dict(instructions())["HEALTHCHECK"]
    assert dict(instructions())["EXPOSE"] == env["GRADIO_SERVER_PORT"]


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


def test_the_front_matter_of_the_space_is_complete():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file", "python_version"} <= set(front)
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {front["colorFrom"], front["colorTo"]} <= colours
    assert len(front["short_description"]) <= 60
    assert f"FROM python:{front['python_version']}-slim" in DOCKERFILE
    assert front["models"] == ["openai/whisper-tiny.en"]
