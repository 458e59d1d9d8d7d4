"""What the API says of namespaces and profiles, with the examples of its document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text

NAMESPACE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "name": "acme-corp",
    "keywords": ["ACME", "Acme Corp", "acme-corp"],
    "table_name": "acme_corp_user_source",
    "description": "Acme's outreach",
    "is_default": False,
    "is_active": True,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
}
WARNING: dict[str, Any] = {
    "keyword": "ACME",
    "namespace": "acme-labs",
    "other_keyword": "acme labs",
    "message": "keyword 'ACME' overlaps 'acme labs' of the namespace acme-labs: a campaign that holds both goes to "
    "acme-labs, whose keyword is longer",
}
MOVE: dict[str, Any] = {"from_namespace": "playmaker", "to_namespace": "acme-corp", "profiles": 1204, "merged": 3}
OFFER: dict[str, Any] = {"profiles": 1204, "moves": [MOVE], "how": "POST /api/namespaces/reroute moves them as a job"}
OVERLAP: dict[str, Any] = {
    "winner": "acme-labs",
    "winner_keyword": "acme labs",
    "loser": "acme-corp",
    "loser_keyword": "ACME",
    "message": "'acme labs' of acme-labs holds 'ACME' of acme-corp: a campaign with 'acme labs' in its name goes to acme-labs",
}
PROFILE: dict[str, Any] = {
    "namespace": "acme-corp",
    "id": "0193a512-9f10-7c2b-8d4e-5f6a7b8c9d0e",
    "email": "ana.lopez@acme.example",
    "first_name": "Ana",
    "last_name": "López",
    "company": "Acme",
    "linkedin_profile": "https://linkedin.com/in/ana-lopez",
    "platform": "lemlist",
    "enrichment_data": {"employees": 240, "industry": "Manufacturing"},
    "icp_score": 80,
    "behaviour_score": 35,
    "lead_score": 62,
    "apollo_enriched_at": "2026-11-19T08:00:00Z",
    "last_scored_at": "2026-11-20T08:00:00Z",
    "meta": {"campaign": "Q4 ACME push"},
    "created_at": "2026-11-18T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
    "person_id": "0193a512-8b00-7d1a-9c3f-1a2b3c4d5e6f",
}
CHANGED: dict[str, Any] = {**NAMESPACE, "warnings": [WARNING], "reroute": OFFER}


def _example(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)}, from_attributes=True)


class NamespaceView(BaseModel):
    """A client's segment of the organization. Times are UTC."""

    model_config = ConfigDict(title="Namespace", from_attributes=True, json_schema_extra={"examples": [NAMESPACE]})

    id: UUID
    name: str
    keywords: list[str] = Field(description="A campaign whose name holds one of these, in any case, is routed here.")
    table_name: str = Field(description="The table with the profiles, in the organization's schema.")
    description: str | None
    is_default: bool = Field(description="Takes what no keyword claims.")
    is_active: bool = Field(description="An inactive one keeps its data and gets nothing new.")
    created_at: datetime
    updated_at: datetime


class Warning(BaseModel):
    """A keyword of another active namespace that some campaign names hold together with one of this."""

    model_config = _example(WARNING)

    keyword: str
    namespace: str = Field(description="The other namespace.")
    other_keyword: str
    message: str


class MoveView(BaseModel):
    """Profiles that leave one namespace for another."""

    model_config = ConfigDict(title="Move", from_attributes=True, json_schema_extra={"examples": [MOVE]})

    from_namespace: str
    to_namespace: str
    profiles: int
    merged: int = Field(description="How many of them go into a profile with the same address.")


class Offer(BaseModel):
    """Profiles that the new keywords would route elsewhere. Nothing was moved."""

    model_config = _example(OFFER)

    profiles: int
    moves: list[MoveView]
    how: str


class ChangedNamespace(NamespaceView):
    """A namespace after the change, and what it calls for."""

    model_config = _example(CHANGED)

    warnings: list[Warning] = Field(description="Overlaps with other namespaces' keywords, if the change was about routing.")
    reroute: Offer | None = Field(description="Profiles that would now be routed elsewhere; null when there are none.")


class NamespacePage(BaseModel):
    """A page of namespaces by name."""

    model_config = _example({"items": [NAMESPACE], "next_cursor": None})

    items: list[NamespaceView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class NewNamespace(BaseModel):
    """The namespace to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "acme-corp", "keywords": ["ACME", "Acme Corp", "acme-corp"]}]},
    )

    name: Text = Field(description="A lower-case letter first, then lower-case letters, digits, _ and -; at most 50 characters.")
    keywords: list[Text] = Field(max_length=1000, description="1 to 100; a campaign whose name holds one, in any case, is routed here.")
    description: Text | None = Field(None, description="At most 1000 characters.")


class NamespaceChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"keywords": ["ACME", "Acme Inc"]},
                {"name": "acme", "description": None},
                {"is_active": False},
            ]
        },
    )

    name: Text | None = Field(None, description="A new name; the table is renamed with it.")
    keywords: list[Text] | None = Field(None, max_length=1000, description="All keywords from now on.")
    description: Text | None = Field(None, description="null takes it away.")
    is_active: bool | None = Field(None, description="false: keep the data, route nothing here.")


class Confirmation(BaseModel):
    """The name typed again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"confirm": "acme-corp"}]})

    confirm: Text


class Archived(BaseModel):
    """Where the profiles of a deleted namespace are."""

    model_config = _example({"name": "acme-corp", "archived_table": "acme_corp_user_source_archived_20261120080000000000"})

    name: str
    archived_table: str = Field(description="Keeps the profiles, for reading.")


class Stats(BaseModel):
    """What a namespace holds, counted now."""

    model_config = _example(
        {
            "profiles": 1204,
            "with_company": 1100,
            "by_platform": {"lemlist": 1000, "smartlead": 204},
            "routed_campaigns": 2,
            "campaigns": {"ACME Q4": 1000, "Acme Corp nurture": 204},
            "last_added_at": "2026-11-20T08:00:00Z",
        }
    )

    profiles: int
    with_company: int
    by_platform: dict[str, int] = Field(description="Profiles by platform; those without one under the empty name.")
    routed_campaigns: int
    campaigns: dict[str, int] = Field(description="Profiles by campaign, the fifty largest.")
    last_added_at: datetime | None


class Match(BaseModel):
    """The campaign to route."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"campaign_name": "ACME Labs Q4 outbound"}]})

    campaign_name: Text = Field(min_length=1, max_length=500)


class HitView(BaseModel):
    """A keyword that is in the campaign's name."""

    model_config = ConfigDict(
        title="Hit",
        from_attributes=True,
        json_schema_extra={"examples": [{"namespace": "acme-corp", "keyword": "ACME"}]},
    )

    namespace: str
    keyword: str


class RoutingView(BaseModel):
    """Where a campaign goes, and why."""

    model_config = ConfigDict(
        title="Routing",
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "campaign_name": "ACME Labs Q4 outbound",
                    "namespace": "acme-labs",
                    "table_name": "acme_labs_user_source",
                    "keyword": "acme labs",
                    "also_matched": [{"namespace": "acme-corp", "keyword": "ACME"}],
                    "explanation": "'acme labs' of acme-labs is the longest keyword in the name; 'ACME' of acme-corp is shorter",
                }
            ]
        },
    )

    campaign_name: str
    namespace: str
    table_name: str
    keyword: str | None = Field(description="The keyword that won; null when the default took it.")
    also_matched: list[HitView] = Field(description="What else is in the name, in the order it would have won.")
    explanation: str


class RerouteRequest(BaseModel):
    """Whether only to look."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"dry_run": True}]})

    dry_run: bool = Field(False, description="true: count what would move, and move nothing.")


class Reroute(BaseModel):
    """What would move, and the job that moves it."""

    model_config = _example(
        {"dry_run": False, "profiles": 1204, "moves": [MOVE], "job_id": "0193a512-8a11-7c3e-a0b2-0c9d8e7f6a55"},
        {"dry_run": True, "profiles": 0, "moves": [], "job_id": None},
    )

    dry_run: bool
    profiles: int
    moves: list[MoveView]
    job_id: UUID | None = Field(description="The job, at /api/jobs/{id}; null for a dry run.")


class OverlapView(BaseModel):
    """Two keywords of two active namespaces that some campaigns' names hold both, and which of them such a campaign goes to."""

    model_config = ConfigDict(title="Overlap", from_attributes=True, json_schema_extra={"examples": [OVERLAP]})

    winner: str = Field(description="The namespace that a campaign with both keywords goes to.")
    winner_keyword: str
    loser: str
    loser_keyword: str
    message: str


class Overlaps(BaseModel):
    """Every overlap of the organization."""

    model_config = _example({"items": [OVERLAP]})

    items: list[OverlapView]


class ProfileView(BaseModel):
    """A person as one client sees them: seed 000's columns in their order, after the namespace. Times are UTC."""

    model_config = ConfigDict(title="Profile", from_attributes=True, json_schema_extra={"examples": [PROFILE]})

    namespace: str
    id: UUID
    email: str
    first_name: str | None
    last_name: str | None
    company: str | None
    linkedin_profile: str | None
    platform: str | None = Field(description="Where they came from.")
    enrichment_data: Any = Field(description="What enrichment found, as it came.")
    icp_score: int | None = Field(description="How well they fit, 0 when they were not scored.")
    behaviour_score: int | None = Field(description="What they did so far, 0 when nothing is known.")
    lead_score: int | None = Field(description="Both together.")
    apollo_enriched_at: datetime | None
    last_scored_at: datetime | None
    meta: Any = Field(description="`campaign` is the one that they came with.")
    created_at: datetime
    updated_at: datetime | None
    person_id: UUID | None = Field(description="The person behind the profile, at /api/people/{id}.")


class ProfilePage(BaseModel):
    """A page of profiles."""

    model_config = _example({"items": [PROFILE], "next_cursor": None})

    items: list[ProfileView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")
