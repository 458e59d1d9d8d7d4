"""Mailboxes, the send ledger, suppressions: from a message that is due to one that a server has, exactly as often as it should be.

Others use what is listed here.
"""

from .keys import keyed, suppression_key

__all__ = ["keyed", "suppression_key"]
