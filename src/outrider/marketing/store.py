"""Loads this slice's queries. Holds no rules."""

from pathlib import Path

from outrider.kit import sql

_HERE = Path(__file__).parent
audiences = sql.load(_HERE / "audiences.sql")
texts = sql.load(_HERE / "templates.sql")
campaigns = sql.load(_HERE / "campaigns.sql")
choices = sql.load(_HERE / "choices.sql")
enrollments = sql.load(_HERE / "enrollments.sql")
recipients = sql.load(_HERE / "recipients.sql")
outreach_tasks = sql.load(_HERE / "outreach_tasks.sql")
