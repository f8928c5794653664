"""The Evaluate tab: run, partial results, cancel, bad fields; and every mark that leads to a clip."""

import json
import urllib.error
import urllib.request

import pytest
from corpus_trees import arranged, build_manifest, real_clips
from driving import heard, recipe_of, rest

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
    rows = evaluate.locator(".sam-rates tbody tr")
    assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.model)") == ["m0", "m1", "m2", "merge"]
    assert "n = 8 clips" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    assert evaluate.locator(".sam-evaluation .sam-verdict").count() == 2
    evaluate.wait_for_selector("#view .js-plotly-plot")
    for row in rows.all():
        counts = [int(cell) for cell in row.locator("td").all_inner_texts()[2:]]
        wer = float(row.locator(".sam-wer").inner_text().removesuffix(" %"))
        assert wer == pytest.approx(100 * sum(counts[:3]) / counts[3], abs=0.051)


def test_clips_stand_by_their_titles_and_a_phone_shows_their_rates(new_page):
    page = new_page(viewport={"width": 390, "height": 844})
    heard(page)
    page.get_by_role("tab", name="Evaluate").click()
    page.locator("#limit input").fill("3")
    page.locator("#run").click()
    state(page, "done")
    titles = page.locator(".sam-clip-title").all_inner_texts()
    names = page.locator(".sam-utterances tbody th .sam-link")
    assert {name.removeprefix("▸ ") for name in names.all_inner_texts()} < set(titles)
    assert names.first.get_attribute("title") not in titles
    # Clip, three rates and Δ lie within the table's box before anybody scrolls it.
    box = page.locator(".sam-results .sam-scroll").last.bounding_box()
    cell = page.locator(".sam-utterances tbody tr").first.locator("td").nth(3)
    assert cell.inner_text()[0] in "▲▼="
    assert cell.bounding_box()["height"] < 120
    assert cell.bounding_box()["x"] + cell.bounding_box()["width"] <= box["x"] + box["width"]


def test_a_folder_is_filtered_drawn_from_and_evaluated(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#filter textarea, #filter input").first.fill("age <= 8 and duration < 4")
    evaluate.locator("#limit input").fill("10")
    evaluate.locator("#run").click()
    state(evaluate, "done")
    assert "n = 10 clips" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    assert "age <= 8" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()


def test_a_cancelled_evaluation_keeps_what_it_has_and_frees_the_model(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#limit input").fill("500")
    evaluate.locator("#run").click()
    evaluate.wait_for_selector(".sam-rates tbody tr", timeout=60_000)
    assert "to go" in evaluate.locator(".sam-evaluation .sam-progress").inner_text()
    evaluate.locator("#cancel").click()
    state(evaluate, "stopped", timeout=10_000)
    assert "Stopped after" in evaluate.locator(".sam-evaluation .sam-notice").inner_text()
    assert evaluate.locator(".sam-rates tbody tr").count() == 3
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


@pytest.mark.parametrize(("gap", "cancelled"), [(0, False), (400, False), (300, True)])
def test_a_run_that_another_overtakes_gives_way_and_nothing_freezes(evaluate, speech, gap, cancelled):
    choose_folder(evaluate, speech / "speechocean762" / "dev-child", limit=30)
    # A recipe that nobody has heard before: the runs have work to do.
    evaluate.evaluate("(ratio) => SAMerge.takeRecipe({ ...SAMerge.recipe, lambda: ratio })", 0.311 + gap / 10_000)
    evaluate.locator("#run").click()
    evaluate.wait_for_timeout(gap)
    evaluate.locator("#run").click()
    if cancelled:
        evaluate.wait_for_timeout(500)
        evaluate.locator("#cancel").click()
        state(evaluate, "stopped")
    else:
        state(evaluate, "running")
        state(evaluate, "done", timeout=120_000)
        assert "n = 30 clips" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    assert not evaluate.locator("#closer").evaluate("(box) => box.classList.contains('sam-before')")


def test_exploring_goes_on_while_an_evaluation_runs(evaluate, speech):
    evaluate.locator("#folder textarea, #folder input").first.fill(str(speech / "speechocean762" / "dev-child"))
    evaluate.locator("#limit input").fill("500")
    evaluate.locator("#run").click()
    evaluate.wait_for_selector(".sam-rates tbody tr", timeout=60_000)
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
    assert sentence in evaluate.locator(".sam-evaluation .sam-notice-error").inner_text()
    assert evaluate.locator(".sam-rates tbody tr").count() == 3


def test_a_broken_clip_is_named_and_left_out(evaluate, tmp_path, speech):
    (tmp_path / "good.flac").write_bytes((speech / "speechocean762/dev-child/0049/000490017.flac").read_bytes())
    (tmp_path / "bad.flac").write_bytes(b"not audio")
    rows = [{"file_name": name, "text": "dora can see the sheep", "speaker": "a"} for name in ("good.flac", "bad.flac")]
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluate.locator("#folder textarea, #folder input").first.fill(str(tmp_path))
    evaluate.locator("#run").click()
    state(evaluate, "done")
    assert "n = 1 clip," in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    evaluate.locator(".sam-evaluation summary").click()
    assert "bad.flac" in evaluate.locator(".sam-evaluation details").inner_text()


def choose_folder(page, folder, kind=None, limit=""):
    if kind:
        page.locator("#kind input").click()
        page.get_by_role("option", name=f"{kind}:").click()
    page.locator("#folder textarea, #folder input").first.fill(str(folder))
    page.locator("#limit input").fill(str(limit))


def run(page, timeout=90_000):
    # What is done is the run before: its box is told apart from the one that the new run draws.
    page.evaluate("() => document.querySelector('.sam-evaluation').removeAttribute('data-state')")
    page.locator("#run").click()
    page.wait_for_function(
        "() => ['done', 'error'].includes(document.querySelector('.sam-evaluation')?.dataset.state)", timeout=timeout
    )
    assert page.locator(".sam-evaluation").get_attribute("data-state") == "done"


def figures(page, part=0):
    """S, D and I of every model of a part."""
    rows = page.locator(".sam-part").nth(part).locator(".sam-rates tbody tr")
    return {row.get_attribute("data-model"): row.locator("td").all_inner_texts()[2:5] for row in rows.all()}


def loaded_seconds(page, box):
    """Wait until a player has its clip, and return its length."""
    page.wait_for_function("(box) => document.querySelector(`${box} audio`)?.readyState >= 2", arg=box)
    return page.evaluate("(box) => document.querySelector(`${box} audio`).duration", box)


@pytest.fixture
def evaluated(evaluate, speech):
    choose_folder(evaluate, speech / "speechocean762" / "dev-child", limit=40)
    run(evaluate)
    evaluate.wait_for_selector("#view .scatterlayer .point")
    return evaluate


def test_a_point_of_the_chart_leads_to_the_right_clip_and_its_sound(evaluated, speech):
    lines = (speech / "speechocean762" / "dev-child" / "metadata.jsonl").read_text().splitlines()
    seconds = {row["id"]: row["duration"] for row in map(json.loads, lines)}
    # A point behind which there is one clip, told by Plotly's own values.
    place, wanted = evaluated.evaluate("""() => {
        const traces = document.querySelector("#view .js-plotly-plot").data;
        let place = 0;
        for (const trace of traces.filter((each) => each.customdata)) {
            for (let index = 0; index < trace.customdata.length; index += 1) {
                if (trace.customdata[index][0].length === 1) return [place, trace.text[index]];
                place += 1;
            }
        }
    }""")
    point = evaluated.locator("#view .scatterlayer .point").nth(place)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    evaluated.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    evaluated.wait_for_selector("#view .hovertext")
    evaluated.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    evaluated.wait_for_selector(".sam-detail")
    assert evaluated.locator(".sam-count[role=status]:not(.sam-notice)").inner_text() == "1 of 40 clips"
    assert wanted in evaluated.locator(".sam-utterances tbody th button").inner_text()
    assert loaded_seconds(evaluated, ".sam-detail") == pytest.approx(seconds[wanted], abs=0.02)
    evaluated.get_by_label("show all again").click()
    assert evaluated.locator(".sam-count[role=status]:not(.sam-notice)").inner_text() == "40 of 40 clips"


def test_a_clip_of_a_corpus_opens_on_the_explore_tab_and_never_becomes_a_file_of_gradios(evaluated):
    files = []
    evaluated.on("request", lambda request: "/file=" in request.url and files.append(request.url))
    evaluated.locator(".sam-utterances tbody .sam-link").first.click()
    name = evaluated.locator(".sam-utterances tbody tr").first.get_attribute("data-row")
    said = evaluated.locator(".sam-utterances tbody tr .sam-said-cell").first.inner_text()
    seconds = loaded_seconds(evaluated, ".sam-detail")
    merged = evaluated.locator(".sam-detail [data-model=merge] td").all_inner_texts()
    evaluated.get_by_text("Open in Explore").click()
    evaluated.wait_for_function(
        "(said) => document.querySelector('.sam-said')?.innerText.includes(said)", arg=said, timeout=20_000
    )
    heard(evaluated)
    assert loaded_seconds(evaluated, ".sam-guest") == pytest.approx(seconds, abs=0.02)
    words = evaluated.locator(".sam-merge .sam-text .sam-word").count()
    assert words == len([text for text in merged if text.strip()]), name
    assert files == []
    # A sample clip takes the guest's place.
    evaluated.get_by_text("Rubber band", exact=True).click()
    heard(evaluated)
    assert not evaluated.locator(".sam-guest").is_visible()


def test_the_table_is_filtered_searched_and_sorted(evaluated):
    def deltas():
        return [0 if cell == "=" else int(cell.split()[1]) * (-1 if "▼" in cell else 1) for cell in cells(-6)]

    def cells(index):
        rows = evaluated.locator(".sam-utterances tbody tr[data-row]")
        return rows.evaluate_all(
            "(rows, index) => rows.map((row) => row.children[row.children.length + index].innerText)", index
        )

    evaluated.get_by_label("which clips", exact=True).select_option("more errors")
    worse = deltas()
    assert all(delta > 0 for delta in worse)
    evaluated.get_by_label("which clips", exact=True).select_option("fewer errors")
    better = deltas()
    assert all(delta < 0 for delta in better)
    evaluated.get_by_label("which clips", exact=True).select_option("all clips")
    counts = evaluated.locator("[data-model=merge] td, [data-model=m1] td").all_inner_texts()
    assert counts  # the table of rates stands above
    errors = {model: sum(map(int, three)) for model, three in figures(evaluated).items()}
    evaluated.get_by_text("Show more").click()
    assert len(cells(0 - 1)) == 40
    assert sum(deltas()) == errors["merge"] - errors["m1"] == sum(worse) + sum(better)
    evaluated.get_by_role("button", name="Merge · SA").last.click()
    rates = [float(cell.split()[0]) for cell in cells(-7)]
    assert rates == sorted(rates)
    said = cells(-1)[0]
    evaluated.get_by_label("search").fill(said)
    assert said in cells(-1)
    assert evaluated.locator(".sam-count[role=status]:not(.sam-notice)").inner_text() != "40 of 40 clips"


def test_fates_confusions_and_bars_lead_to_their_clips(evaluated):
    fate = evaluated.locator(".sam-ledger [data-fate='same error']")
    fate.get_by_role("button").click()
    assert evaluated.get_by_label("which clips", exact=True).input_value() == "same error"
    evaluated.locator(".sam-results summary").click()
    first = evaluated.locator(".sam-confusions tbody tr").first
    words = first.locator("button").inner_text()
    first.locator("button").click()
    assert words in evaluated.locator(".sam-filters .sam-chip").inner_text()
    evaluated.locator("#view-choice input").click()
    evaluated.get_by_role("option", name="WER by gender").click()
    evaluated.wait_for_selector("#view .barlayer .point path")
    bar = evaluated.locator("#view .barlayer .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    evaluated.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5)
    evaluated.wait_for_selector("#view .hovertext")
    evaluated.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5)
    evaluated.wait_for_function(
        "() => document.querySelector('.sam-chip:not([hidden])')?.innerText.includes('from the chart')", timeout=5_000
    )
    gendered = evaluated.locator("#view .js-plotly-plot").evaluate("(plot) => plot.data[0].customdata[0][0].length")
    assert evaluated.locator(".sam-count[role=status]:not(.sam-notice)").inner_text() == f"{gendered} of 40 clips"


def test_a_filter_is_counted_while_it_is_typed(evaluate, speech):
    choose_folder(evaluate, speech / "speechocean762" / "dev-child", limit=20)
    field = evaluate.locator("#filter textarea, #filter input").first
    says = "(text) => document.querySelector('#counted').innerText.includes(text)"
    field.press_sequentially("age <= 8")
    evaluate.wait_for_function(says, arg="240 of 540 utterances, 12 speakers")
    assert "20 of them are drawn" in evaluate.locator("#counted").inner_text()
    field.press_sequentially(" and")
    evaluate.wait_for_function(says, arg="a condition is missing")


def test_pins_and_a_second_corpus_take_part_and_the_trade_off_follows_the_curve(evaluate, speech):
    evaluate.get_by_text("Pin this recipe").click()
    evaluate.get_by_role("tab", name="Explore").click()
    evaluate.get_by_label("λ, typed").fill("0.6")
    evaluate.get_by_label("λ, typed").press("Enter")
    evaluate.get_by_role("tab", name="Evaluate").click()
    root = speech / "speechocean762"
    choose_folder(evaluate, root / "dev-child", limit=12)
    evaluate.get_by_text("More settings").click()
    evaluate.locator("#beside input").fill(f"manifest:{root / 'dev-adult'}")
    evaluate.locator("#beside input").press("Enter")
    run(evaluate)
    for part in (0, 1):
        assert list(figures(evaluate, part)) == ["m1", "m2", "merge", "pin-1"]
    evaluate.wait_for_selector("#view .js-plotly-plot")
    stars = """() => document.querySelector("#view .js-plotly-plot")?.data
        .filter((trace) => typeof trace.customdata?.[0][0].merge === "number").length"""
    assert evaluate.evaluate(stars) == 1
    evaluate.get_by_label("again whenever the curve moves").check()
    evaluate.get_by_role("tab", name="Explore").click()
    evaluate.get_by_label("λ, typed").fill("0.1")
    evaluate.get_by_label("λ, typed").press("Enter")
    evaluate.get_by_role("tab", name="Evaluate").click()
    evaluate.wait_for_function(f"() => ({stars})() === 2", timeout=60_000)
    assert "λ 0.1" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    # A point of the way back: its recipe is on the panel again.
    evaluate.evaluate("""() => {
        const plot = document.querySelector("#view .js-plotly-plot");
        const old = plot.data.findIndex((trace) => trace.customdata?.[0][0].merge === 0);
        plot.emit("plotly_click", { points: [{ customdata: plot.data[old].customdata[0] }] });
    }""")
    assert recipe_of(evaluate)["lambda"] == 0.6
    evaluate.get_by_label("unpin").click()
    assert evaluate.locator(".sam-pins .sam-chip").count() == 0


def test_reports_are_saved_and_the_html_one_draws_itself_from_nothing(evaluated, new_page, tmp_path):
    for kind in ("html", "csv", "json"):
        with evaluated.expect_download() as download:
            evaluated.get_by_text(f"Save as {kind.upper()}").click()
        download.value.save_as(tmp_path / f"evaluation.{kind}")
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["utterances"] == len(document["heard"]) == 40
    shown = figures(evaluated)
    for model, figure in document["models"].items():
        assert shown[model] == [str(figure[key]) for key in ("substitutions", "deletions", "insertions")]
    html = (tmp_path / "evaluation.html").read_text()
    assert "audio" not in html.split('id="value">', 1)[1].split("</script>", 1)[0]
    report = new_page((tmp_path / "evaluation.html").as_uri())
    report.wait_for_selector(".js-plotly-plot .point")
    report.get_by_text("a point for each utterance").click()
    report.wait_for_selector(".js-plotly-plot .scatterlayer .point")
    assert figures(report) == shown
    report.locator(".sam-utterances tbody .sam-link").first.click()
    report.wait_for_selector(".sam-detail .sam-grid-table")  # drawn a frame later, when its width is known
    assert report.locator("audio").count() == 0
    assert [request for request in report.watch.seen if not request.startswith(("file:", "data:", "blob:"))] == []


def status(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_an_address_ends_with_the_visit(new_page, server, speech):
    page = new_page()
    heard(page)
    page.get_by_role("tab", name="Evaluate").click()
    choose_folder(page, speech / "speechocean762" / "dev-child", limit=2)
    addresses = []
    page.on("request", lambda request: "/clip/" in request.url and addresses.append(request.url))
    run(page)
    page.locator(".sam-utterances tbody .sam-link").first.click()
    loaded_seconds(page, ".sam-detail")
    (address,) = addresses
    assert urllib.request.urlopen(address).headers["Content-Type"] == "audio/wav"
    page.close()
    for _ in range(100):
        if status(address) == 404:
            break
        rest(0.1)
    assert status(address) == 404
    assert address.split("/")[-3] not in server.log.read_text()


@pytest.mark.parametrize("layout", ["myst", "cmu-kids"])
def test_a_licensed_layout_gives_the_errors_of_the_plain_manifest(evaluate, speech, tmp_path, layout):
    clips = real_clips(speech)
    choose_folder(evaluate, build_manifest(tmp_path / "plain", clips), "manifest")
    run(evaluate)
    plain = figures(evaluate)
    kind, _, root = arranged(layout, tmp_path / "tree", clips).partition(":")
    choose_folder(evaluate, root, kind)
    run(evaluate)
    assert f"n = {len(clips)} clips" in evaluate.locator(".sam-evaluation .sam-caption").first.inner_text()
    assert figures(evaluate) == plain
