"""An export goes to the Hub under the user's own login and comes back byte for byte; nothing is overwritten unasked."""

import logging
import time

import huggingface_hub.constants
import pytest
from hub_push_standin import WritableHub
from hub_standin import commit_of
from material import no_progress

from explorer import pushing
from explorer.checkpoints.hub import hub_folder
from explorer.errors import ConfigError, PushError
from explorer.export import export_files
from explorer.pushing import Place, check_push, push
from explorer.recipe import Recipe
from explorer.steps import finished

# The Hub's library calls its own HTTP client in an old way when it puts a file.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "me/merge"
TOKEN = "hf_good"
RECIPE = Recipe("tiny", mixing=0.3)


@pytest.fixture(scope="module")
def folder(tiny_workbench, tiny_bench, tmp_path_factory):
    target = tmp_path_factory.mktemp("exported") / "merge"
    finished(tiny_workbench.export(tiny_bench, RECIPE, target))
    return target


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub on which the user may write, with empty caches."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    # Xet's own protocol has no stand-in; the library falls back to LFS, which the real Hub takes as well.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library pauses before each new try
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with WritableHub() as hub:
        hub.writers, hub.readers = {TOKEN}, {"hf_reads"}
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def on_the_hub(hub, repo=REPO):
    return {name: data for name, data in hub.repos[repo].items() if name != ".gitattributes"}


def refusal(folder, repo=REPO, **options):
    """The sentence a push ends with: one line, naming the repository and never the token."""
    with pytest.raises(PushError) as caught:
        push(folder, Place(repo, **options))
    sentence = str(caught.value)
    assert sentence.startswith(f"{repo}: ")
    assert "\n" not in sentence
    assert "hf_" not in sentence.replace("hf_hub", "")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return sentence


def test_what_was_pushed_comes_back_byte_for_byte(hub, folder, monkeypatch, tmp_path):
    done = push(folder, Place(REPO))
    assert on_the_hub(hub) == contents(folder)
    assert (done.address, done.private) == (f"{hub.endpoint}/{REPO}", True)
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "own"))
    fetched = hub_folder(REPO, "main", no_progress)
    assert fetched.name == done.commit
    back = contents(fetched)
    assert back.keys() >= {"model.safetensors", "config.json", "tokenizer.json"}
    assert back == {name: data for name, data in contents(folder).items() if name in back}


def test_it_is_private_unless_told_otherwise(hub, folder):
    push(folder, Place(REPO))
    assert push(folder, Place("me/open", public=True)).private is False
    assert hub.visibility == ["private", "public"]


def test_it_is_one_commit(hub, folder):
    push(folder, Place(REPO))
    assert len([line for line in hub.requests if line.startswith("POST") and "/commit/" in line]) == 1
    assert hub.summaries == ["A merge, by SA Merge Explorer"]


def test_only_an_exports_own_files_are_pushed(hub, folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for name, data in contents(folder).items():
        (copy / name).write_bytes(data)
    (copy / "diary.txt").write_text("private")
    (copy / ".env").write_text("secret")
    (copy / "clips").mkdir()
    push(copy, Place(REPO))
    assert on_the_hub(hub) == contents(folder)


def test_pushing_the_same_again_changes_nothing(hub, folder):
    first = push(folder, Place(REPO))
    assert push(folder, Place(REPO)).commit == first.commit


def test_a_push_that_broke_off_is_taken_up(hub, folder):
    hub.refuse["commit"] = 503
    assert "503" in refusal(folder)
    assert on_the_hub(hub) == {}
    del hub.refuse["commit"]
    push(folder, Place(REPO))
    assert on_the_hub(hub) == contents(folder)
    assert len([line for line in hub.requests if line.startswith("PUT")]) == 1


def test_other_files_are_not_overwritten_without_being_asked(hub, folder):
    hub.add(
        REPO, mine := {"model.safetensors": b"mine", "notes.txt": b"mine", "README.md": b"mine", "a": b"", "b": b""}
    )
    hub.private.add(REPO)
    sentence = refusal(folder)
    assert "holds other files already (model.safetensors, notes.txt, README.md and 2 more)" in sentence
    assert "--replace" in sentence
    assert hub.repos[REPO] == mine
    with pytest.raises(PushError, match="holds other files already"):
        check_push(Place(REPO))
    push(folder, Place(REPO, replace=True))
    assert on_the_hub(hub) == contents(folder)
    assert mine in hub.commits.values()  # the Hub keeps what was there


def test_a_public_repository_is_not_written_to_by_mistake(hub, folder):
    hub.add(REPO, {})
    for attempt in (push, lambda _, place: check_push(place)):
        with pytest.raises(PushError, match="is there already and public; choose another name, or add --public"):
            attempt(folder, Place(REPO, replace=attempt is not push))
    assert hub.repos[REPO] == {}
    push(folder, Place(REPO, public=True))
    assert on_the_hub(hub) == contents(folder)


def test_a_private_repository_stays_private(hub, folder):
    push(folder, Place(REPO))
    assert push(folder, Place(REPO, public=True)).private


def test_what_changes_meanwhile_is_not_overwritten(hub, folder):
    hub.add(REPO, {})
    hub.private.add(REPO)
    hub.after_listing = lambda: hub.add(REPO, {"theirs": b"1"})
    assert "was changed while this was being pushed" in refusal(folder)
    assert hub.repos[REPO] == {"theirs": b"1"}


@pytest.mark.parametrize(
    ("step", "status", "said"),
    [
        ("create", 403, "may not write there; name a repository of your own"),
        ("create", 409, "was changed while"),
        ("create", 429, "asked too often (429)"),
        ("batch", 403, "may not write there"),
        ("put", 500, "error 500"),
        ("put", 413, "refuses the upload (413)"),
        ("commit", 429, "asked too often (429)"),
        ("commit", 400, "refuses the upload (400)"),
    ],
)
def test_every_refusal_is_one_sentence_and_nothing_is_half_there(hub, folder, step, status, said):
    hub.refuse[step] = status
    assert said in refusal(folder)
    assert not on_the_hub(hub) if REPO in hub.repos else True


@pytest.mark.parametrize(("fault", "said"), [("silent", "cannot be reached"), ("not a hub", "broke off")])
def test_what_is_no_hub_is_told(hub, folder, monkeypatch, fault, said):
    monkeypatch.setattr(pushing, "REQUEST_SECONDS", 0.3)
    hub.fault = fault
    assert said in refusal(folder)


def test_no_login_is_told_before_anything_is_asked(hub, folder, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert "no login; run hf auth login, or set HF_TOKEN" in refusal(folder)
    assert hub.requests == []


def test_a_login_of_hf_auth_is_used(hub, folder, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "no-token").write_text(TOKEN)
    push(folder, Place(REPO))
    assert hub.tokens >= {f"Bearer {TOKEN}"}


def test_a_wrong_login_is_told(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not know this login" in refusal(folder)


def test_a_login_that_may_only_read_is_told(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_reads")
    assert "may not write there" in refusal(folder)
    assert REPO not in hub.repos


@pytest.mark.parametrize("token", ["hf_se\x0bcret", "hf_s\u00e9cret"])
def test_a_token_that_cannot_be_one_is_not_quoted(hub, folder, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    assert "has characters no token has" in refusal(folder)


@pytest.mark.parametrize("repo", ["merge", "a/b/c", "not a/name", "me/na me", "../up", "/x"])
def test_a_name_that_cannot_be_one_is_told(hub, folder, repo):
    assert "write OWNER/NAME" in refusal(folder, repo)
    assert hub.requests == []


def test_offline_mode_does_not_ask(hub, folder, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refusal(folder)
    assert hub.requests == []


def test_the_token_is_nowhere_to_be_read(hub, folder, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    push(folder, Place(REPO))
    assert TOKEN not in caplog.text + "".join(capfd.readouterr())
    assert not [name for name, data in hub.repos[REPO].items() if TOKEN.encode() in data]


def test_a_login_that_comes_with_the_call_is_the_only_one_used(hub, folder, monkeypatch, caplog, capfd):
    """A host's own login is never used for a visitor's push."""
    caplog.set_level(logging.DEBUG)
    hub.writers.add("hf_visitor")
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    place = Place(REPO, token="hf_visitor")
    check_push(place)
    push(folder, place)
    assert on_the_hub(hub) == contents(folder)
    assert hub.tokens - {None} == {"Bearer hf_visitor"}
    assert "hf_visitor" not in caplog.text + "".join(capfd.readouterr()) + repr(place)
    with pytest.raises(PushError, match="does not know this login"):
        push(folder, Place(REPO, token="hf_expired"))


def test_a_push_that_is_given_up_leaves_nothing_to_be_seen(hub, folder):
    with pytest.raises(PushError, match="given up; nothing of it is to be seen"):
        push(folder, Place(REPO), lambda: False)
    assert on_the_hub(hub) == {}
    push(folder, Place(REPO))
    assert len([line for line in hub.requests if line.startswith("PUT")]) == 1  # what had arrived is not sent again


def test_a_folder_that_is_no_export_is_not_pushed(hub, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read as a folder"):
        push(tmp_path / "absent", Place(REPO))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"is no exported merge \(README.md, merge_recipe.json missing\)"):
        export_files(tmp_path)
    for name in ("README.md", "merge_recipe.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigError, match=r"\(model.safetensors missing\)"):
        push(tmp_path, Place(REPO))
    assert hub.requests == []


def test_merge_and_push_in_one_command(hub, run, tmp_path):
    code, told, _ = run("merge", "--out", tmp_path / "merge", "--push", REPO)
    assert code == 0
    assert f"Pushed {tmp_path / 'merge'} to {hub.endpoint}/{REPO}, for your eyes only" in told
    assert on_the_hub(hub) == contents(tmp_path / "merge")
    code, _, complaint = run("merge", "--out", tmp_path / "again", "--push", REPO)
    assert (code, complaint.count("\n")) == (2, 1)
    assert not (tmp_path / "again").exists()  # told before the work, not after it


def test_the_command_pushes_a_folder(hub, document, folder):
    told = document("push", folder, REPO, "--public")
    assert told == {
        "repository": REPO,
        "address": f"{hub.endpoint}/{REPO}",
        "commit": commit_of(hub.repos[REPO]),
        "private": False,
    }
    assert on_the_hub(hub) == contents(folder)
