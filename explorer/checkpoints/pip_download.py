"""One archive of the Python package index, fetched by ``pip download`` in a process of its own.

pip is asked rather than imitated: it knows the user's index, credentials, proxy and certificates. What it prints is
read line by line, as progress while it works and, when it fails, as the reason for one sentence.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from explorer.checkpoints.cache import Progress, disk_errors_named, make_folder
from explorer.errors import SourceError

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
# The last lines of pip's output are enough to tell why it failed.
_KEPT_LINES = 200


@dataclass(frozen=True)
class Archive:
    """One file of the package index, pinned by its hash. ``size`` is in bytes."""

    package: str
    version: str
    filename: str
    size: int
    sha256: str


class WrongHashError(SourceError):
    """What the index gave is not the published file."""


def pip_download(archive: Archive, folder: Path, progress: Progress) -> Path:
    """Fetch ``archive`` into the existing ``folder`` and return its path; it appears there whole and of the right hash.

    A broken connection is resumed up to five times. When this process is interrupted, pip is ended with it.

    Raises:
        WrongHashError: The file has another SHA-256 than ``archive`` says.
        SourceError: The index does not answer, lacks the package or version, or the disk is full.
    """
    work = folder / "pip"
    # What a killed run left cannot be resumed, see the module package_index.
    shutil.rmtree(work, ignore_errors=True)
    make_folder(work)
    try:
        requirement = work / "requirement.txt"
        line = f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n"
        with disk_errors_named("written", requirement):
            requirement.write_text(line, encoding="utf-8")
        code, output = _run_pip(_arguments(archive, work, requirement), work, archive, progress)
        fetched = work / archive.filename
        if code == 0 and fetched.exists():
            return fetched.replace(folder / archive.filename)
        raise _failure(archive, work, output)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _arguments(archive: Archive, work: Path, requirement: Path) -> list[str]:
    kind = "--only-binary" if archive.filename.endswith(".whl") else "--no-binary"
    return [
        *("--no-deps", "--dest", str(work), "--requirement", str(requirement), kind, archive.package),
        *("--progress-bar", "raw", "--retries", "2", "--resume-retries", "5"),
        # The archive is kept until it has been converted; a second copy in pip's cache would only take space.
        *("--no-cache-dir", "--disable-pip-version-check", "--no-input"),
    ]


def _run_pip(arguments: list[str], work: Path, archive: Archive, progress: Progress) -> tuple[int, str]:
    """Run ``pip download`` to its end; return its exit code and the end of what it printed."""
    what = f"{archive.package} {archive.version} from the package index"
    progress(what, 0, archive.size)
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    # pip's temporary files go beside the result: cleared with it, and on the disk whose free space was checked.
    environment = {**os.environ, "TMPDIR": str(work), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    with _ended_with_us([sys.executable, "-m", "pip", "download", *arguments], environment) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            if counted := _PROGRESS.fullmatch(line.strip()):
                progress(what, int(counted[1]), int(counted[2]) or archive.size)
            else:
                lines.append(line)
        return pip.wait(), "".join(lines)


@contextmanager
def _ended_with_us(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command whose output is read, and kill it with all it started when the block is left early."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        # A group of its own, because pip starts another pip for what a source archive needs to be built.
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()


def _failure(archive: Archive, work: Path, output: str) -> SourceError:
    """Say in one sentence why pip failed, from what it printed."""
    name = f"{archive.package} {archive.version}"
    text = output.lower()
    if "no module named pip" in text:
        return SourceError(f"{name} cannot be fetched: this Python has no pip; install pip, or give a local folder")
    if "no space left on device" in text or "disk quota exceeded" in text:
        return SourceError(f"{name} cannot be fetched: the disk of {work.parent} is full; free some space, start again")
    if "do not match the hashes" in text:
        seen = re.search(r"got\s+([0-9a-f]{64})", text)
        return WrongHashError(
            f"{archive.filename} from the package index is not the published file: SHA-256 {archive.sha256} expected, "
            f"{seen[1] if seen else 'another'} seen"
        )
    if any(sign in text for sign in ("connection", "retrying", "timed out", "timeout", "resolution", "incomplete")):
        return SourceError(
            f"{name} cannot be fetched: the package index does not answer or broke off; check the network and pip's "
            f"settings (pip config list), or give a local Hugging Face folder"
        )
    if "no matching distribution" in text:
        return SourceError(f"{name} cannot be fetched: the package index does not have it; give a local folder instead")
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")] or ["pip gave no reason"]
    return SourceError(f"{name} cannot be fetched: {errors[-1].removeprefix('ERROR:').strip()}")
