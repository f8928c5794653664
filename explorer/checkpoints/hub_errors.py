"""What can go wrong with the Hub, each as one sentence that names the model and the remedy.

The library's own messages run over several lines, carry addresses, and may hold the token, so none of them is quoted.
"""

import re

import httpx2
from huggingface_hub.errors import (
    DisabledRepoError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)

from explorer.checkpoints.cache import disk_sentence
from explorer.errors import SourceError

_ELSEWHERE = "check the network, the proxy and HF_ENDPOINT, or give a local folder"


class HubUnreachableError(SourceError):
    """No Hub answers, as opposed to one that refuses: another source may have the model."""


def named_failure(error: BaseException, repo: str, revision: str) -> SourceError:
    """Return the error to raise for one that the Hub library or its HTTP client raised."""
    if isinstance(error, HfHubHTTPError):
        return _answered(error, repo, revision)
    if isinstance(error, LocalEntryNotFoundError) and error.__cause__ is not None:
        # The library's "not in the cache and the Hub cannot be asked"; the cause says why it cannot.
        return named_failure(error.__cause__, repo, revision)
    if isinstance(error, HFValidationError):
        return SourceError(f"{repo}: not a name the Hub can have; write owner/name, and a branch, tag or commit")
    if isinstance(error, UnicodeEncodeError | httpx2.LocalProtocolError):
        return SourceError(f"{repo}: the Hub cannot be asked: HF_TOKEN has characters no token has; set it again")
    return _unanswered(error, repo)


def _unanswered(error: BaseException, repo: str) -> SourceError:
    """Name a failure on the way to the Hub, on the way back, or on this machine."""
    if isinstance(error, httpx2.TimeoutException):
        return HubUnreachableError(f"{repo}: the Hub does not answer; {_ELSEWHERE}")
    if isinstance(error, OfflineModeIsEnabled | LocalEntryNotFoundError):
        return HubUnreachableError(f"{repo}: the Hub cannot be asked; {_ELSEWHERE}")
    if isinstance(error, httpx2.HTTPError | httpx2.InvalidURL):
        return HubUnreachableError(f"{repo}: the Hub cannot be reached ({type(error).__name__}); {_ELSEWHERE}")
    if isinstance(error, FileMetadataError | ValueError | TypeError):
        return HubUnreachableError(f"{repo}: what answers in the Hub's place is not a Hub; {_ELSEWHERE}")
    if isinstance(error, OSError) and (sentence := disk_sentence(error, "written", _place(error))):
        return SourceError(f"{repo}: {sentence}")
    if isinstance(error, XetDownloadError | RuntimeError) or "Consistency check failed" in str(error):
        return SourceError(f"{repo}: the download broke off before its end; start again, finished files are kept")
    return SourceError(f"{repo}: cannot be fetched from the Hub ({type(error).__name__}); {_ELSEWHERE}")


def _place(error: OSError) -> str:
    return str(error.filename or "the Hub's cache (HF_HOME)")


def _answered(error: HfHubHTTPError, repo: str, revision: str) -> SourceError:
    """Name a refusal: the Hub answered, with an error."""
    if isinstance(error, GatedRepoError):
        return SourceError(
            f"{repo}: gated; accept its terms on its page at the Hub, then set HF_TOKEN to a token of that account"
        )
    if isinstance(error, DisabledRepoError):
        return SourceError(f"{repo}: the Hub has disabled it; choose another model")
    if isinstance(error, RevisionNotFoundError):
        return SourceError(f"{repo}: the Hub has no revision {revision!r} of it; give a branch, tag or commit it has")
    if isinstance(error, RepositoryNotFoundError):
        return SourceError(
            f"{repo}: the Hub has no such model or keeps it private; check the name, or set HF_TOKEN to a token that "
            f"may read it"
        )
    if isinstance(error, RemoteEntryNotFoundError):
        return SourceError(f"{repo}: a file of revision {revision!r} is gone from the Hub; give another revision")
    return _by_status(error, repo)


def _by_status(error: HfHubHTTPError, repo: str) -> SourceError:
    status = error.response.status_code
    if status in (401, 403):
        return SourceError(f"{repo}: the Hub refuses access ({status}); set HF_TOKEN to a valid token that may read it")
    if status == 429:
        wait = error.response.headers.get("Retry-After", "")
        when = f"in {wait} seconds" if re.fullmatch(r"\d+", wait) else "in a few minutes"
        return SourceError(f"{repo}: the Hub was asked too often (429); start again {when}, or set HF_TOKEN")
    if status >= 500:
        return HubUnreachableError(f"{repo}: the Hub answers with error {status}; try later, or give a local folder")
    return SourceError(f"{repo}: the Hub refuses ({status}); check the name and revision, or give a local folder")
