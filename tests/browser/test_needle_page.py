"""The needle while the hand holds on, and which layer did it, in a real Chromium."""

import pytest
from driving import heard

pytestmark = pytest.mark.browser


def read(page, timeout=90_000):
    page.wait_for_selector(".sam-needle[data-state=done]", timeout=timeout)
    return page.locator(".sam-needle-figures").inner_text()


def test_the_needle_answers_a_hand_that_still_holds_on_and_says_how_far_to_trust_it(page):
    before = read(page)
    transcript = page.locator(".sam-column[data-model=merge] .sam-text").inner_text()
    box = page.locator("[data-lane='encoder.self'].sam-plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40, steps=5)
    page.wait_for_selector(".sam-needle[data-state=working]")
    held = read(page)
    assert held != before
    assert page.locator(".sam-transcripts.sam-stale").count() == 1  # nothing was decoded: the hand holds on
    assert page.locator(".sam-column[data-model=merge] .sam-text").inner_text() == transcript
    page.mouse.up()
    heard(page)
    assert read(page) == held
    page.locator(".sam-needle summary").click()
    assert page.locator(".sam-needle details ul").first.inner_text().strip()
    page.get_by_role("button", name="Back to the start").click()
    page.wait_for_selector(".sam-needle[data-state=working]")
    assert read(page) == before


def test_which_layer_did_it_is_painted_and_read_out_for_a_word_too(page):
    read(page)
    page.locator(".sam-needle summary").click()
    clips = page.locator(".sam-needle-clips li")
    for left in range(clips.count() - 1, 0, -1):
        clips.first.get_by_role("button").click()
        page.wait_for_function(f"() => document.querySelectorAll('.sam-needle-clips li').length === {left}")
    page.locator(".sam-layers > summary").click()
    page.locator("#sam-layers-go").click()
    page.get_by_role("button", name="Cancel").last.click()
    page.wait_for_selector(".sam-layers[data-state=stopped]", timeout=60_000)
    page.locator("#sam-layers-go").click()
    page.wait_for_selector(".sam-layers[data-state=done]", timeout=120_000)
    assert page.locator(".sam-layers-says li").first.inner_text().startswith("With M")
    assert page.locator("#sam-behind").input_value() in ("search m1", "search m2")
    bars = page.locator(".sam-plot .sam-bar").count()
    assert 0 < bars <= 12
    assert "likelihood" in page.locator(".sam-behind-legend").inner_text()
    page.locator("#sam-layers-word").select_option(index=2)
    page.wait_for_timeout(300)
    assert page.locator("#sam-layers-word").input_value() == "0 1"  # the answer's end leaves the choice alone
    assert page.locator(".sam-layers-says li").first.inner_text().startswith("The merge would")
    page.locator("#sam-behind").select_option("conflicts")
    page.wait_for_function(
        "() => /Sign conflicts/.test(document.querySelector('.sam-behind-legend').textContent)", timeout=60_000
    )
    assert page.locator(".sam-plot .sam-bar").count() == 12
    page.get_by_role("button", name="Take the bars away").click()
    assert page.locator(".sam-plot .sam-bar").count() == 0
    assert page.locator("#sam-behind").input_value() == ""
    page.get_by_role("button", name="Back to the sample clips").click()
    page.wait_for_function("() => document.querySelectorAll('.sam-needle-clips li').length > 1", timeout=60_000)
