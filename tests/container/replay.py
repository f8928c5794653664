"""Where no engine runs: the Dockerfile's steps in a clean Debian, then its app as a container would be started.

    sudo make container

The Debian is made once by debootstrap, with the shared libraries that the image's Python is linked with; the Python of
this program stands in for the image's own. The steps write to a layer above it. Then the app starts as the image's user
without capabilities, on a read-only root file system, without a network, and is asked: by the health check, by the
clock, and for the words of a clip. Needs Linux, root and debootstrap; leaves no mount behind.
"""

import argparse
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile import context, health_check, steps

ROOT = Path(__file__).parents[2]
SUITE = "trixie"  # what python:3.11-slim stands on
LIBRARIES = (
    "ca-certificates,netbase,tzdata,libbz2-1.0,libffi8,liblzma5,libreadline8t64,libsqlite3-0,libssl3t64,libuuid1,zlib1g"
)
NEW_MOUNTS, NEW_NETWORK = 0x00020000, 0x40000000
DEVICES = ("null", "zero", "random", "urandom")
ASK = """
import json, sys
from gradio_client import Client, handle_file
client = Client("http://127.0.0.1:7860", verbose=False)
clip = handle_file("assets/clips/s01_strong.flac")
print(json.dumps(client.predict(clip=clip, recipe={}, models=["merge"], api_name="/transcribe")["hypotheses"]))
"""


@dataclass
class Image:
    """What is built: its folder, and what USER, WORKDIR and ENV have said so far."""

    folder: Path
    user: str = "0"
    where: str = "/"
    env: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin"})

    def command(self, argv: list[str], extra: dict[str, str] | None = None) -> list[str]:
        """Return what runs a command inside, as the user of the moment, with nothing of our environment."""
        home = {} if "HOME" in self.env else {"HOME": "/root"}
        pairs = [f"{key}={value}" for key, value in {**home, **self.env, **(extra or {})}.items()]
        as_user = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        if self.user != "0":
            as_user += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        inside = ["env", "-i", "-C", self.where, *pairs]
        return ["chroot", str(self.folder), *as_user, *inside, *argv]


def mount(*argv: str | Path) -> None:
    """Mount something in this process's own view of the file system."""
    subprocess.run(["mount", *map(str, argv)], check=True)


def apart(flags: int) -> None:
    """Leave this machine's mounts or network for ones of our own."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


def only_loopback() -> None:
    """Leave the network; 127.0.0.1 is all there is."""
    apart(NEW_NETWORK)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 1)  # IFF_UP
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


def make_base(base: Path) -> None:
    """Make a small Debian with this program's own Python in /usr/local, as the image has it."""
    base.mkdir(parents=True)
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={LIBRARIES}", SUITE, str(base)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    source, target = Path(sys.base_prefix), base / "usr/local"
    shutil.copy2((source / "bin" / version).resolve(), target / "bin" / version)
    for name in ("python", "python3"):
        (target / "bin" / name).symlink_to(version)
    leave = shutil.ignore_patterns("site-packages", "__pycache__", "test")
    shutil.copytree(source / "lib" / version, target / "lib" / version, ignore=leave, symlinks=True)
    for library in (source / "lib").glob("libpython*.so*"):
        shutil.copy2(library, target / "lib", follow_symlinks=False)
    (target / "lib" / version / "site-packages").mkdir()
    subprocess.run(["chroot", str(base), "ldconfig"], check=True)
    ensure = Image(base).command(["python", "-m", "ensurepip"])
    subprocess.run(ensure, check=True, stdout=subprocess.DEVNULL)
    (target / "bin/pip").symlink_to("pip3")


def layered(base: Path, work: Path) -> Path:
    """Put an empty layer above the base, and what an engine mounts; return the folder where both are seen."""
    folders = [work / name for name in ("layer", "overlay", "root")]
    for folder in folders:
        folder.mkdir(parents=True)
    layer, overlay, root = folders
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={layer},workdir={overlay}", root)
    mount("-t", "proc", "proc", root / "proc")
    mount("--rbind", "/sys", root / "sys")
    mount("-o", "remount,bind,ro", root / "sys")
    mount("-t", "tmpfs", "-o", "mode=755", "dev", root / "dev")
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", root / "dev" / name)
    (root / "dev/fd").symlink_to("/proc/self/fd")
    (root / "dev/shm").mkdir()
    mount("-t", "tmpfs", "-o", "mode=1777", "shm", root / "dev/shm")
    for name in ("resolv.conf", "hosts"):
        shutil.copy2(f"/etc/{name}", root / "etc" / name)
    return root


def lend(root: Path, what: str) -> None:
    """Show a file or folder of this machine inside: FROM, or FROM:TO."""
    source, _, target = what.partition(":")
    place = root / (target or source).lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if Path(source).is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    mount("--bind", "-o", "ro", source, place)


def build(image: Image, folder: Path) -> None:
    """Do every step of the Dockerfile that makes the image.

    Args:
        image: changed on the way.
        folder: the build's context.

    Raises:
        CalledProcessError: a RUN failed.
    """
    args: dict[str, str] = {}
    # What pip needs to find packages on this machine; an engine would be told with --build-arg.
    pip = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    ignored = (folder / ".dockerignore").read_text(encoding="utf-8")
    for step in steps((folder / "Dockerfile").read_text(encoding="utf-8")):
        print(f"== {step.name} {step.rest[:100]}", flush=True)
        match step.name:
            case "ARG":
                args |= step.assigned
            case "ENV":
                image.env |= step.assigned
            case "USER":
                image.user = step.rest
            case "WORKDIR":
                image.where = step.rest
                (image.folder / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "COPY":
                copy(image, folder, ignored, step.rest.split(), step.flags.get("chown", "0:0"))
            case "RUN":
                began = time.monotonic()
                shell = ["/bin/sh", "-c", step.rest]
                subprocess.run(image.command(shell, args | pip), check=True, stdin=subprocess.DEVNULL)
                print(f"   {time.monotonic() - began:.0f} s", flush=True)
            case "FROM" | "EXPOSE" | "HEALTHCHECK" | "CMD":
                pass
            case other:
                raise SystemExit(f"Dockerfile: {other} is not understood here; teach it to tests/container/replay.py.")


def copy(image: Image, folder: Path, ignored: str, words: list[str], owner: str) -> None:
    """Copy files of the context, or all of it for ``.``, below the working directory."""
    *sources, target = words
    user, group = map(int, owner.split(":"))
    place = image.folder / image.where.lstrip("/") / target
    for path in context(folder, ignored):
        if "." in sources or str(path) in sources:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / path, place / path)
    for path in (place, *place.rglob("*")) if "." in sources else [place / each for each in sources]:
        os.chown(path, user, group)


def serve(image: Image, dockerfile: str) -> None:
    """Start the app as a container would be, and ask it.

    Raises:
        SystemExit: it does not answer within the health check's start period, or not as promised.
    """
    mount("--rbind", image.folder, image.folder)  # with what is mounted in it
    mount("-o", "remount,bind,ro", image.folder)
    mount("-t", "tmpfs", "-o", "mode=1777", "tmp", image.folder / "tmp")
    only_loopback()
    (start,) = (step for step in steps(dockerfile) if step.name == "CMD")
    check = health_check(dockerfile)
    began = time.monotonic()
    app = subprocess.Popen(image.command(start.words))
    try:
        patience = float(check.flags["start-period"].removesuffix("s"))
        while subprocess.run(image.command(check.words), stderr=subprocess.DEVNULL, check=False).returncode:
            if app.poll() is not None or time.monotonic() - began > patience:
                raise SystemExit("The app does not answer.")
            time.sleep(0.1)
        print(f"== answers {time.monotonic() - began:.1f} s after its start", flush=True)
        status = Path(f"/proc/{app.pid}/status").read_text(encoding="utf-8")
        print(
            "== " + " ".join(line for line in status.splitlines() if line.startswith(("Uid", "CapEff", "NoNewPrivs")))
        )
        for place in ("/app/x", "/home/explorer/x", "/x"):
            if subprocess.run(image.command(["touch", place]), stderr=subprocess.DEVNULL, check=False).returncode == 0:
                raise SystemExit(f"{place} could be written.")
        subprocess.run(image.command(["python", "-c", ASK]), check=True)
        print(f"== heard a clip {time.monotonic() - began:.1f} s after the start", flush=True)
    finally:
        app.terminate()
        app.wait(30)


def main() -> None:
    """Build, serve, ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".container", help="for the Debian and the layer above it"
    )
    parser.add_argument("--lend", action="append", default=[], metavar="FROM[:TO]", help="show this while building")
    options = parser.parse_args()
    base, work = options.folder.resolve() / "debian", options.folder.resolve() / "build"
    shutil.rmtree(work, ignore_errors=True)
    if not base.exists():
        make_base(base)
    apart(NEW_MOUNTS)
    mount("--make-rprivate", "/")
    image = Image(layered(base, work))
    for each in options.lend:
        lend(image.folder, each)
    build(image, ROOT)
    size = subprocess.run(["du", "-sm", work / "layer"], capture_output=True, text=True, check=True).stdout.split()[0]
    print(f"== the layer above Debian and Python has {size} MB", flush=True)
    serve(image, (ROOT / "Dockerfile").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
