"""Merges side by side on the same clips: what each hears, what it costs, how it stands against SA Merge and M1."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from explorer.bench import Bench
from explorer.candidates import REFERENCE, Candidate
from explorer.corpora.utterance import Utterance
from explorer.errors import ExplorerError
from explorer.evaluation import Evaluation, evaluate
from explorer.halves import CrossJudgement, Hearing, choose_and_judge, speaker_halves
from explorer.listening import Listener
from explorer.normalization import normalizer_of
from explorer.text_rules import WHISPER_RULES, TextRules
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError
from explorer.workbench import Workbench

PARENTS = ("m1", "m2")
# Batches that one merge hears before the next is made: a whole-model merge takes about as long as hearing one of them.
_BLOCK = 4


@dataclass(frozen=True)
class Cost:
    """What making a merge from M1 takes.

    Attributes:
        seconds: on one thread of a CPU, or on the device.
        megabytes: of the tensors that are written; a megabyte is a million bytes.
        tensors: how many are written.
    """

    seconds: float
    megabytes: float
    tensors: int


@dataclass(frozen=True)
class Comparison:
    """A comparison so far, or at its end.

    Attributes:
        candidates: that take part, SA Merge first.
        costs: of each candidate that has been made once.
        evaluations: one for each corpus that was begun, of M1, M2 and the candidates by name.
        spent: of each model, seconds of decoding and clips decoded; what was remembered aside.
        left_out: a sentence for each candidate that cannot take part.
        seconds: taken so far.
        clips: of all corpora together, those not begun included.
        ended: nothing more will come.
    """

    candidates: tuple[Candidate, ...]
    costs: Mapping[str, Cost] = field(default_factory=dict)
    evaluations: tuple[Evaluation, ...] = ()
    spent: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0
    clips: int = 0
    ended: bool = False

    @property
    def remaining(self) -> float | None:
        """Estimate the seconds still to go, or None before anything was heard."""
        heard = sum(state.hypotheses for state in self.evaluations)
        if not heard or self.ended:
            return None
        due = self.clips * len(self.evaluations[-1].results)
        return sum(state.seconds for state in self.evaluations) / heard * max(0, due - heard)

    @property
    def stopped(self) -> bool:
        """Say whether it was cancelled before its end."""
        return self.ended and (not self.evaluations or self.evaluations[-1].stopped)


def compare(
    workbench: Workbench,
    bench: Bench,
    corpora: Sequence[Sequence[Utterance]],
    chosen: Sequence[Candidate],
    decoding: Decoding,
    halt: Halt,
    rules: TextRules = WHISPER_RULES,
) -> Iterator[Comparison]:
    """Make every candidate once, then let all of them hear one corpus after the other, clip by clip.

    Args:
        workbench: with the store of what was heard before.
        bench: the open triple.
        corpora: utterances; the first corpus is the one that is chosen and judged on.
        chosen: candidates; SA Merge first.
        decoding: options.
        halt: stops the work.
        rules: how text is normalised.

    Yields:
        The comparison so far; the last one says ``ended``.

    Raises:
        ExplorerError: SA Merge itself does not fit the triple.
    """
    started = time.monotonic()
    so_far = Comparison((), clips=sum(map(len, corpora)))
    prints = {member: bench.live.fingerprint("m1" if member == "m1" else "m2") for member in PARENTS}
    for each in chosen:
        try:
            halt.check()
            cost = cost_of(bench, each)
            prints[each.name] = bench.live.merged_fingerprint(each.recipe)
        except InterruptedDecodingError:
            yield replace(so_far, ended=True)
            return
        except ExplorerError as error:  # matrices that nobody gathered, values that are not finite
            if each.name == REFERENCE:
                raise
            sentence = f"{each.recipe.row.title}: {error}"
            so_far = replace(so_far, left_out=tuple(dict.fromkeys((*so_far.left_out, sentence))))
        else:
            so_far = replace(so_far, candidates=(*so_far.candidates, each), costs={**so_far.costs, each.name: cost})
        so_far = replace(so_far, seconds=time.monotonic() - started)
        yield so_far
    recipes = {each.name: each.recipe for each in so_far.candidates}
    held, away = bench.lender(recipes), bench.sender(recipes)
    listener = Listener(held, bench.transcriber, decoding, halt, workbench.store, prints, away=away)
    normalizer = normalizer_of(bench.live.triple.folder, rules)
    for number, utterances in enumerate(corpora, start=1):
        before = so_far.evaluations
        for state in evaluate(utterances, [*PARENTS, *recipes], listener, normalizer, _BLOCK):
            ended = state.stopped or (state.ended and number == len(corpora))
            so_far = replace(
                so_far,
                evaluations=(*before, state),
                spent=dict(listener.spent),
                seconds=time.monotonic() - started,
                ended=ended,
            )
            yield so_far
        if so_far.ended:
            return


def cost_of(bench: Bench, candidate: Candidate) -> Cost:
    """Make a merge from M1 and say what that took.

    Raises:
        ExplorerError: the recipe does not fit the triple, or gives values that are not finite.
    """
    live = bench.live
    with live.merged(candidate.recipe, afresh=True):
        numbers = [live.triple.weights["m1"][name].numel() for name in live.written]
        return Cost(live.seconds, 4 * sum(numbers) / 1e6, len(numbers))


def judged(comparison: Comparison) -> dict[str, CrossJudgement]:
    """Choose among each method's candidates on one half of the speakers and judge the choice on the other half.

    Returns:
        Of every method with more than one candidate, and of SA Merge, its judgement against M1; empty where there is
        nothing to choose, or the first corpus has not been heard to its end or has no words in one of the halves.
    """
    methods: dict[str, list[str]] = {}
    for each in comparison.candidates:
        methods.setdefault(each.method, []).append(each.name)
    several = {method: names for method, names in methods.items() if len(names) > 1}
    if not several or not comparison.evaluations or comparison.evaluations[0].done < comparison.evaluations[0].total:
        return {}
    results = comparison.evaluations[0].results
    first, second = (
        frozenset(each.speaker for each in half) for half in speaker_halves([h.utterance for h in results[0].heard])
    )
    hearing = Hearing({result.model: result.tallies for result in results}, (first, second))
    if not all(sum(tally.words for tally in hearing.of("m1", half)) for half in (0, 1)):
        return {}
    several = {REFERENCE: methods[REFERENCE]} | several
    return {method: choose_and_judge([hearing], names)[0] for method, names in several.items()}
