"""The Anatomy tab: headings, choices, and what is said while task vectors are measured."""

INTRO = """
What did fine-tuning change? τ1 (child) and τ2 (adult) are the differences of M1 and M2 to the base model M0, for the
triple that is chosen on *Explore*. What a picture shows is said below it in words, made from its numbers. They describe
weights: what a merge hears, only clips can tell.
"""
MATRICES = "### Every weight matrix"
MEASURE = "What is shown · click a cell to see what it is and to go there"
ENERGY = "### Where the change lies"
HEADS = "### Every head: its q, k and v together"
WHOSE = "Whose"
COSINES = "### How the task vectors are aligned"

WAITING = "The task vectors are looked at…"
OPENED = "{triple}: being opened…"
MEASURING = "The task vectors are being measured, matrix by matrix…"
MEASURED = "The task vectors were measured in {seconds:.1f} s."
FAILED = "The task vectors could not be measured; the terminal says why."
