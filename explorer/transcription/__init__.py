"""A model and clips → what the model hears: greedy decoding, in batches, step by step, stoppable at any step."""
