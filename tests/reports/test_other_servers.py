"""Servers that keep no times of queries, or do not show them: the page says so and goes on."""

import pytest

from outrider.database import migrate
from outrider.kit import database
from outrider.kit.server import EmbeddedServer
from outrider.reports import read_health
from outrider.tenancy import DEFAULT_ORGANIZATION
from tests.conftest import FAST


@pytest.fixture(scope="module")
def without_library(tmp_path_factory: pytest.TempPathFactory):
    """A server on which the library is not loaded."""
    server = EmbeddedServer(tmp_path_factory.mktemp("bare"), FAST | {"shared_preload_libraries": "''"})
    server.start()
    yield server
    server.release()


async def test_a_server_without_the_library_is_migrated_and_told_of(without_library: EmbeddedServer, actor):
    await migrate.migrate(without_library.url("postgres"))
    async with database.connect(without_library.url("outrider_app"), size=1):
        health = await read_health(DEFAULT_ORGANIZATION, actor)
    assert (health.statements_state, health.statements) == ("not_loaded", ())
    assert health.server is not None
    assert "Set shared_preload_libraries" in " ".join(finding.to_do for finding in health.findings)
