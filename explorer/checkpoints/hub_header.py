"""Names and shapes of a safetensors file on the Hub, from its first bytes: a range request instead of a download.

The library has such a function too; it keeps whatever is answered in memory, the whole file where a proxy has dropped
the range. Here no more is read than was asked for.
"""

import json
import struct

from huggingface_hub import constants, hf_hub_url
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import get_session, hf_raise_for_status

from explorer.checkpoints.hub_files import REQUEST_SECONDS, HubFile, hub_endpoint
from explorer.checkpoints.weights import Shapes
from explorer.errors import SourceError

_FIRST = 100_000  # bytes; the header of most files is shorter
_LENGTH = 8  # bytes at the beginning that say how long the header is


def remote_shapes(repo: str, commit: str, file: HubFile) -> Shapes:
    """Read the names and shapes of a file's tensors without the file.

    Args:
        repo: Name on the Hub, ``owner/name``.
        commit: That the file is of.
        file: As the Hub lists it.

    Raises:
        SourceError: It is not safetensors, or shorter or longer than its header says.
        httpx2.HTTPError, OSError: As the Hub library raises them; see ``hub_errors_named``.
    """
    address = hf_hub_url(repo, file.name, revision=commit, endpoint=hub_endpoint())
    start = _read(address, 0, _FIRST)
    length = struct.unpack("<Q", start[:_LENGTH])[0] if len(start) >= _LENGTH else 0
    if not 2 <= length <= constants.SAFETENSORS_MAX_HEADER_LENGTH:
        raise _no_safetensors(repo, file)
    end = _LENGTH + length
    header = start[_LENGTH:end] if end <= len(start) else _read(address, _LENGTH, end)
    try:
        rows = {name: row for name, row in json.loads(header).items() if name != "__metadata__"}
        shapes = {str(name): tuple(int(side) for side in row["shape"]) for name, row in rows.items()}
        stated = end + max((int(row["data_offsets"][1]) for row in rows.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise _no_safetensors(repo, file) from None
    if file.size and stated != file.size:
        raise SourceError(
            f"{repo}: {file.name} is not whole on the Hub: its header tells of {stated:,} bytes, and it has "
            f"{file.size:,}; choose another revision, or ask its owner to upload it again"
        )
    return shapes


def _no_safetensors(repo: str, file: HubFile) -> SourceError:
    return SourceError(
        f"{repo}: {file.name} does not begin as a safetensors file does; choose another revision, or ask its owner to "
        f"upload it again"
    )


def _read(address: str, start: int, stop: int) -> bytes:
    """Return the bytes from ``start`` up to ``stop`` or the file's end, also where the server ignores ranges."""
    headers = {**build_hf_headers(), "Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
    with get_session().stream("GET", address, headers=headers, timeout=REQUEST_SECONDS) as response:
        if response.is_error:
            response.read()  # the library tells errors apart by their text too
        hf_raise_for_status(response)
        before = 0 if response.status_code == 206 else start
        taken = bytearray()
        for block in response.iter_bytes():
            taken += block
            if len(taken) >= before + stop - start:
                break
        return bytes(taken[before : before + stop - start])
