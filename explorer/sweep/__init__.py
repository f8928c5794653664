"""A map of merges: two parameters against each other, every cell heard on the same clips, in one file."""
