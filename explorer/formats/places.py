"""Where a checkpoint is, as a file that leaves this machine says it."""

from explorer.config import Source


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
