"""A merge → an ordinary Hugging Face folder that plain transformers loads. Written beside, then renamed."""

import json
import os
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError

from explorer.audio import Clip
from explorer.bench import Bench
from explorer.checkpoints.weights import TIED
from explorer.errors import ConfigError
from explorer.live_model import Network
from explorer.model_card import model_card, recipe_document
from explorer.recipe import Recipe
from explorer.steps import Step, Steps
from explorer.verification import DataType, verify

RECIPE_FILE = "merge_recipe.json"
CARD_FILE = "README.md"
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


def export_files(folder: Path) -> list[Path]:
    """Return the files of an exported folder, in the order of their names; what else lies there is left out.

    Raises:
        ConfigError: it is no folder that this program exported.
    """
    known = {"config.json", "model.safetensors.index.json", RECIPE_FILE, CARD_FILE, *_COMPANIONS}
    try:
        there = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read as a folder ({error.strerror}); name an exported one.") from error
    files = [path for path in there if path.name in known or fnmatch(path.name, "model*.safetensors")]
    names = {path.name for path in files}
    missing = sorted({"config.json", RECIPE_FILE, CARD_FILE} - names)
    if missing or not any(name.endswith(".safetensors") for name in names):
        lacking = ", ".join(missing) or "model.safetensors"
        raise ConfigError(f"{folder}: is no exported merge ({lacking} missing); write one with merge --out first.")
    return files


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


def write_folder(
    bench: Bench, recipe: Recipe, target: Path, dtype: DataType = "float32", clips: Sequence[Clip] | None = None
) -> Steps[tuple[str, str | None]]:
    """Write a merge with its tokenizer, settings, recipe and card, step by step.

    The live model is held for the copy and for each comparison only: between two steps others have their turn. Closed
    before its end, it leaves nothing behind.

    Args:
        bench: of the triple.
        recipe: of the merge.
        target: a folder that does not exist yet.
        dtype: of the stored tensors; the merge itself is always made in float32.
        clips: what the written folder is to hear, to be compared with the live merge; None verifies nothing.

    Returns:
        The fingerprint of the merge in float32, and what verification found.

    Raises:
        ConfigError: the folder cannot be written, the disk is full, or the written folder is not the merge.
        RecipeError: the recipe does not fit the triple.
    """
    check_target(target)
    yield Step("Fingerprints", 0.0)
    prints = {name: bench.fingerprint(name, recipe) for name in ("m0", "m1", "m2", "merge")}
    base, found = bench.live.triple.folder, None
    try:
        with TemporaryDirectory(prefix=".merge-", dir=target.absolute().parent, ignore_cleanup_errors=True) as outer:
            # One level down, where the folder has ordinary rights: the outer one only its owner can open.
            beside = Path(outer) / "model"
            yield Step("Tensors", 0.1)
            with bench.live.merged(recipe) as model:
                _save(model, beside, dtype)
            for name in _COMPANIONS:
                if (base / name).is_file():
                    shutil.copyfile(base / name, beside / name)
            spec = bench.sources(recipe)
            (beside / RECIPE_FILE).write_text(recipe_document(recipe, spec, prints), encoding="utf-8")
            for path in beside.glob("*.safetensors"):  # safetensors writes what only its owner can read
                path.chmod((beside / RECIPE_FILE).stat().st_mode)
            if clips is not None:
                found = (yield from verify(beside, bench, recipe, dtype, clips)).sentence
            card = model_card(recipe, spec, bench.depths, prints, dtype, found)
            (beside / CARD_FILE).write_text(card, encoding="utf-8")
            beside.rename(target)
    except (OSError, SafetensorError) as error:
        raise _unwritable(target, error) from error
    yield Step("Folder", 1.0)
    return prints["merge"], found


def _save(model: Network, folder: Path, dtype: DataType) -> None:
    if dtype == "float32":
        model.save_pretrained(folder)
        return
    # The merge shares memory with M1 and goes on being used: its tensors are cast one by one, not the model.
    tensors = {name: tensor for name, tensor in model.state_dict().items() if name != TIED}
    state = {name: tensor.half() if dtype == "float16" else tensor.bfloat16() for name, tensor in tensors.items()}
    model.save_pretrained(folder, state_dict=state)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = dtype
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _unwritable(target: Path, error: OSError | SafetensorError) -> ConfigError:
    reason = getattr(error, "strerror", None) or error
    return ConfigError(f"{target}: cannot be written ({reason}); free space or choose another.")
