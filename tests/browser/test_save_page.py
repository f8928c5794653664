"""The merge is saved from the page, fetched, verified and opened again; a save that is given up leaves nothing."""

import json
import zipfile

import pytest
import yaml
from driving import heard, recipe_of

from explorer.recipe import recipe_from

pytestmark = pytest.mark.browser


def saved(page, kind):
    """Save as a text and return it, as it arrives on the visitor's disk."""
    page.locator("#save-kind").select_option(kind)
    with page.expect_download() as download:
        page.locator("#save-go").click()
    return download.value


def test_a_merge_is_saved_and_opened_again(page, tmp_path):
    page.locator("#save summary").first.click()
    page.locator("#sam-schedule").select_option("groups")
    heard(page)
    start = recipe_of(page)
    download = saved(page, "recipe")
    assert download.suggested_filename == "recipe.yaml"
    assert recipe_from(yaml.safe_load(download.path().read_text())) == recipe_from(start)
    kept = {}
    for kind in ("mergekit", "sa-merge", "python"):
        kept[kind] = tmp_path / saved(page, kind).suggested_filename
        kept[kind].write_text(page.locator(".sam-save-text").text_content())
    assert kept["python"].name == "merge.py"
    # The formats that say it come back; another method has no room in the authors' file, and the page says so.
    page.locator("#sam-method").select_option("lerp")
    heard(page)
    assert "moved on" in page.locator("#save").inner_text()
    page.locator("#sam-method").select_option("ties")
    heard(page)
    page.locator("#save-kind").select_option("sa-merge")
    page.locator("#save-go").click()
    page.wait_for_selector("#save .sam-notice-error")
    assert "export it as" in page.locator("#save .sam-notice").inner_text()
    for path in kept.values():
        page.locator("#sam-method").select_option("lerp")
        page.locator("#save-file").set_input_files(path)
        page.wait_for_selector("#save .sam-notice-opened", timeout=60_000)
        page.wait_for_function("() => SAMerge.recipe.method === 'sa'")  # the last file's notice may still stand
        heard(page)
    assert recipe_of(page) == start
    (tmp_path / "broken.yaml").write_text("merge_configs: [3]")
    page.locator("#save-file").set_input_files(tmp_path / "broken.yaml")
    page.wait_for_selector("#save .sam-notice-error")
    assert page.locator("#save .sam-notice").inner_text().startswith("broken.yaml: ")
    assert recipe_of(page) == start

    # The model: begun, given up, begun again in half the size, verified.
    page.locator("#save-kind").select_option("folder")
    page.locator("#save-go").click()
    page.locator("#save-cancel").click()
    page.wait_for_selector("#save .sam-notice-stopped", timeout=60_000)
    page.locator("#save-dtype").select_option("float16")
    with page.expect_download(timeout=180_000) as download:
        page.locator("#save-go").click()
        page.wait_for_selector("#save progress", timeout=60_000)
    told = page.locator(".sam-save-verified").inner_text()
    assert "✓ Verified with plain transformers" in told
    with zipfile.ZipFile(download.value.path()) as archive:
        (document,) = [name for name in archive.namelist() if name.endswith("merge_recipe.json")]
        fingerprint = json.loads(archive.read(document))["fingerprint"]
        weights = archive.getinfo(document.replace("merge_recipe.json", "model.safetensors"))
        assert 70e6 < weights.file_size < 80e6
        assert told.removeprefix("✓ ") in archive.read(document.replace("merge_recipe.json", "README.md")).decode()
    assert fingerprint in page.locator("#save .sam-notice").inner_text()
