"""checkpoints.yaml, a file → ``config.Config``, checked.

One broken triple or corpus does not take the others with it: it becomes a sentence in ``Config.problems``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from explorer.config import Config, CorpusSpec, Source, TripleSpec
from explorer.errors import ConfigError, seen
from explorer.text_file import read_text

# pydantic's kinds of error, where its own words are about Python.
_EXPECTED = {
    "unexpected_keyword_argument": "no such key",
    "missing": "this key is missing",
    "missing_keyword_only": "this key is missing",
    "dataclass_type": "expected a mapping",
}

Value = TypeVar("Value", TripleSpec, CorpusSpec)


def read_config(path: Path) -> Config:
    """Read checkpoints.yaml; paths in it are relative to its folder.

    Raises:
        ConfigError: the file is missing, is not YAML, or its outline (default, triples, corpora) is wrong.
    """
    entries = read_yaml(path)
    for key in entries:
        if key not in ("default", "triples", "corpora"):
            raise ConfigError(f"{path.name}: {key}: no such key; expected default, triples and corpora.")
    default = entries.get("default")
    if not isinstance(default, Mapping):
        raise ConfigError(f"{path.name}: default: expected the default recipe, a mapping with at least triple.")
    triples, triple_problems = _read_list(entries, "triples", path, _read_triple)
    corpora, corpus_problems = _read_list(entries, "corpora", path, _read_corpus)
    config = Config(path, default, triples, corpora, tuple(triple_problems + corpus_problems))
    if not config.triples:
        problems = " ".join(config.problems)
        raise ConfigError(f"{path.name}: triples: at least one usable triple is needed. {problems}".rstrip())
    return config


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping from a file.

    Raises:
        ConfigError: no such file, not readable, not YAML, or not a mapping.
    """
    return yaml_entries(read_text(path), path.name)


def yaml_entries(text: str, name: str) -> dict[str, Any]:
    """Read a YAML mapping, or a JSON one.

    Args:
        text: of a file.
        name: what messages call it.

    Raises:
        ConfigError: not YAML, or not a mapping.
    """
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        what = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{name}: {at}{what}; mend the YAML there.") from error
    except (ValueError, RecursionError) as error:  # 30 February, a number of 5,000 digits, 1,000 brackets
        raise ConfigError(f"{name}: holds a value that cannot be read ({error}); mend the YAML.") from error
    if not isinstance(entries, dict):
        raise ConfigError(f"{name}: expected a mapping at the top, but got {type(entries).__name__}.")
    return entries


def _read_list(
    entries: Mapping[str, Any], key: str, path: Path, read: Callable[[object, str, Path], Value]
) -> tuple[tuple[Value, ...], list[str]]:
    rows = entries.get(key, [])
    if not isinstance(rows, list):
        raise ConfigError(f"{path.name}: {key}: expected a list, but got {type(rows).__name__}.")
    values: dict[str, Value] = {}
    problems: list[str] = []
    for index, row in enumerate(rows):
        where = f"{path.name}: {key}[{index}]"
        try:
            value = read(row, where, path.parent)
            if value.name in values:
                raise ConfigError(f"{where}.name: {value.name!r} is taken; give it another name.")
            values[value.name] = value
        except ConfigError as error:
            problems.append(str(error))
    return tuple(values.values()), problems


def _read_triple(row: object, where: str, folder: Path) -> TripleSpec:
    spec = _validated(row, where, TripleSpec)
    for name in {"m1", "m2"} & set(spec.vectors):
        raise ConfigError(f"{where}.vectors.{name}: means the task vector of {name}; give this one another name.")
    members = {"base": spec.base, "m1": spec.m1, "m2": spec.m2}
    members |= {f"vectors.{name}": source for name, source in spec.vectors.items()}
    for member, source in members.items():
        given = [name for name in ("repo", "folder", "task_vector") if getattr(source, name) is not None]
        # A base may name a folder beside its repository: the place to look first.
        if len(given) != 1 if member != "base" else not given or "task_vector" in given:
            wanted = "repo or folder" if member == "base" else "exactly one of repo, folder and task_vector"
            raise ConfigError(f"{where}.{member}: expected {wanted}, but got {' and '.join(given) or 'none of them'}.")
    found = {member: _anchored(source, f"{where}.{member}", folder) for member, source in members.items()}
    vectors = {name: found[f"vectors.{name}"] for name in spec.vectors}
    return replace(spec, base=found["base"], m1=found["m1"], m2=found["m2"], vectors=vectors)


def _read_corpus(row: object, where: str, folder: Path) -> CorpusSpec:
    spec = _validated(row, where, CorpusSpec)
    if (spec.path is None) == (spec.repo is None):
        given = "both" if spec.path else "neither"
        raise ConfigError(f"{where}: expected path, a folder, or repo, a dataset on the Hub, but got {given}.")
    return spec if spec.path is None else replace(spec, path=present(spec.path, f"{where}.path", folder))


def _validated(row: object, where: str, kind: type[Value]) -> Value:
    try:
        return TypeAdapter(kind).validate_python(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = "".join(f".{part}" for part in first["loc"])
        expected = _EXPECTED.get(first["type"], first["msg"])
        raise ConfigError(f"{where}{key}: {expected}; the README lists the keys of checkpoints.yaml.") from error


def _anchored(source: Source, where: str, folder: Path) -> Source:
    return replace(
        source,
        folder=source.folder and present(source.folder, f"{where}.folder", folder),
        task_vector=source.task_vector and present(source.task_vector, f"{where}.task_vector", folder),
    )


def present(path: Path, where: str, folder: Path) -> Path:
    """Resolve a path against a folder, and check that it is there.

    Raises:
        ConfigError: it is not; ``where`` begins the message.
    """
    try:
        resolved = (folder / path.expanduser()).resolve()
        there = resolved.exists()
    except (OSError, RuntimeError, ValueError):  # too long for the disk; ~ of a user who does not exist; a null
        there = False
    if not there:
        raise ConfigError(f"{where}: no such file or folder: {seen(str(path))}; mend the path or remove the entry.")
    return resolved
