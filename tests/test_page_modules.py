"""The browser's modules under Node: their own tests, and that they agree with Python."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from explorer.ledger import added_words_gone
from explorer.schedule import SCHEDULES, mixing_ratios
from explorer.scoring import align, encoded
from explorer.ui.page import SCRIPTS

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "page"


def node(*arguments: str, given: object = None) -> str:
    """Run Node and return what it printed."""
    found = shutil.which("node")
    assert found, "The page's modules are tested with Node: install it (Debian: apt-get install nodejs)."
    ran = subprocess.run(
        [found, *arguments], input=json.dumps(given), capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def answers(script: str, given: object) -> list:
    """Run a script of ``tests/page`` that reads JSON and prints JSON."""
    return json.loads(node(str(TESTS / script), given=given))


@pytest.mark.parametrize("path", sorted(TESTS.glob("*.test.mjs")), ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_the_modules_tests_pass(path):
    assert int(re.search(r"^# pass (\d+)$", node("--test", "--test-reporter=tap", str(path)), re.MULTILINE)[1]) > 0


def test_every_module_is_served_once():
    there = {path.stem for path in (ROOT / "assets" / "page").glob("*.js")}
    assert sorted(SCRIPTS) == sorted(there - {"report"})  # which is the saved report's own


def test_browser_and_python_compute_the_same_ratios():
    names = [name for name in SCHEDULES if name != "custom"]
    values = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.77, 1]
    exponents = [0, 0.1, 0.7, 0.8, 0.9, 1, 1.5, 2]
    given = [
        [name, mixing, [alpha, min(2, alpha + 0.1), alpha / 2] if name == "groups" else [alpha], depth]
        for name, mixing, alpha, depth in itertools.product(names, values, exponents, (1, 4, 6, 12, 24, 32))
    ]
    for row, ratios in zip(given, answers("ratios.mjs", given), strict=True):
        np.testing.assert_allclose(ratios, mixing_ratios(*row), atol=1e-12, err_msg=str(row))


def test_browser_and_python_count_the_same_added_words_gone():
    heard = ["", "a", "x a", "a x", "x a x", "a x x", "x y a", "a y x b", "a b x", "b b"]
    pairs = [(align("a b", first), align("a b", merge)) for first, merge in itertools.product(heard, heard)]
    counted = answers("gone.mjs", [[encoded(first), encoded(merge)] for first, merge in pairs])
    assert counted == [added_words_gone(first, merge) for first, merge in pairs]
    assert set(counted) > {0, 1}
