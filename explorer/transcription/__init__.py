"""A model and clips → what the model hears: greedy decoding, in batches, token by token, stoppable at any token."""
