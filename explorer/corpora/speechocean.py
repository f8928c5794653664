"""Kind ``speechocean762``: the corpus' own folder, half of its 250 speakers children.

    WAVE/SPEAKER0001/000010011.WAV …
    train/ and test/ with wav.scp, text, utt2spk, spk2age and spk2gender, as Kaldi's; paths are relative to the root

The split is train or test; age and gender are the corpus'. A child is whoever ``age`` says: filter by it.

Source: https://github.com/jimbozhang/speechocean762 (arXiv 2104.01378), free for commercial and non-commercial use.
"""

from pathlib import Path

from explorer.corpora.gathering import Gathering
from explorer.corpora.kaldi import read_data_folder
from explorer.corpora.look import shown
from explorer.corpora.utterance import Corpus
from explorer.errors import CorpusError

SPLITS = ("train", "test")
_EXPECTED = "the root of speechocean762: WAVE, train and test"


def read_speechocean762(folder: Path) -> Corpus:
    """Read both splits, or the one that is there.

    Raises:
        CorpusError: no such folder, neither split in it, a table missing, or nothing usable.
    """
    gathering = Gathering(folder, _EXPECTED)
    splits = [split for split in SPLITS if "wav.scp" in gathering.look.listing(folder / split)]
    if not splits:
        raise CorpusError(f"{shown(folder)}: holds no train/wav.scp or test/wav.scp; expected {_EXPECTED}.")
    for split in splits:
        read_data_folder(gathering, folder / split, (folder,), split)
    return gathering.corpus("wav.scp")
