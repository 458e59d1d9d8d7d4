"""The HTTP API's fixtures."""

from tests.api.fixtures import *  # noqa: F403
from tests.api.server import server_address  # noqa: F401
