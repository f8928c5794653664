"""Rows of the decoder that were encoded together, and what they attend to: their keys and values."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


@dataclass(frozen=True)
class Places:
    """Where rows of a cohort put the tokens that they take in.

    Attributes:
        listed: of every row, lowest first.
        end: behind the last of all.
        at: index of rows, shape (rows, 1), and of places, shape (rows, tokens); None: all rows have the same.
        mask: to what each token attends, shape (rows or 1, 1, tokens, end); None: to everything.
    """

    listed: list[list[int]]
    end: int
    at: tuple[Tensor, Tensor] | None
    mask: Tensor | None


@dataclass
class Cohort:
    """Rows that were encoded together: of every layer, keys and values of what was said and of what is heard.

    Attributes:
        rows: whose they are; a row that has ended gives its place to the last.
        lengths: how many tokens each has taken in that stay.
        heard: of each layer keys and values, shape (rows, heads, positions, width of a head).
        said: the same of tokens, with places for one more than any row will take in.
    """

    rows: list[int]
    lengths: list[int]
    heard: list[tuple[Tensor, Tensor]]
    said: list[tuple[Tensor, Tensor]]

    def places(self, tokens: int) -> Places:
        """Give so many new tokens of each row their places, behind what it has taken in."""
        keys, _ = self.said[0]
        # What fills up a row may lie beyond the last place; it goes there, and nothing looks at it.
        last = keys.shape[2] - 1
        listed = [[min(length + place, last) for place in range(tokens)] for length in self.lengths]
        end = 1 + max(places[-1] for places in listed)
        if len(set(self.lengths)) == 1:
            if tokens == 1:
                return Places(listed, end, None, None)
            mask = torch.ones(tokens, end, dtype=torch.bool, device=keys.device).tril(end - tokens)
            return Places(listed, end, None, mask[None, None])
        places = torch.tensor(listed, device=keys.device)
        rows = torch.arange(len(self.rows), device=keys.device)[:, None]
        mask = torch.arange(end, device=keys.device) <= places[..., None]
        return Places(listed, end, (rows, places), mask[:, None])

    def own(self, number: int, query: Tensor, key: Tensor, value: Tensor, places: Places) -> Tensor:
        """Attend to what was said, these tokens included; shapes (rows, heads, tokens, width of a head)."""
        count = len(self.rows)
        keys, values = self.said[number]
        for kept, fresh in ((keys, key), (values, value)):
            if places.at is None:
                kept[:count, :, places.listed[0][0] : places.end] = fresh
            else:
                rows, at = places.at
                kept[rows, :, at] = fresh.transpose(1, 2)
        past = keys[:count, :, : places.end], values[:count, :, : places.end]
        return scaled_dot_product_attention(query, *past, attn_mask=places.mask, scale=1.0)

    def cross(self, number: int, query: Tensor) -> Tensor:
        """Attend to what is heard."""
        keys, values = (each[: len(self.rows)] for each in self.heard[number])
        if query.device.type != "cpu":
            return scaled_dot_product_attention(query, keys, values, scale=1.0)
        # For the one token of a row that mostly asks, torch's own kernel takes a CPU a tenth to a third longer than two
        # plain products, in 16 bits six times as long.
        return (query @ keys.transpose(2, 3)).softmax(dim=-1) @ values

    def drop(self, place: int) -> None:
        """Let a row go; the last row takes its place."""
        last = len(self.rows) - 1
        if place != last:
            for keys, values in (*self.heard, *self.said):
                keys[place], values[place] = keys[last], values[last]
            self.rows[place], self.lengths[place] = self.rows[last], self.lengths[last]
        self.rows.pop()
        self.lengths.pop()
