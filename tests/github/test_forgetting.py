"""Installations that are gone leave nothing in memory."""

from __future__ import annotations

import gc

from bot.github.app_client import GitHub
from bot.github.authentication import Token
from bot.github.etag_cache import CachedResponse
from bot.github.installation_client import InstallationClient
from bot.github.installation_requests import InstallationSession
from bot.github.throttle import Throttle
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls

KEPT = (InstallationClient, InstallationSession, Throttle, Token, CachedResponse)


def kept() -> int:
    gc.collect()
    return sum(isinstance(one, KEPT) for one in gc.get_objects())


async def test_a_thousand_installations_that_are_gone_leave_nothing(github: GitHub, sandbox: Sandbox) -> None:
    before = kept()
    for number in range(1_000):
        sandbox.repository(f"owner-{number}/letters")
    known = list(sandbox.world.installations)
    for installation_id in known:
        assert await github.installation(installation_id).list_repositories()
    assert kept() >= before + 4 * len(known)
    for installation_id in known:
        github.forget(installation_id)
    assert kept() == before
    assert len(github._responses) == 0


async def test_one_that_comes_back_works_as_before(github: GitHub, sandbox: Sandbox, calls: Calls) -> None:
    letter = sandbox.petition()
    (installation_id,) = sandbox.world.installations
    for _ in range(2):
        await github.installation(installation_id).get_issue(REPO, letter.number)
    github.forget(installation_id)
    await github.installation(installation_id).get_issue(REPO, letter.number)
    assert [call.split()[-1] for call in calls.made] == ["200", "200", "304", "304", "200", "200"]
    assert calls.mints == 2


async def test_what_is_not_known_can_be_forgotten(github: GitHub) -> None:
    github.forget(404)
    assert github.remaining_calls() == {}
