"""Namespaces: which client a campaign belongs to, and the table of that client's profiles."""
