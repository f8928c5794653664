"""Which utterances: the upper fields of the Evaluate tab → a corpus and a subset, or a count while one types."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from explorer.checkpoints.cache import Progress, no_progress
from explorer.config import Config, CorpusSpec
from explorer.corpora.filters import fields_of
from explorer.corpora.open import is_fetched, open_corpus
from explorer.corpora.subset import Subset, SubsetSpec, choose, count
from explorer.corpora.utterance import Corpus
from explorer.errors import ExplorerError, RecipeError
from explorer.summary import Json
from explorer.ui.sent import Sent, whole
from explorer.ui.text import common
from explorer.ui.text import evaluate as words

MAX_OPEN = 4


@dataclass(frozen=True)
class Place:
    """Where the utterances come from and which of them: fields of the form, as the browser sent them."""

    corpus: str
    kind: str = ""
    folder: str = ""
    split: str = ""
    expression: str = ""
    ids: str = ""
    hypotheses: str = ""
    limit: float | None = None
    seed: float | None = None

    @classmethod
    def sent(cls, *fields: Sent) -> "Place":
        """Read the fields as the browser sent them: what was never touched, or shown, is None."""
        corpus, kind, folder, split, expression, ids, hypotheses = (
            text if isinstance(text, str) else "" for text in fields[:7]
        )
        return cls(corpus, kind, folder, split, expression, ids, hypotheses, limit=fields[7], seed=fields[8])

    @property
    def name(self) -> str:
        """Return the corpus as the command line names it."""
        return f"{self.kind}:{self.folder.strip()}" if self.folder.strip() else self.corpus.strip()

    @property
    def spec(self) -> SubsetSpec:
        """Return how the subset is chosen.

        Raises:
            RecipeError: n or seed has a fraction.
        """
        return SubsetSpec(
            split=self.split.strip() or None,
            ids=_file(self.ids),
            expression=self.expression,
            hypotheses=_file(self.hypotheses),
            limit=whole(self.limit, "n"),
            seed=whole(self.seed, "seed") or 0,
        )


@dataclass(frozen=True)
class Chosen:
    """A subset of an opened corpus.

    Attributes:
        title: of the corpus, for people.
        note: what its owner wants known of it.
        subset: to evaluate.
        problems: a sentence for whatever was left out so far.
        described: how it was chosen, for reports.
    """

    title: str
    note: str
    subset: Subset
    problems: tuple[str, ...]
    described: Json


class Choosing:
    """Opens corpora for visitors, as far as they may see them."""

    def __init__(self, config: Config, *, serve_folders: bool) -> None:
        """Take what there is.

        Args:
            config: of checkpoints.yaml.
            serve_folders: whether visitors may evaluate folders of this machine.
        """
        self._config = config
        self._serve_folders = serve_folders
        self._opened: OrderedDict[str, Corpus] = OrderedDict()

    def corpora(self) -> list[str]:
        """Return the names of checkpoints.yaml's corpora that visitors may choose."""
        return [spec.name for spec in self._config.corpora if self._is_open(spec)]

    def missing(self, place: Place) -> str | None:
        """Name a corpus that has to be fetched before it can be evaluated, or None."""
        spec = self._spec(place.name)
        return None if spec is None or is_fetched(spec) else common.TO_FETCH.format(corpus=spec.name, repo=spec.repo)

    def fetch(self, place: Place, progress: Progress) -> None:
        """Fetch a corpus of the Hub, or find that it is here.

        Raises:
            ExplorerError: it cannot be had.
        """
        self._open(place, progress)

    def choose(self, place: Place, normalizer: Callable[[str], str]) -> Chosen:
        """Open a corpus and choose from it.

        Args:
            place: the form.
            normalizer: for the paper's filter.

        Raises:
            ExplorerError: a field is wrong, or this server does not open folders.
        """
        corpus, spec, named = self._open(place), place.spec, self._spec(place.name)
        title = named.name if named else corpus.folder.name
        subset = choose(corpus.utterances, spec, normalizer)
        described: Json = {
            "name": title,
            "split": spec.split,
            "filter": spec.expression,
            "limit": spec.limit,
            "seed": spec.seed,
            "steps": [[step.rule, step.removed] for step in subset.steps],
            "fingerprint": subset.fingerprint,
        }
        return Chosen(title, named.note if named else "", subset, (*corpus.problems, *subset.problems), described)

    def count(self, *fields: Sent) -> str:
        """Say how much the fields of ``Place`` choose, while they are being typed."""
        place = Place.sent(*fields)
        if missing := self.missing(place):
            return words.FETCHED_LATER.format(corpus=missing)
        try:
            corpus = self._opened.get(place.name) or self._open(place)
            known = ", ".join(fields_of(corpus.utterances))
            # The paper's filter needs the model's normaliser: it is counted when it is evaluated.
            spec = place.spec
            counts = count(corpus.utterances, SubsetSpec(**(vars(spec) | {"hypotheses": None})))
        except ExplorerError as error:
            return str(error)
        hours = words.COUNTED_ABOUT if counts.estimated else words.COUNTED_HOURS
        return words.COUNTED.format(
            utterances=counts.utterances,
            total=counts.total,
            later=words.COUNTED_LATER if spec.hypotheses else "",
            speakers=counts.speakers,
            hours="" if counts.hours is None else hours.format(hours=counts.hours),
            drawn=words.COUNTED_DRAWN.format(drawn=counts.drawn) if counts.drawn < counts.utterances else "",
            fields=known,
        )

    def _open(self, place: Place, progress: Progress = no_progress) -> Corpus:
        """Open a corpus afresh, so that a changed folder is noticed; the last few stay open for counting."""
        if not self._serve_folders:
            spec = self._spec(place.name)
            if spec is None or not self._is_open(spec):
                raise RecipeError(common.FOLDER_REFUSED)
            if place.ids.strip() or place.hypotheses.strip():
                raise RecipeError(common.FILES_REFUSED)
        corpus = open_corpus(place.name, self._config.corpora, progress)
        self._opened[place.name] = corpus
        self._opened.move_to_end(place.name)
        if len(self._opened) > MAX_OPEN:
            self._opened.popitem(last=False)
        return corpus

    def _spec(self, name: str) -> CorpusSpec | None:
        return next((spec for spec in self._config.corpora if spec.name == name), None)

    def _is_open(self, spec: CorpusSpec) -> bool:
        """Say whether visitors may hear a corpus: any, or only free ones and those that came with checkpoints.yaml."""
        if self._serve_folders or spec.path is None:
            return True
        return spec.path.resolve().is_relative_to(self._config.path.parent.resolve())


def _file(text: str) -> Path | None:
    return Path(text.strip()).expanduser() if text.strip() else None
