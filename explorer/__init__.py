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

import os

# Before torch is imported: its threads wait for each other asleep. Spinning, they take the core from the browser or
# the server that the slower one of them has to share it with: two were then four to ten times slower than one.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
