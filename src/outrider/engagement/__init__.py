"""What people do with a message. So far: saying that they want no more of them.

Others use what is listed here.
"""

from .unsubscribing import Recipient, find_recipient, unsubscribe

__all__ = ["Recipient", "find_recipient", "unsubscribe"]
