"""Merge methods side by side: who is compared, what each one costs, what is said of the best of a grid."""

import pytest
import torch
import yaml

from explorer import comparison_tables
from explorer.candidates import candidates, method_names
from explorer.comparison import Comparison, compare, cost_of, judged
from explorer.comparison_report import comparison_document
from explorer.errors import RecipeError
from explorer.evaluation import evaluate
from explorer.halves import Hearing, choose_and_judge, speaker_halves
from explorer.hypotheses import HypothesisStore
from explorer.listening import Listener
from explorer.merging import ties
from explorer.methods import METHODS
from explorer.recipe import recipe_from
from explorer.transcription.decoding import Decoding, Halt
from explorer.workbench import Workbench

SHORT = Decoding("fit", 3)
TITLES = {"m1": "M1", "m2": "M2"}


def read(entries):
    return recipe_from({"triple": "tiny", **entries})


def listed(methods, own=(), grid=False):
    return candidates("tiny", methods, own, read, grid=grid)


@pytest.fixture(scope="module")
def remembering(tiny_workbench, tmp_path_factory):
    store = HypothesisStore(tmp_path_factory.mktemp("store"))
    yield Workbench(tiny_workbench.config, "cpu", store)
    store.close()


@pytest.fixture(scope="module")
def comparing(remembering, tiny_bench, noises):
    def comparing(chosen, corpora=None, halt=None):
        return compare(remembering, tiny_bench, corpora or [noises], chosen, SHORT, halt or Halt())

    return comparing


@pytest.fixture(scope="module")
def compared(comparing):
    return lambda *asked, **more: list(comparing(*asked, **more))


# ---- Who is compared ------------------------------------------------------------------------------------------------


def test_sa_merge_is_always_there_and_first_and_every_method_at_its_defaults():
    found = listed(list(METHODS))
    assert [each.name for each in found] == list(METHODS)
    assert [each.recipe for each in found] == [read({"method": name}) for name in METHODS]
    assert [each.name for each in listed(["ties"])] == ["sa", "ties"]


def test_the_users_settings_stand_in_for_the_defaults_of_their_method():
    own = [read({"method": "ties", "density": 0.4}), read({"method": "ties", "density": 0.6})]
    found = {each.name: each for each in listed(["lerp", "ties"], own)}
    assert list(found) == ["sa", "lerp", "ties", "ties-2"]
    assert [dict(found[name].recipe.values)["density"] for name in ("ties", "ties-2")] == [0.4, 0.6]
    assert found["ties"].settings == "d 0.4 · λ 1 · w 0.5"
    with pytest.raises(RecipeError, match="is of the triple other, and this comparison of tiny"):
        listed(["lerp"], [recipe_from({"triple": "other"})])


@pytest.mark.parametrize("method", METHODS)
def test_a_grid_holds_the_defaults_once_and_is_small(method):
    found = [each for each in listed([method], grid=True) if each.method == method]
    assert found[0].recipe == read({"method": method})
    assert 2 <= len({each.recipe.id for each in found}) == len(found) <= 10
    assert len(found) == len(METHODS[method].grid())  # the defaults are one of its points


def test_names_of_methods():
    assert method_names("all") == list(METHODS)
    assert method_names("ties, sa") == ["sa", "ties"]
    for wrong in ("", "tise", "sa,tise"):
        with pytest.raises(RecipeError, match="methods: expected all, or some of sa"):
            method_names(wrong)


# ---- What is measured -----------------------------------------------------------------------------------------------


def test_every_row_is_what_an_evaluation_of_that_merge_says(compared, tiny_workbench, tiny_bench, noises):
    chosen = listed(["ties", "lerp"])
    *_, last = compared(chosen, [noises, noises[:6]])
    assert last.ended
    assert not last.stopped
    for each in chosen:
        for corpus, state in zip((noises, noises[:6]), last.evaluations, strict=True):
            *_, alone = tiny_workbench.evaluate(tiny_bench, corpus, ["m1", "merge"], each.recipe, SHORT, Halt())
            found = {result.model: result for result in state.results}
            assert {h.utterance.id: h.counts for h in found[each.name].heard} == {
                h.utterance.id: h.counts for h in alone.results[1].heard
            }
    document = comparison_document(last, ["kids", "adults"], TITLES)
    by_name = {row["name"]: row for row in document["rows"]}
    assert list(by_name) == ["m1", "m2", "sa", "lerp", "ties"]
    results = {result.model: result for result in last.evaluations[0].results}
    assert by_name["ties"]["wers"][0]["wer"] == pytest.approx(results["ties"].counts.wer)
    difference = results["ties"].counts.wer - results["sa"].counts.wer
    assert by_name["ties"]["against_sa"]["difference"] == pytest.approx(difference, abs=1e-6)
    assert by_name["sa"]["against_sa"] is None
    assert by_name["m1"]["against_m1"] is None
    assert recipe_from(by_name["ties"]["recipe"]) == read({"method": "ties"})


def test_a_merge_costs_the_bytes_of_the_tensors_it_writes(tiny_bench):
    m1, m0, m2 = (tiny_bench.live.triple.weights[member] for member in ("m1", "m0", "m2"))
    trained = [name for name in m1 if m1[name] is not m0[name] or m2[name] is not m0[name]]
    (sa, lerp) = listed(["lerp"])
    everything, some = cost_of(tiny_bench, lerp), cost_of(tiny_bench, sa)
    assert everything.tensors == len(trained)
    assert everything.megabytes == pytest.approx(4 * sum(m1[name].numel() for name in trained) / 1e6)
    assert some.megabytes < everything.megabytes
    assert some.seconds > 0


def test_a_second_run_decodes_nothing_and_says_so(compared):
    chosen = listed(["dare"])
    *_, first = compared(chosen)
    *_, again = compared(chosen)
    assert again.spent == {}
    rows = [comparison_document(each, ["kids"], TITLES)["rows"] for each in (first, again)]
    assert [row["wers"] for row in rows[0]] == [row["wers"] for row in rows[1]]
    assert {row["decoded_clips"] for row in rows[1]} == {0}


def test_blocks_change_nothing_but_the_order_of_work(tiny_bench, noises):
    def heard(block):
        def held(model):
            return tiny_bench.held(model, read({}))

        listener = Listener(held, tiny_bench.transcriber, SHORT, Halt())
        states = list(evaluate(noises, ["m1", "merge"], listener, tiny_bench.normalizer, block))
        assert listener.spent["m1"][1] == len(noises)
        return states

    one, two = heard(1), heard(2)
    assert one[-1].results == two[-1].results
    under_way = [state for state in two if state.hypotheses > state.done * 2]
    assert under_way
    assert all(state.remaining > 0 for state in under_way)


def test_cancelling_keeps_what_is_there(compared, comparing, noises):
    chosen = listed(["slerp"])
    *_, whole = compared(chosen)
    (before_the_first,) = compared(chosen, halt=Halt(deadline=0))
    assert before_the_first.stopped
    assert comparison_document(before_the_first, ["kids"], TITLES)["rows"] == []
    second: list[bool] = []
    for last in comparing(chosen, [noises, noises[:6]], Halt(lambda: bool(second))):
        second.extend([True] * (len(last.evaluations) > 1))
    assert last.stopped
    assert [state.done for state in last.evaluations] == [len(noises), 0]
    document = comparison_document(last, ["kids", "adults"], TITLES)
    assert document["stopped"]
    rows = comparison_document(whole, ["kids"], TITLES)["rows"]
    assert [row["against_sa"] for row in document["rows"]] == [row["against_sa"] for row in rows]
    assert [row["wers"][0] for row in document["rows"]] == [row["wers"][0] for row in rows]
    assert "slerp" in "\n".join(comparison_tables.text_tables(document)).lower()


def test_what_does_not_fit_is_a_sentence_and_the_others_are_compared(compared, tiny_bench, monkeypatch):
    broken = type(METHODS["ties"])("Broken", "ties", "W", "B.", "https://", METHODS["ties"].parameters)
    monkeypatch.setitem(METHODS, "broken", broken)
    whole = ties.merge

    def merge(operands, values, out):
        return out.fill_(torch.nan) if values["share"] == 0.25 else whole(operands, values, out)

    monkeypatch.setattr(ties, "merge", merge)
    own = [recipe_from({"triple": "tiny", "method": "broken", "share": 0.25})]
    before = tiny_bench.fingerprint("merge", read({}))
    *_, last = compared(listed(["regmean", "lerp"], own, grid=True))
    assert {each.method for each in last.candidates} == {"sa", "lerp"}
    regmean, nan = last.left_out  # one sentence, though three points of its grid miss the matrices
    assert regmean.startswith("RegMean: grams: no Gram matrices called 'default' for this triple")
    assert nan.startswith("Broken: method broken: ")
    assert "not finite" in nan
    assert last.evaluations[0].done == last.evaluations[0].total
    assert tiny_bench.fingerprint("merge", read({})) == before


# ---- The best of a grid ---------------------------------------------------------------------------------------------


def test_the_best_of_a_grid_is_chosen_on_one_half_and_judged_on_the_other(compared, noises):
    *_, last = compared(listed(["lerp"], grid=True))
    (state,) = last.evaluations
    heard = [each.utterance for each in state.results[0].heard]
    halves = tuple(frozenset(u.speaker for u in half) for half in speaker_halves(heard))
    hearing = Hearing({result.model: result.tallies for result in state.results}, halves)
    names = [each.name for each in last.candidates if each.method == "lerp"]
    (expected,) = choose_and_judge([hearing], names)
    found = judged(last)
    assert list(found) == ["sa", "lerp"]
    assert found["lerp"].wer == expected.wer
    rows = {row["method"]: row for row in comparison_document(last, ["kids"], TITLES)["judged"]}
    assert rows["lerp"]["against_m1"]["difference"] == pytest.approx(expected.verdict.difference, abs=1e-6)
    difference = found["lerp"].wer - found["sa"].wer
    assert rows["lerp"]["against_sa"]["difference"] == pytest.approx(difference, abs=1e-6)
    assert rows["sa"]["against_sa"] is None
    assert [each["name"] for each in rows["lerp"]["chosen"]] == [way.chosen for way in expected.ways]


def test_without_a_grid_or_with_one_speaker_nothing_is_judged(compared, noises):
    assert judged(compared(listed(["lerp"]))[-1]) == {}
    mine = [each for each in noises if each.speaker == noises[1].speaker]
    assert judged(compared(listed(["lerp"], grid=True), [mine])[-1]) == {}
    assert judged(Comparison(())) == {}


# ---- From the command line ------------------------------------------------------------------------------------------


@pytest.fixture
def corpus(noise_folder):
    return f"manifest:{noise_folder}"


def test_the_command_compares_gathers_matrices_and_writes_markdown(document, run, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("SA_MERGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"triple": "tiny", "method": "ties", "density": 0.4}))
    asked = ("compare", "--corpus", corpus, "--adult-corpus", corpus, "--grams-corpus", corpus, "--limit", 6)
    asked += ("--recipe", tmp_path / "mine.yaml", "--markdown", tmp_path / "table.md", "--methods", "ties,regmean")
    found = document(*asked)
    assert [row["name"] for row in found["rows"]] == ["m1", "m2", "sa", "ties", "regmean"]
    assert found["rows"][3]["recipe"]["density"] == 0.4
    assert [each["done"] for each in found["corpora"]] == [6, 6]
    table = (tmp_path / "table.md").read_text()
    assert table.count("\n| ") == len(found["rows"]) + 2
    assert "| TIES | d 0.4 · λ 1 · w 0.5 |" in table
    code, told, _ = run(*asked)  # the matrices of the same clips are not gathered again
    assert code == 0
    assert comparison_tables.TIMES in told


def test_the_command_says_what_the_best_of_a_grid_is_worth(run, corpus):
    code, told, complaint = run("compare", "--corpus", corpus, "--methods", "lerp,regmean", "--grid")
    assert code == 0
    assert comparison_tables.FLATTERS in told
    assert "chosen by either half" in told
    assert complaint.count("left out: RegMean: grams: no Gram matrices") == 1


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (("--methods", "tise"), "methods: expected all, or some of sa"),
        (("--recipe", "nowhere.yaml"), "nowhere.yaml"),
        (("--triple", "none"), "no usable triple is called 'none'"),
        (("--filter", "shoe = 3"), "no such field"),
        (("--adult-corpus", "nobody"), "nobody"),
        (("--markdown", "/no/such/folder/t.md"), "folder does not exist"),
    ],
)
def test_a_mistake_is_one_line(run, corpus, asked, reason):
    code, told, complaint = run("compare", "--corpus", corpus, "--methods", "lerp", "--limit", 2, *asked)
    assert code == 2
    assert told == ""
    assert complaint.rstrip().rpartition("\n")[2].startswith("error: ")
    assert reason in complaint
