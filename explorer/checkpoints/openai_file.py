"""OpenAI's own ``tiny.en.pt``, converted to an ordinary Hugging Face folder.

The file is a pickle. It is opened only after its SHA-256 has been found to be the one OpenAI publishes in the file's
download address, and then only for tensors and plain values (``weights_only``). The folder that comes out loads with
plain ``WhisperForConditionalGeneration.from_pretrained`` and ``WhisperProcessor.from_pretrained``.

The vocabulary is GPT-2's, given as ranks: one line for each token, its bytes in base64 and its id. The special tokens
follow in the order of OpenAI's tokenizer, which numbers ``<|endoftext|>`` 50256 and ``<|notimestamps|>`` 50362.
"""

import base64
import errno
import hashlib
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from tokenizers import AddedToken
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperTokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.whisper.configuration_whisper import NON_SPEECH_TOKENS
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from explorer.errors import SourceError

TINY_EN_SHA256 = "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03"

# Order matters: "cross_attn." must be rewritten before "attn.", and the layer norms before the attentions they serve.
_RENAMES = (
    (".blocks.", ".layers."),
    (".mlp_ln.", ".final_layer_norm."),
    (".mlp.0.", ".fc1."),
    (".mlp.2.", ".fc2."),
    (".cross_attn_ln.", ".encoder_attn_layer_norm."),
    (".attn_ln.", ".self_attn_layer_norm."),
    (".cross_attn.", ".encoder_attn."),
    (".attn.", ".self_attn."),
    (".query.", ".q_proj."),
    (".key.", ".k_proj."),
    (".value.", ".v_proj."),
    (".out.", ".out_proj."),
    ("encoder.ln_post.", "encoder.layer_norm."),
    ("decoder.ln.", "decoder.layer_norm."),
    (".token_embedding.", ".embed_tokens."),
    (".positional_embedding", ".embed_positions.weight"),
)

# The attention heads whose cross-attention follows time, as (layer, head); OpenAI publishes them for each model.
_ALIGNMENT_HEADS = [[1, 0], [2, 0], [2, 5], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4]]
# "<|yue|>" came with large-v3; the English vocabulary has the first 99 languages.
_LANGUAGE_COUNT = 99
_TIMESTAMP_COUNT = 1501  # 0.00 s to 30.00 s in steps of 0.02 s
_END_OF_TEXT = 50256
_START_OF_TRANSCRIPT = 50257
_TRANSLATE, _TRANSCRIBE = 50357, 50358
_START_OF_PREVIOUS = 50360
_NO_TIMESTAMPS = 50362


def write_tiny_en(weights: bytes, ranks: bytes, spellings: bytes, folder: Path) -> None:
    """Write OpenAI's tiny.en as a Hugging Face folder: float32 safetensors, configuration, tokenizer, features.

    Args:
        weights: The bytes of ``tiny.en.pt``.
        ranks: The bytes of ``gpt2.tiktoken``.
        spellings: The bytes of ``english.json``, British to American spellings for the text normaliser.
        folder: An existing, empty folder.

    Raises:
        SourceError: ``weights`` is not OpenAI's file.
        OSError: The folder cannot be written.
    """
    seen = hashlib.sha256(weights).hexdigest()
    if seen != TINY_EN_SHA256:
        raise SourceError(
            f"tiny.en.pt is not OpenAI's file: SHA-256 {TINY_EN_SHA256} expected, {seen} seen; it was not opened. "
            f"Fetch it again, or give a local Hugging Face folder"
        )
    checkpoint: dict[str, Any] = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    state: dict[str, torch.Tensor] = checkpoint["model_state_dict"]
    # The output projection is the token embedding itself: stored once, tied by transformers when it loads.
    tensors = {_hugging_face_name(name): tensor.float().contiguous() for name, tensor in state.items()}
    save_tensors(tensors, folder / "model.safetensors")
    config = _config(checkpoint["dims"])
    config.save_pretrained(folder)
    _generation_config(config).save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=config.num_mel_bins).save_pretrained(folder)  # type: ignore[no-untyped-call]
    _write_tokenizer(ranks, spellings, folder)


def save_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Write tensors as safetensors, marked as transformers expects.

    Raises:
        OSError: The file cannot be written; safetensors itself tells the reason in words only.
    """
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except SafetensorError as error:
        code = re.search(r"os error (\d+)", str(error))
        raise OSError(int(code[1]) if code else errno.EIO, str(error), str(path)) from error


def _hugging_face_name(name: str) -> str:
    """Return the Hugging Face name of an OpenAI parameter, e.g. ``encoder.blocks.0.attn.query.weight``."""
    name = f"model.{name}"
    for openai, hugging_face in _RENAMES:
        name = name.replace(openai, hugging_face)
    return name


def _config(dims: dict[str, int]) -> WhisperConfig:
    """Translate OpenAI's dimensions; both stacks of a published Whisper have the same width and feed-forward ratio."""
    return WhisperConfig(
        architectures=["WhisperForConditionalGeneration"],
        dtype="float32",
        vocab_size=dims["n_vocab"],
        num_mel_bins=dims["n_mels"],
        d_model=dims["n_audio_state"],
        encoder_layers=dims["n_audio_layer"],
        encoder_attention_heads=dims["n_audio_head"],
        encoder_ffn_dim=4 * dims["n_audio_state"],
        decoder_layers=dims["n_text_layer"],
        decoder_attention_heads=dims["n_text_head"],
        decoder_ffn_dim=4 * dims["n_text_state"],
        max_source_positions=dims["n_audio_ctx"],
        max_target_positions=dims["n_text_ctx"],
        pad_token_id=_END_OF_TEXT,
        bos_token_id=_END_OF_TEXT,
        eos_token_id=_END_OF_TEXT,
        decoder_start_token_id=_START_OF_TRANSCRIPT,
    )


def _generation_config(config: WhisperConfig) -> GenerationConfig:
    """Return the decoding settings that the Hub's ``openai/whisper-tiny.en`` comes with."""
    return GenerationConfig(  # type: ignore[no-untyped-call]
        pad_token_id=config.pad_token_id,
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        decoder_start_token_id=config.decoder_start_token_id,
        max_length=config.max_target_positions,
        is_multilingual=False,
        # OpenAI also suppresses the two task tokens, which transformers' constant leaves out and the Hub's file has.
        suppress_tokens=sorted({*NON_SPEECH_TOKENS, _TRANSLATE, _TRANSCRIBE}),
        begin_suppress_tokens=[220, _END_OF_TEXT],  # a blank, or nothing at all
        no_timestamps_token_id=_NO_TIMESTAMPS,
        prev_sot_token_id=_START_OF_PREVIOUS,
        return_timestamps=False,
        max_initial_timestamp_index=50,
        alignment_heads=_ALIGNMENT_HEADS,
    )


def _write_tokenizer(ranks: bytes, spellings: bytes, folder: Path) -> None:
    """Write ``tokenizer.json`` and its companions, and ``normalizer.json``."""
    normalizer = folder / "normalizer.json"
    normalizer.write_text(json.dumps(json.loads(spellings), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    vocabulary, merges = read_ranks(ranks)
    tokenizer = WhisperTokenizer(
        vocab=vocabulary,
        merges=merges,
        normalizer_file=str(normalizer),
        extra_special_tokens=_special_tokens(),
        model_max_length=1024,
    )
    # As on the Hub, timestamps are not special: decoding drops them by their form, or keeps them on request.
    timestamps = [f"<|{0.02 * step:.2f}|>" for step in range(_TIMESTAMP_COUNT)]
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in timestamps])
    tokenizer.save_pretrained(folder)
    tokenizer.save_vocabulary(str(folder))


def _special_tokens() -> list[str]:
    """List the special tokens after ``<|endoftext|>`` in OpenAI's order, which gives them their ids."""
    languages = [f"<|{code}|>" for code in list(LANGUAGES)[:_LANGUAGE_COUNT]]
    tasks = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    return ["<|startoftranscript|>", *languages, *tasks]


def read_ranks(ranks: bytes) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Turn tiktoken's ranks into the vocabulary and the merges of byte-pair encoding.

    A merge is not stored but follows from the ranks: encode a token's bytes with the tokens ranked before it, and the
    two pieces that are left are what it was merged from.

    Returns:
        The id of each token, and the merges in their order; bytes are written as GPT-2's printable characters.
    """
    ids = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in ranks.splitlines())}
    printable: dict[int, str] = bytes_to_unicode()  # type: ignore[no-untyped-call]

    def text(token: bytes) -> str:
        return "".join(printable[byte] for byte in token)

    by_rank = sorted(ids, key=ids.__getitem__)
    merges = [_pieces(token, ids) for token in by_rank if len(token) > 1]
    return {text(token): ids[token] for token in by_rank}, [(text(left), text(right)) for left, right in merges]


def _pieces(token: bytes, ids: dict[bytes, int]) -> tuple[bytes, bytes]:
    """Return the two tokens that ``token`` was merged from."""
    pieces = [token[index : index + 1] for index in range(len(token))]
    while len(pieces) > 2:
        ranks = [ids.get(left + right, len(ids)) for left, right in pairwise(pieces)]
        best = ranks.index(min(ranks))
        pieces[best : best + 2] = [pieces[best] + pieces[best + 1]]
    left, right = pieces
    return left, right
