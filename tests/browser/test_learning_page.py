"""The curve learns on the page: it moves by itself, shows its losses, is cancelled, resumed, and taken back."""

import json

import pytest
from driving import heard, recipe_of

pytestmark = pytest.mark.browser


def test_the_curve_learns_is_cancelled_resumed_and_taken_back(page):
    start = recipe_of(page)
    page.locator("#learning summary").first.click()
    # A mistake is a sentence, and takes nothing away.
    page.locator("#learn-steps").fill("0")
    page.locator("#learn-start").click()
    page.wait_for_selector("#learning .sam-notice-error")
    assert "steps: expected 1 to 1000" in page.locator("#learning .sam-notice").inner_text()
    assert recipe_of(page) == start
    page.locator("#learn-steps").fill("6")
    page.locator("#learn-start").click()
    page.wait_for_function(
        "() => document.querySelectorAll('#learning .sam-loss-training').length >= 2", timeout=120_000
    )
    assert recipe_of(page)["schedule"] == "custom"  # it has moved by itself
    page.locator("#learn-cancel").click()
    page.wait_for_selector("#learning .sam-notice-stopped", timeout=60_000)
    heard(page)
    # The same visitor, later: nothing but what the browser keeps is known of the run.
    before, page = page, page.context.new_page()
    page.watch = type(before.watch)(page)
    page.goto(before.url)
    heard(page)
    page.locator("#learning summary").first.click()
    page.locator("#learn-resume").click()
    page.wait_for_selector("#learning .sam-notice-done", timeout=120_000)
    assert "step 6 of at most 6" in page.locator("#learning .sam-progress").inner_text()
    assert page.locator("#learning .sam-losses").get_attribute("aria-label").startswith("Loss of the held-out speakers")
    heard(page)  # the result is an ordinary recipe: it is heard
    learned = recipe_of(page)
    assert learned["schedule"] == "custom"
    assert all(0 <= ratio <= 1 for row in learned["ratios"].values() for ratio in row)
    page.locator("#learn-back").click()
    heard(page)
    assert recipe_of(page) == start
    page.locator("#learn-take").click()
    heard(page)
    assert recipe_of(page) == learned
    # A curve with ratios finer than its lanes' is drawn as their mean, and a point moves them all.
    finer = {"encoder.self.q": [0.1, 0.2, 0.3, 0.4], "encoder.feed-forward": [0.5] * 4}
    page.evaluate(f"() => SAMerge.takeRecipe({{...SAMerge.recipe, finer: {json.dumps(finer)}}})")
    heard(page)
    assert "ratios of their own" in page.locator(".sam-rest").inner_text()
    point = page.locator(".sam-plot[data-lane='encoder.self'] .sam-point[data-layer='3']")
    point.focus()
    page.keyboard.press("End")
    heard(page)
    assert recipe_of(page)["finer"] == finer | {"encoder.self.q": [0.1, 0.2, 0.3, 1]}
    page.locator("#sam-schedule").select_option("depth")
    heard(page)
    assert "finer" not in recipe_of(page)


def test_a_hand_that_moves_the_curve_while_it_learns_keeps_it(page):
    page.locator("#learning summary").first.click()
    page.locator("#learn-steps").fill("3")
    page.locator("#learn-start").click()
    page.wait_for_function("() => SAMerge.recipe.schedule === 'custom'", timeout=120_000)
    page.locator("#sam-schedule").select_option("constant")
    page.wait_for_selector("#learning .sam-notice-done, #learning .sam-notice-early", timeout=120_000)
    assert recipe_of(page)["schedule"] == "constant"
    assert page.locator("#learn-take").is_visible()
