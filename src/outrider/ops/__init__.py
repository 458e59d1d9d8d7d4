"""Jobs, the event store, schedules, health."""
