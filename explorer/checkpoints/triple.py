"""A triple in memory: M0, M1 and M2 of one architecture, tensors they have in common stored once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import WhisperForConditionalGeneration

from explorer.attention import AttentionParameter, attention_parameters
from explorer.checkpoints.ahead import Outline, check_ahead, check_vector_ahead, existing
from explorer.checkpoints.base import base_folder
from explorer.checkpoints.blueprint import built_shapes, empty_model
from explorer.checkpoints.cache import Progress, no_progress
from explorer.checkpoints.fingerprint import array_digest
from explorer.checkpoints.hub import hub_folder
from explorer.checkpoints.hub_files import Listing
from explorer.checkpoints.hub_snapshot import cached_snapshot, commit_of, licence_of
from explorer.checkpoints.task_vector import add_task_vector, load_task_vector, task_vector_header, task_vector_shapes
from explorer.checkpoints.triple_check import check_config, check_finite, check_same_config, check_same_shapes
from explorer.checkpoints.weights import (
    EMBEDDINGS,
    TIED,
    Shapes,
    Weights,
    load_weights,
    read_json,
    share_equal,
    tensor_shapes,
)
from explorer.config import NOT_STATED, Source, TripleSpec
from explorer.config_file import present
from explorer.errors import MismatchError, RecipeError, seen
from explorer.heap import give_back

Member = Literal["m0", "m1", "m2"]
MEMBERS: tuple[Member, ...] = ("m0", "m1", "m2")


@dataclass(frozen=True, eq=False)
class Triple:
    """M0, M1 and M2, checked and loaded.

    Attributes:
        spec: where they come from; what comes from the Hub has the commit that was loaded as its revision.
        folder: the base's Hugging Face folder: config, tokenizer, spelling map.
        config: the base's config.json.
        weights: of each member: parameter name → float32 tensor. Never written to.
    """

    spec: TripleSpec
    folder: Path
    config: dict[str, Any]
    weights: dict[Member, Weights]

    @cached_property
    def parameters(self) -> tuple[AttentionParameter, ...]:
        """Return the attention's q, k and v tensors."""
        return attention_parameters(self.weights["m0"])


def load_triple(spec: TripleSpec, progress: Progress) -> Triple:
    """Fetch, check and load a triple.

    Args:
        spec: from checkpoints.yaml.
        progress: called with (what, bytes done, bytes in all) while files are fetched.

    Raises:
        SourceError: a member cannot be had.
        CheckpointError: a file is broken.
        MismatchError: the members do not belong together.
    """
    base = spec.base
    ahead = check_ahead(spec, progress)
    folder = (
        base_folder(base.repo, base.revision, base.folder, progress, ahead.get("base")) if base.repo else existing(base)
    )
    config = read_json(folder / "config.json")
    check_config(config, folder / "config.json")
    shapes = tensor_shapes(folder)
    built = built_shapes(config, folder / "config.json")
    check_same_shapes(shapes, folder, built, folder / "config.json", remedy="fetch the base model again")
    # Every header is compared before any member's values are read: a mistake shows in milliseconds.
    places = {name: _place(each, progress, ahead.get(name)) for name, each in (("m1", spec.m1), ("m2", spec.m2))}
    for place in places.values():
        _check_headers(place, base, folder, config, shapes)
    weights: dict[Member, Weights] = {"m0": load_weights(folder)}
    check_finite(weights["m0"], folder)
    weights["m1"] = _load_member(places["m1"], weights["m0"])
    weights["m2"] = share_equal(_load_member(places["m2"], weights["m0"]), weights["m1"])
    used = replace(
        spec, base=_pinned(base, folder), m1=_pinned(spec.m1, places["m1"]), m2=_pinned(spec.m2, places["m2"])
    )
    give_back()  # files as they were read, vectors before they were added: half a model and more
    return Triple(used, folder, config, weights)


def _pinned(source: Source, place: Path) -> Source:
    """Name the commit of a checkpoint of the Hub, and its licence if nobody has said it yet."""
    commit = commit_of(place) if source.repo else None
    if source.repo is None or commit is None:
        return source
    stated = licence_of(source.repo, source.revision) if source.licence == NOT_STATED else None
    return replace(source, revision=commit, licence=stated or source.licence)


def _place(source: Source, progress: Progress, listing: Listing | None) -> Path:
    """Return the task-vector file or the model folder of M1 or M2, fetched if need be."""
    if source.task_vector is not None:
        return source.task_vector
    return hub_folder(source.repo, source.revision, progress, listing) if source.repo else existing(source)


def _check_headers(place: Path, source: Source, folder: Path, config: dict[str, Any], shapes: Shapes) -> None:
    if place.is_file():
        made_for = task_vector_header(place).get("base")
        # A base that is only a folder has no name to compare; its shapes still have to fit.
        if made_for and source.repo and made_for != source.repo:
            raise MismatchError(f"{place.name}: made for base model {made_for}, but the triple's is {source.repo}.")
        check_same_shapes(task_vector_shapes(place), place, shapes, folder, partial=True)
        return
    own = place / "config.json"
    check_same_config(read_json(own), own, config, folder / "config.json")
    check_same_shapes(tensor_shapes(place), place, shapes, folder)


def _load_member(place: Path, base: Weights) -> Weights:
    if place.is_file():
        vector = load_task_vector(place)
        check_finite(vector, place)
        return add_task_vector(base, vector, place)
    weights = load_weights(place)
    check_finite(weights, place)
    return share_equal(weights, base)


def load_vector(triple: Triple, name: str) -> Weights:
    """Load one of a triple's further task vectors: τ of the tensors it changes, float32.

    Args:
        triple: loaded.
        name: under ``vectors`` of its entry in checkpoints.yaml, or the place of a checkpoint.

    Raises:
        RecipeError: the triple has no task vector of that name.
        ConfigError: there is nothing at that place.
        CheckpointError: its file or checkpoint is broken, cannot be had or does not fit the base model.
    """
    source = triple.spec.vector(name)
    if source is None:
        known = ", ".join(("m1", "m2", *triple.spec.vectors))
        raise RecipeError(f"add: {seen(name)}: triple {triple.spec.name} has no such task vector; it has {known}.")
    base = triple.weights["m0"]
    for path in (source.folder, source.task_vector):
        if path is not None:
            present(path, f"add: {name}", Path.cwd())
    shapes = {each: tuple(tensor.shape) for each, tensor in base.items()}
    outline = Outline(triple.config, shapes, Path(triple.spec.base.name))
    place = _place(source, no_progress, check_vector_ahead(source, outline))
    _check_headers(place, triple.spec.base, triple.folder, triple.config, shapes)
    member = _load_member(place, base)
    return {each: tensor - base[each] for each, tensor in member.items() if tensor is not base[each]}


def used_spec(triple: Triple, names: Iterable[str]) -> TripleSpec:
    """Say where a merge's checkpoints come from, for its export: those of the Hub by their commits.

    Args:
        triple: loaded.
        names: of the task vectors that the recipe adds; loaded too.
    """
    vectors = dict(triple.spec.vectors)
    for name in names:
        source = triple.spec.vector(name)
        if source is not None and source.repo and (place := cached_snapshot(source.repo, source.revision)):
            vectors[name] = _pinned(source, place)
    return replace(triple.spec, vectors=vectors)


def build_model(config: dict[str, Any], weights: Weights) -> WhisperForConditionalGeneration:
    """Make a module whose parameters *are* ``weights``: nothing is copied.

    Args:
        config: of the base.
        weights: all parameters but the tied output projection.

    Returns:
        The model in evaluation mode, with no gradients.
    """
    model = empty_model(config)
    model.load_state_dict({**weights, TIED: weights[EMBEDDINGS]}, assign=True)
    model.requires_grad_(False)
    model.train(False)
    return model


def tensor_digest(tensor: Tensor) -> str:
    """Hash one tensor, see ``fingerprint``."""
    return array_digest(tensor.detach().to("cpu", torch.float32).numpy())
