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

# axe-core does not look into pictures: the numbers in the cells of a map have to be read as well.
FAINT = """() => {
  const luminance = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255)
    .map((each) => (each <= 0.04 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
  // The maps' palest and darkest cells are light in either mode.
  return [...document.querySelectorAll(".heatmaplayer text")]
    .filter((each) => luminance(getComputedStyle(each).fill) > 0.1)
    .map((each) => `faint: ${each.textContent} in ${getComputedStyle(each).fill}`).slice(0, 3);
}"""


def test_the_curve_and_its_words_stand_on_one_screen(new_page):
    page = new_page(viewport={"width": 1400, "height": 1000})
    heard(page)
    page.wait_for_selector(".sam-needle[data-state=done]", timeout=60_000)

    def place(selector):
        return page.locator(selector).first.bounding_box()

    curve, needle, row = place(".sam-curve"), place(".sam-needle"), place(".sam-word-grid tr[data-model=m2]")
    assert curve["y"] > 0
    assert row["y"] + row["height"] <= 1000
    assert needle["height"] <= 60
    page.locator(".sam-needle summary").click()
    assert place(".sam-needle")["height"] > needle["height"]
    assert place(".sam-curve") == curve
    assert place(".sam-needle")["y"] == needle["y"]


def test_the_first_point_drawn_on_groups_moves_nothing_on_a_phone(new_page):
    page = new_page(viewport={"width": 360, "height": 740})
    page.select_option("#sam-schedule", "groups")
    page.wait_for_selector("#sam-alpha-2:visible")

    def places():
        return page.locator(".sam-curve-dials, .sam-lane, .sam-tools, .sam-scope").evaluate_all(
            "(all) => all.map((each) => each.getBoundingClientRect().top + scrollY)"
        )

    before = places()
    page.locator(".sam-point").nth(1).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => SAMerge.recipe.schedule === 'custom'")
    assert page.locator("#sam-alpha-2").is_disabled()
    assert places() == before


def test_a_phone_leads_to_the_words_and_back(new_page):
    page = new_page(viewport={"width": 360, "height": 740})
    heard(page)

    def top(selector):
        return page.locator(selector).first.evaluate("(node) => node.getBoundingClientRect().top")

    assert top(".sam-word-grid") > 740
    jump = page.locator(".sam-jump")
    box = jump.bounding_box()
    assert 0 <= box["y"] <= 740 - box["height"]
    assert jump.inner_text() == "Words ↓"
    jump.click()
    assert 0 <= top(".sam-word-grid tr[data-model=merge]") < 740
    page.wait_for_selector(".sam-jump:has-text('λ and the curve')")
    jump.click()
    assert 0 <= top("#sam-lambda") < 740
    page.get_by_role("tab", name="About").click()
    page.wait_for_selector(".sam-jump", state="hidden")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_where_there_is_room_nothing_leads_to_the_words(page):
    assert not page.locator(".sam-jump").is_visible()


@pytest.fixture
def grave(new_page):
    """A page, and what axe-core finds serious on it, in light and in dark; every ``details`` is opened."""
    page = new_page()
    heard(page)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    # Colours fade in and out; what is between two of them is nobody's to read.
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")

    def found(name):
        page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        complaints = []
        for mode in ("light", "dark"):
            complaints += [f"{name}, {mode}: {each}" for each in page.evaluate(GRAVE) + page.evaluate(FAINT)]
            page.get_by_role("button", name="Dark", exact=True).click()
        return complaints

    return page, found


def test_axe_finds_nothing_serious_on_any_tab_in_either_mode(grave):
    page, found = grave
    page.evaluate("() => document.body.append(Object.assign(document.createElement('button'), {id: 'nameless'}))")
    assert [each for each in page.evaluate(GRAVE) if each.startswith("button-name: #nameless")]  # it does look
    page.evaluate("() => document.querySelector('#nameless').remove()")
    complaints = []
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        page.wait_for_selector(f"[role=tab][aria-selected=true]:has-text('{tab}')")
        if tab == "Anatomy":
            page.wait_for_selector("#anatomy-cosines .js-plotly-plot", timeout=60_000)
        complaints += found(tab)
    assert complaints == []


def test_axe_finds_nothing_serious_where_results_stand(grave):
    page, found = grave
    page.get_by_label("λ, typed").fill("0.35")
    page.get_by_label("λ, typed").press("Enter")
    heard(page)
    page.wait_for_selector(".sam-needle[data-state=done]", timeout=60_000)
    page.locator(".sam-said-word").nth(1).click()
    page.wait_for_selector(".sam-word-panel", timeout=60_000)
    page.locator("#sam-lens summary").click()
    page.wait_for_selector(".sam-lens-body:visible", timeout=60_000)
    complaints = found("Explore")

    page.get_by_role("tab", name="Evaluate").click()
    page.locator("#limit input").fill("2")
    page.locator("#run").click()
    page.wait_for_selector("#view .js-plotly-plot", timeout=60_000)
    page.locator(".sam-utterances tbody .sam-link").first.click()
    page.wait_for_selector(".sam-detail")
    complaints += found("Evaluate")

    page.get_by_role("tab", name="Methods").click()
    for method in page.locator("#methods input:checked").all()[::-1]:
        if method.get_attribute("name") not in ("SA Merge", "Lerp"):
            method.uncheck()
    page.locator("#methods-limit input").fill("2")
    page.locator("#compare").click()
    page.wait_for_selector(".sam-comparison[data-state=done]", timeout=60_000)
    complaints += found("Methods")

    page.get_by_role("tab", name="Sweep").click()
    page.locator("#sweep-across textarea").fill("lambda=0.35,1")
    page.locator("#sweep-up textarea").fill("alpha=0.8")
    page.locator("#sweep-limit input").fill("2")
    page.locator("#sweep").click()
    page.wait_for_selector("#sweep-result [data-state=done]", timeout=60_000)
    page.wait_for_selector("#sweep-map .js-plotly-plot")
    complaints += found("Sweep")
    assert complaints == []
