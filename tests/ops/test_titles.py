"""What a job is called, and where it leads."""

import pytest

from outrider import ops, tenancy
from outrider.kit.errors import InvalidInput

from .conftest import ACTOR, ask


async def test_a_job_is_called_by_its_title_and_leads_to_what_it_works_on(organization):
    job = await ops.get_job(organization, ACTOR, await ask(organization, "x", title="Import apollo.csv", link="/imports/1"))
    assert (job.label, job.title, job.link) == ("Import apollo.csv", "Import apollo.csv", "/imports/1")


async def test_a_long_title_is_cut(organization):
    job = await ops.get_job(organization, ACTOR, await ask(organization, "x", title="x" * 300))
    assert job.label == "x" * 200


async def test_a_job_without_a_title_is_called_by_its_name(organization):
    job = await ops.get_job(organization, ACTOR, await ask(organization, "people.expire_intelligence"))
    assert (job.label, job.title, job.link) == ("Expire intelligence", None, None)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"link": "https://evil.example"}, "link"),
        ({"link": "//evil.example"}, "link"),
        ({"link": "/\\evil.example"}, "link"),
        ({"link": "/a b"}, "link"),
        ({"link": "javascript:alert(1)"}, "link"),
    ],
)
async def test_a_title_or_link_that_cannot_be_used_is_refused(organization, options, field):
    async with tenancy.transaction(organization, ACTOR) as connection:
        with pytest.raises(InvalidInput) as caught:
            await ops.enqueue(connection, "x", {}, **options)
    assert caught.value.field == field
