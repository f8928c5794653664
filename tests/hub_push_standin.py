"""The Hub stand-in, written to: repositories created, files uploaded and committed as huggingface_hub does it.

    with WritableHub() as hub:
        hub.writers = {"hf_good"}
        hub.refuse["commit"] = 429

Big files take the LFS way: told in a batch, put to an address, named in the commit. Every token of ``readers`` or
``writers`` is known, every other one refused; ``refuse`` answers a step with an error instead.
"""

import base64
import json
import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from hub_standin import Handler, HubStandin, blob_of, commit_of, is_big, sha256_of

_PREUPLOAD = re.compile(r"/api/models/([^/]+/[^/]+)/preupload/main")
_COMMIT = re.compile(r"/api/models/([^/]+/[^/]+)/commit/main")
_BATCH = re.compile(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch")
_PUT = re.compile(r"/lfs/([0-9a-f]{64})")


class WritableHub(HubStandin):
    """A new repository begins with a .gitattributes, as the real Hub's do.

    ``stored``: big files by SHA-256; ``visibility``: of repositories as they were created; ``summaries``: of commits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writers: set[str] = set()
        self.readers: set[str] = set()
        self.stored: dict[str, bytes] = {}
        self.refuse: dict[str, int] = {}
        self.visibility: list[str] = []
        self.summaries: list[str] = []


class _Writing(Handler, BaseHTTPRequestHandler):
    hub: WritableHub

    def do_POST(self) -> None:
        self._written()

    def do_PUT(self) -> None:
        self._written()

    def _refused(self, path: str, token: str | None) -> bool:
        known = {f"Bearer {each}" for each in self.hub.writers | self.hub.readers}
        if token is not None and token not in known and "/cdn/" not in path:
            self._error(401, None, "Invalid credentials in Authorization header")
            return True
        return super()._refused(path, token)

    def _written(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self._body()
        token = self.headers.get("Authorization")
        self.hub.requests.append(f"{self.command} {path}")
        if self._refused(path, token):
            return
        steps = {"create": re.compile("/api/repos/create"), "validate": re.compile("/api/validate-yaml")}
        steps |= {"preupload": _PREUPLOAD, "batch": _BATCH, "put": _PUT, "commit": _COMMIT}
        for step, pattern in steps.items():
            if match := pattern.fullmatch(path):
                if status := self.hub.refuse.get(step):
                    self._error(status, None)
                elif step != "put" and (token or "").removeprefix("Bearer ") not in self.hub.writers:
                    self._error(403, None, "You have no right to write here")
                else:
                    getattr(self, f"_{step}")(body, *match.groups())
                return
        self._error(404, None)

    def _body(self) -> bytes:
        if length := self.headers.get("Content-Length"):
            return self.rfile.read(int(length))
        body = b""
        while size := int(self.rfile.readline(), 16):  # in chunks
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answered(self, answer: object) -> None:
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _create(self, body: bytes) -> None:
        entries = json.loads(body)
        repo = f"{entries['organization']}/{entries['name']}"
        if repo in self.hub.repos:
            self._error(409, None, "You already created this model repo")
            return
        self.hub.add(repo, {".gitattributes": b"*.safetensors filter=lfs\n"})
        self.hub.visibility.append(entries.get("visibility", "public"))
        if entries.get("visibility") == "private":
            self.hub.private.add(repo)
        self._answered({"url": f"{self.hub.endpoint}/{repo}"})

    def _validate(self, body: bytes) -> None:
        self._answered({"errors": [], "warnings": []})

    def _preupload(self, body: bytes, repo: str) -> None:
        there = self.hub.repos[repo]
        rows = []
        for file in json.loads(body)["files"]:
            name = file["path"]
            row = {"path": name, "uploadMode": "lfs" if is_big(name) else "regular", "shouldIgnore": False}
            if name in there:
                row["oid"] = sha256_of(there[name]) if is_big(name) else blob_of(there[name])
            rows.append(row)
        self._answered({"files": rows})

    def _batch(self, body: bytes, repo: str) -> None:
        rows = [
            {"oid": each["oid"], "size": each["size"]}
            | ({} if each["oid"] in self.hub.stored else {"actions": {"upload": {"href": self._address(each["oid"])}}})
            for each in json.loads(body)["objects"]
        ]
        self._answered({"transfer": "basic", "objects": rows})

    def _address(self, oid: str) -> str:
        return f"{self.hub.endpoint}/lfs/{oid}"

    def _put(self, body: bytes, oid: str) -> None:
        if sha256_of(body) != oid:
            self._error(400, None, "The checksum does not match")
            return
        self.hub.stored[oid] = body
        self._answered({})

    def _commit(self, body: bytes, repo: str) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        files = dict(self.hub.repos[repo])
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "header":
                    if value.get("parentCommit") not in (None, commit_of(files)):
                        self._error(412, None, "A commit has happened since")
                        return
                    self.hub.summaries.append(value["summary"])
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.stored[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        commit = self.hub.add(repo, files)
        self._answered({"commitUrl": f"{self.hub.endpoint}/{repo}/commit/{commit}", "commitOid": commit})


WritableHub.handler = _Writing
