"""Fields that choose a corpus: a name of checkpoints.yaml, or a folder of this machine; the same on every tab."""

from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.corpora.open import READERS
from explorer.ui.choosing import Choosing
from explorer.ui.text import common as words

FIRST_KIND = "manifest"


def corpus_fields(config: Config, choosing: Choosing, *, open_: bool, prefix: str = "") -> tuple[Any, Any, Any]:
    """Lay out corpus, kind and folder inside the current row.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        open_: whether visitors may name folders of this machine.
        prefix: of the fields' ids.
    """
    names = choosing.corpora()
    noted = [spec for spec in config.corpora if spec.note and spec.name in names]
    notes = " ".join(words.CORPUS_NOTE.format(name=spec.name, note=spec.note) for spec in noted)
    corpus = gr.Dropdown(
        names, value=names[0] if names else None, label=words.CORPUS, info=notes, elem_id=f"{prefix}corpus"
    )
    kind = gr.Dropdown(
        [(words.KIND_CHOICE.format(name=name, holds=reader.holds), name) for name, reader in READERS.items()],
        value=FIRST_KIND,
        label=words.KIND,
        info=words.KIND_INFO,
        interactive=open_,
        visible=open_,
        elem_id=f"{prefix}kind",
    )
    folder = gr.Textbox(
        label=words.FOLDER,
        placeholder=words.FOLDER_EXAMPLE,
        interactive=open_,
        visible=open_,
        info=words.FOLDER_INFO,
        elem_id=f"{prefix}folder",
    )
    return corpus, kind, folder


def beside_field(choosing: Choosing, info: str, *, open_: bool, prefix: str = "") -> gr.Dropdown:
    """Lay out the choice of a second corpus inside the current row.

    Args:
        choosing: knows the corpora.
        info: what is said below the label.
        open_: whether visitors may name folders of this machine.
        prefix: of the field's id.
    """
    info = words.BESIDE_PLACES.format(info=info) if open_ else info
    return gr.Dropdown(
        [(words.BESIDE_NONE, ""), *((name, name) for name in choosing.corpora())],
        value="",
        allow_custom_value=open_,
        label=words.BESIDE,
        info=words.BESIDE_INFO.format(info=info),
        elem_id=f"{prefix}beside",
        scale=3,
    )
