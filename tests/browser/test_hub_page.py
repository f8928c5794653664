"""One's own checkpoints: named on the page, looked at, fetched from a Hub, given up, taken up again, opened, linked."""

import base64
import hashlib
import json
import re
import time

import pytest
from driving import heard, recipe_of
from hub_push_standin import WritableHub
from hub_standin import commit_of
from itsdangerous import TimestampSigner

pytestmark = pytest.mark.browser


@pytest.fixture
def hub(tiny_whisper_folders):
    with WritableHub() as hub:
        hub.writers = {"hf_secret"}
        hub.add_three(tiny_whisper_folders)
        hub.licences["o/m1"] = "mit"
        yield hub


@pytest.fixture
def serve(hub, tiny_app, tmp_path):
    """Start the app, its Hub the stand-in; no token of anybody is ever logged."""
    usual = {"HF_ENDPOINT": hub.endpoint, "HF_HUB_OFFLINE": "0", "HF_TOKEN": "hf_secret", "SA_MERGE_DISK_BUDGET": "5"}
    usual |= {"HF_HOME": str(tmp_path / "hf"), "SA_MERGE_CACHE": str(tmp_path / "own")}
    usual |= {"HF_HUB_DISABLE_XET": "1"}  # it has no stand-in
    servers = []

    def served(**environment):
        servers.append(tiny_app(**usual, **environment))
        return servers[-1]

    yield served
    for server in servers:
        server.stop()
        assert "hf_" not in server.log.read_text()


@pytest.fixture
def hub_server(serve):
    return serve()


def test_a_triple_of_the_hub_is_looked_at_fetched_and_heard(hub, hub_server, new_page):
    page = new_page(hub_server.url)
    heard(page)
    assert not page.locator("#hub-section").is_visible()
    page.locator("#hub-open").click()
    for role, repo in (("base", "o/base"), ("m1", "o/m1"), ("m2", "o/gone")):
        page.locator(f"#hub-{role}").fill(repo)
    page.locator("#hub-m2").press("Enter")
    fault = page.locator("[data-role=m2] .sam-problem")
    fault.wait_for()
    assert "o/gone: the Hub has no such model or keeps it private" in fault.inner_text()
    assert page.locator("#hub-fetch").is_disabled()
    page.locator("#hub-m2").fill("o/m2")
    page.locator("#hub-look").click()
    page.wait_for_selector("[data-role=m2][data-good=true]")
    told = page.locator("#hub").inner_text()
    commits = {repo: commit_of(files) for repo, files in hub.repos.items()}
    for part in ("licence: mit", "fits the base", f"@{commits['o/m1'][:10]}", "To fetch: ", "budget of 5.0 GB"):
        assert part in told
    assert hub.sent < 600_000  # two looks; one file of weights has three megabytes

    # Given up in the middle; the next press goes on. The page is used meanwhile.
    hub.fault = "stall"
    page.locator("#hub-fetch").click()
    page.wait_for_function("() => document.querySelector('#hub progress')?.value > 1e6")
    page.locator("#sam-schedule").select_option("constant")
    heard(page)
    page.locator("#hub-cancel").click()
    page.wait_for_selector("#hub .sam-notice-stopped")
    hub.fault = None
    hub.going.set()
    page.locator("#hub-fetch").click()
    page.wait_for_selector("#hub .sam-notice-opened", timeout=60_000)
    heard(page)
    name = "hub:" + "+".join(f"o/{each}@{commits[f'o/{each}']}" for each in ("base", "m1", "m2"))
    assert recipe_of(page)["triple"] == page.locator("#sam-triple").input_value() == name
    page.locator("#save summary").first.click()
    page.locator("#save-kind").select_option("recipe")
    with page.expect_download() as download:
        page.locator("#save-go").click()
    kept = download.value.path().read_text()
    assert f"revision: {commits['o/m2']}" in kept

    # This browser remembers it; another one, with the link, is led to the section, which is filled in.
    link = page.evaluate("() => SAMerge.linkNow()")
    page.reload()
    heard(page)
    assert recipe_of(page)["triple"] == name
    other = new_page(link)
    heard(other)
    assert "are not open on this page" in other.locator(".sam-notices").inner_text()
    assert other.locator("#hub-m1-revision").input_value() == commits["o/m1"]
    other.locator("#hub-look").click()
    other.wait_for_selector("[data-role=m2][data-good=true]")
    assert "on this machine" in other.locator("#hub").inner_text()
    other.locator("#hub-fetch").click()
    other.wait_for_selector("#hub .sam-notice-opened", timeout=60_000)
    heard(other)
    assert recipe_of(other) == recipe_of(page)
    assert "hf_secret" not in other.content()


def test_a_merge_is_pushed_under_the_login_of_this_machine(hub, hub_server, new_page):
    page = new_page(hub_server.url)
    heard(page)
    page.locator("#save summary").first.click()
    assert not page.locator("#save-repo").is_visible()
    page.locator("#save-kind").select_option("hub")
    page.locator("#save-go").click()
    page.wait_for_selector("#save .sam-notice-error")
    assert "fill in the field" in page.locator("#save .sam-notice").inner_text()
    page.locator("#save-repo").fill("o/m1")
    page.locator("#save-go").click()
    page.wait_for_function("() => document.querySelector('#save .sam-notice').innerText.includes('already and public')")
    page.locator("#save-repo").fill("me/merge")
    page.locator("#save-go").click()
    link = page.locator("#save a")
    link.wait_for(timeout=120_000)
    assert link.get_attribute("href") == f"{hub.endpoint}/me/merge"
    assert "for your eyes only" in page.locator("#save .sam-notice").inner_text()
    # Words of a random network hang by a rounding; its weights do not.
    verified = page.locator(".sam-save-verified").inner_text()
    assert verified.startswith(("✓ Verified with plain transformers: ", "✓ Weights verified with plain transformers: "))
    assert "tensors are the live merge's" in verified
    assert re.search(r"the same words for (only [0-7]|8) of 8 sample clips\.$", verified)
    assert hub.visibility == ["private"]
    assert "model.safetensors" in hub.repos["me/merge"]
    assert "hf_secret" not in page.content()


SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "me/space",
    "SPACE_HOST": "me-space.hf.space",
    "OAUTH_CLIENT_ID": "id",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile contribute-repos",
}


def signed_in(token: str) -> str:
    """The cookie that Gradio gives a visitor of a Space who has signed in."""
    key = hashlib.sha256((SPACE["OAUTH_CLIENT_SECRET"] + "-v4").encode()).hexdigest()
    info = {"access_token": token, "scope": SPACE["OAUTH_SCOPES"], "expires_at": int(time.time()) + 600}
    session = {"oauth_info": info | {"userinfo": {"preferred_username": "me"}}}
    return TimestampSigner(key).sign(base64.b64encode(json.dumps(session).encode())).decode()


def test_a_visitor_of_a_space_signs_in_to_push_and_brings_no_checkpoints(hub, serve, new_page):
    hub.writers.add("hf_visitor")
    server = serve(**SPACE, OPENID_PROVIDER_URL=hub.endpoint)
    page = new_page(server.url)
    heard(page)
    page.locator("#hub-open").click()
    assert "open to others" in page.locator("#hub").inner_text()
    assert page.locator("#hub-look").count() == 0
    assert page.locator("#sign-in").inner_text().strip() == "Sign in with Hugging Face"
    page.locator("#save summary").first.click()
    page.locator("#save-kind").select_option("hub")
    page.locator("#save-repo").fill("me/merge")
    page.locator("#save-verify").uncheck()
    page.locator("#save-go").click()
    page.wait_for_selector("#save .sam-notice-error")
    assert "press “Sign in with Hugging Face” below" in page.locator("#save .sam-notice").inner_text()
    assert hub.requests == []

    page.context.add_cookies([{"name": "session", "value": signed_in("hf_visitor"), "url": server.url}])
    page.reload()
    heard(page)
    page.wait_for_function("() => document.querySelector('#sign-in').innerText.includes('Sign out (me)')")
    page.locator("#save summary").first.click()
    page.locator("#save-kind").select_option("hub")
    page.locator("#save-repo").fill("me/merge")
    page.locator("#save-verify").uncheck()
    page.locator("#save-go").click()
    page.locator("#save a").wait_for(timeout=120_000)
    assert (hub.visibility, hub.tokens - {None}) == (["private"], {"Bearer hf_visitor"})
    assert "hf_" not in page.content().replace("hf_hub", "")
    # On a Space Gradio itself asks for its header and fonts; nothing else goes out, and nothing else is wrong.
    frame = ("https://fonts.googleapis.com/css2?", f"https://huggingface.co/api/spaces/{SPACE['SPACE_ID']}")
    page.watch.outside = [url for url in page.watch.outside if not url.startswith(frame)]
    unanswered = ("Failed to load resource: net::ERR_", "Space not found")
    page.watch.complaints = [each for each in page.watch.complaints if not each.startswith(unanswered)]
