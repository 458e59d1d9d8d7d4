"""Outrider: an outbound engine on PostgreSQL. Raw leads in, golden records out."""

__version__ = "0.1.0"
