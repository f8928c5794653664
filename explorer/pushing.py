"""An exported folder → a repository on the Hugging Face Hub, under the user's own login, private unless told otherwise.

One commit: the repository has all of it or nothing. What is there already is looked at first and overwritten only where
that was asked for; the Hub keeps the older commits. The token is the library's own affair (``hf auth login``,
``HF_TOKEN``): it is read by the library, and written or told nowhere here.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils._validators import validate_repo_id

from explorer.checkpoints.hub_files import REQUEST_SECONDS, hub_endpoint
from explorer.errors import ExplorerError, PushError
from explorer.export import export_files

_MESSAGE = "A merge, by SA Merge Explorer"
_OWN_FILES = {".gitattributes"}  # made by the Hub itself
_SHOWN = 3
_ELSEWHERE = "check the network, the proxy and HF_ENDPOINT, and push the folder again"


@dataclass(frozen=True)
class Pushed:
    """What was put on the Hub.

    Attributes:
        address: of the repository's page.
        commit: 40 hexadecimal digits.
        private: whether only its owner sees it.
    """

    address: str
    commit: str
    private: bool


def check_push(repo: str, *, public: bool, replace: bool) -> None:
    """See, before a merge is made, whether it could be pushed.

    Args:
        repo: ``owner/name`` on the Hub.
        public: whether everybody may see it.
        replace: whether what is there may be overwritten.

    Raises:
        PushError: no login, the Hub does not answer or refuses, or the repository holds something.
    """
    with _errors_named(repo):
        info = _existing(_api(repo), repo, public=public)
        if info is not None and not replace:
            _refuse_others(repo, [name for name in _hashes(info) if name not in _OWN_FILES])


def push(folder: Path, repo: str, *, public: bool = False, replace: bool = False) -> Pushed:
    """Put an exported folder on the Hub.

    Args:
        folder: as ``merge --out`` writes it; what else lies in it stays where it is.
        repo: ``owner/name`` on the Hub; created if it is not there.
        public: whether everybody may see it.
        replace: whether a repository that holds other files is overwritten, those files removed.

    Raises:
        ConfigError: the folder is no exported merge.
        PushError: no login, no right to write there, other files are there, or the Hub does not answer or refuses.
    """
    files = export_files(folder)
    with _errors_named(repo):
        api = _api(repo)
        info = _existing(api, repo, public=public)
        if info is None:
            api.create_repo(repo, private=not public)
            info = api.model_info(repo, revision="main", files_metadata=True, timeout=REQUEST_SECONDS)
        there = _hashes(info)
        here = {path.name: path for path in files}
        others = [name for name, digests in there.items() if name not in _OWN_FILES and not _same(here, name, digests)]
        if not replace:
            _refuse_others(repo, others)
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(name, str(path)) for name, path in here.items()
        ]
        operations += [CommitOperationDelete(name, is_folder=False) for name in others if name not in here]
        # If somebody pushed since the look above, the Hub refuses.
        done = api.create_commit(repo, operations, commit_message=_MESSAGE, parent_commit=info.sha)
    return Pushed(f"{api.endpoint}/{repo}", done.oid, bool(info.private))


def _api(repo: str) -> HfApi:
    """Return the way to the Hub.

    Raises:
        PushError: the name cannot be one, there is no login, or the Hub must not be asked.
    """
    if repo.count("/") != 1:
        raise PushError(f"{repo}: not a repository's name; write OWNER/NAME, your login's name first")
    validate_repo_id(repo)
    if constants.is_offline_mode():
        raise PushError(f"{repo}: the Hub is not asked because HF_HUB_OFFLINE is set; unset it to push")
    if get_token() is None:
        raise PushError(
            f"{repo}: no login; run hf auth login, or set HF_TOKEN to a token of yours that may write, and push again"
        )
    return HfApi(endpoint=hub_endpoint())


def _existing(api: HfApi, repo: str, *, public: bool) -> ModelInfo | None:
    """Ask for a repository; None where there is none.

    Raises:
        PushError: it is open to everybody, and this push was not meant to be.
    """
    try:
        info = api.model_info(repo, revision="main", files_metadata=True, timeout=REQUEST_SECONDS)
    except RepositoryNotFoundError:
        return None
    if not public and not info.private:
        raise PushError(f"{repo}: is there already and public; choose another name, or add --public")
    return info


def _hashes(info: ModelInfo) -> dict[str, set[str]]:
    """Return what the Hub states of each file: SHA-256 of a big one, git's SHA-1 of any other."""
    return {
        file.rfilename: {digest for digest in (file.lfs.sha256 if file.lfs else None, file.blob_id) if digest}
        for file in info.siblings or ()
    }


def _same(here: dict[str, Path], name: str, digests: set[str]) -> bool:
    if name not in here:
        return False
    blob = hashlib.sha1(b"blob %d\0" % here[name].stat().st_size, usedforsecurity=False)
    plain = hashlib.sha256()
    with here[name].open("rb") as stream:
        while block := stream.read(1 << 20):
            blob.update(block)
            plain.update(block)
    return bool(digests & {blob.hexdigest(), plain.hexdigest()})


def _refuse_others(repo: str, others: Sequence[str]) -> None:
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise PushError(
            f"{repo}: holds other files already ({', '.join(others[:_SHOWN])}{more}); choose another name, or add "
            f"--replace to put the merge in their place"
        )


@contextmanager
def _errors_named(repo: str) -> Iterator[None]:
    """Turn what the Hub library raises in the block into one sentence; its own words may hold the token.

    Raises:
        PushError: for all of it.
    """
    try:
        yield
    except ExplorerError:
        raise
    except HfHubHTTPError as error:
        raise _refused(error, repo) from None
    except HFValidationError:
        raise PushError(f"{repo}: not a name the Hub can have; write OWNER/NAME in letters, digits, - and _") from None
    except (UnicodeEncodeError, httpx2.LocalProtocolError):
        raise PushError(f"{repo}: HF_TOKEN has characters no token has; set it again") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        kind = type(error).__name__
        raise PushError(f"{repo}: the Hub cannot be reached ({kind}); {_ELSEWHERE}") from None
    except Exception as error:  # those of the library's upload, written in Rust, have no class in common
        if isinstance(error.__cause__, HfHubHTTPError):  # of an upload in a thread of the library's
            raise _refused(error.__cause__, repo) from None
        kind = type(error).__name__
        raise PushError(f"{repo}: the upload broke off ({kind}), nothing of it is to be seen; {_ELSEWHERE}") from None


def _refused(error: HfHubHTTPError, repo: str) -> PushError:
    status, owner = error.response.status_code, repo.partition("/")[0]
    if status == 401 and not isinstance(error, RepositoryNotFoundError):
        return PushError(f"{repo}: the Hub does not know this login; run hf auth login again, or mend HF_TOKEN")
    if status in (401, 403, 404):
        return PushError(
            f"{repo}: this login may not write there; name a repository of your own, or use a token that may write "
            f"to those of {owner}"
        )
    if status in (409, 412):
        return PushError(f"{repo}: was changed while this was being pushed; look at it, and push the folder again")
    if status == 429:
        return PushError(f"{repo}: the Hub was asked too often (429); push the folder again in a few minutes")
    if status >= 500:
        return PushError(f"{repo}: the Hub answers with error {status}; push the folder again later")
    return PushError(f"{repo}: the Hub refuses the upload ({status}); check the name, and push the folder again")
