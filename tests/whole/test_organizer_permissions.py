"""What organizers' pages ask of GitHub is asked seldom, whoever asks and however often."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.github.errors import Paused
from bot.github.sign_in import OAuthClient
from bot.petition.comments.comment import Author
from bot.store import Store
from bot.web.organizers.auth import PERMISSION_TTL, OrganizerAuth
from sandbox.server import Sandbox
from tests.github.scene import Clock, make_github
from tests.whole.recorded_calls import Calls


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def auth(sqlite_url: str, clock: Clock, calls: Calls) -> AsyncIterator[OrganizerAuth]:
    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(calls.note)
    sandbox.repository()
    await sandbox.start()
    store = await Store.open(sqlite_url, now=clock)
    async with aiohttp.ClientSession() as session:
        github = make_github(sandbox, session, clock)
        yield OrganizerAuth(store.sign_outs, github, session, OAuthClient("", "", ""), "", clock)
    await store.close()
    await sandbox.stop()


async def asked(auth: OrganizerAuth, person: int, *names: str) -> int:
    """Ask after somebody in repositories that are not known here; gives how often there was an answer."""
    answers = 0
    for name in names:
        try:
            assert not await auth.is_organizer(None, name, Author(person, f"person-{person}"))
        except Paused:
            continue
        answers += 1
    return answers


async def test_nobody_uses_up_our_calls_by_asking_after_repositories(
    auth: OrganizerAuth, calls: Calls, clock: Clock
) -> None:
    names = [f"x/{number}" for number in range(40)]
    assert await asked(auth, 1, *names) == 30
    assert len(calls.like("GET /repos/x/")) == 30
    assert await asked(auth, 2, names[0]) == 1, "others are answered"
    clock.pass_by(31)
    assert await asked(auth, 1, *names[31:]) == 1


async def test_all_together_do_not_use_them_up_either(auth: OrganizerAuth, calls: Calls, clock: Clock) -> None:
    for person in range(10):
        assert await asked(auth, person, *(f"x/{number}" for number in range(20))) == 20
    assert len(calls.like("GET /repos/x/")) == 60


async def test_an_answer_is_good_for_some_minutes(auth: OrganizerAuth, calls: Calls, clock: Clock) -> None:
    assert await asked(auth, 1, "x/1", "X/1", "x/1") == 3
    clock.pass_by(PERMISSION_TTL - 1)
    await asked(auth, 1, "x/1")
    assert len(calls.like("GET /repos/")) == 1
    clock.pass_by(2)
    await asked(auth, 1, "x/1")
    assert len(calls.like("GET /repos/")) == 2
