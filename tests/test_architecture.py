"""The shape of the package: who may import whom, where the heavy libraries are, how long a module may be."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for package in ("explorer", "training") for path in (ROOT / package).rglob("*.py"))


def test_the_import_contracts_of_pyproject_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES])
def test_no_module_has_more_than_250_lines(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize(
    "module", ["explorer.config", "explorer.recipe", "explorer.schedule", "explorer.attention", "explorer.ui.page"]
)
def test_what_the_page_needs_to_come_up_does_not_import_torch(module):
    """torch takes seconds to import; the page is to be there before the models."""
    code = f"import {module}, sys; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_module_says_what_it_is_for():
    assert [path for path in MODULES if not path.read_text(encoding="utf-8").startswith('"""')] == []
