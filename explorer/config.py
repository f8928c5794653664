"""checkpoints.yaml → frozen values: the triples, the default recipe, the corpora and the sample clips.

One broken triple or corpus does not take the others with it: it becomes a sentence in ``Config.problems``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from explorer.errors import ConfigError

Window = Literal["30", "fit"]
CorpusKind = Literal["manifest"]
Value = TypeVar("Value")

_STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one checkpoint comes from: exactly one of ``repo``, ``folder`` and ``task_vector``.

    Attributes:
        repo: repository on the Hugging Face Hub, ``owner/name``.
        revision: branch, tag or commit of ``repo``.
        folder: local Hugging Face folder; for a base with ``repo``, a place to look first.
        task_vector: safetensors file with τ; the checkpoint is then M0 + τ.
        label: a few words for the page.
        licence: as its owners state it, or ``not stated``.
        provenance: what it was trained on, by whom.
        reported_wer: word error rate in percent as its owners report it, with the test set.
    """

    __pydantic_config__ = _STRICT

    repo: str | None = None
    revision: str = "main"
    folder: Path | None = None
    task_vector: Path | None = None
    label: str = ""
    licence: str = "not stated"
    provenance: str = ""
    reported_wer: str = ""

    @property
    def name(self) -> str:
        """Return what messages call this checkpoint."""
        return str(self.repo or self.folder or self.task_vector)


@dataclass(frozen=True, kw_only=True)
class TripleSpec:
    """Base model M0 and the checkpoints M1 (child) and M2 (adult), with how they are to be decoded.

    Attributes:
        name: how recipes and the command line refer to it.
        title: one line for the page.
        window: ``fit`` only where the checkpoints were trained for windows cut to the clip.
        language: spoken language, for multilingual checkpoints' prompt.
    """

    __pydantic_config__ = _STRICT

    name: str
    title: str
    window: Window = "30"
    language: str = "en"
    base: Source
    m1: Source
    m2: Source


@dataclass(frozen=True, kw_only=True)
class CorpusSpec:
    """A corpus the page offers by name."""

    __pydantic_config__ = _STRICT

    name: str
    kind: CorpusKind = "manifest"
    path: Path
    note: str = ""


@dataclass(frozen=True)
class Config:
    """All of checkpoints.yaml.

    Attributes:
        path: the file it was read from.
        default: entries of the default recipe, as ``recipe.recipe_from`` takes them.
        triples: usable triples, in the file's order.
        corpora: corpora offered by name; the first is the sample clips.
        problems: one sentence for each entry that cannot be used.
    """

    path: Path
    default: Mapping[str, Any]
    triples: tuple[TripleSpec, ...]
    corpora: tuple[CorpusSpec, ...]
    problems: tuple[str, ...] = field(default=())

    def triple(self, name: str) -> TripleSpec:
        """Find a triple by name.

        Raises:
            ConfigError: no usable triple has that name; the message lists those that exist.
        """
        for spec in self.triples:
            if spec.name == name:
                return spec
        names = ", ".join(spec.name for spec in self.triples) or "none"
        raise ConfigError(f"{self.path.name}: triples: no usable triple is called {name!r}; there are: {names}.")


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
    triples, triple_problems = _read_list(entries, "triples", TripleSpec, path)
    corpora, corpus_problems = _read_list(entries, "corpora", CorpusSpec, path)
    config = Config(path, default, triples, corpora, tuple(triple_problems + corpus_problems))
    if not config.triples:
        problems = " ".join(config.problems)
        raise ConfigError(f"{path.name}: triples: at least one usable triple is needed. {problems}".rstrip())
    return config


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping.

    Raises:
        ConfigError: no such file, not readable, not YAML, or not a mapping.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; expected a YAML file there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__}); expected YAML.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        what = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path.name}: {at}{what}; mend the YAML there.") from error
    if not isinstance(entries, dict):
        raise ConfigError(f"{path.name}: expected a mapping at the top, but got {type(entries).__name__}.")
    return entries


def _read_list(
    entries: Mapping[str, Any], key: str, kind: type[Value], path: Path
) -> tuple[tuple[Value, ...], list[str]]:
    rows = entries.get(key, [])
    if not isinstance(rows, list):
        raise ConfigError(f"{path.name}: {key}: expected a list, but got {type(rows).__name__}.")
    read: list[Value] = []
    problems: list[str] = []
    names: set[str] = set()
    for index, row in enumerate(rows):
        try:
            value = _read_value(row, f"{path.name}: {key}[{index}]", kind, path.parent)
            name = str(getattr(value, "name", ""))
            if name in names:
                raise ConfigError(f"{path.name}: {key}[{index}].name: {name!r} is taken; give it another name.")
            names.add(name)
            read.append(value)
        except ConfigError as error:
            problems.append(str(error))
    return tuple(read), problems


def _read_value(row: Any, where: str, kind: type[Value], folder: Path) -> Value:
    try:
        value = TypeAdapter(kind).validate_python(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        expected = {"extra_forbidden": "no such key", "missing": "this key is missing"}.get(first["type"], first["msg"])
        raise ConfigError(
            f"{where}{'.' if key else ''}{key}: {expected}; see checkpoints.yaml in the README."
        ) from error
    if isinstance(value, TripleSpec):
        _check_triple(value, where)
    return _anchored(value, folder, where)


def _check_triple(spec: TripleSpec, where: str) -> None:
    for member, source in (("base", spec.base), ("m1", spec.m1), ("m2", spec.m2)):
        given = [source.repo, source.folder, source.task_vector]
        wanted = "repo or folder" if member == "base" else "exactly one of repo, folder and task_vector"
        count = sum(each is not None for each in given)
        if source.task_vector is not None and member == "base" or count == 0 or (count > 1 and member != "base"):
            raise ConfigError(f"{where}.{member}: expected {wanted}, but got {count or 'none'} of them.")


def _anchored(value: Any, folder: Path, where: str) -> Any:
    """Resolve relative paths against the file's folder and check that what is local is there."""
    if isinstance(value, TripleSpec):
        members = {m: _anchored(getattr(value, m), folder, f"{where}.{m}") for m in ("base", "m1", "m2")}
        return type(value)(**{**value.__dict__, **members})
    changed = {}
    for key in ("folder", "task_vector", "path"):
        path = getattr(value, key, None)
        if path is None:
            continue
        changed[key] = (folder / path.expanduser()).resolve()
        if not changed[key].exists():
            raise ConfigError(f"{where}.{key}: no such file or folder: {path}; mend the path or remove the entry.")
    return type(value)(**{**value.__dict__, **changed})
