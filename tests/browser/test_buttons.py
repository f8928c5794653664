"""Cancel, Pause and Resume are alive exactly while they can do something: before, during and after a run."""

import pytest
from driving import heard

pytestmark = pytest.mark.browser

TABS = {
    "Evaluate": ["cancel"],
    "Methods": ["compare-cancel"],
    "Sweep": ["sweep-pause", "sweep-resume", "sweep-cancel"],
}


def alive(page, tab):
    """Names of the buttons of a tab that can be pressed now."""
    return [name for name in TABS[tab] if page.locator(f"#{name}").is_enabled()]


def state(page, box, wanted):
    page.wait_for_selector(f"{box} .sam-evaluation[data-state={wanted}]", timeout=60_000)


def long_work(page, speech, prefix):
    """Name a corpus that takes a while."""
    page.locator(f"#{prefix}folder :is(textarea, input)").first.fill(str(speech / "speechocean762" / "dev-child"))
    page.locator(f"#{prefix}limit input").fill("500")


@pytest.mark.parametrize(("tab", "prefix", "run", "box"), [
    ("Evaluate", "", "run", "#evaluation"),
    ("Methods", "methods-", "compare", "#comparison"),
])  # fmt: skip
def test_cancel_is_alive_while_a_run_is(page, speech, tab, prefix, run, box):
    page.get_by_role("tab", name=tab).click()
    assert alive(page, tab) == []
    (cancel,) = TABS[tab]
    long_work(page, speech, prefix)
    page.locator(f"#{run}").click()
    state(page, box, "running")
    assert alive(page, tab) == [cancel]
    page.locator(f"#{cancel}").focus()
    page.keyboard.press("Enter")
    assert alive(page, tab) == []  # at once: once is enough
    assert page.evaluate("() => document.activeElement.id") == run
    state(page, box, "stopped")
    assert alive(page, tab) == []
    page.locator(f"#{prefix}filter :is(textarea, input)").first.fill("shoe = 3")
    page.locator(f"#{run}").click()
    state(page, box, "error")
    assert alive(page, tab) == []
    page.locator(f"#{prefix}filter :is(textarea, input)").first.fill("")
    page.locator(f"#{run}").click()
    state(page, box, "running")
    assert alive(page, tab) == [cancel]
    page.reload()
    heard(page)
    page.get_by_role("tab", name=tab).click()
    page.wait_for_selector(f"#{run}")
    assert alive(page, tab) == []


def test_a_sweep_is_paused_gone_on_with_and_cancelled_only_when_it_can_be(page, speech):
    page.get_by_role("tab", name="Sweep").click()
    assert alive(page, "Sweep") == []
    long_work(page, speech, "sweep-")
    page.locator("#sweep-up textarea").fill("alpha=nonsense")
    page.locator("#sweep").click()
    state(page, "#sweep-result", "error")
    assert alive(page, "Sweep") == []
    page.locator("#sweep-up textarea").fill("alpha=0.5,1")
    page.locator("#sweep").click()
    page.wait_for_selector("#sweep-result progress", timeout=60_000)
    assert alive(page, "Sweep") == ["sweep-pause", "sweep-cancel"]
    page.locator("#sweep-pause").click()
    state(page, "#sweep-result", "stopped")
    assert alive(page, "Sweep") == ["sweep-resume", "sweep-cancel"]
    page.locator("#sweep-resume").click()
    state(page, "#sweep-result", "running")
    assert alive(page, "Sweep") == ["sweep-pause", "sweep-cancel"]
    page.locator("#sweep-cancel").click()
    page.wait_for_selector("#sweep-result .sam-notice:has-text('the sweep is forgotten')", timeout=60_000)
    page.wait_for_function("() => document.querySelector('#sweep-pause').disabled")
    assert alive(page, "Sweep") == []
