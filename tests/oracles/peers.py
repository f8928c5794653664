"""The peers, each in a process and an environment of its own: mergekit's raw mode, the authors' script."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import load_file, save_file
from torch import Tensor

MEMBERS = ("m0", "m1", "m2")
WEIGHTS = "model.safetensors"
# What the authors' script reads of a folder beside weights and config, and of the folder above it.
_COMPANIONS = ("*.json", "*.txt")


def mergekit(peers: Path, folder: Path, config: str) -> dict[str, Tensor]:
    """Let ``mergekit-pytorch`` merge the folders m0, m1 and m2; its raw mode takes tensors' names as they are.

    Args:
        peers: virtual environment.
        folder: with the members.
        config: mergekit's YAML.
    """
    place = folder / "mergekit"
    shutil.rmtree(place, ignore_errors=True)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    _run([peers / "bin" / "mergekit-pytorch", "config.yaml", place], folder)
    return load_file(next(place.glob("*.safetensors")))


def write_doubles(folder: Path) -> None:
    """Write m1 and m2 in float64 beside themselves, for mergekit's Slerp.

    It computes in float32 unless its files are float64, and a cosine summed in float32 is up to 1.4e-5 off: enough to
    be seen in what comes out, and to take the line instead of the arc.
    """
    for member in ("m1", "m2"):
        tensors = load_file(folder / member / WEIGHTS)
        save_file({name: tensor.double() for name, tensor in tensors.items()}, folder / f"{member}-double.safetensors")


def yaml_of(method: str, values: Mapping[str, float]) -> str:
    """Write mergekit's YAML for a method as its documentation has it, not as this program exports it.

    A weight of exactly 0 stops mergekit, so values are to lie inside their ranges.
    """

    def model(member: str, **parameters: float) -> dict[str, Any]:
        return {"model": f"{member}/{WEIGHTS}", **({"parameters": parameters} if parameters else {})}

    entries: dict[str, Any] = {"dtype": "float32"}
    base = {"base_model": f"m0/{WEIGHTS}"}
    if method == "lerp":
        share = values["lambda"]
        entries |= {"merge_method": "linear", "parameters": {"normalize": False}}
        entries["models"] = [model("m1", weight=share), model("m2", weight=1 - share)]
    elif method == "slerp":
        one, other = ({"model": f"{member}-double.safetensors"} for member in ("m1", "m2"))
        entries = {"merge_method": "slerp", "base_model": other["model"], "parameters": {"t": values["lambda"]}}
        entries["models"] = [other, one]
    elif method == "task-arithmetic":
        entries |= {
            "merge_method": "task_arithmetic",
            "parameters": {"normalize": False, "lambda": values["scale"]},
        } | base
        entries["models"] = [model("m1", weight=values["share"]), model("m2", weight=1 - values["share"])]
    else:
        entries |= {"merge_method": "ties", "parameters": {"normalize": True, "lambda": values["scale"]}} | base
        density = values["density"]
        entries["models"] = [
            model("m1", weight=values["share"], density=density),
            model("m2", weight=1 - values["share"], density=density),
        ]
    return yaml.safe_dump(entries)


def authors(peers: Path, script: Path, folder: Path, groups: list[dict[str, Any]]) -> dict[str, Tensor]:
    """Let the authors' script merge the folders m0, m1 and m2.

    Args:
        peers: virtual environment with torch, transformers and PyYAML.
        script: their ``merge/sa_merge.py``.
        folder: with the members; it gets the base's tokenizer, for the script looks for it there.
        groups: ``merge_configs``.
    """
    for pattern in _COMPANIONS:
        for path in (folder / "m0").glob(pattern):
            shutil.copy(path, folder / path.name)
    place = folder / "authors"
    shutil.rmtree(place, ignore_errors=True)
    (folder / "groups.yaml").write_text(yaml.safe_dump({"merge_configs": groups}), encoding="utf-8")
    members = ["--model_class", "m0", "--domain_ft_model", "m1", "--general_ft_model", "m2"]
    _run([peers / "bin" / "python", script, *members, "--out_path", place, "--config_path", "groups.yaml"], folder)
    return load_file(next(place.glob("*.safetensors")))


def _run(command: list[object], folder: Path) -> None:
    done = subprocess.run([str(each) for each in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{Path(str(command[0])).name} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
