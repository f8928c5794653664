"""Errors a user can cause, each with one sentence that names the thing, what was expected and the remedy.

    ExplorerError
    ├── ConfigError            checkpoints.yaml or a recipe file: unknown key, wrong type, missing file
    ├── RecipeError            a recipe out of range: λ, α, schedule, scope, custom ratios
    ├── CheckpointError
    │   ├── SourceError        weights cannot be had: no answer, refused, cut off, wrong hash, disk full
    │   └── MismatchError      a triple whose parts do not belong together
    ├── PushError              an export cannot be put on the Hub: no login, no right, something is there already
    ├── AudioError             a clip that cannot be read, or is empty, silent, not finite, too long
    └── CorpusError            a corpus folder, filter or subset that cannot be used

The page turns them into one notice, the command line into one line and exit code 2.
"""


class ExplorerError(Exception):
    """Base of every error whose message is meant for the user."""


class ConfigError(ExplorerError):
    """A configuration or recipe file has a missing, unknown or ill-typed entry."""


class RecipeError(ExplorerError):
    """A recipe asks for something outside its range."""


class CheckpointError(ExplorerError):
    """A checkpoint cannot be used."""


class SourceError(CheckpointError):
    """The weights cannot be had from their source."""


class MismatchError(CheckpointError):
    """The members of a triple do not have the same shape of network."""


class PushError(ExplorerError):
    """An export cannot be put on the Hub."""


class AudioError(ExplorerError):
    """A clip cannot be used."""


class CorpusError(ExplorerError):
    """A corpus, a filter or a subset cannot be used."""


def seen(value: object) -> str:
    """Show what was seen in a message: on one line, cut to 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
