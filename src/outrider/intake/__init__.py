"""Intake: lead files and raw loads."""
