"""A folder with speech and transcripts → utterances; filters and subsets of them. Nothing is decoded here."""
