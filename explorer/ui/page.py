"""The page's layout and wiring, and nothing else: what stands where, and which handler answers what."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.corpora.utterance import Utterance
from explorer.recipe import recipe_from
from explorer.shipped import Shipped
from explorer.ui.about_tab import about_tab
from explorer.ui.anatomy_tab import anatomy_tab
from explorer.ui.api import Endpoints
from explorer.ui.choosing import Choosing
from explorer.ui.clips import Clips
from explorer.ui.comparing import Comparing
from explorer.ui.evaluate_tab import evaluate_tab
from explorer.ui.evaluating import Evaluating
from explorer.ui.exploring import Exploring
from explorer.ui.insight import insight
from explorer.ui.lensing import Lensing
from explorer.ui.looking import Looking
from explorer.ui.methods_tab import methods_tab
from explorer.ui.opening import Opening
from explorer.ui.own_triples import OwnTriples
from explorer.ui.pressing import PLUMBING, told_if_refused
from explorer.ui.probe_panel import ProbePanel
from explorer.ui.probing import Probing
from explorer.ui.pushing import Logins
from explorer.ui.real_speech import RealSpeech
from explorer.ui.recipe_panel import recipe_panel
from explorer.ui.render import Column, model_titles, transcripts
from explorer.ui.saved import SavedFiles
from explorer.ui.saving import Saving
from explorer.ui.shelf import Shelf
from explorer.ui.striping import Striping
from explorer.ui.sweep_tab import sweep_tab
from explorer.ui.sweeping import Sweeping
from explorer.ui.teaching import Teaching
from explorer.ui.text import common
from explorer.ui.text import explore as words

SCRIPTS = (
    *("text", "dom", "hand", "schedule", "edits", "check", "link", "store", "own", "trail", "pictures", "behind"),
    *("lane", "tools", "curve", "dials", "presets", "memory", "recalled", "recipe", "pins", "address", "keys"),
    *("needle", "layers", "clips", "real", "grid", "words", "jump", "transcripts", "ranges", "stripe"),
    *("colours", "sound", "spectrogram", "word_panel", "lens", "buttons", "trouble", "header"),
    *("evaluation", "results", "closer", "comparison", "sweep", "anatomy", "losses", "learning", "save", "hub"),
)
MODEL_QUEUE = "model"


def page_head(assets: Path) -> str:
    """Return the scripts of ``assets/page`` for the document's head."""
    sources = [(assets / "page" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n".join(f"<script>\n{source}\n</script>" for source in sources)


def build_page(
    config: Config,
    opening: Opening,
    samples: Mapping[str, Utterance],
    shelf: Shelf,
    saved: SavedFiles,
    shipped: Shipped | None,
    *,
    serve_folders: bool,
    logins: Logins = "none",
) -> gr.Blocks:
    """Build the page.

    Args:
        config: of checkpoints.yaml.
        opening: of the workbench, started or not.
        samples: sample clips by id, the first one shown.
        shelf: keeps what a visitor's evaluations found; ``serving.routes`` serves it.
        saved: keeps the models that visitors saved; ``serving.routes`` serves them.
        shipped: results for the sample clips, if they belong to what is here.
        serve_folders: whether visitors may evaluate folders of this machine.
        logins: under whose login merges are pushed to the Hub.
    """
    choosing = Choosing(config, serve_folders=serve_folders)
    teaching = Teaching(opening, choosing, open_=serve_folders)
    clips = Clips(samples, shelf)
    exploring, evaluating = Exploring(opening, clips, shipped), Evaluating(opening, choosing, shelf)
    sections = (Lensing(opening, clips), Striping(opening, clips, shipped))
    probing = Probing(opening, samples, shelf)
    saving, own = Saving(opening, saved, logins), OwnTriples(opening)
    comparing, sweeping = Comparing(opening, choosing), Sweeping(opening, choosing, open_=serve_folders)
    demo = gr.Blocks(title=common.TITLE, analytics_enabled=False, fill_width=True, delete_cache=(600, 3600))
    with demo:
        Endpoints(opening, choosing).lay_out(MODEL_QUEUE)  # first: later events of the same names are numbered
        gr.HTML(
            js_on_load="SAMerge.mountHeader(element, props)",
            tagline=common.TAGLINE,
            newcomer=common.NEWCOMER,
            elem_id="header",
            html_template="",
        )
        for problem in config.problems:
            gr.Markdown(common.PROBLEM.format(problem=problem), elem_classes="sam-problem")
        # A menu would fold tabs by what they measure before the style sheet is there; a phone has room for all six.
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(common.TAB_EXPLORE, id="explore"):
                real = RealSpeech(config, opening, choosing, shelf, open_=serve_folders)
                panel = _explore_tab(
                    config,
                    exploring,
                    (*sections, probing),
                    samples,
                    demo,
                    real,
                    teaching,
                    saving,
                    own,
                    own_places=opening.own_places,
                )
            with gr.Tab(common.TAB_EVALUATE, id="evaluate"):
                evaluate_tab(config, choosing, evaluating, panel, open_=serve_folders)
            with gr.Tab(common.TAB_METHODS, id="methods"):
                methods_tab(config, choosing, comparing, panel, open_=serve_folders)
            with gr.Tab(common.TAB_SWEEP, id="sweep"):
                sweep_tab(config, choosing, sweeping, panel, open_=serve_folders)
            with gr.Tab(common.TAB_ANATOMY, id="anatomy") as tab:
                anatomy_tab(tab, Looking(opening), panel)
            with gr.Tab(common.TAB_ABOUT, id="about"):
                about_tab(config)
        demo.unload(exploring.leave)
        for each in (evaluating, comparing, sweeping, teaching, saving, own, probing, real, *sections):
            demo.unload(each.leave)
    saving.keep_private(demo)
    return demo


def _explore_tab(
    config: Config,
    exploring: Exploring,
    sections: tuple[Lensing, Striping, Probing],
    samples: Mapping[str, Utterance],
    demo: gr.Blocks,
    real: RealSpeech,
    teaching: Teaching,
    saving: Saving,
    own_triples: OwnTriples,
    *,
    own_places: bool,
) -> gr.HTML:
    lensing, striping, probing = sections
    first = next(iter(samples.values()), None)
    recipe = recipe_from(config.default, f"{config.path.name}: default")
    titles = model_titles(config.triple(recipe.triple), recipe)
    waiting = [Column(model, titles[model]) for model in ("m1", "merge", "m2")]
    at_first = exploring.meanwhile({"recipe": recipe.as_dict()}, {"id": first.id if first else None})
    at_first = at_first or transcripts(waiting, "loading", None) | {"notice": common.LOADING}
    with gr.Row():
        with gr.Column(scale=8, min_width=320, elem_classes="sam-main"):
            own_triples.lay_out()
            panel = recipe_panel(config, recipe, own_places=own_places)
            probes = ProbePanel(probing)
            heard = gr.HTML(
                value=at_first,
                html_template="",
                js_on_load="SAMerge.mountTranscripts(element, props, trigger, watch)",
                elem_id="transcripts",
            )
            below = gr.Column(elem_classes="sam-main")
        with gr.Column(scale=4, min_width=320, elem_classes="sam-beside"):
            chosen = gr.HTML(
                value={"id": first.id if first else None, "stamp": 0},
                html_template="",
                js_on_load="SAMerge.mountClips(element, props, trigger, watch); // fires 'submit'",
                clips=[_clip_row(sample) for sample in samples.values()],
                legend=words.SAMPLES_LEGEND,
                elem_id="clips",
            )
            real.lay_out()
            player = gr.Audio(
                value=str(first.path) if first else None,
                sources=["upload", "microphone"],
                type="filepath",
                label=words.PLAYER,
                elem_id="player",
                buttons=[],
                editable=False,
                waveform_options=gr.WaveformOptions(show_recording_waveform=True),
            )
            reference = gr.Textbox(
                first.reference if first else "",
                label=words.REFERENCE,
                elem_id="reference",
                max_lines=3,
            )
            with_base = gr.Checkbox(False, label=words.WITH_BASE, elem_id="with-base", container=False)
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
    chose = chosen.submit(exploring.choose, chosen, [player, reference], **PLUMBING)
    # A clip of one's own: no sample is chosen any more, and what was said in it is not known.
    own = "() => [{id: null, stamp: SAMerge.stamp()}, '']"
    recorded = player.input(None, None, [chosen, reference], js=own, **PLUMBING)
    loading = demo.load(
        exploring.loading, None, heard, concurrency_limit=None, show_progress="hidden", api_visibility="private"
    )
    moves = (panel.submit, chose.then, recorded.then, loading.then, reference.submit, reference.blur, with_base.input)
    for moved in moves:
        told_if_refused(moved(**listening), heard)
    # After it, for Gradio sends what belongs to one event one after the other, and the hand waits for the first.
    for moved in (panel.submit, chosen.submit):
        moved(exploring.announce, [panel, chosen, with_base], heard, **PLUMBING)
    with below:
        probes.lay_out_why()
        insight(lensing, striping, [panel, chosen, player, reference], MODEL_QUEUE)
        teaching.lay_out()
        saving.lay_out(panel)
    probes.wire(chosen, player, reference)
    return panel


def _clip_row(sample: Utterance) -> dict[str, Any]:
    age = words.YEARS.format(age=sample.age) if sample.age is not None else words.SYNTHETIC
    facts = " · ".join(part for part in (str(sample.extra.get("level", "")), age) if part)
    return {
        "id": sample.id,
        "title": sample.title,
        "reference": sample.reference,
        "facts": facts,
        "seconds": sample.duration or 0,
    }
