"""Loads this slice's queries. Holds no rules."""

from pathlib import Path

from outrider.kit import sql

HERE = Path(__file__).parent
queries = sql.load(HERE / "queries.sql")
session_queries = sql.load(HERE / "sessions.sql")
sign_in_queries = sql.load(HERE / "sign_in.sql")
