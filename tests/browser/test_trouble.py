"""The server itself fails, does not take a press, or is gone: one sentence where somebody waits, and living buttons."""

from pathlib import Path

import pytest
from driving import ROOT, drag, heard

pytestmark = pytest.mark.browser

FAILING_APP = {"program": Path(__file__).parent / "failing_app.py", "PYTHONPATH": str(ROOT)}
BROKE = "This broke off in a way that nobody foresaw"
REFUSED = "The server has more to do than it can line up"
GONE = "The server no longer answers"
# Of each tab: what begins a run, where is told, what can be done about it (the first only while it runs), how many.
TABS = {
    "Evaluate": ("#run", "#evaluation", ["#cancel"], "#limit"),
    "Methods": ("#compare", "#comparison", ["#compare-cancel"], "#methods-limit"),
    "Sweep": ("#sweep", "#sweep-result", ["#sweep-pause", "#sweep-cancel"], "#sweep-limit"),
}


def told(page, box, sentence):
    """Wait until a section says a sentence, and nothing but that."""
    alert = page.locator(f"{box} [role=alert]", has_text=sentence)
    alert.wait_for(timeout=60_000)
    assert alert.inner_text().count(".") == 1


def opened(page, tab):
    """Open a tab and ask for two clips."""
    page.get_by_role("tab", name=tab).click()
    page.locator(f"{TABS[tab][3]} input").fill("2")


def begun(page, tab):
    """Begin a run and wait until it is at work; what can be done about it is alive, and returned."""
    run, box, stops, _ = TABS[tab]
    page.locator(run).click()
    page.wait_for_selector(f"{box} [data-state=running]")
    assert all(page.locator(stop).is_enabled() for stop in stops)
    return stops[-1]


def ended(page, tab, sentence):
    """What a tab looks like when a run came to a bad end: a sentence, nothing to stop, and the way to begin anew."""
    run, box, (stop, *_), _ = TABS[tab]
    told(page, box, sentence)
    assert page.locator(stop).is_disabled()
    assert page.locator(run).is_enabled()


def test_what_breaks_off_is_one_sentence_and_the_next_press_is_served(tiny_app, new_page):
    server = tiny_app(**FAILING_APP, FAILS="break")
    page = new_page(server.url)
    heard(page)
    for tab, (run, box, _, _) in TABS.items():
        opened(page, tab)
        page.locator(run).click()
        ended(page, tab, BROKE)
        page.locator(run).click()
        page.wait_for_selector(f"{box} [data-state=done]", timeout=120_000)

    page.get_by_role("tab", name="Explore").click()
    page.locator("#save summary").first.click()
    page.locator("#save-go").click()
    told(page, "#save", BROKE)
    assert page.locator("#save-cancel").is_hidden()
    with page.expect_download(timeout=60_000):
        page.locator("#save-go").click()

    page.locator("#sam-stripe summary").first.click()
    page.locator("#sam-stripe").get_by_role("button", name="Hear").click()
    told(page, "#stripe", BROKE)
    page.locator("#sam-stripe").get_by_role("button", name="Hear").click()
    page.wait_for_selector("#sam-stripe .sam-scrub:visible", timeout=60_000)

    page.locator("#learning summary").first.click()
    page.locator("#learn-limit").fill("8")
    page.locator("#learn-steps").fill("1")
    page.locator("#learn-start").click()
    told(page, "#learning", BROKE)
    page.locator("#learn-start").click()
    page.wait_for_selector("#learning .sam-notice-done, #learning .sam-notice-early", timeout=60_000)

    page.locator("#hub-open").click()
    for role in ("base", "m1", "m2"):
        page.locator(f"#hub-{role}").fill(f"o/{role}")
    page.locator("#hub-look").click()
    told(page, "#hub", BROKE)
    assert page.locator("#hub-look").is_enabled()
    # Whoever runs the server reads more in the terminal.
    assert server.log.read_text().count("ZeroDivisionError: nobody foresaw this") == 7


def test_a_press_that_is_not_taken_is_one_sentence_and_the_next_one_is(page):
    """Gradio answers so when its queue is full."""
    full = {"status": 503, "json": {"detail": "Queue is full.", "error": "Queue is full."}}
    page.route("**/queue/join*", lambda route: route.fulfill(**full))
    drag(page, "#sam-lambda", 0.7)
    told(page, "#transcripts", REFUSED)
    page.locator("#save summary").first.click()
    page.locator("#save-go").click()
    told(page, "#save", REFUSED)
    assert page.locator("#save-go").is_enabled()
    for tab, (run, _, _, _) in TABS.items():
        opened(page, tab)
        page.locator(run).click()
        ended(page, tab, REFUSED)
    page.unroute("**/queue/join*")
    for tab, (_, box, _, _) in TABS.items():
        page.get_by_role("tab", name=tab).click()
        page.locator(begun(page, tab)).click()
        page.wait_for_selector(f"{box} [data-state=stopped]", timeout=60_000)
    page.get_by_role("tab", name="Explore").click()
    drag(page, "#sam-lambda", 0.4)
    heard(page)
    page.watch.complaints = [each for each in page.watch.complaints if "status of 503" not in each]


def test_a_server_that_is_gone_is_told_and_the_page_comes_back_with_it(tiny_app, new_page):
    server = tiny_app(**FAILING_APP, FAILS="hang")
    page = new_page(server.url)
    heard(page)
    page.locator("#save summary").first.click()
    page.locator("#save-go").click()
    page.wait_for_selector("#save progress")
    opened(page, "Evaluate")
    begun(page, "Evaluate")
    server.process.kill()
    ended(page, "Evaluate", GONE)
    page.get_by_role("tab", name="Explore").click()
    told(page, "#save", GONE)
    assert page.locator("#save-go").is_enabled()
    # A press meanwhile is not left waiting either.
    page.locator("#save-go").click()
    told(page, "#save", GONE)

    tiny_app(GRADIO_SERVER_PORT=str(server.port))
    page.wait_for_function("() => !document.querySelector('#save .sam-notice')", timeout=60_000)
    heard(page)
    opened(page, "Evaluate")
    page.locator("#run").click()
    page.wait_for_selector("#evaluation [data-state=done]", timeout=60_000)
    lost = ("Failed to load resource: net::ERR_", "Unexpected error Connection errored out", "TypeError: network error")
    page.watch.complaints = [each for each in page.watch.complaints if not each.startswith(lost)]
