from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable

import aiohttp
import pytest

from bot.github.app_client import GitHub
from bot.github.errors import (
    Forbidden,
    GitHubError,
    InstallationGone,
    InstallationSuspended,
    NotFound,
    Unauthorized,
)
from bot.github.installation_client import InstallationClient
from sandbox.faults import Faults
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls, Clock, Forgery, installed, make_github


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition("Keep the lights on", "Dear council,")


# Tokens


async def test_one_token_serves_for_an_hours_work(
    client: InstallationClient, letter: Issue, clock: Clock, calls: Calls
) -> None:
    for _ in range(5):
        await client.get_issue(REPO, letter.number)
        clock.pass_by(10 * 60)
    assert calls.mints == 1


async def test_a_token_is_replaced_before_it_ends(
    client: InstallationClient, letter: Issue, clock: Clock, calls: Calls
) -> None:
    await client.get_issue(REPO, letter.number)
    clock.pass_by(56 * 60)
    await client.get_issue(REPO, letter.number)
    assert calls.mints == 2
    assert all(call.status < 400 for call in calls.all)


async def test_a_token_with_a_short_life_is_replaced_before_its_end(
    client: InstallationClient, letter: Issue, clock: Clock, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.credentials.TOKEN_LIFE", 20 * 60)
    for _ in range(4):
        await client.get_issue(REPO, letter.number)
        clock.pass_by(14 * 60)
    assert calls.mints == 2
    assert all(call.status < 400 for call in calls.all)


async def test_a_crowd_of_calls_takes_one_token(client: InstallationClient, letter: Issue, calls: Calls) -> None:
    await asyncio.gather(*(client.get_issue(REPO, letter.number) for _ in range(20)))
    assert calls.mints == 1


async def test_each_installation_has_its_own_token(
    github: GitHub, client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    sandbox.repository("babbage/engines")
    await asyncio.gather(*(github.installation(one).list_repositories() for one in sandbox.world.installations))
    assert calls.mints == 2
    assert github.installation(client.id) is client


async def test_a_token_that_died_early_is_replaced(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock, calls: Calls
) -> None:
    await client.get_issue(REPO, letter.number)
    sandbox.credentials._tokens.clear()
    clock.pass_by(60)
    assert (await client.get_issue(REPO, letter.number)).issue.id == letter.id
    assert calls.mints == 2


async def test_credentials_that_are_never_accepted_are_given_up(
    client: InstallationClient, letter: Issue, forgery: Forgery, calls: Calls
) -> None:
    forgery.answers('{"message": "Bad credentials"}', 401)
    with pytest.raises(Unauthorized, match="Bad credentials"):
        await client.get_issue(REPO, letter.number)
    assert calls.mints == 2


@pytest.mark.parametrize("seed", range(4))
async def test_a_young_token_that_not_all_of_github_knows_is_tried_again(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock, calls: Calls, seed: int
) -> None:
    sandbox.faults = Faults(seed=seed, token_lag_seconds=2.5)
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert letter.body == "Dear mayor,"
    assert (clock.slept[:2], calls.mints) == ([1.0, 2.0], 1)


async def test_an_old_token_is_not_tried_again(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock
) -> None:
    sandbox.installations.grant(installed(sandbox), {"issues": "read", "metadata": "read"}, ["issues"])
    await client.get_issue(REPO, letter.number)
    clock.pass_by(60)
    with pytest.raises(Forbidden):
        await client.edit_body(REPO, letter.number, "")
    assert clock.slept == []


async def test_a_suspended_installation_is_known_with_or_without_a_token(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    sandbox.installations.suspend(installed(sandbox))
    with pytest.raises(InstallationSuspended):
        await client.get_issue(REPO, letter.number)
    sandbox.installations.unsuspend(installed(sandbox))
    await client.get_issue(REPO, letter.number)
    sandbox.installations.suspend(installed(sandbox))
    with pytest.raises(InstallationSuspended):
        await client.get_issue(REPO, letter.number)


async def test_a_removed_installation_is_gone_with_or_without_a_token(
    github: GitHub, client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    await client.get_issue(REPO, letter.number)
    sandbox.installations.delete(installed(sandbox))
    with pytest.raises(InstallationGone):
        await client.get_issue(REPO, letter.number)
    with pytest.raises(InstallationGone):
        await github.installation(4711).list_repositories()


# The App


async def test_the_app_knows_itself(github: GitHub, sandbox: Sandbox) -> None:
    info = await github.get_app()
    assert (info.id, info.slug, info.permissions["issues"]) == (sandbox.app_id, "undersigned", "write")
    assert "issue_comment" in info.events


async def test_the_app_knows_where_it_is_installed_and_what_it_may_do_there(
    github: GitHub, sandbox: Sandbox
) -> None:
    for number in range(105):
        sandbox.repository(f"account-{number}/letters")
    sandbox.installations.suspend(installed(sandbox))
    sandbox.installations.grant(installed(sandbox), {"issues": "read"}, ["issues"])
    found = await github.list_installations()
    assert len(found) == 106
    assert (found[0].account, found[0].suspended, found[0].permissions, found[0].events) == (
        "lovelace",
        True,
        {"issues": "read"},
        ("issues",),
    )
    assert not found[1].suspended


async def test_the_installation_of_a_repository_is_found(github: GitHub, sandbox: Sandbox) -> None:
    assert await github.find_installation(REPO) == installed(sandbox).id
    with pytest.raises(NotFound):
        await github.find_installation("nobody/nothing")


async def test_the_hook_can_be_looked_at(github: GitHub, sandbox: Sandbox) -> None:
    sandbox.deliveries.url = "https://undersigned.example/webhook"
    config = await github.get_hook_config()
    assert (config.url, bool(config.secret)) == (sandbox.deliveries.url, True)


async def test_failed_deliveries_are_listed_and_redelivered(github: GitHub, sandbox: Sandbox) -> None:
    sandbox.deliveries.url = f"{sandbox.web_url}/nobody-listens"
    letter = sandbox.petition()
    for number in range(120):
        sandbox.comment(letter, f"person-{number}")
    await sandbox.settled()
    first = await github.list_hook_deliveries()
    second = await github.list_hook_deliveries(first.cursor)
    assert (len(first.deliveries), len(second.deliveries), second.cursor) == (100, 22, None)
    newest = first.deliveries[0]
    assert newest.guid == sandbox.deliveries.log.attempts()[0].delivery.guid
    assert newest.status != "OK"
    await github.redeliver(newest.id)
    await sandbox.settled()
    again = (await github.list_hook_deliveries()).deliveries[0]
    assert (again.guid, again.id > newest.id) == (newest.guid, True)
    with pytest.raises(NotFound):
        await github.redeliver(1)


async def test_the_apps_jwt_is_renewed_in_time(github: GitHub, clock: Clock, calls: Calls) -> None:
    for _ in range(20):
        await github.get_app()
        clock.pass_by(90)
    assert {call.status for call in calls.all} == {200}
    assert 3 <= len({call.headers["Authorization"] for call in calls.all}) <= 6


async def test_a_clock_that_was_set_back_gets_a_jwt_too(github: GitHub, clock: Clock) -> None:
    await github.get_app()
    clock.pass_by(-3600)
    await github.get_app()


@pytest.mark.parametrize(
    "key", ["", "not a key", "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----"]
)
async def test_a_key_that_cannot_be_read_is_an_error_that_does_not_show_it(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, key: str
) -> None:
    github = make_github(sandbox, session, clock, app_id="1", private_key=key)
    with pytest.raises(Unauthorized, match="private key") as error:
        await github.get_app()
    assert "SECRET" not in shown(error.value)


async def test_a_wrong_app_id_is_named(sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> None:
    github = make_github(sandbox, session, clock, app_id="1")
    with pytest.raises(Unauthorized, match="App id"):
        await github.installation(installed(sandbox).id).list_repositories()


# Secrets


async def test_no_error_shows_a_token_or_a_key(
    client: InstallationClient,
    letter: Issue,
    sandbox: Sandbox,
    forgery: Forgery,
    clock: Clock,
    session: aiohttp.ClientSession,
) -> None:
    await client.get_issue(REPO, letter.number)
    (token,) = sandbox.credentials._tokens
    forgeries: list[Callable[[], None]] = [
        lambda: forgery.answers('{"message": "Not Found"}', 404),
        lambda: forgery.answers('{"message": "no"}', 403),
        lambda: forgery.answers("{", 200),
        lambda: forgery.answers("[]", 200),
        lambda: forgery.answers("", 502),
        lambda: forgery.answers("", 301, location="http://elsewhere.example/"),
        lambda: forgery.answers('{"message": "You have exceeded a secondary rate limit."}', 429),
    ]
    for forge in forgeries:
        forge()
        with pytest.raises(GitHubError) as error:
            await client.get_issue(REPO, letter.number)
        assert token not in shown(error.value)
        assert "Bearer" not in shown(error.value)
    await sandbox.stop()
    stranded = make_github(sandbox, session, clock)
    with pytest.raises(GitHubError) as error:
        await stranded.get_app()
    assert "eyJ" not in shown(error.value)


def shown(error: BaseException) -> str:
    """Show everything that a log could show of an error."""
    chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
    return (
        "".join(traceback.format_exception(error)) + repr(chain) + repr([getattr(one, "args", ()) for one in chain])
    )
