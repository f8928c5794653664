"""Fields that choose a corpus: a name of checkpoints.yaml, or a folder of this machine; the same on every tab."""

from typing import Any

import gradio as gr

from explorer.config import Config
from explorer.corpora.open import READERS
from explorer.ui.choosing import Choosing


def corpus_fields(config: Config, choosing: Choosing, *, open_: bool, prefix: str = "") -> tuple[Any, Any, Any]:
    """Lay out corpus, kind and folder inside the current row.

    Args:
        config: of checkpoints.yaml.
        choosing: opens corpora.
        open_: whether visitors may name folders of this machine.
        prefix: of the fields' ids.
    """
    names = choosing.corpora()
    notes = " ".join(f"{spec.name}: {spec.note}" for spec in config.corpora if spec.note and spec.name in names)
    corpus = gr.Dropdown(
        names, value=names[0] if names else None, label="Corpus", info=notes, elem_id=f"{prefix}corpus"
    )
    kind = gr.Dropdown(
        [(f"{name}: {reader.holds}", name) for name, reader in READERS.items()],
        value="manifest",
        label="or a folder of this kind",
        info="Licensed corpora are read where they lie.",
        interactive=open_,
        visible=open_,
        elem_id=f"{prefix}kind",
    )
    folder = gr.Textbox(
        label="at this place on this machine",
        placeholder="/path/to/corpus",
        interactive=open_,
        visible=open_,
        info="Takes the place of the corpus on the left. Read in place; no audio is copied.",
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
    return gr.Dropdown(
        [("none", ""), *((name, name) for name in choosing.corpora())],
        value="",
        allow_custom_value=open_,
        label="Beside it, a second corpus",
        info=f"Adult speech, say: what does the merge cost there? {'A name, or KIND:PATH. ' if open_ else ''}{info}",
        elem_id=f"{prefix}beside",
        scale=3,
    )
