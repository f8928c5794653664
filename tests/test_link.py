"""A recipe as a link and back: in Python, in the browser's module, and between the two."""

import json
import string
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_page_modules import answers

from explorer.addition import MAX_BETA
from explorer.attention import LANES, PARTS, PROJECTIONS
from explorer.config_file import read_config
from explorer.errors import RecipeError
from explorer.finer import FEED_FORWARD, FINER_PARTS
from explorer.formats.link import link_entries, link_query, link_text
from explorer.methods import METHODS
from explorer.recipe import recipe_from
from explorer.schedule import SCHEDULES
from explorer.ui.recipe_panel import method_rows

ROOT = Path(__file__).parents[1]
DEFAULT = recipe_from(read_config(ROOT / "checkpoints.yaml").default)
# As the panel has them, without what ties a recipe to this machine's triples.
TABLES = {
    "methods": method_rows(DEFAULT),
    "schedules": {name: asdict(row) for name, row in SCHEDULES.items()},
    "parts": list(PARTS),
    "max_beta": MAX_BETA,
}
names = st.text(min_size=1, max_size=12)


def floats(low: float, high: float) -> st.SearchStrategy:
    return st.floats(low, high) | st.floats(low, high).map(lambda value: round(value, 2))


def some(values: tuple[str, ...]) -> st.SearchStrategy:
    return st.lists(st.sampled_from(values), unique=True)


def value_of(parameter) -> st.SearchStrategy:
    if parameter.kind == "name":
        return st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=20).map(
            lambda text: f"g{text}"
        )
    if parameter.kind == "whole":
        return st.integers(int(parameter.lowest), int(parameter.highest))
    return floats(parameter.lowest, parameter.highest)


@st.composite
def recipes(draw):
    method = draw(st.sampled_from(list(METHODS)))
    row = METHODS[method]
    entries = {"triple": draw(names), "method": method, "scope": draw(some(row.parts))}
    entries |= {each.name: draw(value_of(each)) for each in row.parameters}
    if row.curve:
        schedule = draw(st.sampled_from(list(SCHEDULES)))
        alphas = SCHEDULES[schedule].exponents or 1
        entries |= {"schedule": schedule, "lambda": draw(floats(0, 1)), "projections": draw(some(PROJECTIONS))}
        entries["alpha"] = draw(st.lists(floats(0, 2), min_size=alphas, max_size=alphas))
        if schedule == "custom":
            ratios = st.lists(floats(0, 1), max_size=6)
            entries["ratios"] = draw(st.dictionaries(st.sampled_from(LANES), ratios))
            if method == "sa":
                entries["finer"] = draw(st.dictionaries(st.sampled_from(FEED_FORWARD), ratios)) | draw(
                    st.dictionaries(
                        st.sampled_from(FINER_PARTS[:9]),
                        st.lists(floats(0, 1) | st.lists(floats(0, 1), min_size=1, max_size=3), max_size=3),
                    )
                )
    additions = st.fixed_dictionaries(
        {"vector": names, "beta": floats(-MAX_BETA, MAX_BETA)}, optional={"scope": some(PARTS)}
    )
    return recipe_from(entries | {"add": draw(st.lists(additions, max_size=2))})


@given(recipes())
def test_a_recipe_survives_its_link(recipe):
    assert recipe_from(link_entries(link_text(recipe))) == recipe
    for address in ("", "r=", "https://example.org/explore"):
        link = address + (link_query(recipe).removeprefix("?r=") if address == "r=" else link_query(recipe))
        assert recipe_from(link_entries(f"{link}&tab=evaluate#there")) == recipe


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(recipes(), min_size=12, max_size=20))
def test_browser_and_python_write_the_same_links_and_read_them_alike(many):
    given_ = [recipe.as_dict() for recipe in many]
    answer = answers("links.mjs", {"tables": TABLES, "recipes": given_, "links": []})
    assert answer["written"] == answer["queried"] == [link_text(recipe) for recipe in many]
    assert answer["again"] == given_
    # Key by key in one order too: undo compares recipes as text.
    assert [list(each) for each in answer["again"]] == [list(each) for each in given_]


@st.composite
def hostile(draw):
    """Return a link with something done to it."""
    text = link_text(draw(recipes()))
    fields = text.split("~")
    at = draw(st.integers(0, len(fields) - 1))
    junk = draw(
        st.text(string.printable + "λ’~:,%", max_size=8)
        | st.sampled_from(["1e999", "-0", "NaN", "+.5", "٣", "_", "1_,_0"])
    )
    how = draw(st.sampled_from(["cut", "field", "value", "more", "twice", "swap"]))
    if how == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if how == "field":
        fields[at] = junk
    elif how == "value":
        fields[at] = f"{fields[at].partition(':')[0]}:{junk}"
    elif how == "more":
        fields.insert(at, junk)
    elif how == "twice":
        fields.insert(at, fields[at])
    else:
        fields = [*fields[:3], *reversed(fields[3:])]
    return "~".join(fields)


def read(link):
    try:
        return recipe_from(link_entries(link)).as_dict()
    except RecipeError:
        return None


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(hostile().filter(lambda link: "?" not in link and link == link.strip()), min_size=20, max_size=40))
def test_hostile_links_are_refused_or_read_alike_by_both(links):
    answer = answers("links.mjs", {"tables": TABLES, "recipes": [], "links": links})
    assert answer["read"] == json.loads(json.dumps([read(link) for link in links]))


def test_a_link_is_readable_and_can_be_edited_by_hand():
    assert link_query(recipe_from({"triple": "tiny-en"})) == "?r=v1~tiny-en~sa~depth~lambda:0.2~alpha:0.8"
    edited = recipe_from(link_entries("?r=v1~tiny-en~sa~constant~lambda:.5~&clip=x"))
    assert (edited.schedule, edited.mixing) == ("constant", 0.5)
    assert recipe_from(link_entries("v1~tiny-en")).id == recipe_from({"triple": "tiny-en"}).id
    assert recipe_from(link_entries("v1~tiny-en~ties~density:0.4")).values[0] == ("density", 0.4)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("v2~tiny-en", "begins with 'v2'"),
        ("", "begins with ''"),
        ("http://127.0.0.1/?clip=x", r"expected an address with \?r="),
        ("v1~tiny-en~magic", "method: expected one of sa"),
        ("v1~tiny-en~sa~depth~lambda:2", "lambda: expected a number from 0 to 1"),
        ("v1~tiny-en~sa~depth~lambda:x", "lambda: expected a number, but got 'x'"),
        ("v1~tiny-en~sa~depth~lambda:0.1~lambda:0.2", "lambda stands there twice"),
        ("v1~tiny-en~sa~depth~density:0.1", "density: no such key"),
        ("v1~tiny-en~sa~depth~add:m2", "expected VECTOR:β"),
        ("v1~~sa", "triple: expected the name"),
        ("v1~tiny-en~sa~custom~encoder.self:1,2", "encoder.self: expected a number from 0 to 1"),
    ],
)
def test_a_broken_link_gets_one_sentence(link, said):
    with pytest.raises(RecipeError, match=said):
        recipe_from(link_entries(link), "link")
