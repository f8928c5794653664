"""The one kind of mistake that training adds to the app's own."""

from explorer.errors import ExplorerError


class TrainingError(ExplorerError):
    """A run's options are out of range, contradict each other, or do not fit what lies on the disk."""
