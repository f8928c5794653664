"""The Evaluate tab: run, partial results, cancel, bad fields."""

import json

import pytest
from driving import heard

pytestmark = pytest.mark.browser


@pytest.fixture
def evaluate(page):
    page.get_by_role("tab", name="Evaluate").click()
    return page


def state(page, wanted, timeout=60_000):
    page.wait_for_function(
        "(wanted) => document.querySelector('.sam-evaluation')?.dataset.state === wanted", arg=wanted, timeout=timeout
    )


def test_the_sample_clips_give_a_table_a_verdict_and_a_chart(evaluate):
    evaluate.get_by_label("M0", exact=True).check()
    evaluate.locator("#run").click()
    state(evaluate, "done")
    rows = evaluate.locator(".sam-table tbody tr")
    assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.model)") == ["m0", "m1", "m2", "merge"]
    assert "n = 6 clips" in evaluate.locator(".sam-table caption").inner_text()
    assert evaluate.locator(".sam-verdict").count() == 2
    evaluate.wait_for_selector("#chart .js-plotly-plot")
    for row in rows.all():
        counts = [int(cell) for cell in row.locator("td").all_inner_texts()[2:]]
        wer = float(row.locator(".sam-wer").inner_text().removesuffix(" %"))
        assert wer == pytest.approx(100 * sum(counts[:3]) / counts[3], abs=0.051)


def test_a_folder_is_filtered_drawn_from_and_evaluated(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#filter textarea, #filter input").first.fill("age <= 8 and duration < 4")
    evaluate.locator("#limit input").fill("10")
    evaluate.locator("#run").click()
    state(evaluate, "done")
    assert "n = 10 clips" in evaluate.locator(".sam-table caption").inner_text()
    assert "age <= 8" in evaluate.locator(".sam-table caption").inner_text()


def test_a_cancelled_evaluation_keeps_what_it_has_and_frees_the_model(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#limit input").fill("500")
    evaluate.locator("#run").click()
    evaluate.wait_for_selector(".sam-table tbody tr", timeout=60_000)
    assert "to go" in evaluate.locator(".sam-progress").inner_text()
    evaluate.locator("#cancel").click()
    state(evaluate, "stopped", timeout=10_000)
    assert "Stopped after" in evaluate.locator(".sam-notice").inner_text()
    assert evaluate.locator(".sam-table tbody tr").count() == 3
    evaluate.get_by_role("tab", name="Explore").click()
    evaluate.get_by_text("Rubber band", exact=True).click()
    evaluate.wait_for_function(
        "() => document.querySelector('.sam-said')?.innerText.includes('rubber')", timeout=20_000
    )
    heard(evaluate)
    evaluate.get_by_role("tab", name="Evaluate").click()
    evaluate.locator("#limit input").fill("3")
    evaluate.locator("#run").click()
    state(evaluate, "done")  # a cancel ends one run, not the next


def test_exploring_goes_on_while_an_evaluation_runs(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#limit input").fill("500")
    evaluate.locator("#run").click()
    evaluate.wait_for_selector(".sam-table tbody tr", timeout=60_000)
    evaluate.get_by_role("tab", name="Explore").click()
    evaluate.get_by_label("λ, typed").fill("1")
    evaluate.get_by_label("λ, typed").press("Enter")
    heard(evaluate, timeout=20_000)
    assert evaluate.locator(".sam-merge .sam-text").inner_text() == evaluate.locator(".sam-m1 .sam-text").inner_text()
    evaluate.get_by_role("tab", name="Evaluate").click()
    assert evaluate.locator(".sam-evaluation").get_attribute("data-state") == "running"
    evaluate.locator("#cancel").click()
    state(evaluate, "stopped", timeout=10_000)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("filter", "age ~ 8", "expected a field, a sign and a value"),
        ("filter", "shoe = 3", "no such field in this corpus"),
        ("filter", "speaker = nobody", "no utterance meets"),
        ("folder", "/no/such/folder", "no such folder"),
    ],
)
def test_a_bad_field_gets_one_sentence_and_the_table_stays(evaluate, field, value, sentence):
    evaluate.locator("#run").click()
    state(evaluate, "done")
    evaluate.locator(f"#{field} textarea, #{field} input").first.fill(value)
    evaluate.locator("#run").click()
    state(evaluate, "error")
    assert sentence in evaluate.locator(".sam-notice-error").inner_text()
    assert evaluate.locator(".sam-table tbody tr").count() == 3


def test_a_broken_clip_is_named_and_left_out(evaluate, tmp_path, speech):
    (tmp_path / "good.flac").write_bytes((speech / "speechocean762/dev-child/0049/000490017.flac").read_bytes())
    (tmp_path / "bad.flac").write_bytes(b"not audio")
    rows = [{"file_name": name, "text": "dora can see the sheep", "speaker": "a"} for name in ("good.flac", "bad.flac")]
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluate.locator("#folder textarea, #folder input").first.fill(str(tmp_path))
    evaluate.locator("#run").click()
    state(evaluate, "done")
    assert "n = 1 clips" in evaluate.locator(".sam-table caption").inner_text()
    evaluate.locator(".sam-evaluation summary").click()
    assert "bad.flac" in evaluate.locator(".sam-evaluation details").inner_text()
