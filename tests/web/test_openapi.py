"""What the OpenAPI document says is what the server does: schemathesis asks what it allows, and more."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bot.petition.comments.commands import Sign
from bot.store import SortOrder
from bot.web.api import MAX_SIGNATURES, openapi_document
from bot.web.query_parameters import MAX_SEARCH_LENGTH
from tests.chance import examples
from tests.store.scene import person
from tests.web.scene import Scene, serving

OPERATIONS = ("roster", "table", "badge", "shield", "card", "chart", "feed", "embed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: object) -> Iterator[str]:
    """A server in a thread of its own: schemathesis waits for answers."""
    with served(f"sqlite:///{tmp_path_factory.mktemp('openapi')}/undersigned.db") as base:
        yield base


@contextmanager
def served(database_url: str) -> Iterator[str]:
    found: Queue[str] = Queue()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with serving(database_url, public_url=None) as scene:
            for login in ("ada", "grace", "alan"):
                await scene.petition.say(person(login), Sign(f"={login}", "Engines", "Because."))
            found.put(str(scene.client.make_url("")).rstrip("/"))
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        yield found.get(timeout=20)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_are_as_the_document_says(server: str, name: str) -> None:
    schema = schemathesis.openapi.from_dict(openapi_document(server))
    operation = schema.find_operation_by_id(name)

    @settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), here=st.booleans())
    def ask(case: Case[Any], here: bool) -> None:
        if here and case.path_parameters:
            case.path_parameters.update(owner="acme", repo="letters", number=7)
        # What `after` and `before` may be depends on how it is sorted, which no schema can say.
        case.call_and_validate(base_url=server, excluded_checks=[positive_data_acceptance])

    ask()


async def test_the_document_is_served_for_everybody_to_read(scene: Scene) -> None:
    async with scene.client.get("/openapi.json") as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        found = json.loads(await answer.text())
    assert found["openapi"] == "3.1.0"
    assert "302" in found["paths"]["/petitions/{owner}/{repo}/{number}.csv"]["get"]["responses"]
    assert {path["get"]["operationId"] for path in found["paths"].values()} == set(OPERATIONS)


def test_the_document_names_the_orders_and_limits_of_the_server() -> None:
    parameters = openapi_document("")["paths"]["/petitions/{owner}/{repo}/{number}.json"]["get"]["parameters"]
    schemas = {one["name"]: one["schema"] for one in parameters}
    assert (schemas["sort"]["enum"], schemas["sort"]["default"]) == (list(SortOrder), SortOrder.NEWEST)
    assert schemas["limit"]["maximum"] == MAX_SIGNATURES
    assert schemas["q"]["maxLength"] == MAX_SEARCH_LENGTH
