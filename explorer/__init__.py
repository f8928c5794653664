"""SA Merge Explorer: two fine-tunes of one Whisper, merged live.

The data, from left to right:

    checkpoints.yaml ─ config ─► checkpoints (fetch, check, load M0, M1, M2) ─► attention (which tensors, which layer)
                                                                                   │
    λ, α ─► schedule (λ_i) ─► recipe ─► merging (tensors) ─► live_model ───────────┘
                                                               │
    sound file ─► audio (clip) ─► transcription (hypothesis) ◄─┘
    corpus folder ─► corpora (utterances) ─► evaluation ─► statistics (interval, verdict) ─► report
    utterances, recipe ─► learning (gradient descent on λ_i through the merge) ─► recipe
    clip, reference ─► needle (likelihood, layer by layer) ─► needles, which_layer
    reference, hypothesis ─► normalization ─► scoring (alignment, counts, WER)

`workbench` ties these together; the page (`ui`) and the command line (`__main__`) call only that.
"""
