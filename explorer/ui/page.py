"""The page's layout and wiring, and nothing else: what stands where, and which handler answers what."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.corpora.open import READERS
from explorer.corpora.utterance import Utterance
from explorer.methods import METHODS
from explorer.recipe import recipe_from
from explorer.schedule import SCHEDULES
from explorer.text_rules import NORMALIZER_KINDS
from explorer.ui.evaluating import MODELS, WINDOWS, Evaluating
from explorer.ui.exploring import Exploring
from explorer.ui.opening import Opening
from explorer.ui.recipe_panel import recipe_panel
from explorer.ui.render import Column, model_titles, transcripts
from explorer.ui.text import LOADING, METHOD, METHODS_INTRO, NEWCOMER, SAMPLES_LEGEND, TAGLINE, WAITING, WORDS

SCRIPTS = ("dom", "schedule", "curve", "recipe", "clips", "transcripts", "evaluation", "header")
MODEL_QUEUE = "model"
# Events that compute nothing go past the queue; none is part of a public interface.
PLUMBING: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def page_head(assets: Path) -> str:
    """Return the scripts of ``assets/page`` for the document's head."""
    sources = [(assets / "page" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n".join(f"<script>\n{source}\n</script>" for source in sources)


def build_page(config: Config, opening: Opening, samples: Mapping[str, Utterance], *, serve_folders: bool) -> gr.Blocks:
    """Build the page.

    Args:
        config: of checkpoints.yaml.
        opening: of the workbench, started or not.
        samples: sample clips by id, the first one shown.
        serve_folders: whether visitors may evaluate folders of this machine.
    """
    exploring, evaluating = Exploring(opening, samples), Evaluating(opening, serve_folders=serve_folders)
    demo = gr.Blocks(title="SA Merge Explorer", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600))
    with demo:
        gr.HTML(
            js_on_load="SAMerge.mountHeader(element, props)",
            tagline=TAGLINE,
            newcomer=NEWCOMER,
            elem_id="header",
            html_template="",
        )
        for problem in config.problems:
            gr.Markdown(f"⚠ {problem}", elem_classes="sam-problem")
        with gr.Tab("Explore", id="explore"):
            panel = _explore_tab(config, exploring, samples, demo)
        with gr.Tab("Evaluate", id="evaluate"):
            _evaluate_tab(config, evaluating, panel, serve_folders=serve_folders)
        with gr.Tab("About", id="about"):
            _about_tab(config)
        demo.unload(exploring.leave)
        demo.unload(evaluating.leave)
    return demo


def _explore_tab(config: Config, exploring: Exploring, samples: Mapping[str, Utterance], demo: gr.Blocks) -> gr.HTML:
    first = next(iter(samples.values()), None)
    recipe = recipe_from(config.default, f"{config.path.name}: default")
    titles = model_titles(config.triple(recipe.triple))
    waiting = [Column(model, titles[model]) for model in ("m1", "merge", "m2")]
    with gr.Row():
        with gr.Column(scale=8, min_width=320):
            panel = recipe_panel(config, recipe)
            heard = gr.HTML(
                value=transcripts(waiting, "loading", None) | {"notice": LOADING},
                html_template="",
                js_on_load="SAMerge.mountTranscripts(element, props, trigger, watch)",
                elem_id="transcripts",
            )
        with gr.Column(scale=4, min_width=320):
            chosen = gr.HTML(
                value={"id": first.id if first else None, "stamp": 0},
                html_template="",
                js_on_load="SAMerge.mountClips(element, props, trigger, watch); // fires 'submit'",
                clips=[_clip_row(sample) for sample in samples.values()],
                legend=SAMPLES_LEGEND,
                elem_id="clips",
            )
            player = gr.Audio(
                value=str(first.path) if first else None,
                sources=["upload", "microphone"],
                type="filepath",
                label="Clip · play it, or bring your own",
                elem_id="player",
                buttons=[],
                editable=False,
                waveform_options=gr.WaveformOptions(show_recording_waveform=True),
            )
            reference = gr.Textbox(
                first.reference if first else "",
                label="Reference: what was said (empty if unknown; Enter scores)",
                elem_id="reference",
                max_lines=3,
            )
            with_base = gr.Checkbox(False, label="Show M0, the base model, too", elem_id="with-base", container=False)
    inputs = [panel, chosen, player, reference, with_base]
    listening: dict[str, Any] = {
        "fn": exploring.transcribe,
        "inputs": inputs,
        "outputs": heard,
        "concurrency_id": MODEL_QUEUE,
        "concurrency_limit": 1,
        "show_progress": "hidden",
        "trigger_mode": "always_last",
        "api_visibility": "private",
    }
    for moved in (panel.submit, chosen.submit):
        moved(exploring.announce, [panel, chosen], None, **PLUMBING)
    panel.submit(**listening)
    chosen.submit(exploring.choose, chosen, [player, reference], **PLUMBING).then(**listening)
    # A clip of one's own: no sample is chosen any more, and what was said in it is not known.
    own = "() => [{id: null, stamp: SAMerge.stamp()}, '']"
    player.input(None, None, [chosen, reference], js=own, **PLUMBING).then(**listening)
    reference.submit(**listening)
    reference.blur(**listening)
    with_base.input(**listening)
    demo.load(
        exploring.loading, None, heard, concurrency_limit=None, show_progress="hidden", api_visibility="private"
    ).then(**listening)
    return panel


def _clip_row(sample: Utterance) -> dict[str, Any]:
    age = f"{sample.age:g} years" if sample.age is not None else "synthetic"
    facts = " · ".join(part for part in (str(sample.extra.get("level", "")), age) if part)
    title = str(sample.extra.get("title", sample.id))
    return {
        "id": sample.id,
        "title": title,
        "reference": sample.reference,
        "facts": facts,
        "seconds": sample.duration or 0,
    }


def _evaluate_tab(config: Config, evaluating: Evaluating, panel: gr.HTML, *, serve_folders: bool) -> None:
    gr.HTML(js_on_load="SAMerge.mountRecipeLine(element)", html_template="", elem_id="recipe-line")
    with gr.Row():
        names = [spec.name for spec in config.corpora]
        notes = " ".join(f"{spec.name}: {spec.note}" for spec in config.corpora if spec.note)
        corpus = gr.Dropdown(names, value=names[0] if names else None, label="Corpus", info=notes, elem_id="corpus")
        kind = gr.Dropdown(
            [(f"{name}: {reader.holds}", name) for name, reader in READERS.items()],
            value="manifest",
            label="or a folder of this kind",
            info="Licensed corpora are read where they lie.",
            interactive=serve_folders,
            elem_id="kind",
        )
        folder = gr.Textbox(
            label="at this place on this machine",
            placeholder="/path/to/corpus",
            interactive=serve_folders,
            info="Read in place; no audio is copied." if serve_folders else "Closed on this server.",
            elem_id="folder",
        )
    with gr.Row():
        split = gr.Textbox(label="Split (empty: all)", placeholder="test", elem_id="split", scale=1)
        expression = gr.Textbox(
            label="Filter",
            placeholder="age <= 8 and gender = f",
            info="Fields: id, speaker, age, gender, duration, words, split, and the corpus' own.",
            elem_id="filter",
            scale=3,
        )
        limit = gr.Number(100, label="n, drawn evenly over speakers (empty: all)", elem_id="limit", scale=1)
        seed = gr.Number(0, label="seed of the draw", elem_id="seed", scale=1)
    with gr.Row():
        models = gr.CheckboxGroup(list(MODELS), value=["M1", "M2", "merge"], label="Models", elem_id="models")
        window = gr.Radio(
            list(WINDOWS),
            value="as declared",
            label="Window",
            info="30 s as Whisper pads, or cut to fit the clip where the triple was trained so",
            elem_id="window",
        )
        normalizer = gr.Radio(list(NORMALIZER_KINDS), value="whisper-english", label="Normaliser", elem_id="normalizer")
        fillers = gr.Checkbox(False, label="score fillers (um, uh)", elem_id="fillers")
    with gr.Row():
        run = gr.Button("Evaluate", variant="primary", elem_id="run", scale=0, min_width=180)
        stop = gr.Button("Cancel", elem_id="cancel", scale=0, min_width=120)
    result = gr.HTML(
        value={"state": "", "notice": "Word error rates over a subset: choose a corpus and press Evaluate."},
        html_template="",
        js_on_load="SAMerge.mountEvaluation(element, props, trigger, watch)",
        elem_id="evaluation",
    )
    chart = gr.Plot(show_label=False, container=False, visible=False, elem_id="chart")
    # Somebody else's evaluation may have the turn: say so at once, in the browser. The stamp tells runs apart.
    pressed = f"() => ({{state: 'running', notice: '{WAITING}', stamp: SAMerge.stamp()}})"
    run.click(None, None, result, js=pressed, **PLUMBING).then(
        evaluating.run,
        [result, panel, corpus, kind, folder, split, expression, limit, seed, models, window, normalizer, fillers],
        [result, chart],
        concurrency_id="evaluation",
        concurrency_limit=1,
        show_progress="hidden",
        trigger_mode="once",
        api_visibility="private",
    )
    stop.click(evaluating.cancel, result, **PLUMBING)


def _about_tab(config: Config) -> None:
    gr.Markdown(METHOD)
    readings = [[name, f"`{row.formula}`", row.meaning] for name, row in SCHEDULES.items()]
    gr.Markdown(_table(["schedule", "formula, i from 0 in a stack of L layers", "meaning"], readings))
    gr.Markdown(METHODS_INTRO)
    methods = [[f"[{row.title}]({row.paper})", f"`{row.equation}`", row.meaning] for row in METHODS.values()]
    gr.Markdown(_table(["method", "one tensor", "meaning"], methods))
    gr.Markdown(WORDS)
    gr.Markdown("### The triples of checkpoints.yaml")
    for spec in config.triples:
        members = [
            [member, source.repo or Path(source.name).name, source.licence, source.provenance, source.reported_wer]
            for member, source in (("M0", spec.base), ("M1", spec.m1), ("M2", spec.m2))
        ]
        gr.Markdown(f"**{spec.name}** · {spec.title}")
        gr.Markdown(_table(["", "checkpoint", "licence", "provenance", "WER as its owners report it"], members))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
