"""A merge → an ordinary Hugging Face folder that plain transformers loads. Written beside, then renamed."""

import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError

from explorer.errors import ConfigError
from explorer.live_model import Network
from explorer.recipe import Recipe

RECIPE_FILE = "merge_recipe.json"
# What a model folder needs beside its weights and its config.
_COMPANIONS = (
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "normalizer.json",
)


def check_target(target: Path) -> None:
    """Check that a folder can be written, before anything is computed.

    Raises:
        ConfigError: it exists already, or its parent does not or cannot be written to.
    """
    try:
        exists = target.exists() or target.is_symlink()
    except OSError as error:  # a name too long for the disk
        raise _unwritable(target, error) from error
    if exists:
        raise ConfigError(f"{target}: exists already; name a folder that does not, or remove it first.")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"{target}: its parent folder does not exist; create {target.absolute().parent} first.")
    if not os.access(target.absolute().parent, os.W_OK):
        raise ConfigError(f"{target}: its parent folder cannot be written to; choose another.")


def write_folder(model: Network, base_folder: Path, recipe: Recipe, fingerprint: str, target: Path) -> None:
    """Write a merged model with its tokenizer, settings and recipe.

    Args:
        model: the merge, held by the caller.
        base_folder: of the base, whose tokenizer and settings are copied.
        recipe: that made the model.
        fingerprint: of its weights.
        target: a folder that does not exist yet.

    Raises:
        ConfigError: the folder cannot be written, or the disk is full.
    """
    check_target(target)
    try:
        with TemporaryDirectory(prefix=".merge-", dir=target.absolute().parent, ignore_cleanup_errors=True) as outer:
            # One level down, where the folder has ordinary rights: the outer one only its owner can open.
            beside = Path(outer) / "model"
            model.save_pretrained(beside)
            for name in _COMPANIONS:
                if (base_folder / name).is_file():
                    shutil.copyfile(base_folder / name, beside / name)
            card = {"recipe": recipe.as_dict(), "fingerprint": fingerprint}
            (beside / RECIPE_FILE).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
            for path in beside.glob("*.safetensors"):  # safetensors writes what only its owner can read
                path.chmod((beside / RECIPE_FILE).stat().st_mode)
            beside.rename(target)
    except (OSError, SafetensorError) as error:
        raise _unwritable(target, error) from error


def _unwritable(target: Path, error: OSError | SafetensorError) -> ConfigError:
    reason = getattr(error, "strerror", None) or error
    return ConfigError(f"{target}: cannot be written ({reason}); free space or choose another.")
