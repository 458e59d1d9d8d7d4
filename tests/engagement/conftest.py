"""An organization that sends."""

import asyncpg
import pytest

from outrider import tenancy
from tests.api.fixtures import *  # noqa: F403
from tests.sending.scene import Scene


@pytest.fixture
def scene(admin: asyncpg.Connection, organization: tenancy.OrganizationId) -> Scene:
    """The test's organization, to put campaigns into."""
    return Scene(admin, organization)
