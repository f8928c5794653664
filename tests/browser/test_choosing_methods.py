"""Merge methods on the page: the menu, the sliders made from the table, task vectors added, in a real Chromium."""

from pathlib import Path

import pytest
from driving import drag, heard, recipe_of, text_of
from material import READY_METHODS, no_progress

from explorer.audio import load_clip
from explorer.methods import METHODS
from explorer.scoring import align
from explorer.transcription.decoding import Decoding, Halt

pytestmark = pytest.mark.browser


def test_ties_is_chosen_its_density_moved_and_the_merge_answers(page, real_bench):
    page.locator("#sam-method").select_option("ties")
    heard(page)
    assert recipe_of(page) == {
        "version": 1,
        "triple": "tiny-en",
        "method": "ties",
        "density": 0.2,
        "scale": 1,
        "share": 0.5,
        "scope": page.evaluate("() => SAMerge.methods.ties.parts"),
    }
    assert page.locator(".sam-merge h3").inner_text() == "Merge · TIES"
    assert "there is no curve over the layers" in page.locator(".sam-flat").inner_text()
    assert page.locator(".sam-curve").is_hidden()
    drag(page, "#sam-set-density", 0.9)
    heard(page)
    assert recipe_of(page)["density"] == pytest.approx(0.9, abs=0.03)
    before = text_of(page, "merge")
    field = page.get_by_label("λ, typed").locator("visible=true")
    field.fill("0")  # nothing is added to the base
    field.press("Enter")
    heard(page)
    assert recipe_of(page)["scale"] == 0
    assert text_of(page, "merge") != before
    # M0 has a window of its own on the page; in the merge's window it hears the same.
    bench = real_bench.bench("tiny-en", no_progress)
    clip = load_clip(Path(__file__).parents[2] / "assets" / "clips" / "s05_strong_room.flac")
    with bench.live.checkpoint("m0") as model:
        (heard_by_m0,) = bench.transcriber.transcribe(model, [clip], Decoding("fit"), Halt())
    said = page.locator("#reference textarea").input_value()
    counts = align(bench.normalizer(said), bench.normalizer(heard_by_m0.text)).counts
    figures = page.locator(".sam-merge .sam-figures").inner_text()
    assert figures.startswith(f"WER {100 * counts.wer:.1f} %")
    assert f"{counts.errors} errors, {counts.words} words" in figures


@pytest.mark.parametrize("method", READY_METHODS)
def test_every_method_can_be_chosen_and_its_row_is_what_is_shown(page, method):
    page.locator("#sam-method").select_option(method)
    heard(page)
    row = METHODS[method]
    assert page.locator("#sam-parameters input[type=range]").count() == len(row.parameters)
    for each in row.parameters:
        slider = page.locator(f"#sam-set-{each.name}")
        assert [float(slider.get_attribute(end)) for end in ("min", "max")] == [each.lowest, each.highest]
        assert float(slider.input_value()) == each.default
    assert page.locator(".sam-curve").is_visible() == row.curve
    if method != "sa":
        assert row.equation in page.locator(".sam-about").inner_text()
        assert page.locator(".sam-about a").get_attribute("href") == row.paper


def test_a_method_is_found_again_as_it_was_left(page):
    field = page.get_by_label("α, typed")
    field.fill("0.3")
    field.press("Enter")
    page.locator("#sam-method").select_option("lerp")
    page.locator("#sam-set-lambda").focus()
    page.keyboard.press("End")
    heard(page)
    assert text_of(page, "merge") == text_of(page, "m1")  # over everything, and so the child model itself
    page.locator("#sam-method").select_option("sa")
    heard(page)
    assert recipe_of(page)["alpha"] == 0.3
    page.locator("#sam-method").select_option("lerp")
    heard(page)
    assert recipe_of(page)["lambda"] == 1
    page.get_by_text("Back to the start").click()
    heard(page)
    assert recipe_of(page)["method"] == "sa"
    assert recipe_of(page)["alpha"] == 0.8


def test_scope_of_a_method_without_a_curve_reaches_the_whole_model(page):
    page.locator("#sam-method").select_option("lerp")
    heard(page)
    page.locator(".sam-row").get_by_label("feed-forward", exact=True).uncheck()
    heard(page)
    assert "feed-forward" not in recipe_of(page)["scope"]
    page.get_by_role("tab", name="Evaluate").click()
    line = page.locator(".sam-recipe-line").inner_text()
    assert "Lerp · λ 0.5 · encoder.self, decoder.self, decoder.cross, output, norms, embeddings, stem" in line


def test_a_task_vector_is_added_on_a_slider_and_taken_away_again(page):
    drag(page, "#sam-lambda", 1.0)
    heard(page)
    plain = recipe_of(page)
    page.get_by_text("Add task vectors").click()
    slider = page.locator("#sam-add-m1")
    slider.focus()
    page.keyboard.press("Home")
    heard(page)
    assert recipe_of(page)["add"] == [{"vector": "m1", "beta": -2}]
    assert text_of(page, "merge") != text_of(page, "m1")
    page.locator(".sam-add").get_by_label("embeddings", exact=True).uncheck()
    heard(page)
    assert "embeddings" not in recipe_of(page)["add"][0]["scope"]
    field = page.get_by_label("β m1, typed")
    field.fill("0")
    field.press("Enter")
    heard(page)
    assert recipe_of(page) == plain
    assert text_of(page, "merge") == text_of(page, "m1")


def test_regmean_without_gram_matrices_says_how_to_make_them(page):
    kept = text_of(page, "merge")
    page.locator("#sam-method").select_option("regmean")
    page.wait_for_selector(".sam-notice-error")
    said = page.locator(".sam-notice-error").inner_text()
    assert "no Gram matrices called 'default' for this triple" in said
    assert "python -m explorer grams" in said
    field = page.locator("#sam-set-grams")
    field.fill("../../elsewhere")
    field.press("Enter")
    page.wait_for_function("() => document.querySelector('.sam-notice-error')?.innerText.includes('expected a name')")
    page.locator("#sam-method").select_option("sa")
    heard(page)
    assert text_of(page, "merge") == kept


@pytest.mark.parametrize("width", [360, 768])
def test_a_narrow_screen_needs_no_sideways_scrolling(new_page, width):
    page = new_page(viewport={"width": width, "height": 800})
    heard(page)
    page.get_by_text("Add task vectors").click()
    for method in METHODS:
        page.locator("#sam-method").select_option(method)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.locator("#sam-method").select_option("sa")
    heard(page)
