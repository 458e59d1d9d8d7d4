"""How thoroughly tests look that make up their own examples: OUTRIDER_THOROUGH times as many (`make proof` sets 20)."""

import os

TIMES = int(os.environ.get("OUTRIDER_THOROUGH", "1"))
