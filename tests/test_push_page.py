"""A merge goes to the Hub from the page: under this machine's login, a visitor's own on a Space, else nobody's."""

import itertools
import json
import threading
import time
from types import SimpleNamespace

import gradio as gr
import gradio.oauth
import huggingface_hub.constants
import pytest
import yaml
from gradio.helpers import special_args
from hub_push_standin import WritableHub
from test_readme import README

import app
from explorer.recipe import Recipe
from explorer.ui import aside as page_aside
from explorer.ui import saved as saved_module
from explorer.ui.opening import Opening
from explorer.ui.page import build_page
from explorer.ui.saved import SavedFiles
from explorer.ui.saving import Saving
from explorer.ui.shelf import Shelf

# The Hub's library calls its own HTTP client in an old way when it puts a file.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

RECIPE = Recipe("tiny", mixing=0.3)
PANEL = {"recipe": RECIPE.as_dict(), "stamp": 1}
STAMPS = itertools.count(10)
REPO = "me/merge"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub on which the host and a visitor may write; the host is logged in."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(saved_module.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    with WritableHub() as hub:
        hub.writers = {"hf_host", "hf_visitor"}
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def section_of(workbench, logins):
    opening = Opening(workbench.config)
    opening._workbench = workbench
    opening._ready.set()
    return Saving(opening, SavedFiles(), logins)


def visitor():
    return SimpleNamespace(session_hash="v")


def press(**shown):
    usual = {"stamp": next(STAMPS), "action": "save", "kind": "hub", "repo": REPO, "dtype": "float16"}
    return usual | {"verify": False, "public": False, "replace": False} | shown


def pushed(section, token=None, **shown):
    """What the page is told; the token is in none of it."""
    if token is None:
        told = list(section.run(press(**shown), PANEL, visitor()))
    else:
        signed = gr.OAuthToken(token=token, scope="contribute-repos", expires_at=0)
        told = list(section.run_signed_in(press(**shown), PANEL, visitor(), signed))
    assert "hf_" not in json.dumps(told).replace("hf_hub", "")
    return told


def test_a_merge_is_pushed_private_under_the_login_of_this_machine(tiny_workbench, hub, tmp_path):
    told = pushed(section_of(tiny_workbench, "machine"), verify=True)
    last = told[-1]
    assert {each["state"] for each in told[:-1]} == {"running"}
    assert (last["state"], last["pushed"]["address"]) == ("saved", f"{hub.endpoint}/{REPO}")
    assert "for your eyes only" in last["notice"]
    assert "Verified with plain transformers" in last["verified"]
    assert (hub.visibility, hub.tokens - {None}) == (["private"], {"Bearer hf_host"})
    files = hub.repos[REPO]
    assert {"model.safetensors", "config.json", "README.md", "merge_recipe.json"} <= files.keys()
    assert json.loads(files["merge_recipe.json"])["recipe"]["lambda"] == 0.3
    assert last["verified"] in files["README.md"].decode()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_for_everybody_only_if_told(tiny_workbench, hub):
    last = pushed(section_of(tiny_workbench, "machine"), public=True)[-1]
    assert "for everybody" in last["notice"]
    assert hub.visibility == ["public"]


def test_a_visitor_of_a_space_pushes_as_themselves_and_never_as_the_host(tiny_workbench, hub):
    section = section_of(tiny_workbench, "visitor")
    last = pushed(section, "hf_visitor")[-1]
    assert last["state"] == "saved"
    assert hub.tokens - {None} == {"Bearer hf_visitor"}
    assert "hf_visitor" not in repr(vars(section))
    asked = len(hub.requests)
    told = list(section.run_signed_in(press(), PANEL, visitor(), None))
    assert told[-1]["notice"] == f"{REPO}: no login; press “Sign in with Hugging Face” below, and push again"
    assert "Sign in with Hugging Face" in pushed(section, "")[-1]["notice"]
    assert len(hub.requests) == asked
    assert "does not know this login; press “Sign in" in pushed(section, "hf_expired")[-1]["notice"]


def test_a_page_that_is_open_to_others_pushes_nothing(tiny_workbench, hub):
    for token in (None, "hf_visitor"):
        last = pushed(section_of(tiny_workbench, "none"), token)[-1]
        assert (last["state"], "pushes nothing to the Hub" in last["notice"]) == ("error", True)
    assert hub.requests == []


def test_without_a_login_there_is_one_sentence_before_the_work(tiny_workbench, hub, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    told = pushed(section_of(tiny_workbench, "machine"))
    assert told[-1]["notice"].startswith(f"{REPO}: no login; run hf auth login on this machine")
    assert not any("share" in each for each in told)
    assert hub.requests == []


def test_what_is_there_is_not_overwritten_unasked(tiny_workbench, hub):
    section = section_of(tiny_workbench, "machine")
    hub.add(REPO, {"notes.txt": b"mine"})
    last = pushed(section)[-1]
    assert last["notice"] == (
        f"{REPO}: is there already and public; choose another name, or tick “for everybody to see”"
    )
    hub.private.add(REPO)
    last = pushed(section)[-1]
    assert "(notes.txt); choose another name, or tick “replace what is there” to put the merge" in last["notice"]
    assert hub.repos[REPO] == {"notes.txt": b"mine"}
    assert pushed(section, replace=True)[-1]["state"] == "saved"
    assert "notes.txt" not in hub.repos[REPO]


@pytest.mark.parametrize(
    ("repo", "said"), [("", "fill in the field"), (None, "fill in"), ("a" * 300, "fill in"), ("x", "write OWNER/NAME")]
)
def test_a_field_that_names_no_repository_is_told(tiny_workbench, hub, repo, said):
    assert said in pushed(section_of(tiny_workbench, "machine"), repo=repo)[-1]["notice"]
    assert hub.requests == []


def test_a_cancel_before_the_upload_leaves_nothing(tiny_workbench, hub, tmp_path):
    section, shown = section_of(tiny_workbench, "machine"), press()
    running = section.run(shown, PANEL, visitor())
    next(each for each in running if "share" in each)
    section.announce(shown | {"action": "cancel"}, visitor())
    rest = list(running)
    assert rest[-1]["notice"] == "Stopped; nothing of it is to be seen on the Hub."
    assert REPO not in hub.repos
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("begun", [False, True])
def test_a_cancel_during_the_upload_is_true_to_its_word(tiny_workbench, hub, monkeypatch, begun):
    """Until the commit begins nothing is seen of the files; after that there is nothing to be given up."""
    monkeypatch.setattr(page_aside, "WAIT_SECONDS", 0.02)
    at, on, step = threading.Event(), threading.Event(), "_commit" if begun else "_put"
    usual = getattr(hub.handler, step)

    def held(handler, *arguments):
        at.set()
        on.wait(30)
        usual(handler, *arguments)

    monkeypatch.setattr(hub.handler, step, held)
    section, shown, told = section_of(tiny_workbench, "machine"), press(), []
    for value in section.run(shown, PANEL, visitor()):
        told.append(value)
        if at.is_set() and not on.is_set():
            section.announce(shown | {"action": "cancel"}, visitor())
            if begun or len(told) > 500:
                on.set()
    on.set()
    time.sleep(0.5)  # what was given up would be seen by now
    assert told[-1]["state"] == ("saved" if begun else "stopped")
    assert ("model.safetensors" in hub.repos[REPO]) is begun


def test_gradio_hands_a_visitors_token_to_the_handler_and_to_nobody_else(tiny_workbench):
    section = section_of(tiny_workbench, "visitor")
    info = {"access_token": "hf_visitor", "scope": "contribute-repos", "expires_at": time.time() + 60}
    request = gr.Request(session_hash="v")
    request.session = {"oauth_info": info}
    given = special_args(section.run_signed_in, [press(), PANEL], request)[0]
    assert given[3].token == "hf_visitor"
    request.session = {"oauth_info": info | {"expires_at": time.time() - 1}}
    assert special_args(section.run_signed_in, [press(), PANEL], request)[0][3] is None
    request.session = {}
    assert special_args(section.run_signed_in, [press(), PANEL], request)[0][3] is None


@pytest.mark.parametrize(("logins", "signs_in", "pushes"), [("machine", 0, 1), ("visitor", 1, 1), ("none", 0, 0)])
def test_the_page_has_a_button_to_sign_in_only_on_a_space(tiny_workbench, monkeypatch, logins, signs_in, pushes):
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("SPACE_ID", "me/space")
    for name in ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"):
        monkeypatch.setattr(gradio.oauth, name, "https://hub.invalid")  # what a Space finds in its environment
    saved = SavedFiles()
    opening = Opening(tiny_workbench.config)
    demo = build_page(tiny_workbench.config, opening, {}, Shelf(), saved, None, serve_folders=True, logins=logins)
    assert demo.expects_oauth is bool(signs_in)
    (section,) = [each for each in demo.blocks.values() if getattr(each, "elem_id", "") == "save"]
    assert section.props["kinds"].count("hub") == pushes
    served = {route.path for route in demo.app.routes if hasattr(route, "path")}
    assert ("/login/huggingface" in served) is bool(signs_in)
    documented = set(demo.get_api_info()["named_endpoints"])
    assert documented == {"/transcribe", "/export", "/merge", "/evaluate"}
    handlers = {each.fn.__name__ for each in demo.fns.values() if each.fn}
    assert ("run_signed_in" in handlers) is bool(signs_in)


def test_a_space_is_told_from_a_machine(monkeypatch):
    assert not app._signs_in()
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("SPACE_ID", "me/space")
    assert not app._signs_in()
    monkeypatch.setenv("OAUTH_CLIENT_ID", "id")
    assert app._signs_in()


def test_the_space_asks_for_no_more_than_it_needs():
    """contribute-repos: create repositories, and reach those made here; no others of the visitor's."""
    front_matter = yaml.safe_load(README.split("---")[1])
    assert front_matter["hf_oauth"] is True
    assert front_matter["hf_oauth_scopes"] == ["contribute-repos"]
