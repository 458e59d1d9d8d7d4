"""The HTTP API's fixtures."""

from tests.api.fixtures import *  # noqa: F403
