"""Mailboxes, the send ledger, suppressions: from a message that is due to one that a server has, exactly as often as it should be.

Others use what is listed here.
"""

from .keys import keyed, suppression_key
from .lanes import Pace
from .ledger import plan
from .sender import Habits, run_sender

__all__ = ["Habits", "Pace", "keyed", "plan", "run_sender", "suppression_key"]
