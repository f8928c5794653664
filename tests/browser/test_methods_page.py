"""The Methods tab and a checkpoint of one's own, in a real Chromium: compare, sort, open a row on Explore."""

import pytest
from driving import heard, recipe_of, text_of

pytestmark = pytest.mark.browser


def test_methods_are_compared_sorted_and_opened(new_page):
    page = new_page(viewport={"width": 360, "height": 800})
    page.get_by_role("tab", name="Methods").click()
    for method in (
        "Headwise SA Merge",
        "Slerp",
        "Slerp of task vectors",
        "DARE, linear",
        "DARE, TIES",
        "Task Arithmetic",
    ):
        page.locator("#methods").get_by_label(method, exact=True).uncheck()
    page.locator("#methods-limit input").fill("3")
    page.locator("#compare").click()
    page.wait_for_selector(".sam-comparison[data-state=done]", timeout=120_000)
    table = page.locator(".sam-comparison table")
    assert table.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.dataset.row)") == [
        "m1",
        "m2",
        "sa",
        "lerp",
        "ties",
    ]
    assert "no Gram matrices" in page.locator(".sam-comparison details").inner_text()
    assert "n = 3 clips" in page.locator(".sam-comparison .sam-caption").first.inner_text()
    table.get_by_role("button", name="MB written").click()
    megabytes = table.locator("tbody tr td:nth-child(6)").all_inner_texts()[2:]
    assert megabytes == sorted(megabytes, key=float)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.locator("#methods-filter textarea, #methods-filter input").first.fill("shoe = 3")
    page.locator("#compare").click()
    page.wait_for_selector(".sam-comparison[data-state=error]", timeout=60_000)
    assert "no such field" in page.locator(".sam-comparison [role=alert]").inner_text()
    assert table.locator("tbody tr").count() == 5  # a mistake takes nothing away
    page.locator("[data-row=ties] .sam-link").click()
    heard(page)
    assert recipe_of(page)["method"] == "ties"
    assert page.locator("#sam-method").is_visible()


def test_a_checkpoint_named_by_its_place_gets_a_slider_and_a_wrong_one_a_sentence(page, tmp_path):
    kept = text_of(page, "merge")
    page.get_by_text("Add task vectors").click()
    field = page.get_by_label("A checkpoint of yours")
    field.fill("somewhere")
    field.press("Enter")
    assert "folder: and a path" in page.locator(".sam-place [role=status]").inner_text()
    field.fill(f"folder:{tmp_path / 'nowhere'}")
    field.press("Enter")
    typed = page.get_by_label("β nowhere, typed")
    typed.fill("0.5")
    typed.press("Enter")
    page.wait_for_selector(".sam-notice-error")
    assert "no such file or folder" in page.locator(".sam-notice-error").inner_text()
    typed.fill("0")
    typed.press("Enter")
    heard(page)
    assert text_of(page, "merge") == kept
