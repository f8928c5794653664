"""A model's folder from the Hugging Face Hub: looked at first, then fetched and verified."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from explorer.checkpoints.cache import Progress
from explorer.checkpoints.hub_files import HubFile, Listing, fetched_files, hub_errors_named, listed_files
from explorer.checkpoints.hub_snapshot import SIDE_FILES, cached_snapshot, remember
from explorer.errors import SourceError

_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def listed_model(repo: str, revision: str) -> Listing:
    """Ask the Hub which files a model would be loaded from; none of them is fetched.

    Raises:
        HubUnreachableError: No Hub answers, within about ten seconds, or it must not be asked.
        SourceError: The Hub refuses, has no such model, or has no safetensors of it.
    """
    with hub_errors_named(repo, revision):
        listing = listed_files(repo, revision, "model")
        return replace(listing, files=_needed(repo, listing.files))


def hub_folder(repo: str, revision: str, progress: Progress, listing: Listing | None = None) -> Path:
    """Return the folder of a model on the Hub, from the library's cache or fetched into it.

    A model that is on this machine is not looked up again: a branch stays at the commit it was first fetched at.

    Args:
        repo: Name on the Hub, ``owner/name``.
        revision: Branch, tag or commit.
        progress: Called while something is fetched.
        listing: What ``listed_model`` said a moment ago: exactly that is fetched, whatever was pushed meanwhile.

    Raises:
        HubUnreachableError: No Hub answers, within about ten seconds, or it must not be asked.
        SourceError: The Hub refuses, has no such model, has no safetensors, or the download broke off or is damaged.
    """
    if cached := cached_snapshot(repo, revision):
        return cached
    listing = listing or listed_model(repo, revision)
    with hub_errors_named(repo, revision):
        folder = fetched_files(repo, listing.commit, "model", listing.files, progress)["config.json"].parent
    remember(repo, revision, folder, [file.name for file in listing.files], listing.licence)
    return folder


def _needed(repo: str, listed: Sequence[HubFile]) -> tuple[HubFile, ...]:
    """Pick the files a model loads from, after refusing what cannot or must not be loaded.

    Raises:
        SourceError: An adapter, pickled weights only, or no model at all.
    """
    names = {file.name for file in listed}
    if "adapter_config.json" in names:
        raise SourceError(
            f"{repo}: an adapter (adapter_config.json), not a whole model; merge it into its base model "
            f"(peft: merge_and_unload), save that as safetensors and use it instead"
        )
    weights = {"model.safetensors"} & names
    if not weights and "model.safetensors.index.json" in names:
        weights = {name for name in names if _SHARD.fullmatch(name)} | {"model.safetensors.index.json"}
    if not weights:
        pickles = sorted(name for name in names if name.endswith(_PICKLES))
        if pickles:
            raise SourceError(
                f"{repo}: only pickled weights ({', '.join(pickles[:3])}), refused because a pickle can run code; "
                f"convert them to safetensors (transformers: save_pretrained) and use that folder"
            )
        raise SourceError(f"{repo}: the Hub's copy has no model.safetensors; choose a repository that has one")
    if "config.json" not in names:
        raise SourceError(f"{repo}: the Hub's copy has no config.json; choose a repository that has one")
    return tuple(file for file in listed if file.name in weights or file.name in SIDE_FILES)
