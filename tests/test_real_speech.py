"""Real speech on the Explore tab, without a browser: clips of a folder, and what goes wrong."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile
from material import sine

from explorer.config_file import read_config
from explorer.ui.choosing import Choosing
from explorer.ui.opening import Opening
from explorer.ui.real_speech import CLIPS, RealSpeech
from explorer.ui.shelf import Shelf
from explorer.ui.text.common import FOLDER_REFUSED

CONFIG = read_config(Path(__file__).parents[1] / "checkpoints.yaml")
VISITOR = SimpleNamespace(session_hash="visitor")


@pytest.fixture
def folder(tmp_path):
    """A corpus of many clips by three children."""
    rows = []
    for index in range(4 * CLIPS):
        soundfile.write(tmp_path / f"{index}.wav", sine(300, 0.2, 16_000), 16_000)
        rows.append(
            {"file_name": f"{index}.wav", "text": f"word {index}", "speaker": str(index % 3), "age": 6 + index % 3}
        )
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path)


def section(*, open_: bool = True) -> tuple[RealSpeech, Shelf]:
    shelf = Shelf()
    return RealSpeech(CONFIG, Opening(CONFIG), Choosing(CONFIG, serve_folders=open_), shelf, open_=open_), shelf


def drawn(real: RealSpeech, stamp: float = 7.0, **form: object) -> dict:
    return list(real.draw(form | {"stamp": stamp}, VISITOR))[-1]


def test_clips_are_drawn_evenly_over_speakers_and_belong_to_the_visitor(folder):
    real, shelf = section()
    answer = drawn(real, kind="manifest", folder=folder)
    assert answer["state"] == "done"
    assert len(answer["rows"]) == CLIPS
    found = [shelf.clip("visitor", f"{row['visit']}/{row['clip']}") for row in answer["rows"]]
    assert [each.reference for each in found] == [row["reference"] for row in answer["rows"]]
    assert len({each.speaker for each in found}) == 3
    assert all("years" in row["facts"] for row in answer["rows"])
    assert shelf.clip("somebody else", f"{answer['rows'][0]['visit']}/0") is None


def test_another_draw_gives_others_and_a_filter_keeps_the_youngest(folder):
    real, _ = section()
    first, second, young = (
        {row["reference"] for row in drawn(real, stamp, kind="manifest", folder=folder, filter=which)["rows"]}
        for stamp, which in ((1.0, ""), (2.0, ""), (3.0, "age <= 6"))
    )
    assert first != second
    assert all(int(text.split()[1]) % 3 == 0 for text in young)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Real speech: choose a corpus, or name a folder."),
        ({"corpus": 3, "folder": ["x"]}, "Real speech: choose a corpus, or name a folder."),
        ({"kind": "manifest", "folder": "/no/such/folder"}, "no such folder"),
        ({"corpus": "samples", "filter": "age <"}, "expected a field, a sign and a value"),
    ],
)
def test_what_goes_wrong_is_one_sentence(form, sentence):
    answer = drawn(section()[0], **form)
    assert answer["state"] == "error"
    assert sentence in answer["notice"]
    assert answer["rows"] == []


def test_a_server_for_others_opens_no_folder(folder):
    assert drawn(section(open_=False)[0], kind="manifest", folder=folder)["notice"] == FOLDER_REFUSED
