"""Where a checkpoint is, as a file that leaves this machine says it."""

from collections.abc import Iterable, Mapping

from explorer.config import Source, TripleSpec

Sources = dict[str, dict[str, str]]
"""Of m0, m1, m2 and added task vectors: ``repo`` and ``revision``, or ``file``, and ``weights``, their fingerprint."""


def parents(spec: TripleSpec, vectors: Iterable[str]) -> dict[str, Source]:
    """Return the checkpoints that a merge is made of: m0, m1, m2, and those of added task vectors by their names."""
    added = {name: source for name in vectors if (source := spec.vector(name))}
    return {"m0": spec.base, "m1": spec.m1, "m2": spec.m2, **added}


def source_entries(spec: TripleSpec, vectors: Iterable[str], fingerprints: Mapping[str, str]) -> Sources:
    """Return what a recipe's file tells of its checkpoints: enough to know later whether they are the same.

    Args:
        spec: of the triple, with commits for revisions.
        vectors: task vectors that the recipe adds.
        fingerprints: of m0, m1 and m2.
    """
    return {
        name: ({"repo": source.repo, "revision": source.revision} if source.repo else {"file": _place(source)})
        | ({"weights": fingerprints[name]} if name in fingerprints else {})
        for name, source in parents(spec, vectors).items()
    }


def place_lines(spec: TripleSpec, vectors: Iterable[str], *, local: bool) -> list[str]:
    """Return a line for each checkpoint of a merge: where it is."""
    titles = {"m0": "M0", "m1": "M1", "m2": "M2"}
    rows = parents(spec, vectors).items()
    return [f"{titles.get(name, name)}: {place_text(source, local=local)}" for name, source in rows]


def _place(source: Source) -> str:
    return place_text(source, local=False)


def place_text(source: Source, *, local: bool) -> str:
    """Return a repository's name, with its revision unless that is main, or a path.

    Args:
        source: of one checkpoint.
        local: whether the reader may see this machine's folders; otherwise only the last name of the path is given.
    """
    if source.repo:
        return source.repo if source.revision == "main" else f"{source.repo} at {source.revision}"
    path = source.folder or source.task_vector
    return "" if path is None else str(path) if local else path.name
