"""The engagement slice's queries."""

from pathlib import Path

from outrider.kit import sql

HERE = Path(__file__).parent
queries = sql.load(HERE / "queries.sql")
webhook_queries = sql.load(HERE / "webhooks.sql")
activity_queries = sql.load(HERE / "activity.sql")
intent_queries = sql.load(HERE / "intents.sql")
