"""The curve under a hand: dragging, choosing, tools and keys, in a real Chromium."""

import os
import signal

import pytest
from driving import drag, heard, recipe_of, text_of

pytestmark = pytest.mark.browser
CROSS = "[data-lane='decoder.cross']"


def centre(page, lane, layer):
    box = page.locator(f"[data-lane='{lane}'] .sam-point[data-layer='{layer}']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def sweep(page, start, end, steps=8):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()


def chosen(page):
    return page.locator(".sam-point.sam-chosen").evaluate_all(
        "(dots) => dots.map((dot) => `${dot.closest('svg').dataset.lane} ${dot.dataset.layer}`)"
    )


def ratios(page, lane):
    return page.evaluate("(lane) => SAMerge.laneRatios(SAMerge.recipe, SAMerge.tables.depths['tiny-en'])[lane]", lane)


def test_layers_are_brushed_changed_together_and_put_back_onto_the_formula(page):
    before = recipe_of(page)
    formula = [0.2 ** (0.8 * (layer + 1) / 4) for layer in range(4)]
    # A hand that goes sideways on empty ground chooses; the ground is two thirds up, above the curve's end.
    (left, y), (right, _) = centre(page, "decoder.cross", 1), centre(page, "decoder.cross", 3)
    sweep(page, (left, y + 45), (right, y + 46))
    assert chosen(page) == [f"decoder.cross {layer}" for layer in (1, 2, 3)]
    assert page.locator(".sam-target").inner_text() == "Layers 1–3, cross"
    assert page.locator(f"{CROSS} .sam-band").count() == 3
    assert page.locator(f"{CROSS} .sam-point").nth(2).get_attribute("aria-valuetext").endswith("percent child, chosen")
    assert recipe_of(page) == before
    # All that are chosen follow one of them.
    x, y = centre(page, "decoder.cross", 2)
    sweep(page, (x, y), (x, y - 15))
    drawn = ratios(page, "decoder.cross")
    moved = [new - old for new, old in zip(drawn, formula, strict=True)]
    assert moved[0] == pytest.approx(0)
    assert moved[1] == pytest.approx(moved[3], abs=0.002)
    assert moved[2] > 0.05
    assert page.locator(f"{CROSS} .sam-ghost").get_attribute("points")
    assert page.locator(".sam-readout").nth(2).inner_text().endswith("drawn")
    # The tools, with a number and without.
    field = page.locator("#sam-amount")
    field.fill("0.5")
    page.locator("[data-tool=multiply]").click()
    halved = [drawn[0], *(value / 2 for value in drawn[1:])]
    assert ratios(page, "decoder.cross") == pytest.approx(halved, abs=1e-4)
    field.fill("0.4")
    field.press("Enter")
    assert ratios(page, "decoder.cross")[1:] == [0.4] * 3
    page.locator(f"{CROSS} .sam-point").nth(0).focus()
    page.keyboard.press("Control+a")
    page.locator("[data-tool=mirror]").click()
    assert ratios(page, "decoder.cross") == pytest.approx([0.4, 0.4, 0.4, formula[0]], abs=1e-4)
    page.locator("[data-tool=flip]").click()
    page.locator("[data-tool=smooth]").click()
    top = 1 - formula[0]
    assert ratios(page, "decoder.cross")[2:] == pytest.approx([(1.8 + top) / 4, (0.6 + 3 * top) / 4], abs=2e-4)
    page.locator("[data-tool=spread]").click()
    assert len(chosen(page)) == 12
    field.fill("1")
    page.locator("[data-tool=set]").click()
    heard(page)
    assert text_of(page, "merge") == text_of(page, "m1")
    page.locator("[data-tool=snap]").click()
    heard(page)
    assert recipe_of(page) == before
    assert page.locator("[data-tool=snap]").is_disabled()
    assert page.locator(f"{CROSS} .sam-ghost").get_attribute("points") == ""


def test_hands_that_miss_a_point_still_drag_it_and_others_see_numbers(page):
    x, y = centre(page, "encoder.self", 2)
    page.mouse.move(x + 8, y + 40)
    assert "λ₂ = 0.2^(0.8·3/4) = 0.38" in page.locator(".sam-readout").first.inner_text()
    sweep(page, (x + 3, y + 40), (x + 4, y + 4))
    assert recipe_of(page)["ratios"]["encoder.self"][2] == pytest.approx(0.38, abs=0.06)
    page.mouse.click(x, y + 40)
    assert chosen(page) == []
    page.evaluate(
        """() => SAMerge.behind({key: 'k', title: 'length of τ1', says: 'How far.', unit: '%', signed: true,
          low: -10, high: 10, lanes: {'encoder.self': [5, -5, null, 50]}})"""
    )
    assert page.locator("[data-lane='encoder.self'] .sam-bar").count() == 3
    assert page.locator(".sam-bar-down").count() == 1
    point = page.locator("[data-lane='encoder.self'] .sam-point").first
    assert point.get_attribute("aria-valuetext").endswith("percent child, length of τ1 5 %")
    assert "length of τ1" in page.locator(".sam-behind-legend").inner_text()
    page.locator(".sam-behind-legend button").click()
    assert page.locator(".sam-bar").count() == 0
    heard(page)


def test_a_deep_stack_and_presets_are_drawn_before_the_model_is_there(page):
    page.route("**/gradio_api/queue/join*", lambda route: None)  # Python is not asked
    page.locator("#sam-triple").select_option("hub-medium-en")
    page.locator(".sam-preset", has_text="Ramp").click()
    points = page.locator("[data-lane='encoder.self'] .sam-point")
    assert points.count() == 24
    assert [points.nth(layer).get_attribute("aria-valuenow") for layer in (0, 23)] == ["100", "0"]
    assert page.locator(".sam-preset[aria-pressed=true]").all_inner_texts() == ["Ramp"]
    page.locator(".sam-preset-new").click()
    page.keyboard.type("Mine")
    page.keyboard.press("Enter")
    page.locator(".sam-preset", has_text="M2").click()
    assert recipe_of(page)["lambda"] == 0
    page.locator("#sam-triple").select_option("tiny-en")
    page.locator(".sam-preset", has_text="Mine").click()  # stretched to four layers
    assert recipe_of(page)["ratios"]["encoder.self"] == pytest.approx([1, 2 / 3, 1 / 3, 0], abs=1e-4)
    page.reload()
    page.wait_for_selector(".sam-preset:has-text('Mine')")
    page.get_by_label("Delete the preset Mine").click()
    assert page.locator(".sam-preset", has_text="Mine").count() == 0


def test_the_curve_follows_sixty_moves_a_second_with_python_stopped_and_a_slow_network(page, server):
    """Of 60 moves at least 45 are drawn as states of their own: counted, as a busy machine's clock proves nothing."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    slow = {"offline": False, "latency": 200, "downloadThroughput": -1, "uploadThroughput": -1}
    client.send("Network.emulateNetworkConditions", slow)
    page.evaluate(
        """() => {
          window.drawn = new Set(); window.moves = 0;
          const line = document.querySelector("[data-lane='encoder.self'] .sam-line");
          new MutationObserver(() => window.drawn.add(line.getAttribute('points'))).observe(line, {attributes: true});
          line.closest('svg').addEventListener('pointermove', () => { window.moves += 1; });
          document.querySelector('#sam-lambda').addEventListener('input', () => { window.moves += 1; });
        }"""
    )
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        drag(page, "#sam-lambda", 0.9, steps=60)
        dial = page.evaluate("() => [window.moves, window.drawn.size]")
        page.evaluate("() => { window.moves = 0; window.drawn.clear(); }")
        x, y = centre(page, "encoder.self", 1)
        sweep(page, (x, y), (x, y + 60), steps=60)
        point = page.evaluate("() => [window.moves, window.drawn.size]")
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    heard(page)
    assert min(dial[0], point[0]) >= 45
    assert dial[1] >= 0.75 * dial[0]
    assert point[1] >= 45


def test_everything_is_reached_and_done_with_the_keyboard_alone(page):
    focusable = """(a[href], button, input, select, textarea, summary, [tabindex])"""
    page.evaluate(
        """(selector) => { for (const node of document.querySelectorAll(selector)) {
          const radio = node.type === 'radio' && !node.checked, off = node.disabled || node.tabIndex < 0;
          const seen = node.checkVisibility({visibilityProperty: true}) && node.getClientRects().length;
          if (!radio && !off && seen) node.dataset.wanted = '1'; } }""",
        focusable[1:-1],
    )
    wanted = page.locator("[data-wanted]").count()
    assert wanted > 50
    page.evaluate("() => document.activeElement.blur()")
    for _ in range(wanted + 40):
        page.keyboard.press("Tab")
        page.evaluate("() => document.activeElement.removeAttribute('data-wanted')")
    left = page.locator("[data-wanted]").evaluate_all("(nodes) => nodes.map((node) => node.outerHTML.slice(0, 120))")
    assert left == []
    # The map of keys opens and closes, and the focus is where it was.
    page.locator("[data-lane='encoder.self'] .sam-point[data-layer='0']").focus()
    page.keyboard.press("Shift+?")
    assert "Ctrl Z" in page.locator(".sam-keys[open]").inner_text().replace("\n", " ")
    page.keyboard.press("Escape")
    assert page.locator(".sam-keys[open]").count() == 0
    # Choose layers 0 to 2, lift them by a tenth, then type a number for layer 3 alone.
    start = ratios(page, "encoder.self")
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "PageUp"):
        page.keyboard.press(key)
    assert chosen(page) == [f"encoder.self {layer}" for layer in range(3)]
    lifted = [min(1, round(value + 0.1, 4)) for value in start[:3]]
    assert ratios(page, "encoder.self")[:3] == pytest.approx(lifted, abs=1e-4)
    for key in ("Escape", "ArrowRight", ".", "7", "5", "Enter", "Escape"):
        page.keyboard.press(key)
    assert ratios(page, "encoder.self")[3] == 0.75
    focus = page.evaluate(
        "() => [document.activeElement.ariaLabel, document.activeElement.getAttribute('aria-valuetext')]"
    )
    assert focus == ["encoder layer 3", "75 percent child"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert ratios(page, "encoder.self") == start
    heard(page)
