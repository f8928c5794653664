"""The Explore tab: clips, sections below the words, what they say while they work and when they are stopped."""

NO_CLIP = "Choose a sample clip, upload one or record one."
OWN_CLIP = "Your clip"

SAMPLES_LEGEND = "Sample clips (synthetic child-like speech, made for this page; no evidence about real children)"
YEARS = "{age:g} years"
SYNTHETIC = "synthetic"
PLAYER = "Clip · play it, or bring your own"
REFERENCE = "Reference: what was said (empty if unknown; Enter scores)"
WITH_BASE = "Show M0, the base model, too"

REAL_SPEECH = (
    "Real recordings say more than synthetic ones. speechocean762 is free for any use: real children and adults who "
    "read English. It is fetched once and stays on this machine; what you hear is sent to your page alone."
)
REAL_DRAWN = "{corpus}: {clips} clips, drawn evenly over speakers. {note}"
REAL_SPEAKER = "speaker {speaker}"
SECONDS = "{seconds:.1f} s"

NEEDLE_UNTRIED = (
    "How far this needle can be trusted is not known yet for these weights: evaluations on this machine will tell, "
    "or python -m explorer calibrate-needle."
)
NEEDLE_NO_CLIPS = "The needle needs a clip whose words are known: pin one, or go back to the sample clips."
LAYERS_STOPPED = "Stopped; nothing was painted."

LENS_WORKING = "{model} is told the words…"
STOP = "Stop"
STRIPE_STOPPED = "Stopped; what was heard by then stays."

LEARNING_NEVER_BEGAN = "Stopped before it began."
LEARNING_BEGINS = "The clips are read, and the speakers kept aside are heard with the curve as it is…"
LEARNING_CLIPS = "{corpus}: {clips} clips by {speakers} speakers to learn from, {aside} by {others} others to stop by."

SAVING_STOPPED = "Stopped; nothing was kept."
SAVING_REFUSED = "Nothing can be written here ({why})."
OPENING_FILE = "{name} is read…"
OPENED_FILE = "{name}: {recipe}."
SAVED_TEXT = "{recipe} · weights {fingerprint}"
SAVED_MODEL = "{recipe} · {dtype} · {megabytes:.0f} MB · weights {fingerprint}"

VISIT_ENDED = "This address has ended with the visit it belonged to; evaluate again."
MODEL_GONE = "This model is no longer kept; save it again."
