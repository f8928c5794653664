"""Merge methods, one module each: pure functions of tensors and ratios, with no model and no files."""
