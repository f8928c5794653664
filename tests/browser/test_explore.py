"""The Explore tab as a newcomer uses it, in a real Chromium."""

import re
import time

import numpy as np
import pytest
import soundfile
from driving import Server, drag, heard, recipe_of, text_of

from explorer.schedule import SCHEDULES

pytestmark = pytest.mark.browser


def test_three_transcripts_come_without_a_click(page):
    assert text_of(page, "m1") != ""
    assert text_of(page, "m1") != text_of(page, "m2")
    for figures in page.locator(".sam-column .sam-figures").all_inner_texts():
        rate, errors, words = re.search(r"WER ([\d.]+) %\s+(\d+) errors?, (\d+) words", figures).groups()
        assert float(rate) == pytest.approx(100 * int(errors) / int(words), abs=0.051)


def test_the_page_answers_before_the_models_are_there(tmp_path):
    # The clock is read for the log only: what is asserted is the order, page first, models after.
    server = Server(tmp_path / "log.txt")
    try:
        print(f"page answered after {server.answered_after:.2f} s")
        assert "models took" not in server.log.read_text()
    finally:
        server.stop()


def test_dragging_lambda_moves_the_curve_and_then_the_merge(page):
    before = text_of(page, "merge")
    drag(page, "#sam-lambda", 1.0)
    heard(page)
    assert recipe_of(page)["lambda"] == 1
    assert text_of(page, "merge") == text_of(page, "m1") != before
    shares = page.locator("[data-lane='encoder.self'] .sam-point").evaluate_all(
        "(dots) => dots.map((d) => d.ariaValueNow)"
    )
    assert shares == ["100"] * 4


def test_the_keyboard_moves_a_slider_and_the_merge_follows(page):
    page.locator("#sam-lambda").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    heard(page)
    assert recipe_of(page)["lambda"] == pytest.approx(0.22)
    page.keyboard.press("End")
    heard(page)
    assert text_of(page, "merge") == text_of(page, "m1")


def test_a_typed_number_is_taken_and_held_to_its_range(page):
    field = page.get_by_label("α, typed")
    field.fill("7")
    field.press("Enter")
    heard(page)
    assert recipe_of(page)["alpha"] == 2
    assert field.input_value() in ("2", "2.00")


def test_an_answer_to_an_earlier_curve_is_marked_at_once(page):
    page.route("**/gradio_api/queue/join*", lambda route: None)  # Python never hears of it
    box = page.locator("#sam-lambda").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + box["height"] / 2, steps=4)
    page.wait_for_selector(".sam-transcripts.sam-stale .sam-merge .sam-stale-mark:visible", timeout=2000)
    page.mouse.up()


@pytest.mark.parametrize("schedule", list(SCHEDULES))
def test_every_schedule_can_be_chosen_and_merged(page, schedule):
    page.locator("#sam-schedule").select_option(schedule)
    heard(page)
    assert recipe_of(page)["schedule"] == schedule
    assert SCHEDULES[schedule].formula in page.locator(".sam-formula").inner_text()
    dials = page.locator(".sam-dial:visible input[id^=sam-alpha]")
    assert dials.count() == max(1, SCHEDULES[schedule].exponents)
    assert dials.first.is_enabled() == (SCHEDULES[schedule].exponents > 0)


def test_nothing_in_scope_leaves_the_child_model(page):
    for name in ("encoder self", "decoder self", "cross"):
        page.get_by_label(name, exact=True).uncheck()
    heard(page)
    assert recipe_of(page)["scope"] == []
    assert text_of(page, "merge") == text_of(page, "m1")


def test_a_point_of_the_curve_is_dragged_and_moved_by_keys(page):
    point = page.locator("[data-lane='decoder.cross'] .sam-point[data-layer='0']")
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300, steps=6)
    page.mouse.up()
    heard(page)
    recipe = recipe_of(page)
    assert recipe["schedule"] == "custom"
    assert recipe["ratios"]["decoder.cross"][0] == 0
    assert recipe["ratios"]["encoder.self"][0] == pytest.approx(0.2**0.2, abs=1e-9)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    heard(page)
    assert recipe_of(page)["ratios"]["decoder.cross"][1] == pytest.approx(round(0.2**0.4 + 0.1, 2))


def test_choosing_a_clip_brings_its_reference_and_its_words(page):
    before = text_of(page, "m1")
    page.get_by_text("Light bulb", exact=True).click()
    page.wait_for_function("(old) => document.querySelector('.sam-m1 .sam-text').innerText !== old", arg=before)
    heard(page)
    assert "light bulb lights up" in page.locator("#reference textarea").input_value()
    assert "the battery" in text_of(page, "m2")


def test_an_uploaded_clip_of_any_kind_is_heard(page, tmp_path, speech):
    samples, rate = soundfile.read(speech / "speechocean762" / "dev-child" / "0049" / "000490017.flac")
    stereo = np.stack([samples, samples], axis=1).repeat(3, axis=0)[: 3 * len(samples)]  # 48 kHz, two channels
    soundfile.write(tmp_path / "child.ogg", stereo, rate * 3)
    page.locator("#player").get_by_label("Clear").or_(page.locator("#player button[aria-label=Clear]")).first.click()
    page.locator("#player input[type=file]").set_input_files(tmp_path / "child.ogg")
    page.wait_for_function(
        "() => document.querySelector('.sam-m1 .sam-text')?.innerText.includes('sheep')", timeout=30_000
    )
    heard(page)
    assert page.locator(".sam-clip input:checked").count() == 0
    assert page.locator(".sam-figures strong").count() == 0  # nobody has said what was said
    page.locator("#reference textarea").fill("Dora can see the sheep")
    page.locator("#reference textarea").press("Enter")
    page.wait_for_selector(".sam-m1 .sam-figures strong")


def test_a_broken_upload_gets_one_sentence_and_no_words_of_another_clip(page, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(200))
    page.locator("#player").get_by_label("Clear").or_(page.locator("#player button[aria-label=Clear]")).first.click()
    page.locator("#player input[type=file]").set_input_files(broken)
    page.wait_for_selector(".sam-notice-error")
    assert "cannot be read as audio" in page.locator(".sam-notice-error").inner_text()
    page.wait_for_timeout(500)
    assert all("Waveform" in complaint for complaint in page.watch.complaints)  # gradio's player says it too
    page.watch.complaints.clear()
    assert [text_of(page, model) for model in ("m1", "merge", "m2")] == ["–"] * 3
    assert page.locator(".sam-said").count() == 0
    page.get_by_text("Rubber band", exact=True).click()
    heard(page)
    assert "rubber" in text_of(page, "m1")


def test_the_microphone_is_heard(page):
    page.locator("#player").get_by_label("Clear").or_(page.locator("#player button[aria-label=Clear]")).first.click()
    page.locator("#player button[aria-label='Record audio']").click()
    page.locator("#player button.record-button").click()
    page.wait_for_timeout(1500)  # the recording itself takes time
    page.locator("#player button.stop-button, #player button.stop-button-paused").first.click()
    page.wait_for_function("() => document.querySelectorAll('.sam-clip input:checked').length === 0")
    heard(page)


def test_the_base_model_is_shown_on_demand(page):
    assert page.locator(".sam-column").count() == 3
    page.get_by_label("Show M0, the base model, too").check()
    page.wait_for_selector(".sam-column[data-model=m0][data-state=done]", timeout=30_000)
    assert page.locator(".sam-column").count() == 4


def test_words_are_marked_and_not_only_coloured(page):
    assert set(page.locator(".sam-m1 .sam-glyph").all_inner_texts()) == {"≠", "−", "+"}
    assert "heard instead of" in page.locator(".sam-m1 .sam-substitute").first.text_content()


def test_two_people_never_see_each_others_recipe(page, new_page):
    other = new_page()
    heard(other)
    drag(page, "#sam-lambda", 1.0)
    page.wait_for_timeout(5)
    drag(other, "#sam-lambda", 0.0)
    heard(page)
    heard(other)
    assert recipe_of(page)["lambda"] == 1
    assert recipe_of(other)["lambda"] == 0
    assert text_of(page, "merge") == text_of(page, "m1")
    assert text_of(other, "merge") != text_of(page, "merge")


def test_a_recipe_out_of_range_sent_by_hand_gets_one_sentence(page):
    page.evaluate(
        """() => { const dial = document.querySelector('#sam-lambda'); dial.max = 9;
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(dial, '0.3');
          Math.min = () => 7; dial.dispatchEvent(new Event('input', {bubbles: true}));
          dial.dispatchEvent(new Event('change', {bubbles: true})); }"""
    )
    page.wait_for_selector(".sam-notice-error")
    assert "page: lambda: expected a number from 0 to 1" in page.locator(".sam-notice-error").inner_text()


def test_a_triple_that_cannot_be_had_leaves_the_rest_usable(page):
    kept = text_of(page, "m1")
    page.locator("#sam-triple").select_option("hub-tiny")
    page.wait_for_selector(".sam-notice-error", timeout=60_000)
    assert "whisper-tiny" in page.locator(".sam-notice-error").inner_text()
    assert text_of(page, "m1") == kept
    assert page.locator(".sam-m1 .sam-other-mark").is_visible()  # and it is said that it is of another triple
    page.locator("#sam-triple").select_option("tiny-en-hour")
    heard(page)
    assert "an hour" in page.locator(".sam-m1 h3").inner_text()


def test_a_cut_of_the_hand_is_answered_for_the_last_place_only(page):
    """A hand that goes on moving gets the answer to where it stopped, however many were asked in between."""
    for value in ("0.9", "0.1", "0.8", "0.3", "1"):
        field = page.get_by_label("λ, typed")
        field.fill(value)
        field.press("Enter")
        time.sleep(0.03)
    heard(page)
    assert text_of(page, "merge") == text_of(page, "m1")


def test_a_dragged_point_stays_under_the_pointer(page):
    """Switching to custom must not move the curve under the hand."""
    point = page.locator("[data-lane='encoder.self'] .sam-point[data-layer='1']")
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 16):
        page.mouse.move(x, y - step)
    page.wait_for_timeout(100)
    held = point.bounding_box()
    page.mouse.up()
    assert held["y"] + held["height"] / 2 == pytest.approx(y - 15, abs=2)
    heard(page)


def test_what_the_merge_has_right_and_m1_wrong_is_marked(page):
    counts = {
        fate: int(page.locator(f".sam-fates [data-fate={fate}] dd").inner_text()) for fate in ("fixed", "borrowed")
    }
    for fate, count in counts.items():
        marked = page.locator(f".sam-word-grid tr[data-model=merge] .sam-fate-{fate}")
        assert marked.count() == count
        assert page.locator(f".sam-merge .sam-text .sam-fate-{fate}").count() == count
        for word in marked.all():
            assert "wrong" in word.get_attribute("title")
            assert word.locator(".sam-fate-glyph").inner_text() in ("✓", "②")


def test_every_projection_off_leaves_the_child_model_and_says_so(page):
    for name in ("q", "k", "v"):
        page.get_by_label(name, exact=True).uncheck()
    heard(page)
    assert text_of(page, "merge") == text_of(page, "m1")
    assert page.locator(".sam-readout").all_inner_texts() == ["not merged: M1"] * 3


@pytest.mark.parametrize("width", [360, 768])
def test_a_narrow_screen_needs_no_sideways_scrolling(new_page, width):
    page = new_page(viewport={"width": width, "height": 800})
    heard(page)
    for tab in ("Explore", "Methods", "Sweep", "About", "Anatomy", "Evaluate"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Anatomy":
            page.wait_for_selector("#anatomy-cosines .js-plotly-plot", timeout=60_000)
        if tab == "Evaluate":
            page.locator("#run").click()
            page.wait_for_selector("#view .js-plotly-plot", timeout=60_000)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_real_speech_of_a_folder_is_drawn_and_explored(page, speech):
    page.locator("#real-speech summary").click()
    page.locator("#sam-real-corpus").select_option("")
    page.locator("#sam-real-folder").fill("/no/such/folder")
    page.locator("#sam-real-go").click()
    page.wait_for_function("document.querySelector('#real-speech [role=status]').innerText.includes('no such folder')")
    page.locator("#sam-real-kind").select_option("audiofolder")
    page.locator("#sam-real-folder").fill(str(speech / "speechocean762" / "dev-child"))
    page.locator("#sam-real-folder").press("Enter")
    page.wait_for_selector(".sam-real-row")
    assert page.locator(".sam-real-row").count() == 8
    said = page.locator(".sam-real-row .sam-clip-text").nth(2).inner_text().strip("“”")
    page.locator(".sam-real-row").nth(2).click()
    page.wait_for_function("(said) => document.querySelector('.sam-said')?.innerText.includes(said)", arg=said)
    heard(page)
    assert page.locator(".sam-guest").is_visible()
