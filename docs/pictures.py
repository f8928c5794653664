"""Make the README's pictures anew from a running app: ``python docs/pictures.py [URL]``.

Drives Debian's chromium as the browser tests do. Run it when the default triple, the sample clips or the page have
changed.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ASSETS = Path(__file__).parents[1] / "assets"
WIDE = {"width": 1400, "height": 1000}
PATIENCE = 180_000  # milliseconds; the first pictures wait for the models
STEPS = 16  # of the drag, in each direction
CLIP = (0, 0, 930, 1000)  # of the screen, in the moving picture: the panel and the words
SHRUNK = (744, 800)


def main(url: str) -> None:
    """Make all four pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=WIDE)
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        _settled(page)
        still(page, "screenshot.png")
        dragging(page)
        page.get_by_role("button", name="Back to the start").click()
        page.reload()
        _settled(page)
        page.get_by_role("button", name="Dark", exact=True).click()
        page.locator(".sam-said-word").last.click()  # the merge hears it, and neither parent does
        page.wait_for_selector(".sam-word-panel .sam-chances")
        page.locator(".sam-said-row").evaluate("(row) => window.scrollTo(0, row.getBoundingClientRect().top - 20)")
        still(page, "screenshot-words.png")
        page.evaluate("window.scrollTo(0, 0)")
        page.get_by_role("button", name="Dark", exact=True).click()
        page.get_by_role("tab", name="Anatomy").click()
        page.wait_for_selector("#anatomy-cosines .js-plotly-plot")
        still(page, "screenshot-anatomy.png")
        browser.close()


def _settled(page: Page) -> None:
    """Wait until the words and the needle are those of the curve."""
    page.wait_for_selector(".sam-transcripts[data-state=done]:not(.sam-stale)")
    page.wait_for_selector(".sam-needle[data-state=done]")


def _screen(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def still(page: Page, name: str) -> None:
    """Keep what the page shows, in few colours: a picture of text needs no more."""
    page.wait_for_timeout(700)  # what fades and slides has done so
    _screen(page).quantize(256, dither=Image.Dither.NONE).save(ASSETS / name, optimize=True)


def dragging(page: Page) -> None:
    """Keep a hand that drags one point down and λ up, until the merge has been heard again."""
    frames: list[Image.Image] = []

    def keep(times: int = 1) -> None:
        frames.extend([_screen(page).crop(CLIP).resize(SHRUNK, Image.Resampling.LANCZOS)] * times)

    keep(6)
    for selector, across, down in (
        (".sam-plot[data-lane='decoder.cross'] .sam-point[data-layer='1']", 0, 90),
        (".sam-plot[data-lane='encoder.self'] .sam-point[data-layer='3']", 0, -90),
    ):
        box = page.locator(selector).bounding_box()
        if box is None:
            raise SystemExit(f"{selector} is not in sight; is this the page of this version?")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, STEPS + 1):
            page.mouse.move(x + across * step / STEPS, y + down * step / STEPS)
            keep()
        page.mouse.up()
        keep(3)
        _settled(page)
        page.wait_for_timeout(700)
        keep(12)
    frames[0].save(
        ASSETS / "dragging.webp",
        save_all=True,
        append_images=frames[1:],
        duration=90,
        loop=0,
        quality=55,
        method=4,
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860/")
