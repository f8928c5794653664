"""Words of the page that are longer than a label."""

WAITING = "Waiting for a turn at the models…"
LOADING = "The models are loading; the page is ready."

NO_CLIP = "Choose a sample clip, upload one or record one."
STRIPE_STOPPED = "Stopped; what was heard by then stays."

TAGLINE = "Two fine-tunes of one Whisper, M1 (child) and M2 (adult): move the curve, hear the merge."

NEWCOMER = [
    "Whisper writes down what it hears. M1 was trained further on children's speech, M2 on adults'. The merge mixes "
    "the two, layer by layer: high on a curve is child, low is adult. Drag λ, or a point, and read what changes.",
    "Attention is how the model decides what to look at: the encoder at sound (encoder self), the decoder at its own "
    "words (decoder self) and at the sound (cross). Its matrices are called q, k and v; only they are mixed.",
    "WER, the word error rate, is the share of words heard wrong (≠), missed (−) or added (+). ✓ marks what the merge "
    "has right and M1 wrong. One clip proves nothing: the Evaluate tab counts over many, and says how sure one can be.",
]

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

METHODS_INTRO = """
### The other methods
They are what SA Merge is compared with. Each but the first two treats every tensor of the model alike, not attention
alone; what is out of scope stays M1's. On top of any of them β·τ of a task vector may be added (*Add task vectors*).
"""

WORDS = """
### How to read the transcripts
Words stand as they are scored: Whisper's English normaliser lower-cases them, drops fillers such as *um*, and spells
numbers one way. **≠** heard wrong, **−** missed, **+** not said: all of these over the number of words said are the
word error rate, WER. The merge's words also say what became of them: **✓** fixed (M1 and M2 have it wrong),
**②** borrowed (M1 has it wrong, M2 right), **✗** broken (M1 has it right), **①** the same error as M1's, **!** a new
error. **∅** marks the place of a word that M1 adds, though nobody said it, and the merge does not.
"""

SAMPLES_LEGEND = "Sample clips (synthetic child-like speech, made for this page; no evidence about real children)"

REAL_SPEECH = (
    "Real recordings say more than synthetic ones. speechocean762 is free for any use: real children and adults who "
    "read English. It is fetched once and stays on this machine; what you hear is sent to your page alone."
)

SWEEP_TAB = """
Which λ and α? Two parameters of the recipe on *Explore* against each other, every merge heard on the same clips: the
corners first, then what lies between.
"""

METHODS_TAB = """
Which merge method is best on your clips? All that are ticked hear the same clips in one pass; they are merges of the
triple that is chosen on *Explore*. A click on a row opens that merge there; a click on the head of a column sorts.
"""

FOLDER_REFUSED = (
    "Folders of this server are not open to visitors; whoever runs it can start it with --serve-corpora, "
    "or choose the sample clips."
)

FILES_REFUSED = (
    "Files of this server are not open to visitors; whoever runs it can start it with --serve-corpora, "
    "or leave ids and hypotheses empty."
)

EVALUATION_EMPTY = "Word error rates over a subset: choose a corpus and press Evaluate."

NEEDLE_UNTRIED = (
    "How far this needle can be trusted is not known yet for these weights: evaluations on this machine will tell, "
    "or python -m explorer calibrate-needle."
)

NEEDLE_NO_CLIPS = "The needle needs a clip whose words are known: pin one, or go back to the sample clips."

LAYERS_STOPPED = "Stopped; nothing was painted."

ANATOMY = """
What did fine-tuning change? τ1 (child) and τ2 (adult) are the differences of M1 and M2 to the base model M0, for the
triple that is chosen on *Explore*. What a picture shows is said below it in words, made from its numbers. They describe
weights: what a merge hears, only clips can tell.
"""

LEARNING_NEVER_BEGAN = "Stopped before it began."
LEARNING_BEGINS = "The clips are read, and the speakers kept aside are heard with the curve as it is…"

SAVING_STOPPED = "Stopped; nothing was kept."

ANATOMY_WAITING = "The task vectors are looked at…"

ANATOMY_FAILED = "The task vectors could not be measured; the terminal says why."
