"""A scene with somebody who writes down every call to the API, and who can act at the very moment of one."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot import app
from bot.store import State, Store
from sandbox.faults import Faults
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.scene import FAST, Scene, scene

HEARD = pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Calls:
    """Every call that the bot makes, as `METHOD /path?query STATUS`."""

    made: list[str] = field(default_factory=list)
    _refused: dict[str, int] = field(default_factory=dict)
    _ambushes: list[tuple[str, Callable[[], object]]] = field(default_factory=list)

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        line = f"{request.method} {request.path_qs.removeprefix('/api/v3')}"
        ambush = next((one for one in self._ambushes if re.match(one[0], line)), None)
        if ambush is not None:
            self._ambushes.remove(ambush)
            done = ambush[1]()
            if inspect.isawaitable(done):
                await done
        status = next((self._refused[one] for one in self._refused if re.match(one, line)), None)
        refusal = web.json_response({"message": "Resource not accessible by integration"}, status=status or 502)
        response = refusal if status else await handler(request)
        self.made.append(f"{line} {response.status}")
        return response

    def before(self, pattern: str, act: Callable[[], object]) -> None:
        """Let something happen when the next call of a kind arrives; it is answered afterwards."""
        self._ambushes.append((pattern, act))

    def refuse(self, pattern: str, status: int = 502) -> None:
        """Refuse every call of a kind from now on."""
        self._refused[pattern] = status

    def like(self, pattern: str) -> list[str]:
        return [call for call in self.made if re.match(pattern, call)]

    def forget(self) -> None:
        self.made.clear()


@asynccontextmanager
async def watched(
    database_url: str, *, rates: app.Rates = FAST, start: bool = True
) -> AsyncIterator[tuple[Scene, Calls]]:
    """Set a scene in which all calls are written down."""
    calls, sandbox = Calls(), Sandbox()

    sandbox.app.middlewares.append(calls.note)
    async with scene(database_url, rates=rates, sandbox=sandbox, start=start) as stage:
        yield stage, calls


@contextmanager
def unheard(stage: Scene) -> Iterator[None]:
    """Let no delivery arrive of what happens inside, and leave no trace of it in the log."""
    before, stage.sandbox.faults = stage.sandbox.faults, Faults(vanished=1.0)
    yield
    stage.sandbox.faults = before


@contextmanager
def happening(stage: Scene, heard: bool) -> Iterator[None]:
    """Let deliveries of what happens inside arrive, or not."""
    if heard:
        yield
    else:
        with unheard(stage):
            yield


@pytest.fixture
def quiet_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe a refusal at once, also of a token so young that GitHub may not know it everywhere yet."""
    monkeypatch.setattr("bot.github.installation_requests.RETRY_DELAYS", ())


async def eventually(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds of which nobody is told."""
    try:
        async with asyncio.timeout(60):
            while not (await found if inspect.isawaitable(found := holds()) else found):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} never came to be") from None


async def state_of(stage: Scene, petition: Issue) -> State:
    return (await store_of(stage).petitions.get_snapshot(petition.id, 0)).state


def store_of(stage: Scene) -> Store:
    assert stage.bot is not None
    return stage.bot.store


async def a_second_later() -> None:
    """Wait for GitHub's clock to show another second, so that it can tell before from after."""
    now = int(time.time())
    await eventually(lambda: int(time.time()) > now, "the next second")


async def surveyed(stage: Scene) -> None:
    """Have everything surveyed, and wait until that and its consequences are over."""
    store = store_of(stage)
    await stage.sandbox.settled()
    (installation,) = (one.id for one in stage.sandbox.world.installations.values() if one.usable)
    await eventually(lambda: at_rest(stage), "the end of all work")
    mark = await store.installations.get_discovery(installation)
    assert mark is not None
    await store.installations.request_discovery(installation)
    store.changed.set()

    async def done() -> bool:
        now = await store.installations.get_discovery(installation)
        return now is not None and now.done > mark.asked and await at_rest(stage)

    await eventually(done, "a survey")
    # A delivery of what the survey has found first is read as well.
    await stage.sandbox.settled()


async def at_rest(stage: Scene) -> bool:
    """Tell whether the bot has nothing to do, and does nothing."""
    assert stage.bot is not None
    return not stage.bot.scheduler._tasks and not await stage.bot.store.petitions.list_installations_with_work(
        time.time()
    )


async def signed_petition(stage: Scene, *logins: str) -> Issue:
    petition = stage.petition()
    for login in logins or ("ada",):
        stage.sign(petition, login)
    await stage.shows(petition, len(logins) or 1)
    return petition


async def comes_to(stage: Scene, petition: Issue, state: State) -> None:
    async def is_in_it() -> bool:
        with suppress(KeyError):
            return await state_of(stage, petition) is state
        return False

    await eventually(is_in_it, f"the state {state!r}")
