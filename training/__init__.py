"""How M1 and M2 of the embedded triple were made: fine-tuning, synthetic speech, the experiment.

The app imports none of it.
"""

import explorer  # noqa: F401 - says how torch's threads wait, before torch is there
