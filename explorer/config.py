"""What checkpoints.yaml says, as frozen values: the triples, the default recipe, the corpora and the sample clips."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from explorer.errors import ConfigError, seen

Window = Literal["30", "fit"]
CorpusKind = Literal[
    "manifest", "audiofolder", "table", "kaldi", "myst", "cmu-kids", "cmu-kids-spoken", "speechocean762", "librispeech"
]

NOT_STATED = "not stated"
"""What stands for a licence that nobody has said."""

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
    licence: str = NOT_STATED
    provenance: str = ""
    reported_wer: str = ""

    @property
    def name(self) -> str:
        """Return what messages call this checkpoint."""
        return str(self.repo or self.folder or self.task_vector)


def named_source(text: str) -> Source | None:
    """Read a checkpoint that a recipe names by its place.

    Args:
        text: ``folder:PATH``, a Hugging Face folder or a file with a task vector, or ``hub:OWNER/NAME[@REVISION]``.

    Returns:
        The source, or None where the text is of another form.
    """
    kind, _, place = text.partition(":")
    if kind == "folder" and place:
        path = Path(place)
        return Source(task_vector=path) if path.suffix == ".safetensors" else Source(folder=path)
    if kind == "hub" and place:
        repo, _, revision = place.partition("@")
        return Source(repo=repo, revision=revision or "main")
    return None


@dataclass(frozen=True, kw_only=True)
class TripleSpec:
    """Base model M0 and the checkpoints M1 (child) and M2 (adult), with how they are to be decoded.

    Attributes:
        name: how recipes and the command line refer to it.
        title: one line for the page.
        window: ``fit`` only where the checkpoints were trained for windows cut to the clip.
        language: spoken language, for multilingual checkpoints' prompt.
        layers: of each stack, so that the page can draw the curve before the weights are there.
        vectors: further task vectors by name, which recipes may add.
    """

    __pydantic_config__ = _STRICT

    name: str
    title: str
    window: Window = "30"
    language: str = "en"
    layers: Annotated[int, Field(ge=1, le=64)] = 12
    base: Source
    m1: Source
    m2: Source
    vectors: dict[str, Source] = field(default_factory=dict)

    def vector(self, name: str) -> Source | None:
        """Find a task vector that a recipe adds: one of ``vectors``, or a checkpoint named by its place."""
        return self.vectors.get(name) or named_source(name)


def named_triple(text: str) -> TripleSpec | None:
    """Read a triple that a recipe names by its repositories on the Hub.

    Args:
        text: ``hub:BASE+M1+M2``, each ``OWNER/NAME`` or ``OWNER/NAME@REVISION``.

    Returns:
        The triple, heard in windows of 30 s; its name is the text. None where the text is of another form.
    """
    kind, _, places = text.partition(":")
    members = [named_source(f"hub:{place}") for place in places.split("+")]
    base, m1, m2 = (*members, None, None, None)[:3]
    if kind != "hub" or len(members) != 3 or base is None or m1 is None or m2 is None:
        return None
    return TripleSpec(name=text, title=f"{m1.repo} + {m2.repo}", base=base, m1=m1, m2=m2)


@dataclass(frozen=True, kw_only=True)
class CorpusSpec:
    """A corpus the page offers by name: a folder, or a free corpus of the Hub that is fetched when it is first used.

    Attributes:
        name: how the page and the command line refer to it.
        kind: of the folder.
        path: of the folder; None for a corpus of the Hub.
        repo: dataset on the Hugging Face Hub, ``owner/name``; None for a folder.
        revision: branch, tag or commit of ``repo``.
        split: part of ``repo`` that is fetched.
        note: what visitors should know of it.
    """

    __pydantic_config__ = _STRICT

    name: str
    kind: CorpusKind = "manifest"
    path: Path | None = None
    repo: str | None = None
    revision: str = "main"
    split: str = "test"
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
        own_places: whether recipes may name triples by repositories that are not listed.
    """

    path: Path
    default: Mapping[str, Any]
    triples: tuple[TripleSpec, ...]
    corpora: tuple[CorpusSpec, ...]
    problems: tuple[str, ...] = field(default=())
    own_places: bool = True

    def triple(self, name: str) -> TripleSpec:
        """Find a triple by name, or read one that is named by its repositories on the Hub.

        Raises:
            ConfigError: no usable triple has that name; the message lists those that exist. Or it names repositories,
                and not all three, or where that is not allowed.
        """
        for spec in self.triples:
            if spec.name == name:
                return spec
        if name.startswith("hub:"):
            if not self.own_places:
                raise ConfigError(f"triple: {seen(name)}: this server opens no triples but those it lists.")
            if named := named_triple(name):
                return named
            raise ConfigError(f"triple: expected hub:BASE+M1+M2, each OWNER/NAME[@REVISION], but got {seen(name)}.")
        names = ", ".join(spec.name for spec in self.triples) or "none"
        raise ConfigError(f"{self.path.name}: triples: no usable triple is called {name!r}; there are: {names}.")
