"""What the tokens of a Whisper stand for."""

import string
from functools import cached_property

import torch
from torch import Tensor
from transformers import WhisperTokenizer

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Vocabulary:
    """The tokens of one tokenizer."""

    def __init__(self, tokenizer: WhisperTokenizer) -> None:
        """Take the tokenizer."""
        self._tokenizer = tokenizer

    def piece(self, token: int) -> str:
        """Return what a token stands for; a blank before a word is part of it."""
        return str(self._tokenizer.decode([token]))

    @cached_property
    def folded(self) -> Tensor:
        """Return for every id that of the first token that differs from it in capital letters alone."""
        first: dict[str, int] = {}
        names = self._tokenizer.convert_ids_to_tokens(list(range(len(self._tokenizer))))
        # Other letters stand for bytes in here; lowering them would give another byte.
        return torch.tensor([first.setdefault(name.translate(_LOWER), token) for token, name in enumerate(names)])
