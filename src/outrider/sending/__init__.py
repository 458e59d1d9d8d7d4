"""Mailboxes, the send ledger, suppressions: from a message that is due to one that a server has, exactly as often as it should be.

Others use what is listed here.
"""

from .keys import keyed, suppression_key
from .lanes import Pace
from .ledger import plan
from .links import Links
from .mailboxes import Mailbox, MailboxService
from .messages import MessageService
from .sender import Habits, run_sender
from .settling import Settled, run_settler, settle_by_sent_folders
from .suppressions import is_suppressed, suppress, suppress_many, suppressed
from .watch import Watch

__all__ = [
    "Habits",
    "Links",
    "Mailbox",
    "MailboxService",
    "MessageService",
    "Pace",
    "Settled",
    "Watch",
    "is_suppressed",
    "keyed",
    "plan",
    "run_sender",
    "run_settler",
    "settle_by_sent_folders",
    "suppress",
    "suppress_many",
    "suppressed",
    "suppression_key",
]
