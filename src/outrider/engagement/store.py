"""The engagement slice's queries."""

from pathlib import Path

from outrider.kit import sql

FOLDER = Path(__file__).parent
queries = sql.load(FOLDER / "queries.sql")
events = sql.load(FOLDER / "events.sql")
webhook_queries = sql.load(FOLDER / "webhooks.sql")
activity_queries = sql.load(FOLDER / "activity.sql")
intent_queries = sql.load(FOLDER / "intents.sql")
