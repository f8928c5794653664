"""The Sweep tab in a real Chromium: a map is drawn, paused, gone on with and opened again; a cell leads on."""

import csv
import json
from pathlib import Path

import pytest
from driving import heard, recipe_of

pytestmark = pytest.mark.browser

DONE = "#sweep-result [data-state=done]"


def test_a_map_fills_pauses_goes_on_and_leads_to_a_merge(page):
    page.get_by_role("tab", name="Sweep").click()
    page.locator("#sweep-across textarea").fill("lambda=0.3:1:0.7")
    page.locator("#sweep-up textarea").fill("alpha=nonsense")
    page.locator("#sweep-limit input").fill("4")
    page.locator("#sweep").click()
    page.wait_for_selector("#sweep-result [role=alert]")
    assert "alpha: expected first:last:step" in page.locator("#sweep-result").inner_text()

    page.locator("#sweep-up textarea").fill("alpha=0.5,1")
    page.locator("#sweep").click()
    page.wait_for_selector("#sweep-result progress", timeout=60_000)
    page.locator("#sweep-pause").click()
    page.wait_for_selector(f"#sweep-result [data-state=stopped], {DONE}", timeout=60_000)
    page.locator("#sweep-resume").click()
    page.wait_for_selector(DONE, timeout=60_000)
    text = page.locator("#sweep-result").inner_text()
    assert "6 of 6 merges settled" in text
    assert "A best cell chosen on the clips it is shown on flatters" in text
    path = text.split("The sweep's file: ")[1].split()[0]

    page.wait_for_selector("#sweep-map .js-plotly-plot .heatmaplayer image, #sweep-map .js-plotly-plot .heatmaplayer")
    plane = page.locator("#sweep-map .nsewdrag")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    # λ = 0.3, α = 1: the upper left cell of four.
    page.mouse.move(box["x"] + box["width"] / 4 - 9, box["y"] + box["height"] / 4)
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4, steps=4)
    page.wait_for_selector("#sweep-map .hoverlayer .hovertext")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("() => SAMerge.recipe.lambda === 0.3 && SAMerge.recipe.alpha === 1")
    assert recipe_of(page)["schedule"] == "depth"
    assert page.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"

    heard(page)  # a reload cuts off whatever is on its way
    page.reload()
    page.get_by_role("tab", name="Sweep").click()
    page.locator("#sweep-path textarea").fill(path)
    page.get_by_role("button", name="Open file").click()
    page.wait_for_selector(DONE)
    page.wait_for_selector("#sweep-map .js-plotly-plot")
    assert "6 of 6 merges settled" in page.locator("#sweep-result").inner_text()

    # What it can be taken away as: both have every merge.
    for name in ("sweep.csv", "sweep.json"):
        with page.expect_download() as download:
            page.locator("#sweep-result").get_by_role("button", name=name).click()
        assert download.value.suggested_filename == name
        text = Path(download.value.path()).read_text()
        if name.endswith("csv"):
            rows = [(float(row["lambda"]), float(row["alpha"])) for row in csv.DictReader(text.splitlines())]
            assert sorted(rows) == [(0.3, 0.5), (0.3, 1.0), (1.0, 0.5), (1.0, 1.0)]
        else:
            assert len(json.loads(text)["cells"]) == 4
