"""An exported folder → a repository on the Hugging Face Hub, under the user's own login, private unless told otherwise.

One commit: the repository has all of it or nothing. What is there already is looked at first and overwritten only where
that was asked for; the Hub keeps the older commits. The token is the library's own affair (``hf auth login``,
``HF_TOKEN``), or comes with a call for as long as it lasts: it is written or told nowhere here.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
class Remedies:
    """What messages tell to do, in the words of where they are read."""

    login: str = "run hf auth login, or set HF_TOKEN to a token of yours that may write, and push again"
    renew: str = "run hf auth login again, or mend HF_TOKEN"
    public: str = "add --public"
    replace: str = "add --replace"


@dataclass(frozen=True)
class Place:
    """Where a merge is to be put, and by whom.

    Attributes:
        repo: ``owner/name`` on the Hub; created if it is not there.
        public: whether everybody may see it.
        replace: whether a repository that holds other files is overwritten, those files removed.
        token: of the one who pushes; None is this machine's own login.
        remedies: for messages.
    """

    repo: str
    public: bool = False
    replace: bool = False
    token: str | None = field(default=None, repr=False)
    remedies: Remedies = Remedies()


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


def check_push(place: Place) -> None:
    """See, before a merge is made, whether it could be pushed.

    Raises:
        PushError: no login, the Hub does not answer or refuses, or the repository holds something.
    """
    with _errors_named(place):
        info = _existing(_api(place), place)
        if info is not None and not place.replace:
            _refuse_others(place, [name for name in _hashes(info) if name not in _OWN_FILES])


def push(folder: Path, place: Place, wanted: Callable[[], bool] = lambda: True) -> Pushed:
    """Put an exported folder on the Hub.

    Args:
        folder: as ``merge --out`` writes it; what else lies in it stays where it is.
        place: where to.
        wanted: asked when all big files are there and nothing is to be seen of them yet; False gives it up.

    Raises:
        ConfigError: the folder is no exported merge.
        PushError: no login, no right to write there, other files are there, it was given up, or the Hub does not
            answer or refuses.
    """
    files, repo = export_files(folder), place.repo
    with _errors_named(place):
        api = _api(place)
        info = _existing(api, place)
        if info is None:
            api.create_repo(repo, private=not place.public)
            info = api.model_info(repo, revision="main", files_metadata=True, timeout=REQUEST_SECONDS)
        there = _hashes(info)
        here = {path.name: path for path in files}
        others = [name for name, digests in there.items() if name not in _OWN_FILES and not _same(here, name, digests)]
        if not place.replace:
            _refuse_others(place, others)
        added = [CommitOperationAdd(name, str(path)) for name, path in here.items()]
        removed = [CommitOperationDelete(name, is_folder=False) for name in others if name not in here]
        api.preupload_lfs_files(repo, added)
        if not wanted():
            raise PushError(f"{repo}: given up; nothing of it is to be seen")
        # If somebody pushed since the look above, the Hub refuses.
        done = api.create_commit(repo, [*added, *removed], commit_message=_MESSAGE, parent_commit=info.sha)
    return Pushed(f"{api.endpoint}/{repo}", done.oid, bool(info.private))


def _api(place: Place) -> HfApi:
    """Return the way to the Hub.

    Raises:
        PushError: the name cannot be one, there is no login, or the Hub must not be asked.
    """
    repo = place.repo
    if repo.count("/") != 1:
        raise PushError(f"{repo}: not a repository's name; write OWNER/NAME, your login's name first")
    validate_repo_id(repo)
    if constants.is_offline_mode():
        raise PushError(f"{repo}: the Hub is not asked because HF_HUB_OFFLINE is set; unset it to push")
    if place.token is None and get_token() is None:
        raise PushError(f"{repo}: no login; {place.remedies.login}")
    return HfApi(endpoint=hub_endpoint(), token=place.token)


def _existing(api: HfApi, place: Place) -> ModelInfo | None:
    """Ask for a repository; None where there is none.

    Raises:
        PushError: it is open to everybody, and this push was not meant to be.
    """
    try:
        info = api.model_info(place.repo, revision="main", files_metadata=True, timeout=REQUEST_SECONDS)
    except RepositoryNotFoundError:
        return None
    if not place.public and not info.private:
        raise PushError(f"{place.repo}: is there already and public; choose another name, or {place.remedies.public}")
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


def _refuse_others(place: Place, others: Sequence[str]) -> None:
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise PushError(
            f"{place.repo}: holds other files already ({', '.join(others[:_SHOWN])}{more}); choose another name, or "
            f"{place.remedies.replace} to put the merge in their place"
        )


@contextmanager
def _errors_named(place: Place) -> Iterator[None]:
    """Turn what the Hub library raises in the block into one sentence; its own words may hold the token.

    Raises:
        PushError: for all of it.
    """
    repo = place.repo
    try:
        yield
    except ExplorerError:
        raise
    except HfHubHTTPError as error:
        raise _refused(error, place) from None
    except HFValidationError:
        raise PushError(f"{repo}: not a name the Hub can have; write OWNER/NAME in letters, digits, - and _") from None
    except (UnicodeEncodeError, httpx2.LocalProtocolError):
        whose = "HF_TOKEN" if place.token is None else "this login"
        raise PushError(f"{repo}: {whose} has characters no token has; set it again") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        kind = type(error).__name__
        raise PushError(f"{repo}: the Hub cannot be reached ({kind}); {_ELSEWHERE}") from None
    except Exception as error:  # those of the library's upload, written in Rust, have no class in common
        if isinstance(error.__cause__, HfHubHTTPError):  # of an upload in a thread of the library's
            raise _refused(error.__cause__, place) from None
        kind = type(error).__name__
        raise PushError(f"{repo}: the upload broke off ({kind}), nothing of it is to be seen; {_ELSEWHERE}") from None


def _refused(error: HfHubHTTPError, place: Place) -> PushError:
    repo, status, owner = place.repo, error.response.status_code, place.repo.partition("/")[0]
    if status == 401 and not isinstance(error, RepositoryNotFoundError):
        return PushError(f"{repo}: the Hub does not know this login; {place.remedies.renew}")
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
