"""What the page remembers: undo, history, pins and links, in a real Chromium."""

import json

import pytest
from driving import drag, heard, recipe_of, text_of

pytestmark = pytest.mark.browser


def as_text(page):
    return page.evaluate("() => JSON.stringify(SAMerge.recipe)")


def test_undo_and_redo_give_every_recipe_back_to_the_byte_and_survive_a_reload(page):
    states = [as_text(page)]

    def rested():
        states.append(as_text(page))
        assert states[-1] != states[-2]

    drag(page, "#sam-lambda", 0.77)
    rested()
    page.locator("[data-lane='decoder.self'] .sam-point").first.focus()
    page.keyboard.press("ArrowDown")
    rested()
    page.get_by_label("k", exact=True).uncheck()
    rested()
    page.locator("#sam-method").select_option("dare")
    rested()
    page.locator(".sam-preset", has_text="Groups").click()
    rested()
    heard(page)
    for wanted in reversed(states[:-1]):
        page.get_by_role("button", name="Undo").click()
        assert as_text(page) == wanted
    assert page.get_by_role("button", name="Undo").is_disabled()
    heard(page)
    page.reload()
    heard(page)
    assert as_text(page) == states[0]
    page.locator("#sam-lambda").focus()
    for wanted in states[1:]:
        page.keyboard.press("Control+Shift+Z")
        assert as_text(page) == wanted
    assert page.get_by_role("button", name="Redo").is_disabled()
    heard(page)


def test_a_link_opened_in_a_fresh_profile_gives_the_same_page(page, new_page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Rubber band", exact=True).click()
    page.wait_for_function("() => document.querySelector('.sam-said')?.innerText.includes('rubber')")
    page.locator(".sam-preset", has_text="Decoder").click()
    page.locator("[data-lane='decoder.self'] .sam-point").nth(1).focus()
    page.keyboard.press("PageUp")
    page.locator(".sam-vectors summary").click()
    field = page.get_by_label("β m2, typed")
    field.fill("0.25")
    field.press("Enter")
    heard(page)
    page.get_by_role("tab", name="About").click()
    page.locator(".sam-share").click()
    page.wait_for_selector(".sam-share:has-text('Copied')")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link == page.url
    assert "?r=v1~tiny-en~sa~custom~lambda:0.2~alpha:0.8~scope:decoder.self,decoder.cross~" in link
    assert "&clip=" in link
    assert "&tab=about" in link
    other = new_page(link)
    other.wait_for_selector("[role=tab][data-tab-id=about][aria-selected=true]")
    other.get_by_role("tab", name="Explore").click()
    heard(other)
    assert as_text(other) == as_text(page)
    assert [text_of(other, model) for model in ("m1", "merge", "m2")] == [
        text_of(page, model) for model in ("m1", "merge", "m2")
    ]
    assert (
        other.locator(".sam-clip input:checked").input_value() == page.locator(".sam-clip input:checked").input_value()
    )
    assert "tab=" not in other.url


def test_a_broken_link_and_a_broken_memory_get_a_sentence_and_the_default(page, new_page, server):
    default = as_text(page)
    broken = new_page("about:blank")
    broken.add_init_script(
        """for (const name of ['history', 'pins', 'presets'])
          localStorage.setItem(`sam-${name}`, name === 'pins' ? '[{"name":' : '[{"name": 3}, null, {"recipe": 1}]');
        sessionStorage.setItem('sam-trail', '{"past": ["{}"], "future": 7}');"""
    )
    broken.goto(
        f"{server.url}?r=v1~tiny-en~sa~depth~lambda:7&clip=nothing&tab=nowhere&hide=presets,anatomy,sound&lesson=4"
    )
    heard(broken)
    assert as_text(broken) == default
    notices = broken.locator(".sam-notices p").all_inner_texts()
    assert len(notices) == 3
    assert "The link’s recipe cannot be read (lambda: expected a number from 0 to 1, but got 7)" in notices[0]
    assert notices[1].startswith("hide=sound: nothing on this page is called so")
    assert "names a clip that is not here (nothing)" in notices[2]
    assert broken.locator(".sam-presets").is_hidden()
    assert broken.get_by_role("tab", name="Anatomy").count() == 0
    broken.locator(".sam-notices button").first.click()
    assert broken.locator(".sam-notices p").count() == 2
    broken.get_by_role("button", name="Pin", exact=True).click()
    assert len(json.loads(broken.evaluate("() => localStorage.getItem('sam-pins')"))) == 1
    heard(broken)


def test_what_was_heard_is_listed_named_pinned_compared_and_evaluated(page):
    page.locator(".sam-preset", has_text="M2").click()
    heard(page)
    heard_by_m2 = text_of(page, "merge")
    page.get_by_role("button", name="Pin", exact=True).click()
    page.locator(".sam-preset", has_text="Half").click()
    heard(page)
    rows = page.locator(".sam-history li")
    assert rows.count() == 3
    assert "%" in rows.first.locator("small").inner_text()
    assert rows.first.locator("[aria-current=true] .sam-picture polyline").count() == 3
    page.get_by_role("button", name="name constant · λ 0.5 · all attention").click()
    page.keyboard.type("half and half")
    page.keyboard.press("Enter")
    assert rows.first.inner_text().startswith("half and half")
    # The pin is drawn behind the curve and its words stand in the list.
    assert page.locator(".sam-other-line.sam-other-A").count() == 3
    compared = page.locator(".sam-compare tbody tr")
    assert compared.count() == 2
    assert "A" in compared.nth(1).inner_text()
    assert compared.nth(1).locator(".sam-heard").inner_text().split()[0] == heard_by_m2.split()[0].strip("≠−+✓")
    page.wait_for_selector(".sam-needle[data-state=done]")  # a reload that cuts an answer off is Gradio's complaint
    page.reload()
    heard(page)
    page.locator(".sam-memory summary").click()
    assert rows.first.inner_text().startswith("half and half")
    # The list may be drawn anew while a button of it is held.
    rows.last.locator(".sam-recall").hover()
    page.mouse.down()
    page.evaluate("() => SAMerge.memory.changed('history')")
    page.mouse.up()
    heard(page)
    assert recipe_of(page)["schedule"] == "depth"
    page.get_by_role("tab", name="Evaluate").click()
    chips = page.locator(".sam-pins .sam-chip")
    assert chips.count() == 1
    chips.first.get_by_label("unpin").click()
    page.get_by_role("tab", name="Explore").click()
    assert page.locator(".sam-other-line").count() == 0
    page.get_by_role("button", name="clear the list").click()
    assert rows.count() == 0
    heard(page)
