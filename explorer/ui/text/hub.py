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
