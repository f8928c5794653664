"""Recipes as other tools write them, out and in again: text for text, no tensors."""
