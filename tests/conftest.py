"""Fixtures for every room's tests."""

from hypothesis import HealthCheck, settings

# The first, because it watches functions that the others take over.
pytest_plugins = ("tests.emissions", "tests.browser", "tests.databases")

# How long a test may take is for the timeout of pytest to say: a busy machine is slow now and then.
settings.register_profile("ordinary", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ordinary")
