"""Requests that nobody thought of, made from the API's own document: never a fault of ours, and always what the document says."""

import warnings

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from outrider import web
from tests.api.fixtures import key_of, test_settings
from tests.conftest import new_organization
from tests.thorough import TIMES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    schema = schemathesis.openapi.from_dict(web.create_app(test_settings(), manage_pool=False).openapi())


@pytest_asyncio.fixture(scope="session")
async def fuzz_key(pool) -> str:
    """A key of an organization that only these requests see."""
    return await key_of(await new_organization())


@pytest.fixture(scope="session")
def session():
    with requests.Session() as opened:
        yield opened


@schema.parametrize()
@settings(
    max_examples=5 * TIMES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_request_makes_us_fail(case, server_address, fuzz_key, session):
    answer = case.call(base_url=server_address, headers={"Authorization": f"Bearer {fuzz_key}"}, session=session)
    if case.path != "/api/health/ready":
        assert answer.status_code < 500, answer.text
    checks = schemathesis.checks
    case.validate_response(
        answer,
        checks=[checks.response_schema_conformance, checks.content_type_conformance, checks.status_code_conformance],
    )
