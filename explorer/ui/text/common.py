"""What several tabs say: tabs' names, fields that choose a corpus, and what is said while one waits."""

TITLE = "SA Merge Explorer"
TAGLINE = "Two fine-tunes of one Whisper: move the curve, hear the merge."
PROBLEM = "⚠ {problem}"

TAB_EXPLORE = "Explore"
TAB_EVALUATE = "Evaluate"
TAB_METHODS = "Methods"
TAB_SWEEP = "Sweep"
TAB_ANATOMY = "Anatomy"
TAB_ABOUT = "About"

NEWCOMER = [
    "Whisper writes down what it hears. M1 was trained further on children's speech, M2 on adults'. The merge mixes "
    "the two, layer by layer: high on a curve is child, low is adult. Drag λ, or a point, and read what changes.",
    "Attention is how the model decides what to look at: the encoder at sound (encoder self), the decoder at its own "
    "words (decoder self) and at the sound (cross). Its matrices are called q, k and v; only they are mixed.",
    "WER, the word error rate, is the share of words heard wrong (≠), missed (−) or added (+). ✓ marks what the merge "
    "has right, M1 and M2 wrong. One clip proves nothing: the Evaluate tab counts over many, and says how sure "
    "one can be.",
]

# Models that checkpoints.yaml gives no label.
M0 = "M0 · base"
M1 = "M1 · child"
M2 = "M2 · adult"
MERGE = "Merge · {method}"
TAU_1 = "τ1 · child"
TAU_2 = "τ2 · adult"
TO_DOWNLOAD = "{triple} (download)"

WAITING = "Waiting for a turn at the models…"
LOADING = "The models are loading; the page is ready."
LOADED = "The models took {seconds:.1f} s to load."
OPENED = "{triple} is being opened…"
PROGRESS_SHARE = "{what}: {percent:.0f} % of {megabytes:.0f} MB"
PROGRESS = "{what}: {megabytes:.1f} MB"
STOPPED_FETCHING = "Stopped; {says}. It goes on in the background."
BROKE = "This broke off in a way that nobody foresaw (the terminal says how); the page still works, so try again."
STOPPED_EARLY = "Stopped before the first clips were heard."

CANCEL = "Cancel"
CORPUS = "Corpus"
CORPUS_NOTE = "{name}: {note}"
KIND = "Your own folder: its kind"
KIND_CHOICE = "{name}: {holds}"
KIND_INFO = "Licensed corpora are read where they lie."
FOLDER = "Your own folder: its path on this machine"
FOLDER_INFO = "Instead of the corpus. Read in place; no audio is copied."
FOLDER_EXAMPLE = "/path/to/corpus"
FILTER = "Filter"
FILTER_EXAMPLE = "age <= 8 and gender = f"
CLIPS = "Clips (n)"
CLIPS_INFO = "drawn evenly over speakers; empty: all"
BESIDE = "Beside it, a second corpus"
BESIDE_NONE = "none"
BESIDE_INFO = "Adult speech, say: what does the merge cost there? {info}"
BESIDE_PLACES = "A name, or KIND:PATH. {info}"
BESIDE_SHARES = "n holds for it too, the filter does not."

GPU_INSTEAD = "No GPU is to be had now ({why}). The Space’s processor hears it, which takes longer."
GPU_REFUSED = (
    "No GPU is to be had now ({why}), and the Space’s processor would take more than a minute; try fewer clips."
)
GPU_LOST = "The GPU was taken away before the clips were heard ({why}); try again, or with fewer clips."

TO_FETCH = "{corpus} ({repo}, from the Hub)"
FOLDER_REFUSED = (
    "Folders of this server are not open to visitors; whoever runs it can start it with --serve-corpora, "
    "or choose the sample clips."
)
FILES_REFUSED = (
    "Files of this server are not open to visitors; whoever runs it can start it with --serve-corpora, "
    "or leave ids and hypotheses empty."
)
