"""Namespaces: which client a campaign belongs to, and the table of that client's profiles.

Others use what is listed here. Never touches a profile's values, except where re-routing merges two of one address.
"""

from .service import NamespaceService
from .types import Hit, Move, Namespace, NamespaceStats, Overlap, Routing

__all__ = ["Hit", "Move", "Namespace", "NamespaceService", "NamespaceStats", "Overlap", "Routing"]
