"""A Hugging Face Hub of one's own: enough of its protocol for huggingface_hub, and faults at the turn of a switch.

    with HubStandin() as hub:
        hub.add("owner/model", {"config.json": b"{}", "model.safetensors": weights})
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        hub.fault = "short"

Big files go the way of the real Hub: the listing states their SHA-256, ``resolve`` redirects to another host that
serves ranges. ``FAULTS`` says what each fault does.
"""

import functools
import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import torch
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

FAULTS = {
    "gated": "lists the files and refuses them: 401 to a request without a token, 403 to one with it",
    "token refused": "401 for a token that is not valid",
    "forbidden": "403 without an error code",
    "rate limit": "429 with Retry-After",
    "server error": "503",
    "silent": "takes the request and never answers",
    "not a hub": "answers 200 with a page of HTML, as a captive portal does",
    "short": "serves half of a big file as if it were the whole",
    "cut once": "breaks the first connection for each big file off in the middle",
    "cut": "breaks every connection for a big file off before its first byte",
    "wrong bytes": "serves a big file with its last byte changed",
    "stall": "serves half of a big file's megabytes, and the rest once ``going`` is set",
    "no ranges": "serves the whole of a big file whatever range is asked for",
}
_API = re.compile(r"/api/(?:models|datasets)/([^/]+/[^/]+)/(revision|tree)/([^/]+)")
_RESOLVE = re.compile(r"/(?:datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_CDN = re.compile(r"/cdn/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)")

THREE = """
default: {triple: hub}
triples:
  - name: hub
    title: Three on the Hub
    base: {repo: o/base}
    m1: {repo: o/m1}
    m2: {repo: o/m2}
"""


def empty_caches(monkeypatch, folder: Path) -> None:
    """From here on nothing of a Hub is on this machine, nobody is logged in, and no disk budget is set."""
    monkeypatch.setenv("SA_MERGE_CACHE", str(folder / "own"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(folder / "no-token"))
    for name in ("HF_TOKEN", "SA_MERGE_DISK_BUDGET"):
        monkeypatch.delenv(name, raising=False)


def commit_of(files: Mapping[str, bytes]) -> str:
    """Forty hex digits that change with the files, as a commit does."""
    return hashlib.sha1(b"".join(name.encode() + data for name, data in sorted(files.items()))).hexdigest()


class HubStandin:
    """The server.

    ``fault``: one of ``FAULTS`` or None; ``requests``: "METHOD path"; ``tokens``: what came along; ``sent``: bytes of
    big files that left it; ``renamed``: old name → new; ``private``: shown with a token only; ``licences``: of
    repositories that state one; ``after_listing`` is called once, after the next listing.
    """

    handler: type[BaseHTTPRequestHandler]

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, bytes]] = {}
        self.commits: dict[tuple[str, str], dict[str, bytes]] = {}
        self.renamed: dict[str, str] = {}
        self.private: set[str] = set()
        self.licences: dict[str, str] = {}
        self.after_listing: Callable[[], object] | None = None
        self.sent = 0
        self.fault: str | None = None
        self.requests: list[str] = []
        self.tokens: set[str | None] = set()
        self.cut_files: set[str] = set()
        self.released, self.going = threading.Event(), threading.Event()
        handler = type("Handler", (self.handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def elsewhere(self, path: str) -> str:
        """An address of the same server under another name: the library follows redirects within one host itself."""
        return f"http://localhost:{self._server.server_port}{path}"

    def add(self, repo: str, files: Mapping[str, bytes]) -> str:
        """Publish files as ``repo`` at branch main and return their commit; older commits stay."""
        self.repos[repo] = self.commits[repo, commit_of(files)] = dict(files)
        return commit_of(files)

    add_dataset = add

    def add_folder(self, repo: str, folder: Path) -> None:
        """Publish a folder's files as ``repo``."""
        self.add(repo, {path.name: path.read_bytes() for path in folder.iterdir()})

    def add_three(self, folders) -> None:
        """Publish a triple's folders as those that ``THREE`` names."""
        for name in ("base", "m1", "m2"):
            self.add_folder(f"o/{name}", getattr(folders, name))

    def downloads(self, name: str) -> int:
        """How often the bytes of a file were asked for."""
        return sum(
            line.startswith("GET") and line.endswith("/" + name) for line in self.requests if "/api/" not in line
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.going.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    hub: HubStandin
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization")
        self.hub.requests.append(f"{self.command} {path}")
        self.hub.tokens.add(token)
        try:
            if self._refused(path, token) or self._moved(path):
                return
            if match := _API.fullmatch(path):
                self._listing(*match.groups())
            elif match := _CDN.fullmatch(path):
                self._bytes(self.hub.commits[match[1], match[2]][match[3]], match[3])
            elif match := _RESOLVE.fullmatch(path):
                self._resolve(*match.groups())
            else:
                self._error(404, None)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _refused(self, path: str, token: str | None) -> bool:
        match self.hub.fault:
            case "gated" if "/resolve/" in path:
                self._error(403 if token else 401, "GatedRepo")
            case "token refused":
                self._error(401, None, "Invalid credentials in Authorization header")
            case "forbidden":
                self._error(403, None, "You have no access")
            case "rate limit":
                self._error(429, None, retry="30")
            case "server error":
                self._error(503, None)
            case "silent":
                self.hub.released.wait(60)
                self.close_connection = True
            case "not a hub":
                self._send(200, b"<html>Please log in to the network</html>", {"Content-Type": "text/html"})
            case _:
                return False
        return True

    def _moved(self, path: str) -> bool:
        for old, new in self.hub.renamed.items():
            if f"/{old}/" in f"{path}/":
                self._send(307, b"", {"Location": self.path.replace(old, new)})
                return True
        return False

    def _known(self, repo: str, revision: str) -> dict[str, bytes] | None:
        files = self.hub.repos.get(repo)
        if files is None or (repo in self.hub.private and not self.headers.get("Authorization")):
            # The real Hub does not tell a stranger whether a repository is private or absent.
            self._error(404 if self.headers.get("Authorization") else 401, "RepoNotFound")
            return None
        found = files if revision == "main" else self.hub.commits.get((repo, revision))
        if found is None:
            self._error(404, "RevisionNotFound")
        return found

    def _listing(self, repo: str, kind: str, revision: str) -> None:
        if (files := self._known(repo, revision)) is None:
            return
        rows: list[dict[str, object]] = []
        for name, data in files.items():
            row: dict[str, object] = {"size": len(data)}
            if kind == "tree":
                row |= {"type": "file", "path": name, "oid": blob_of(data)}
                lfs = {"oid": sha256_of(data), "size": len(data), "pointerSize": 134}
            else:
                row |= {"rfilename": name, "blobId": blob_of(data)}
                lfs = {"sha256": sha256_of(data), "size": len(data), "pointerSize": 134}
            rows.append(row | {"lfs": lfs} if is_big(name) else row)
        licence = self.hub.licences.get(repo)
        about: dict[str, object] = {"private": repo in self.hub.private}
        about |= {
            "id": repo,
            "modelId": repo,
            "sha": commit_of(files),
            "tags": [f"license:{licence}"] if licence else [],
        }
        answer = rows if kind == "tree" else about | {"siblings": rows}
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        then, self.hub.after_listing = self.hub.after_listing, None
        if then:
            then()

    def _resolve(self, repo: str, revision: str, name: str) -> None:
        if (files := self._known(repo, revision)) is None:
            return
        commit = {"X-Repo-Commit": commit_of(files)}
        if name not in files:
            self._error(404, "EntryNotFound", headers=commit)
        elif not is_big(name):
            self._send(200, files[name], commit | {"ETag": f'"{blob_of(files[name])}"'})
        else:
            linked = {"X-Linked-Etag": f'"{sha256_of(files[name])}"', "X-Linked-Size": str(len(files[name]))}
            self._send(
                302, b"", commit | linked | {"Location": self.hub.elsewhere(f"/cdn/{repo}/{commit_of(files)}/{name}")}
            )

    def _bytes(self, data: bytes, name: str) -> None:
        cut = False
        match self.hub.fault:
            case "short":
                data = data[: len(data) // 2]
            case "wrong bytes":
                data = data[:-1] + bytes([data[-1] ^ 1])
            case "cut" | "cut once":
                cut = self.hub.fault == "cut" or name not in self.hub.cut_files
                self.hub.cut_files.add(name)
        start, stop = 0, len(data)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and self.hub.fault != "no ranges":
            start, stop = int(wanted[1]), min(stop, int(wanted[2] or stop) + 1)
        else:
            wanted = None
        headers = {"Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"} if wanted else {}
        kept = None if not cut else 0 if self.hub.fault == "cut" else len(data) // 2
        self.hub.sent += len(data[start:stop][:kept])
        self._send(206 if wanted else 200, data[start:stop], headers, kept)

    def _error(
        self,
        status: int,
        code: str | None,
        message: str = "",
        retry: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        marks = {"X-Error-Code": code or "", "X-Error-Message": message, "Retry-After": retry}
        body = json.dumps({"error": message}).encode()
        self._send(status, body, {name: text for name, text in marks.items() if text} | dict(headers or {}))

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], kept: int | None = None) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            stalled = self.hub.fault == "stall" and "/cdn/" in self.path and len(body) > 1_000_000
            half = len(body) // 2 if stalled else 0
            if half:
                self.wfile.write(body[:half])
                self.wfile.flush()
                self.hub.going.wait(60)
            self.wfile.write(body[half:kept])
        if kept is not None:
            self.close_connection = True


HubStandin.handler = Handler


def is_big(name: str) -> bool:
    return name.endswith((".safetensors", ".bin", ".pt", ".parquet"))


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def blob_of(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@functools.cache
def tiny_model() -> Mapping[str, bytes]:
    """The files of a random Whisper, two layers of width 16, with tokenizer and features: about 0.3 MB."""
    vocabulary = {character: index for index, character in enumerate(bytes_to_unicode().values())}
    special = ["<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|startofprev|>", "<|notimestamps|>"]
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[], extra_special_tokens=special)
    end = tokenizer.eos_token_id
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=tokenizer.convert_tokens_to_ids("<|startoftranscript|>"),
        begin_suppress_tokens=None,
    )
    with tempfile.TemporaryDirectory() as name, torch.random.fork_rng():
        torch.manual_seed(0)
        folder = Path(name)
        WhisperForConditionalGeneration(config).save_pretrained(folder)
        WhisperFeatureExtractor().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
