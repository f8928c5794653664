"""The About tab: what is merged, the tables' headings, how to read the transcripts."""

METHOD = """
### What is merged
For every attention matrix in scope: **W = W₀ + λᵢ·τ₁ + (1 − λᵢ)·τ₂**, with task vectors τ₁ = W₁ − W₀ (child) and
τ₂ = W₂ − W₀ (adult). Everything else is M1's. λᵢ is the share of M1 in layer *i*: 1 is all child, 0 is all adult.
No training, no copy on disk: moving a slider rewrites the attention matrices in memory.

[Selective Attention Merging for low resource tasks: a case study of child ASR](https://arxiv.org/abs/2501.08468),
ICASSP 2025.

### How the readings of λᵢ differ
The printed formula can be read in several ways, so all of them are here. `depth` is the default, because it is what the
authors' own later code computes.
"""
READINGS = ("schedule", "formula, i from 0 in a stack of L layers", "meaning")

METHODS_INTRO = """
### The other methods
They are what SA Merge is compared with. Each but the first two treats every tensor of the model alike, not attention
alone; what is out of scope stays M1's. On top of any of them β·τ of a task vector may be added (*Add task vectors*).
"""
METHODS = ("method", "one tensor", "meaning")

WORDS = """
### How to read the transcripts
Words stand as they are scored: Whisper's English normaliser lower-cases them, drops fillers such as *um*, and spells
numbers one way. **≠** heard wrong, **−** missed, **+** not said: all of these over the number of words said are the
word error rate, WER. The merge's words also say what became of them: **✓** fixed (M1 and M2 have it wrong),
**②** borrowed (M1 has it wrong, M2 right), **✗** broken (M1 has it right), **①** the same error as M1's, **!** a new
error. **∅** marks the place of a word that M1 adds, though nobody said it, and the merge does not.
"""

TRIPLES = "### The triples of checkpoints.yaml"
TRIPLE = "**{name}** · {title}"
MEMBERS = ("", "checkpoint", "licence", "provenance", "WER as its owners report it")
