"""What became of outreach: the report of a campaign, conversions and what led to them, and what each day taught.

Reads the ledger and the events; writes conversions, which people record, and the daily feedback, which is a cache.
"""
