"""Checkpoints of one's own from the Hub, on the Explore tab: what the section says while it works, and when it ends."""

ROLES = {"base": "M0, the base", "m1": "M1, child", "m2": "M2, adult"}
NO_REPOSITORY = "{role}: expected a repository of the Hub such as openai/whisper-tiny.en; fill in the field."
REFUSED = (
    "This page is open to others, so it fetches nothing for visitors; run it on your own machine to open your own."
)
LOOKING = "{repo} is looked at…"
LOOKED = "They fit together. No weights have been fetched yet."
LOOKED_HERE = "They fit together, and all of them are on this machine."
LOOKED_FAULT = "This triple cannot be opened as it is; nothing was fetched."
FETCHING = "{repo} is fetched…"
OPENING = "All is here. The weights are checked and loaded…"
OPENED = "{title} is in the menu of triples, and on the page."
STOPPED_LOOKING = "Stopped; nothing was fetched."
STOPPED_FETCHING = "Stopped. What has arrived stays, and the next press goes on from there."

PUSH_NO_NAME = "Push: expected OWNER/NAME, your login's name first; fill in the field."
PUSH_REFUSED = (
    "This page pushes nothing to the Hub; save the model here, and push it with python -m explorer push or hf upload."
)
PUSH_ASKING = "The Hub is asked whether {repo} is free…"
PUSH_SENDING = "{megabytes:.0f} MB go to {repo}…"
PUSHED_PRIVATE = "{recipe} · {dtype} · at {repo}, for your eyes only · weights {fingerprint}"
PUSHED_PUBLIC = "{recipe} · {dtype} · at {repo}, for everybody · weights {fingerprint}"
PUSH_STOPPED = "Stopped; nothing of it is to be seen on the Hub."
PUSH_PUBLIC = "tick “for everybody to see”"
PUSH_REPLACE = "tick “replace what is there”"
PUSH_LOGIN = "run hf auth login on this machine, or set HF_TOKEN to a token of yours that may write, and push again"
PUSH_SIGN_IN = "press “Sign in with Hugging Face” below, and push again"
SIGN_IN = "Sign in with Hugging Face"
SIGN_OUT = "Sign out ({name})"
