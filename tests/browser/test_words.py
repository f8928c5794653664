"""Words under what was said, a word's panel, the stripe along λ and the lens, in a real Chromium."""

import re

import pytest
from driving import heard, recipe_of, text_of

pytestmark = pytest.mark.browser

GRID = ".sam-word-grid"


def cells(page, model: str) -> str:
    """All that a model's row of the grid says, lines joined."""
    return " ".join(page.locator(f"{GRID} tr[data-model={model}] td").all_inner_texts())


def test_every_word_said_is_a_column_and_opens_to_its_sound_and_probabilities(page):
    said = page.locator(".sam-said-word")
    reference = page.locator("#reference textarea").input_value()
    words = said.all_inner_texts()
    assert set(words) <= set(reference.split())
    rows = page.locator(f"{GRID} table").first.locator("tbody th").all_inner_texts()
    assert rows == ["M1", "Merge", "M2"]
    counts = page.locator(".sam-fates dd").all_inner_texts()
    assert sum(map(int, counts)) >= len(words)  # every word said has a fate, and so has each that the merge adds
    # The arrow keys walk from word to word, and one of them is in the tab order.
    assert page.locator(".sam-said-word[tabindex='0']").count() == 1
    said.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = page.locator(".sam-word-panel")
    panel.wait_for(timeout=60_000)
    assert words[1] in panel.locator("h3").inner_text().lower()
    models = panel.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.dataset.model)")
    assert models[:4] == ["m0", "m1", "merge", "m2"]
    assert panel.locator("tbody tr").first.locator(".sam-option").count() == 5
    # Its sound is a stretch of the clip: it begins there, and ends by itself.
    page.wait_for_function("() => document.querySelector('#lens audio').duration > 1")
    begin, end = map(float, re.findall(r"[\d.]+(?= s)", panel.locator(".sam-word-time").inner_text()))
    panel.locator(".sam-play-word").click()
    page.wait_for_function(
        "(end) => { const a = document.querySelector('#lens audio'); return a.paused && a.currentTime >= end - 0.01; }",
        arg=end,
        timeout=20_000,
    )
    assert begin < end
    # Another word is there at once, and the panel follows the hand.
    said.nth(2).click()
    assert words[2] in panel.locator("h3").inner_text().lower()
    page.keyboard.press("Tab")
    page.locator(".sam-close").click()
    assert panel.count() == 0
    assert page.evaluate("() => document.activeElement.dataset.word") == "2"
    page.get_by_label("side by side").check()
    assert page.locator(".sam-merge .sam-text").is_visible()
    assert page.locator(GRID).count() == 0
    assert page.locator(".sam-fates dd").all_inner_texts() == counts
    assert page.locator(".sam-fates").is_visible()


@pytest.mark.parametrize("width", [1280, 1024, 360])
def test_nothing_lies_over_anything_on_the_cards(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    box = page.locator(".sam-gridded .sam-columns")
    times = box.locator(".sam-time")
    assert times.count() == 3
    texts = box.locator("section").evaluate_all("""(cards) => cards.map((card) =>
        [...card.querySelectorAll("h3, header > span, header > button, .sam-figures > *")]
            .map((each) => each.getBoundingClientRect()).filter((each) => each.width)
            .map(({ left, top, right, bottom }) => [left, top, right, bottom]))""")
    for card in texts:
        assert len(card) >= 5
        for index, one in enumerate(card):
            for other in card[index + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (width, one, other)
    page.get_by_text("Rubber band", exact=True).click()
    heard(page)
    page.get_by_text("Rock in water", exact=True).click()
    heard(page)
    remembered = times.filter(has_text="recalled")
    assert remembered.count() == 3
    assert "remembered" in remembered.first.get_attribute("title")


DRAWN = """(columns) => {
    const box = document.createElement("div");
    box.id = "drawn";
    document.querySelector("#transcripts").append(box); // what is within is drawn anew when the answer is complete
    const value = { state: "working", recipe: SAMerge.recipe, reference: "a b", clip: "", notice: "", columns };
    SAMerge.mountTranscripts(box, { value }, () => {}, () => {});
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_a_word_stands_below_the_word_said_though_others_add_words_before_it(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    heard_words = {"m1": ["=a", "+x", "+y", "=b"], "merge": ["=a", "=b"], "m2": ["=a", "=b"]}
    page.evaluate(
        DRAWN,
        [
            {
                "model": model,
                "title": model,
                "state": "done",
                "text": "",
                "words": words,
                "counts": None,
                "seconds": None,
            }
            for model, words in heard_words.items()
        ],
    )
    last = page.locator("#drawn tr > :last-child")
    assert last.all_inner_texts() == ["b"] * 4
    assert len({round(each.bounding_box()["x"]) for each in last.all()}) == 1


def test_words_that_are_not_of_the_links_clip_are_never_shown_as_its_words(new_page, server):
    page = new_page("about:blank")
    page.add_init_script("""(() => {
        window.shown = [];
        const look = () => {
            const said = document.querySelector(".sam-said");
            if (said) shown.push([said.innerText.includes("rubber"), Boolean(said.closest(".sam-other-clip"))]);
            requestAnimationFrame(look);
        };
        look();
    })()""")
    page.goto(f"{server.url}?clip=s08_strong")
    page.wait_for_function("() => document.querySelector('.sam-said')?.innerText.includes('rubber')")
    heard(page)
    shown = page.evaluate("() => shown")
    assert [True, False] in shown
    assert [False, False] not in shown


def test_the_stripe_is_there_without_a_model_and_a_click_sets_lambda(page):
    page.locator("#sam-stripe summary").click()
    page.wait_for_selector(".sam-stripe-chart .sam-strip")
    assert page.locator("#sam-stripe").get_by_text("Shipped with the page").is_visible()
    page.locator(".sam-over").scroll_into_view_if_needed()
    over = page.locator(".sam-over").bounding_box()
    page.mouse.move(over["x"] + over["width"] - 3, over["y"] + 20)
    assert "λ 1:" in page.locator("#sam-stripe .sam-count").inner_text()
    heard_there = page.locator(".sam-stripe-text").inner_text()
    page.mouse.down()
    page.mouse.up()
    heard(page)
    assert recipe_of(page)["lambda"] == 1
    assert text_of(page, "merge") == text_of(page, "m1")
    assert page.locator(".sam-stripe-text").inner_text() == heard_there
    page.locator(".sam-scrub").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    heard(page)
    assert recipe_of(page)["lambda"] == 0
    # Another α is another stripe: it is offered, heard with progress, and can be stopped.
    field = page.get_by_label("α, typed")
    field.fill("0.3")
    field.press("Enter")
    heard(page)
    hear = page.locator("#sam-stripe").get_by_role("button", name="Hear 21 merges")
    hear.click()
    page.wait_for_selector("#sam-stripe progress")
    page.locator("#sam-stripe").get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector("#sam-stripe .sam-notice", timeout=60_000)
    assert "Stopped" in page.locator("#sam-stripe .sam-notice").inner_text()


def test_a_press_beside_the_merge_leads_to_the_stripe(new_page):
    page = new_page(viewport={"width": 1400, "height": 1000})
    heard(page)
    along = page.get_by_role("button", name="Along λ")
    box = along.bounding_box()
    assert box["y"] + box["height"] <= 1000  # on the first screen
    along.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".sam-stripe-chart .sam-strip")
    page.wait_for_function("""() => {
        const box = document.querySelector(".sam-stripe-chart").getBoundingClientRect();
        return box.top >= 0 && box.bottom <= innerHeight;
    }""")
    assert page.evaluate("() => document.activeElement === document.querySelector('#sam-stripe summary')")


def test_the_place_of_an_added_word_that_is_gone_is_marked_and_counted(page):
    """What the page draws of a merge that leaves out a word M1 adds."""
    page.evaluate("""() => {
        const column = (model, words, more) => (
            { model, title: model, state: "done", text: "", words, counts: null, seconds: null, ...more });
        const box = document.createElement("div");
        box.id = "gone";
        document.querySelector("#transcripts").append(box);
        const columns = [column("m1", ["=a", "+x", "~b\tc"]), column("merge", ["=a", "=b"], { fates: "kf" }),
            column("m2", ["=a", "~b\td"])];
        const value = { state: "working", recipe: SAMerge.recipe, reference: "a b", clip: "", notice: "", columns };
        SAMerge.mountTranscripts(box, { value }, () => {}, () => {});
    }""")
    box = page.locator("#gone")
    assert box.locator("[data-model=merge] .sam-gone").get_attribute("aria-label") == "“x”, which M1 adds, is gone"
    assert box.locator("[data-model=m2] .sam-gone").count() == 0
    assert box.locator("[data-fate=fixed] dd").inner_text() == "1"
    assert box.locator("[data-fate=gone]").inner_text().split() == ["added", "words", "gone", "1"]


def test_the_lens_shows_where_each_model_looks(page):
    page.locator("#sam-lens summary").click()
    page.wait_for_selector(".sam-lens-body:visible", timeout=60_000)
    spectrogram, attention = page.locator("#lens .sam-canvas").all()
    attention.focus()
    page.keyboard.press("ArrowDown")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    pointed = page.locator(".sam-lens-pointed")
    assert re.search(r"at 0\.40 s: M1 0\.\d+ · merge 0\.\d+ · M2 0\.\d+ · merge − M1 [+−]0\.\d+", pointed.inner_text())
    picture = attention.evaluate("(canvas) => canvas.toDataURL()")
    page.locator("#lens input[value=difference]").check()
    assert attention.evaluate("(canvas) => canvas.toDataURL()") != picture
    before = pointed.inner_text()
    page.get_by_label("Layer", exact=True).last.select_option("1")
    page.wait_for_function("(old) => document.querySelector('.sam-lens-pointed').textContent !== old", arg=before)
    assert page.get_by_label("Head", exact=True).last.is_enabled()
    page.wait_for_function("() => document.querySelector('#lens audio').duration > 1")
    box = spectrogram.bounding_box()
    spectrogram.click(position={"x": box["width"] / 2, "y": 60})
    assert page.evaluate("() => document.querySelector('#lens audio').currentTime") > 0.5
