"""Loads this slice's queries. Holds no rules."""

from pathlib import Path

from outrider.kit import sql

queries = sql.load(Path(__file__).parent / "queries.sql")
