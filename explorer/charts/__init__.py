"""Evaluations as Plotly figures. Every mark carries what it stands for, so that a click can lead on to it.

``customdata`` of a mark is a list of indices of utterances (see ``details.utterance_rows``), or for a point of the
trade-off the number of its merge. Colour is never alone: kinds of error have patterns, better and worse have shapes.
"""
