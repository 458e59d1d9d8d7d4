"""What the event must be that shows what somebody did."""

from ..filters import DOINGS, EngagementFilter
from .order import Parameters


def shows(asked: EngagementFilter, given: Parameters) -> str:
    """Return the condition that an event is of that kind, by a person, there and then."""
    conditions = [f"v.type = {given.add(DOINGS[asked.doing])}", "v.verdict = 'human'"]
    if asked.campaign_id is not None:
        conditions.append(f"v.campaign_id = {given.add(asked.campaign_id, 'uuid')}")
    if asked.days is not None:
        conditions.append(f"v.occurred_at >= now() - make_interval(days => {given.add(asked.days, 'integer')})")
    return " AND ".join(conditions)
