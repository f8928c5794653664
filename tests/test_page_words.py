"""What a visitor reads stands in ``explorer/ui/text``: no component is given words of its own."""

import ast
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

UI = Path(__file__).parents[1] / "explorer" / "ui"
TEXTS = sorted(path.stem for path in (UI / "text").glob("*.py") if path.stem != "__init__")
READ = ("label", "value", "placeholder", "info", "title", "choices", "legend", "tagline", "newcomer", "words")


def strays(source: str) -> list[str]:
    """Return the words that components of gradio are given where they are built."""
    built = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and of_gradio(node.func))
    return [stray for call in built for stray in words_of(call)]


def of_gradio(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "gr"


def words_of(call: ast.Call) -> Iterator[str]:
    for given in (*call.args[:1], *(each.value for each in call.keywords if each.arg in READ)):
        pending = [given]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(map(str.isalpha, node.value)):
                yield node.value
            # The keys and states of a value that the browser draws from are no words.
            pending += [] if isinstance(node, ast.Dict) else ast.iter_child_nodes(node)


def test_the_look_for_stray_words_finds_them():
    assert strays('gr.Button("Evaluate", elem_id="run")') == ["Evaluate"]
    assert strays('gr.Textbox("", label=f"Filter of {name}", placeholder=words.EXAMPLE)') == ["Filter of "]
    assert strays('gr.Radio([("one", 1)], info="x" if a else words.B)') == ["one", "x"]
    assert strays('gr.update(choices=found, label="New")') == ["New"]
    assert strays('gr.HTML(value={"state": ""}, html_template="", js_on_load="SAMerge.mountPins(element)")') == []
    assert strays('gr.Number(100, label=words.CLIPS, elem_id="limit")') == []


@pytest.mark.parametrize("path", sorted(UI.glob("*.py")), ids=lambda path: path.stem)
def test_no_component_has_words_of_its_own(path):
    assert strays(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_asked_for(name):
    """A text that nobody shows would be translated in vain."""
    texts = [each for each in vars(import_module(f"explorer.ui.text.{name}")) if each.isupper()]
    assert texts
    page = [ast.parse(path.read_text(encoding="utf-8")) for path in UI.glob("*.py")]
    for module in page:
        aliases = {
            each.asname or each.name
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and node.module == "explorer.ui.text"
            for each in node.names
            if each.name == name
        }
        asked = {
            node.attr
            for node in ast.walk(module)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases
        }
        asked |= {
            each.name
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom) and node.module == f"explorer.ui.text.{name}"
            for each in node.names
        }
        texts = [each for each in texts if each not in asked]
    assert texts == []


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_texts_and_their_names_to_fill_in_are_names(name):
    for constant, text in vars(import_module(f"explorer.ui.text.{name}")).items():
        if constant.isupper():
            lines = [text] if isinstance(text, str) else list(text)
            assert all(isinstance(line, str) for line in lines), constant
            for line in lines:
                assert all(field is None or field.isidentifier() for _, field, _, _ in string.Formatter().parse(line))
