"""What the page owes everyone: one screen, a phone, and no barrier that axe-core would call serious."""

from importlib.resources import files

import pytest
from driving import heard

pytestmark = pytest.mark.browser

TABS = ("Explore", "Evaluate", "Methods", "Sweep", "Anatomy", "About")
GRAVE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)}`));
}"""


def test_the_curve_and_its_words_stand_on_one_screen(new_page):
    page = new_page(viewport={"width": 1400, "height": 1000})
    heard(page)
    page.wait_for_selector(".sam-needle[data-state=done]", timeout=60_000)

    def place(selector):
        return page.locator(selector).first.bounding_box()

    curve, needle, row = place(".sam-curve"), place(".sam-needle"), place(".sam-word-grid tr[data-model=m1]")
    assert curve["y"] > 0
    assert row["y"] + row["height"] <= 1000
    assert needle["height"] <= 60
    page.locator(".sam-needle summary").click()
    assert place(".sam-needle")["height"] > needle["height"]
    assert place(".sam-curve") == curve
    assert place(".sam-needle")["y"] == needle["y"]


def test_axe_finds_nothing_serious_on_any_tab_in_either_mode(new_page):
    page = new_page()
    heard(page)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    # Colours fade in and out; what is between two of them is nobody's to read.
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
    page.evaluate("() => document.body.append(Object.assign(document.createElement('button'), {id: 'nameless'}))")
    assert [each for each in page.evaluate(GRAVE) if each.startswith("button-name: #nameless")]  # it does look
    page.evaluate("() => document.querySelector('#nameless').remove()")
    found = []
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_selector(f"[role=tab][aria-selected=true]:has-text('{tab}')")
        if tab == "Anatomy":
            page.wait_for_selector("#anatomy-cosines .js-plotly-plot", timeout=60_000)
        page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for mode in ("light", "dark"):
            found += [f"{tab}, {mode}: {each}" for each in page.evaluate(GRAVE)]
            page.get_by_role("button", name="Dark", exact=True).click()
    assert found == []
