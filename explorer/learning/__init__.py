"""A curve that learns itself: gradient descent on the mixing ratios, through the merge, on clips the user chooses.

    clips, references ─ material ─► rows of tokens, two parts by speaker ─┐
    recipe ─ knobs ─► λ, a few dozen numbers ─► student (loss, gradient) ─┴─► descent (Adam, held in [0, 1])
                                                                                 │
    lesson: steps, looks at the held-out speakers, early stop, resume ◄──────────┘

The result is an ordinary recipe of SA Merge with schedule ``custom``.
"""
