"""Fixtures for every room's tests."""

import gc

from tests import chance

# The first, because it watches functions that the others take over.
pytest_plugins = ("tests.emissions", "tests.browser", "tests.databases", "tests.pooler", "tests.pseudo_locale")

chance.register()


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    # What was imported and collected stays until the end: looking for garbage in it took a fifth of the time.
    gc.freeze()
    # Little of what tests make is in cycles: looking for it every 2,000 objects took another tenth.
    gc.set_threshold(50_000)
    gc.enable()
