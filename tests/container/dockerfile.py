"""The Dockerfile as a list of steps, and what of a folder its COPY would send: enough of both for our own."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One instruction: its name, its flags as ``--chown=1000:1000`` gives them, and what follows on one line."""

    name: str
    flags: dict[str, str]
    rest: str

    @property
    def words(self) -> list[str]:
        """Return the exec form ``["python", "app.py"]``, or what a shell would split."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)

    @property
    def assigned(self) -> dict[str, str]:
        """Return what ENV or ARG assigns."""
        return dict(word.partition("=")[::2] for word in shlex.split(self.rest))


def steps(text: str) -> list[Step]:
    """Read a Dockerfile.

    Args:
        text: of the file; comments and continued lines are understood, heredocs and parser directives are not.
    """
    found = []
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        name, rest = line.split(maxsplit=1)
        flags = {}
        while rest.startswith("--"):
            flag, rest = rest.split(maxsplit=1)
            key, _, value = flag.removeprefix("--").partition("=")
            flags[key] = value
        found.append(Step(name, flags, rest.strip()))
    return found


def health_check(text: str) -> Step:
    """Return the command of HEALTHCHECK; its flags are those of the check."""
    (check,) = (step for step in steps(text) if step.name == "HEALTHCHECK")
    return Step("CMD", check.flags, check.rest.removeprefix("CMD").strip())


def context(folder: Path, ignored: str) -> Iterator[Path]:
    """Yield what the build is sent of a folder: every file that no line of .dockerignore names, relative to it.

    Args:
        folder: the context.
        ignored: the text of .dockerignore; names, ``*`` and a leading ``**/`` are understood.
    """
    patterns = [line.strip() for line in ignored.splitlines() if line.strip() and not line.startswith("#")]
    everywhere = [each.removeprefix("**/") for each in patterns if each.startswith("**/")]
    top = [each for each in patterns if not each.startswith("**/")]
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, each) for each in (*top, *everywhere)):
            continue
        for each in sorted(path.rglob("*")) if path.is_dir() and not path.is_symlink() else [path]:
            parts = each.relative_to(folder).parts
            if not each.is_dir() and not any(fnmatch(part, one) for part in parts for one in everywhere):
                yield each.relative_to(folder)
