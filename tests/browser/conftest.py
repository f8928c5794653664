"""A real server and a real Chromium for the browser tests."""

import time

import pytest
from driving import ROOT, Server, heard
from material import write_config
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
CUT_OFF = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "log.txt")
    yield server
    server.stop()


CORPORA = """
corpora:
  - {{name: samples, path: '{clips}'}}
"""


@pytest.fixture
def tiny_app(tiny_whisper_folders, tmp_path):
    """Start the app, or a program around it, with three random Whispers and the sample clips, each in a process."""
    config = write_config(tmp_path / "checkpoints.yaml", tiny_whisper_folders)
    config.write_text(config.read_text() + CORPORA.format(clips=ROOT / "assets" / "clips"))
    servers = []

    def started(**options):
        servers.append(Server(tmp_path / "log.txt", "--config", str(config), "--device", "cpu", **options))
        return servers[-1]

    yield started
    for server in servers:
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
        self._cut_off_at = 0.0
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)
            if message.text.startswith(CUT_OFF):
                self._cut_off_at = time.monotonic()

    def _request(self, request) -> None:
        self.seen.append(request.url)
        if not request.url.startswith(("file:///", "http://127.0.0.1", "data:", "blob:")):
            self.outside.append(request.url)
        # A reload cuts off the answer on its way, and Gradio's client complains; a connection lost earlier counts.
        if request.is_navigation_request() and time.monotonic() - self._cut_off_at < 1:
            self.complaints = [each for each in self.complaints if not each.startswith(CUT_OFF)]


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
