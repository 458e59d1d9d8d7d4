"""What happens to messages and people after sending: events, each once; opens and clicks, verdicts about machines, saying no.

Others use what is listed here.
"""

from .following import follow, run_follower
from .recording import record
from .signatures import sign as sign_webhook
from .sources import WebhookSources
from .types import VERDICTS, Happening, Recorded, VerdictRule
from .unsubscribing import Recipient, find_recipient, unsubscribe
from .verdicts import VerdictRules, judge_anew

__all__ = [
    "VERDICTS",
    "Happening",
    "Recipient",
    "Recorded",
    "VerdictRule",
    "VerdictRules",
    "WebhookSources",
    "find_recipient",
    "follow",
    "judge_anew",
    "record",
    "run_follower",
    "sign_webhook",
    "unsubscribe",
]
