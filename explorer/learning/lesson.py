"""One lesson: clips and a recipe in, the curve after every step out; stopped by the held-out speakers, or by hand."""

import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Literal

import numpy as np

from explorer.bench import Bench
from explorer.corpora.subset import subset_fingerprint
from explorer.corpora.utterance import Utterance
from explorer.learning.descent import Descent
from explorer.learning.kept import load_run, save_run
from explorer.learning.knobs import DIGITS, Knobs
from explorer.learning.material import WRITINGS, Material, gather
from explorer.learning.settings import LOOK_EVERY, Learning, Look, Settings
from explorer.learning.student import Student
from explorer.recipe import Recipe
from explorer.transcription.decoding import Decoding, Halt, InterruptedDecodingError

_WRITING_CLIPS = 16
_VERSION = 1  # of all that a run's result depends on and its settings do not say


def learn(
    bench: Bench,
    utterances: Sequence[Utterance],
    recipe: Recipe,
    settings: Settings,
    decoding: Decoding,
    halt: Halt,
    *,
    resume: bool = False,
) -> Iterator[Learning]:
    """Let the curve of a recipe learn from clips, yielding after every step.

    Between groups of at most eight clips the model is free for others.

    Args:
        bench: the open triple.
        utterances: clips to learn from, some speakers of which are kept aside.
        recipe: SA Merge; its ratios are the start.
        settings: how.
        decoding: window of the clips.
        halt: stops the work; what was learned by then is yielded once more.
        resume: go on where a run with the same clips, recipe and settings was stopped or killed; where there is none,
            begin.

    Yields:
        The curve so far; the last one is the best by the held-out speakers.

    Raises:
        RecipeError: the recipe does not fit, or has nothing that could learn.
        CorpusError: the clips are one speaker's, or none can be used.
    """
    triple = bench.live.triple
    heads = {stack: int(triple.config[f"{stack}_attention_heads"]) for stack in ("encoder", "decoder")}
    knobs = Knobs(recipe, triple.parameters, bench.names, heads, settings)
    bench.live.check(recipe)
    material = gather(utterances, settings, decoding)
    prints = [bench.live.fingerprint(member) for member in ("m0", "m1", "m2")]
    chosen = subset_fingerprint(utterances)
    identity = settings.identity(_VERSION, prints, recipe.as_dict(), chosen, decoding.as_dict())
    descent = (load_run(identity) if resume else None) or Descent.begun(knobs.start)
    yield from _Lesson(knobs, settings, material, descent, identity).run(bench, decoding, halt)


class _Lesson:
    def __init__(self, knobs: Knobs, settings: Settings, material: Material, descent: Descent, identity: str) -> None:
        self._knobs, self._settings, self._material = knobs, settings, material
        self._descent, self._identity = descent, identity
        self._writing = ""
        self._started = time.monotonic()
        self._step_seconds: list[float] = []
        self._look_seconds: list[float] = []

    def run(self, bench: Bench, decoding: Decoding, halt: Halt) -> Iterator[Learning]:
        descent, settings = self._descent, self._settings
        try:
            if not descent.ended:
                student = Student(bench, self._knobs, settings, decoding, halt)
                if settings.objective == "references":
                    self._writing = self._written_best(student)
                    self._material = self._material.written(self._writing)
                if not descent.looks:
                    self._look(student, None)
                yield self._so_far("learning")
            while not descent.ended:
                began = time.monotonic()
                loss, gradient = student.step(descent.values, self._material.batch(descent.step, settings))
                descent.move(gradient, settings)
                self._step_seconds.append(time.monotonic() - began)
                self._look(student, loss)
                yield self._so_far("learning")
        except InterruptedDecodingError:
            yield self._so_far("stopped")
            return
        yield self._so_far("early" if descent.ended == "early" else "done")

    def _written_best(self, student: Student) -> str:
        """Find how M1 would write the references: of all ways the one that surprises it least."""
        ones = np.ones_like(self._knobs.start)
        items = self._material.learned[:: max(1, len(self._material.learned) // _WRITING_CLIPS)][:_WRITING_CLIPS]
        few = Material(items, (), ())
        return min(WRITINGS, key=lambda writing: student.loss(ones, few.written(writing).learned))

    def _look(self, student: Student, loss: float | None) -> None:
        """Note a step; now and then hear the held-out speakers and see whether to go on. Then put the run down."""
        descent, last = self._descent, self._descent.step == self._settings.steps
        held_out = None
        if descent.step % LOOK_EVERY == 0 or last:
            began = time.monotonic()
            # As the recipe will have them.
            held_out = student.loss(np.round(descent.values, DIGITS), self._material.held_out)
            self._look_seconds.append(time.monotonic() - began)
        descent.note(Look(descent.step, loss, held_out), self._settings)
        save_run(self._identity, descent)

    def _remaining(self) -> float | None:
        if not self._step_seconds or not self._look_seconds:
            return None
        steps = self._settings.steps - self._descent.step
        return steps * median(self._step_seconds) + -(-steps // LOOK_EVERY) * median(self._look_seconds)

    def _so_far(self, state: Literal["learning", "done", "early", "stopped"]) -> Learning:
        descent, knobs = self._descent, self._knobs
        values = descent.values if state == "learning" else descent.best
        # Where nothing was better than the start, the start is the result, with the schedule it had.
        untouched = state != "learning" and np.array_equal(descent.best, descent.start)
        return Learning(
            recipe=knobs.recipe if untouched else knobs.recipe_at(values),
            step=descent.step,
            steps=self._settings.steps,
            looks=tuple(descent.looks),
            seconds=time.monotonic() - self._started,
            remaining=0.0 if state != "learning" else self._remaining(),
            speakers=self._material.speakers,
            clips=(len(self._material.learned), len(self._material.held_out)),
            writing=self._writing,
            problems=self._material.problems,
            state=state,
        )
