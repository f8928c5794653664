"""The API: the examples of docs/api.md run against the app, and its four endpoints are all that there is."""

import json
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
ENDPOINTS = {"/transcribe", "/export", "/evaluate", "/merge"}
pytestmark = pytest.mark.slow


def example(language, server):
    (found,) = re.findall(rf"```{language}\n(.+?)```", DOCUMENT, flags=re.DOTALL)
    return found.replace("http://127.0.0.1:7860", server.url.rstrip("/"))


def told(command, **options):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def client(server):
    return Client(server.url, verbose=False)


def test_four_endpoints_are_listed_and_no_others(server, client):
    listed = client.view_api(return_format="dict", print_info=False)
    assert set(listed["named_endpoints"]) == ENDPOINTS
    assert listed["unnamed_endpoints"] == {}
    taken = {
        name: [each["parameter_name"] for each in row["parameters"]] for name, row in listed["named_endpoints"].items()
    }
    for name, parameters in taken.items():
        (row,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}` ")]
        assert re.findall(r"`(\w+)`", row.split("|")[2]) == parameters
    with urllib.request.urlopen(f"{server.url}gradio_api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    called = [path for path in paths if "/call/" in path and "event_id" not in path]
    assert {f"/{path.rpartition('/')[2]}" for path in called} == ENDPOINTS


def test_the_python_example_runs(server):
    lines = told([sys.executable, "-c", example("python", server)]).splitlines()
    assert lines[0]
    fingerprint, path = lines[1].split(" ", 1)
    with zipfile.ZipFile(path) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("merge_recipe.json")]
        assert json.loads(archive.read(name))["fingerprint"] == fingerprint
    assert re.fullmatch(r"[0-9.]+ \[[0-9.]+, [0-9.]+\]", lines[2])


def test_the_javascript_example_runs(server):
    fingerprint, text = told(["node", "--input-type=module", "-e", example("javascript", server)]).split(" ", 1)
    assert re.fullmatch("[0-9a-f]{16}", fingerprint)
    assert "lambda: 0.3" in text


def test_the_curl_example_runs(server):
    event, _, data = told(["bash", "-euc", example("bash", server)]).strip().partition("\ndata: ")
    assert event == "event: complete"
    (heard,) = json.loads(data)
    assert set(heard["hypotheses"]) == {"merge"}
    assert heard["recipe"]["lambda"] == 0.2


@pytest.mark.parametrize(
    ("endpoint", "sent", "said"),
    [
        ("/export", {"recipe": {"lambda": 7}, "format": "recipe"}, "lambda"),
        ("/export", {"recipe": "?r=v9~x", "format": "recipe"}, "v1~triple"),
        ("/export", {"recipe": [1], "format": "recipe"}, "expected a recipe"),
        ("/merge", {"recipe": {"triple": "absent"}, "dtype": "float32", "verify": False}, "absent"),
        ("/evaluate", {"corpus": "absent"}, "absent"),
    ],
)
def test_a_mistake_is_its_sentence(endpoint, sent, said, client):
    rest = {"recipe": {}, "models": ["m1"], "filter": "", "limit": 1, "seed": 0} if endpoint == "/evaluate" else {}
    with pytest.raises(AppError, match=re.escape(said)) as caught:
        client.predict(**rest | sent, api_name=endpoint)
    assert "\n" not in str(caught.value)


def test_a_link_is_a_recipe_too(client):
    link = "http://127.0.0.1/?r=v1~tiny-en~sa~constant~lambda:0.25~alpha:0.8&tab=about"
    assert client.predict(recipe=link, format="json", api_name="/export")["recipe"]["lambda"] == 0.25
