"""The Methods tab: which methods, how they are set, and how a comparison ends."""

INTRO = """
Which merge method is best on your clips? All that are ticked hear the same clips in one pass; they are merges of the
triple that is chosen on *Explore*. A click on a row opens that merge there; a click on the head of a column sorts.
"""
METHODS = "Methods"
METHODS_INFO = "SA Merge is always there, to compare with."
SETTINGS = "Settings"
DEFAULTS = "at their defaults"
OWN = "as I left them on Explore"
GRID = "over a small grid of each"
RUN = "Compare"
STOPPED = "Stopped; what was heard by then stays below, and is not decoded again."
