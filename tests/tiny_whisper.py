"""Whispers of two layers, sixteen wide, with random weights: real in every respect but what they hear.

Their tokenizer is made up here, so that no test of theirs needs a download: every byte is a token, the others are
a, ab, abc, abcd … with and without a blank in front, numbered and merged as GPT-2's are.
"""

import itertools
import json
import string
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.models.whisper.tokenization_whisper import LANGUAGES

TASKS = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
SPELLING = {"colour": "color", "grey": "gray", "mum": "mom"}
# tiny.en's embeddings and convolutions are frozen in training: all three members share them.
FROZEN = ("embed_tokens", "embed_positions", "conv")


def config_of(words: int = 50_256, **changes) -> WhisperConfig:
    """The network: 80 mel bins, 1,500 positions, and a vocabulary of ``words`` ordinary tokens and 1,608 others."""
    entries = {
        "vocab_size": words + 1_608,
        "num_mel_bins": 80,
        "d_model": 16,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32,
        "pad_token_id": words,
        "bos_token_id": words,
        "eos_token_id": words,
        "decoder_start_token_id": words + 1,
        "init_std": 0.3,
    }
    return WhisperConfig(**entries | changes)


def write_whisper(folder: Path, seed: int, config: WhisperConfig | None = None, base: Path | None = None) -> Path:
    """Write config and weights; with ``base``, its weights with noise on all that training would change."""
    config = config or config_of()
    torch.manual_seed(seed)
    weights = WhisperForConditionalGeneration(config).state_dict()
    weights = {name: tensor for name, tensor in weights.items() if name != "proj_out.weight"}
    if base is not None:
        start = load_file(base / "model.safetensors")
        for name, tensor in weights.items():
            frozen = any(part in name for part in FROZEN)
            weights[name] = start[name] if frozen else start[name] + 0.3 * torch.randn(tensor.shape)
            if "q_proj.weight" in name:  # both signs of zero, in M1 and M2 the other way round
                weights[name].view(-1)[:4] = torch.tensor([0.0, -0.0, 0.0, -0.0]) * (-1) ** seed
    folder.mkdir(parents=True)
    config.save_pretrained(folder)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors")
    return folder


def write_companions(folder: Path, words: int = 50_256) -> None:
    """Write tokenizer, spelling map, features and generation settings, multilingual if there are 50,257 words."""
    multilingual = words == 50_257
    spelling = folder / "normalizer.json"
    spelling.write_text(json.dumps(SPELLING), encoding="utf-8")
    vocabulary, merges = _made_up_vocabulary(words)
    languages = list(LANGUAGES)[:99]
    special = ["startoftranscript", *languages, *TASKS]
    tokenizer = WhisperTokenizer(
        vocab=vocabulary,
        merges=merges,
        normalizer_file=str(spelling),
        extra_special_tokens=[f"<|{name}|>" for name in special],
        model_max_length=1024,
    )
    seconds = [f"<|{0.02 * step:.2f}|>" for step in range(1_501)]
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in seconds])
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
    ids = {name: words + 1 + place for place, name in enumerate(special)}
    prompt = {
        "lang_to_id": {f"<|{code}|>": ids[code] for code in languages},
        "task_to_id": {task: ids[task] for task in ("transcribe", "translate")},
    }
    GenerationConfig(
        pad_token_id=words,
        bos_token_id=words,
        eos_token_id=words,
        decoder_start_token_id=words + 1,
        max_length=448,
        is_multilingual=multilingual,
        suppress_tokens=[1, 2, 7, *range(words + 1, ids["notimestamps"])],
        begin_suppress_tokens=[220, words],
        no_timestamps_token_id=ids["notimestamps"],
        prev_sot_token_id=ids["startofprev"],
        return_timestamps=False,
        max_initial_timestamp_index=50,
        **(prompt if multilingual else {}),
    ).save_pretrained(folder)


def _made_up_vocabulary(words: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    letters = list(bytes_to_unicode().values())
    blank = letters[220]
    merges: list[tuple[str, str]] = []
    stems = {
        0: [""],
        **{n: ["".join(each) for each in itertools.product(string.ascii_lowercase, repeat=n)] for n in range(1, 4)},
    }
    for length in range(1, 4):
        merges += [(blank + stem[:-1], stem[-1]) for stem in stems[length]]
        merges += [(stem[:-1], stem[-1]) for stem in stems[length] if length > 1]
    merges += [(stem, letter) for stem in stems[3] for letter in string.ascii_lowercase]
    merges = merges[: words - len(letters)]
    return {token: place for place, token in enumerate([*letters, *("".join(pair) for pair in merges)])}, merges
