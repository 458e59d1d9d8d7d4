"""Lists, segments, templates, campaigns with their steps, enrollments: who is told what, and when. Sends nothing.

Others use what is listed here.
"""

from .campaign_tabs import campaign_head
from .campaigns import Campaigns
from .finding import Named, find_named
from .lists import PeopleLists
from .preflight import Preflight, check, dry_run
from .rendering import MissingVariable, Rendered, outline, render_message, to_text
from .running import Running
from .segments import Segments
from .templates import Templates
from .types import Campaign, Enrollment, PeopleList, Resolved, Segment, Step, Template, UsedBy, Variant
from .variables import sender_variables, variables_of

__all__ = [
    "Campaign",
    "Campaigns",
    "Enrollment",
    "MissingVariable",
    "Named",
    "PeopleList",
    "PeopleLists",
    "Preflight",
    "Rendered",
    "Resolved",
    "Running",
    "Segment",
    "Segments",
    "Step",
    "Template",
    "Templates",
    "UsedBy",
    "Variant",
    "campaign_head",
    "check",
    "dry_run",
    "find_named",
    "outline",
    "render_message",
    "sender_variables",
    "to_text",
    "variables_of",
]
