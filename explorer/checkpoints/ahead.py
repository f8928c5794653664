"""What a download would bring, found out before it: size, licence, config and the tensors' names and shapes.

A triple that does not belong together, or does not fit on the disk, is refused here for the price of a few kilobytes.
What is on this machine already is not asked of the Hub again. After the download everything is checked once more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from explorer.checkpoints.base import TINY_EN, base_folder, on_this_machine
from explorer.checkpoints.blueprint import built_shapes
from explorer.checkpoints.cache import Progress, make_folder, no_progress, require_free_space
from explorer.checkpoints.hub import listed_model
from explorer.checkpoints.hub_files import Listing, fetched_files, hub_errors_named, missing
from explorer.checkpoints.hub_header import remote_shapes
from explorer.checkpoints.hub_snapshot import cached_snapshot
from explorer.checkpoints.triple_check import check_config, check_same_config, check_same_shapes
from explorer.checkpoints.weights import Shapes, of_a_model, read_json, tensor_shapes
from explorer.config import Source, TripleSpec
from explorer.errors import CheckpointError, MismatchError, SourceError

_CONFIG = "config.json"
# What messages call files that are not here; the repository's name stands before it.
_REMOTE = Path(_CONFIG)
_TENSORS = Path("safetensors")


@dataclass(frozen=True)
class Outline:
    """A model without its values.

    Attributes:
        config: its config.json.
        shapes: of its tensors, without the tied output projection.
        place: its folder or repository, for messages.
    """

    config: dict[str, Any]
    shapes: Shapes
    place: Path


def to_fetch(spec: TripleSpec) -> dict[str, Listing]:
    """Ask the Hub about those of ``base``, ``m1`` and ``m2`` that are not on this machine.

    The base tiny.en is left out: it has another source where the Hub has it not.

    Raises:
        SourceError: The Hub does not answer, refuses, or has no safetensors of one.
    """
    members = {"base": spec.base, "m1": spec.m1, "m2": spec.m2}
    return {name: listed for name, each in members.items() if (listed := _listed(each, base=name == "base"))}


def _listed(source: Source, *, base: bool = False) -> Listing | None:
    if source.repo is None or source.folder is not None or (base and source.repo == TINY_EN):
        return None
    here = on_this_machine if base else cached_snapshot
    return None if here(source.repo, source.revision) else listed_model(source.repo, source.revision)


def check_ahead(spec: TripleSpec, progress: Progress) -> dict[str, Listing]:
    """See that what is still to be fetched of a triple fits its base and the disk.

    Args:
        spec: from checkpoints.yaml.
        progress: called where tiny.en has to be fetched to compare with.

    Returns:
        What the Hub has of those that are to be fetched, by ``base``, ``m1`` and ``m2``; nothing if all are here.

    Raises:
        SourceError: one cannot be had, is damaged on the Hub, or the disk or its budget has no room for all of them.
        CheckpointError: a local base is broken.
        MismatchError: one is no Whisper, or does not fit the base.
    """
    listings = to_fetch(spec)
    if not listings:
        return {}
    require_room([(str(getattr(spec, name).repo), listing) for name, listing in listings.items()])
    outline = _base_outline(spec.base, listings.get("base"), progress)
    for name, source in (("m1", spec.m1), ("m2", spec.m2)):
        if name in listings:
            check_member(source, listings[name], outline)
    return listings


def check_vector_ahead(source: Source, base: Outline) -> Listing | None:
    """See that a checkpoint that a recipe adds fits the base and the disk, if it has to be fetched.

    Args:
        source: of the checkpoint.
        base: of the triple.

    Returns:
        What the Hub has of it, or None where nothing has to be fetched.

    Raises:
        SourceError: it cannot be had, is damaged on the Hub, or the disk or its budget has no room for it.
        MismatchError: it is no Whisper, or does not fit the base.
    """
    listing = _listed(source)
    if listing is not None:
        require_room([(str(source.repo), listing)])
        check_member(source, listing, base)
    return listing


def existing(source: Source) -> Path:
    """Return the folder of a checkpoint that is nowhere else.

    Raises:
        MismatchError: it has none.
    """
    if source.folder is None:
        raise MismatchError(f"{source.name}: a base model needs repo or folder; mend checkpoints.yaml.")
    return source.folder


def _base_outline(base: Source, listing: Listing | None, progress: Progress) -> Outline:
    if listing is None or base.repo is None:
        folder = base_folder(base.repo, base.revision, base.folder, progress) if base.repo else existing(base)
        return Outline(read_json(folder / _CONFIG), tensor_shapes(folder), Path(base.name))
    return remote_outline(base, listing)


def remote_outline(base: Source, listing: Listing) -> Outline:
    """Read what a base model on the Hub is made of, without its weights.

    Raises:
        SourceError: it cannot be had, or is damaged on the Hub.
        MismatchError: it is no Whisper.
    """
    with of_repo(base.name):
        config = _remote_config(base, listing)
        check_config(config, _REMOTE)
        wanted = built_shapes(config, _REMOTE)
        shapes = _remote_shapes(base, listing)
        check_same_shapes(shapes, _TENSORS, wanted, _REMOTE, remedy="choose another revision of the base model")
    return Outline(config, shapes, Path(base.name))


def check_member(source: Source, listing: Listing, base: Outline) -> None:
    """See that a checkpoint on the Hub fits its base.

    Raises:
        SourceError: it cannot be had, or is damaged on the Hub.
        MismatchError: it is no Whisper, or does not fit.
    """
    with of_repo(source.name):
        config = _remote_config(source, listing)
        check_same_config(config, _REMOTE, base.config, base.place / _CONFIG)
        check_same_shapes(_remote_shapes(source, listing), _TENSORS, base.shapes, base.place)


@contextmanager
def of_repo(repo: str) -> Iterator[None]:
    """Put the repository's name before what is wrong with it."""
    try:
        yield
    except SourceError:
        raise  # these name it
    except CheckpointError as error:
        raise MismatchError(f"{repo}: {error}") from error


def _remote_config(source: Source, listing: Listing) -> dict[str, Any]:
    config = [file for file in listing.files if file.name == _CONFIG]
    with hub_errors_named(source.name, source.revision):
        return read_json(fetched_files(source.name, listing.commit, "model", config, no_progress)[_CONFIG])


def _remote_shapes(source: Source, listing: Listing) -> Shapes:
    shapes: Shapes = {}
    with hub_errors_named(source.name, source.revision):
        for file in listing.files:
            if file.name.endswith(".safetensors"):
                shapes.update(remote_shapes(source.name, listing.commit, file))
    return of_a_model(shapes, _TENSORS.name)


def require_room(listings: Sequence[tuple[str, Listing]]) -> int:
    """Check that the disk and its budget have room for what is to be fetched of all repositories together.

    Returns:
        The bytes that are to be fetched.

    Raises:
        SourceError: they have not; all repositories are named.
    """
    wanted = {(repo, listing.commit): listing for repo, listing in listings}
    needed = sum(missing(repo, commit, listing.files) for (repo, commit), listing in wanted.items())
    try:
        require_free_space(make_folder(Path(constants.HF_HUB_CACHE)), needed)
    except SourceError as error:
        raise SourceError(f"{', '.join(repo for repo, _ in wanted)}: {error}") from error
    return needed
