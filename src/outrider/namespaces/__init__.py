"""Namespaces: which client a campaign belongs to, and the table of that client's profiles.

Others use what is listed here. Never touches a profile's values, except where re-routing merges two of one address.
"""

from .profiles import ProfileService
from .service import NamespaceService
from .types import Hit, KeywordOverlap, Move, Namespace, NamespaceStats, Overlap, Profile, ProfileFilters, Routing

__all__ = [
    "Hit",
    "KeywordOverlap",
    "Move",
    "Namespace",
    "NamespaceService",
    "NamespaceStats",
    "Overlap",
    "Profile",
    "ProfileFilters",
    "ProfileService",
    "Routing",
]
