"""A recipe as the commands that make it a CTranslate2 folder, for faster-whisper: written, converted, heard."""

import shlex
from collections.abc import Sequence

from explorer.formats.heading import heading
from explorer.formats.link import link_query
from explorer.recipe import Recipe

# faster-whisper reads its tokenizer and features from the folder; CTranslate2 writes config.json and vocabulary.json.
_BODY = """\
set -e
python -m explorer merge --recipe-link {link} --out merged
ct2-transformers-converter --model merged --output_dir merged-ct2 --quantization float32 \\
  --copy_files tokenizer.json preprocessor_config.json
python - <<'END'
from faster_whisper import WhisperModel
model = WhisperModel("merged-ct2", compute_type="float32")
segments, _ = model.transcribe("clip.wav", language="{language}", without_timestamps=True)
print(*(each.text for each in segments))
END
"""


def ctranslate2_text(recipe: Recipe, fingerprint: str, language: str, origins: Sequence[str] = ()) -> str:
    """Write the commands.

    Args:
        recipe: any.
        fingerprint: of the merged weights.
        language: of the triple.
        origins: lines that say where the checkpoints are.
    """
    usage = [
        *origins,
        "",
        "pip install ctranslate2 faster-whisper",
        "--quantization may also be float16, bfloat16 or int8 (give compute_type the same); float32 rounds nothing.",
        "",
    ]
    return heading(recipe, fingerprint, usage) + _BODY.format(link=shlex.quote(link_query(recipe)), language=language)
