"""The engagement slice's queries."""

from pathlib import Path

from outrider.kit import sql

FOLDER = Path(__file__).parent
queries = sql.load(FOLDER / "queries.sql")
events = sql.load(FOLDER / "events.sql")
