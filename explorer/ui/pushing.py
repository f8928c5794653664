"""Push on the Explore tab: a merge is made, verified if asked, and put on the Hub under the visitor's own login.

On one's own machine that is the login of ``hf auth``; on a Space each visitor signs in, and the token comes with the
press, is handed to the Hub's library, and is kept nowhere. A page that is open to others in any other way pushes
nothing.
"""

import importlib
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeVar

from explorer.errors import PushError
from explorer.recipe import Recipe
from explorer.steps import Step
from explorer.summary import Json
from explorer.ui.aside import Aside
from explorer.ui.opening import Opening
from explorer.ui.sent import Sent, entry
from explorer.ui.text import hub as words

if TYPE_CHECKING:
    from explorer.bench import Bench
    from explorer.pushing import Place, Pushed
    from explorer.verification import DataType

_T = TypeVar("_T")
Logins = Literal["machine", "visitor", "none"]
"""Under whose login is pushed: this machine's, each visitor's own (on a Space), or nobody's."""
LONGEST = 200  # characters of the field
_MADE = 0.7  # share of the work that is behind it when the folder is there


def place_of(shown: Sent, logins: Logins, token: str | None) -> "Place":
    """Read where to push, and by whom.

    Args:
        shown: the section's value.
        logins: under whose login is pushed here.
        token: of a visitor who has signed in.

    Raises:
        PushError: nobody pushes here, nobody has signed in, or no repository is named.
    """
    repo = entry(shown, "repo")
    if logins == "none":
        raise PushError(words.PUSH_REFUSED)
    if not isinstance(repo, str) or not repo.strip() or len(repo) > LONGEST:
        raise PushError(words.PUSH_NO_NAME)
    visitor = logins == "visitor"
    if visitor and not token:
        # Without a token of the visitor's the library would take the host's.
        raise PushError(f"{repo.strip()}: no login; {words.PUSH_SIGN_IN}")
    login = words.PUSH_SIGN_IN if visitor else words.PUSH_LOGIN
    pushing = importlib.import_module("explorer.pushing")  # torch is there by now, not at the start
    place: Place = pushing.Place(
        repo.strip(),
        public=entry(shown, "public") is True,
        replace=entry(shown, "replace") is True,
        token=token if visitor else None,
        remedies=pushing.Remedies(login, login, words.PUSH_PUBLIC, words.PUSH_REPLACE),
    )
    return place


def pushed(
    opening: Opening,
    bench: "Bench",
    recipe: Recipe,
    dtype: "DataType",
    place: "Place",
    *,
    verify: bool,
    past: Callable[[], bool],
) -> Iterator[Json | Step]:
    """Make a merge and put it on the Hub.

    Args:
        opening: of the workbench.
        bench: of the triple.
        recipe: of the merge.
        dtype: of the stored tensors.
        place: where to.
        verify: whether what is written is loaded again and compared.
        past: whether the visitor wants no more of it.

    Yields:
        Steps, and values that say what is waited for; last the value that says it is done, or stopped.

    Raises:
        ExplorerError: the merge cannot be made, or the Hub refuses.
    """
    workbench = opening.workbench()
    saving, pushing = importlib.import_module("explorer.saving"), importlib.import_module("explorer.pushing")
    stopped: Json = {"state": "stopped", "notice": words.PUSH_STOPPED}
    # Asked before the work: what is not free, or not allowed, costs nobody a merge.
    says: Json = {"state": "running", "notice": words.PUSH_ASKING.format(repo=place.repo)}
    yield from _waited(lambda: pushing.check_push(place), says, past)
    if past():
        yield stopped
        return
    clips = saving.sample_clips(workbench.config) if verify else None
    with TemporaryDirectory(prefix="sa-merge-push-", ignore_cleanup_errors=True) as outer:
        folder = Path(outer) / recipe.stem
        with closing(workbench.export(bench, recipe, folder, dtype, clips)) as steps:
            while True:
                try:
                    step: Step = next(steps)
                except StopIteration as end:
                    fingerprint, verified = end.value
                    break
                if past():
                    yield stopped
                    return
                yield Step(step.what, _MADE * step.share)
        megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        says |= {"notice": words.PUSH_SENDING.format(megabytes=megabytes, repo=place.repo), "share": _MADE}
        begun = threading.Event()  # the commit: from then on there is nothing to be given up

        def wanted() -> bool:
            begun.set()
            if past():
                begun.clear()
            return begun.is_set()

        done: Pushed | None = yield from _waited(
            lambda: pushing.push(folder, place, wanted), says, lambda: past() and not begun.is_set()
        )
    if done is None:
        yield stopped
        return
    told = words.PUSHED_PRIVATE if done.private else words.PUSHED_PUBLIC
    yield {
        "state": "saved",
        "notice": told.format(recipe=recipe.summary, dtype=dtype, repo=place.repo, fingerprint=fingerprint),
        "verified": verified,
        "pushed": {"address": done.address, "repo": place.repo, "commit": done.commit, "private": done.private},
    }


def _waited(work: Callable[[], _T], says: Json, past: Callable[[], bool]) -> Generator[Json, None, _T | None]:
    """Do something aside and yield ``says`` until it is done; None if the visitor wants no more of it.

    Raises:
        BaseException: what ``work`` raised.
    """
    aside = Aside(work)
    for _ in aside.looks():
        yield says | {"remaining": None}
        if past() and not aside.done:
            return None
    return None if past() and not aside.done else aside.result()
