"""The Anatomy tab in a real Chromium: figures of the embedded triple, cells that lead on, the keyboard."""

import json
import subprocess
import sys

import pytest
from driving import ROOT, heard, recipe_of

pytestmark = pytest.mark.browser


def opened(page):
    page.get_by_role("tab", name="Anatomy").click()
    page.wait_for_selector(".sam-anatomy[data-state=done]", timeout=60_000)
    for figure in ("map", "heads", "cosines"):
        page.wait_for_selector(f"#anatomy-{figure} .heatmaplayer image", state="attached")
    page.wait_for_selector("#anatomy-energy .barlayer .point", state="attached")


def click_cell(page, figure, place, column):
    """Click the middle of a cell of a heat map, found by Plotly's own axes."""
    page.locator(f"#{figure}").scroll_into_view_if_needed()
    spot = page.evaluate(
        """([figure, place, column]) => {
          const plot = document.querySelector(`#${figure} .js-plotly-plot`);
          const { xaxis, yaxis } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + xaxis._offset + xaxis.d2p(column), box.top + yaxis._offset + yaxis.d2p(place)];
        }""",
        [figure, place, column],
    )
    page.mouse.move(*spot)
    page.wait_for_selector(f"#{figure} .hovertext")
    page.mouse.click(*spot)


def shown_cell(page, box, wanted):
    page.wait_for_function(
        "([box, wanted]) => document.querySelector(`#${box} .sam-cell`)?.dataset.cell === wanted", arg=[box, wanted]
    )


def test_the_figures_are_of_the_embedded_triple_and_a_cell_leads_to_its_merge(page):
    opened(page)
    command = [sys.executable, "-m", "explorer", "anatomy", "--json"]
    document = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    row = next(
        each
        for each in document["matrices"]
        if [each[key] for key in ("stack", "layer", "kind", "projection")] == ["decoder", 2, "cross", "v"]
    )
    click_cell(page, "anatomy-map", "cross v", "2")
    shown_cell(page, "anatomy-cell", "cross v 2")
    says = page.locator("#anatomy-cell .sam-cell-says").inner_text()
    assert says.startswith("Layer 2's value matrix of cross-attention")
    assert f"conflict in {100 * row['conflicts']:.1f} % of the entries" in says
    assert page.locator("#anatomy-map-reading li").count() == 3
    page.get_by_role("button", name="Merge only v of decoder.cross").click()
    heard(page)
    assert page.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    assert recipe_of(page)["scope"] == ["decoder.cross"]
    assert recipe_of(page)["projections"] == ["v"]


def test_another_measure_is_still_led_on_from_and_the_layer_is_found_on_the_curve(page):
    opened(page)
    page.get_by_label("cos(τ1, τ2)").check()
    page.wait_for_function("() => document.querySelector('#anatomy-map-reading')?.innerText.startsWith('Cosine')")
    page.wait_for_function("() => document.querySelector('#anatomy-map .js-plotly-plot').data[0].zmin < 0")
    click_cell(page, "anatomy-map", "encoder fc1", "3")
    shown_cell(page, "anatomy-cell", "encoder fc1 3")
    assert "SA Merge leaves feed-forward as M1 has it" in page.locator("#anatomy-cell").inner_text()
    page.get_by_label("τ2 · adult").check()
    page.wait_for_function("() => document.querySelector('#anatomy-heads-reading')?.innerText.startsWith('τ2')")
    click_cell(page, "anatomy-heads", "decoder self 1", "4")
    shown_cell(page, "anatomy-head", "decoder self head 4 1")
    page.locator("#anatomy-head").get_by_role("button", name="Show layer 1 on the curve").click()
    page.wait_for_selector(".sam-plot[data-lane='decoder.self'] .sam-point[data-layer='1']:focus")


def test_cells_are_reached_from_the_keyboard_and_other_methods_take_other_parts(page):
    page.locator("#sam-method").select_option("ties")
    heard(page)
    opened(page)
    page.locator("#anatomy-cell").get_by_label("matrix or head").focus()
    page.keyboard.type("decoder fc2")
    shown_cell(page, "anatomy-cell", "decoder fc2 0")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    shown_cell(page, "anatomy-cell", "decoder fc2 1")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Merge only feed-forward"
    page.keyboard.press("Enter")
    heard(page)
    assert (recipe_of(page)["method"], recipe_of(page)["scope"]) == ("ties", ["feed-forward"])


def test_the_triple_of_explore_is_the_one_that_is_looked_into(page):
    opened(page)
    first = page.locator("#anatomy-map-reading").inner_text()
    page.get_by_role("tab", name="Explore").click()
    page.locator("#sam-triple").select_option("tiny-en-hour")
    heard(page)
    page.get_by_role("tab", name="Anatomy").click()
    page.wait_for_selector(".sam-anatomy[data-triple=tiny-en-hour]", timeout=60_000)
    page.wait_for_function(
        "(first) => document.querySelector('#anatomy-map-reading')?.innerText !== first", arg=first, timeout=10_000
    )
    assert "tiny-en-hour" in page.locator("#anatomy").inner_text()
