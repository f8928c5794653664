"""What belongs to a base beside its weights: tokenizer, feature extractor, generation settings, loaded once."""

from functools import lru_cache
from pathlib import Path

from transformers import GenerationConfig, WhisperFeatureExtractor, WhisperTokenizer

Companions = tuple[WhisperTokenizer, WhisperFeatureExtractor, GenerationConfig]
_State = tuple[tuple[str, int, int], ...]


def companions(folder: Path) -> Companions:
    """Load a folder's settings, or return what was loaded of it; nobody may write to them.

    Args:
        folder: of Hugging Face's layout. A tokenizer takes a third of a second, and triples of one base share it.

    Raises:
        Exception: whatever transformers raises where files are missing or broken.
    """
    files = ((path.name, path.stat()) for path in sorted(folder.glob("*.json")))
    return _loaded(folder, tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files))


@lru_cache(maxsize=4)
def _loaded(folder: Path, _: _State) -> Companions:
    return (
        WhisperTokenizer.from_pretrained(folder),
        WhisperFeatureExtractor.from_pretrained(folder),
        GenerationConfig.from_pretrained(folder),
    )
