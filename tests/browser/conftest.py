"""A real server and a real Chromium for the browser tests."""

import pytest
from driving import Server, heard
from playwright.sync_api import Page, sync_playwright

CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "log.txt")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=CHROMIUM)
        yield browser
        browser.close()


class Watch:
    """What went wrong on a page: requests to other machines, messages on the console."""

    def __init__(self, page: Page) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.seen: list[str] = []
        page.on("request", self._request)
        self.cut_off = False
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message) -> None:
        if message.type != "error":
            return
        # A reload cuts off the answer that is on its way; Gradio's client complains of it in these two lines.
        if message.text.startswith("AbortError: signal is aborted without reason"):
            self.cut_off = True
        elif not (self.cut_off and message.text.startswith("Unexpected error Connection errored out")):
            self.complaints.append(message.text)

    def _request(self, request) -> None:
        self.seen.append(request.url)
        if not request.url.startswith(("file:///", "http://127.0.0.1", "data:", "blob:")):
            self.outside.append(request.url)


@pytest.fixture
def new_page(browser, server):
    """Open the page in a fresh profile; its troubles are in ``page.watch``, and fail the test at its end."""
    contexts = []

    def opened(url: str = server.url, **options) -> Page:
        options = {"viewport": {"width": 1280, "height": 900}, "permissions": ["microphone"]} | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.watch = Watch(page)
        page.goto(url)
        return page

    yield opened
    troubles = [trouble for context in contexts for page in context.pages for trouble in page.watch.complaints]
    outside = [url for context in contexts for page in context.pages for url in page.watch.outside]
    for context in contexts:
        context.close()
    assert outside == []
    assert troubles == []


@pytest.fixture
def page(new_page):
    """The page, with its first transcripts there."""
    page = new_page()
    heard(page)
    return page
