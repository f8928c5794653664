"""Three repositories of the Hub, looked at before anything is fetched: what each of them is, and what is wrong with it.

``ahead`` refuses a triple at its first fault; here every member has its say, for the page shows all three. Whoever has
looked fetches exactly the commits that were looked at: they stand in the name that the triple gets.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import constants

from explorer.checkpoints.ahead import Outline, check_member, of_repo, remote_outline, require_room
from explorer.checkpoints.base import base_folder, on_this_machine
from explorer.checkpoints.cache import Progress, Room, make_folder, room_in
from explorer.checkpoints.hub import hub_folder, listed_model
from explorer.checkpoints.hub_files import Listing, missing
from explorer.checkpoints.hub_snapshot import cached_snapshot, commit_of, licence_of
from explorer.checkpoints.triple_check import check_config, check_same_config, check_same_shapes
from explorer.checkpoints.weights import read_json, tensor_shapes
from explorer.config import NOT_STATED, Source, TripleSpec, named_triple
from explorer.errors import CheckpointError, ConfigError, SourceError

Role = Literal["base", "m1", "m2"]
ROLES: tuple[Role, ...] = ("base", "m1", "m2")
_FLOAT_BYTES = 4
_ENCODER, _DECODER = "encoder_layers", "decoder_layers"


@dataclass(frozen=True)
class Sight:
    """What was seen of one repository.

    Attributes:
        role: in the triple.
        repo: as it was named.
        name: what the Hub calls it now; another one where it was renamed.
        commit: 40 hexadecimal digits; ``""`` where there is none, or it is not known.
        licence: as its owners state it, or ``not stated``.
        size: bytes of all files that a model is loaded from.
        missing: bytes of them that are not on this machine.
        fault: a sentence if it cannot be used, else ``""``.
    """

    role: Role
    repo: str
    name: str
    commit: str = ""
    licence: str = NOT_STATED
    size: int = 0
    missing: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Look:
    """What was seen of a triple.

    Attributes:
        sights: of base, m1 and m2.
        room: on the disk of the cache; None where it could not be looked at.
        needed: bytes that are to be fetched of all three together.
        fault: a sentence if the three together do not fit on the disk or into its budget, else ``""``.
        triple: its name, with the commits that were seen; None if it cannot be used.
        layers: of the encoder and of the decoder; (0, 0) where the base was not seen.
        memory: bytes that three models of the base's size take at most, open, in float32; 0 where it was not seen.
    """

    sights: tuple[Sight, ...]
    room: Room | None
    needed: int
    fault: str
    triple: str | None
    layers: tuple[int, int]
    memory: int


def look(spec: TripleSpec, told: Callable[[str], object]) -> Look:
    """Look at three repositories: sizes, licences, configs, and the headers of their weights, but no weights.

    Args:
        spec: all three named by ``repo``.
        told: called with the repository that is being looked at; what it raises ends the look.
    """
    base: Outline | None = None
    sights: list[Sight] = []
    fetched: list[tuple[str, Listing]] = []
    for role in ROLES:
        source: Source = getattr(spec, role)
        told(source.name)
        try:
            sight, found = _seen(role, source)
        except CheckpointError as error:
            sights.append(Sight(role, source.name, source.name, fault=str(error)))
            continue
        named = replace(source, repo=sight.name)
        try:
            if role == "base":
                base = _outline(named, found)
            elif base is not None:
                _check(named, found, base)
        except CheckpointError as error:
            sight = replace(sight, fault=str(error))
        if isinstance(found, Listing):  # its config is here by now
            sight = replace(sight, missing=missing(sight.name, found.commit, found.files))
            fetched += [] if sight.fault else [(sight.name, found)]
        sights.append(sight)
    room, needed, fault = _room(fetched)
    usable = base is not None and not fault and not any(sight.fault for sight in sights)
    layers = (int(base.config[_ENCODER]), int(base.config[_DECODER])) if base else (0, 0)
    memory = 3 * _FLOAT_BYTES * sum(prod(shape) for shape in base.shapes.values()) if base else 0
    return Look(tuple(sights), room, needed, fault, _name(spec, sights) if usable else None, layers, memory)


def fetch(triple: str, progress: Progress) -> None:
    """Fetch the repositories of a triple that was looked at; those on this machine are left as they are.

    Args:
        triple: its name, as ``look`` gave it.
        progress: called with (repository, bytes of all three that are here, bytes of all three); what it raises stops
            the download, and what has arrived stays.

    Raises:
        ConfigError: it is no such name.
        CheckpointError: one cannot be had, or what was fetched does not fit together.
    """
    spec = named_triple(triple)
    if spec is None:
        raise ConfigError("triple: expected hub:BASE+M1+M2; look at the repositories again.")
    found = look(spec, lambda repo: progress(repo, 0, 0))
    faults = [*(sight.fault for sight in found.sights if sight.fault), *([found.fault] if found.fault else [])]
    if faults:
        raise SourceError(faults[0])
    total, before = sum(sight.size for sight in found.sights), 0
    for sight in found.sights:
        source: Source = getattr(spec, sight.role)

        def told(_: str, done: int, __: int, sight: Sight = sight, before: int = before) -> None:
            progress(sight.name, before + done, total)

        if sight.role == "base":
            base_folder(sight.repo, source.revision, None, told)
        else:
            hub_folder(sight.repo, source.revision, told)
        before += sight.size
        progress(sight.name, before, total)


def _seen(role: Role, source: Source) -> tuple[Sight, Path | Listing]:
    """Return what is seen of a repository, and its folder if it is here, else what the Hub lists.

    Raises:
        SourceError: it is neither here nor to be had.
    """
    repo = source.name
    here = (on_this_machine if role == "base" else cached_snapshot)(repo, source.revision)
    if here is not None:
        licence = licence_of(repo, source.revision) or _licence_now(repo, commit_of(here) or "main")
        return _here(role, repo, repo, here, licence), here
    listing = listed_model(repo, source.revision)
    if here := cached_snapshot(listing.name, listing.commit):
        return _here(role, repo, listing.name, here, listing.licence), here
    return Sight(role, repo, listing.name, listing.commit, listing.licence, listing.size), listing


def _here(role: Role, repo: str, name: str, here: Path, licence: str) -> Sight:
    size = sum(path.stat().st_size for path in here.iterdir() if path.is_file())
    return Sight(role, repo, name, commit_of(here) or "", licence, size)


def _licence_now(repo: str, commit: str) -> str:
    """Ask for the licence of what is here already; it was perhaps fetched by another program."""
    try:
        return listed_model(repo, commit).licence
    except SourceError:
        return NOT_STATED


def _outline(source: Source, found: Path | Listing) -> Outline:
    if isinstance(found, Listing):
        return remote_outline(source, found)
    with of_repo(source.name):
        config = read_json(found / "config.json")
        check_config(config, found / "config.json")
        return Outline(config, tensor_shapes(found), Path(source.name))


def _check(source: Source, found: Path | Listing, base: Outline) -> None:
    if isinstance(found, Listing):
        check_member(source, found, base)
        return
    with of_repo(source.name):
        own = found / "config.json"
        check_same_config(read_json(own), own, base.config, base.place / "config.json")
        check_same_shapes(tensor_shapes(found), found, base.shapes, base.place)


def _room(fetched: list[tuple[str, Listing]]) -> tuple[Room | None, int, str]:
    """Return the room there is, what is to be fetched, and a sentence if that does not fit."""
    needed = sum(missing(repo, listing.commit, listing.files) for repo, listing in fetched)
    try:
        room = room_in(make_folder(Path(constants.HF_HUB_CACHE)))
    except SourceError as error:
        return None, needed, str(error)
    try:
        return room, require_room(fetched), ""
    except SourceError as error:
        return room, needed, str(error)


def _name(spec: TripleSpec, sights: list[Sight]) -> str:
    """Name the triple by the commits that were seen; what has none keeps its revision."""
    places: list[Any] = []
    for sight in sights:
        source: Source = getattr(spec, sight.role)
        revision = sight.commit or source.revision
        places.append(sight.name if revision == "main" else f"{sight.name}@{revision}")
    return f"hub:{'+'.join(places)}"
