"""Fixtures for every room's tests."""

from tests import chance

# The first, because it watches functions that the others take over.
pytest_plugins = ("tests.emissions", "tests.browser", "tests.databases", "tests.pooler")

chance.register()
