"""The engagement slice's queries."""

from pathlib import Path

from outrider.kit import sql

queries = sql.load(Path(__file__).parent / "queries.sql")
