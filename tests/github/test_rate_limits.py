from __future__ import annotations

import dataclasses

import aiohttp
import pytest

from bot.github.errors import Forbidden, Paused
from bot.github.installation_client import InstallationClient
from bot.github.throttle import Limits
from sandbox.api.limits import Limits as GitHubsLimits
from sandbox.faults import Failure, RequestFault
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.github.scene import NOON, REPO, Calls, Clock, Forgery, installed, make_github

SECONDARY = (
    '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
)
CONTENT = (
    '{"message": "You have exceeded a secondary rate limit and have been temporarily blocked from content '
    'creation. Please retry your request again later."}'
)


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition("Keep the lights on", "Dear council,")


async def paused(client: InstallationClient, letter: Issue) -> Paused:
    with pytest.raises(Paused) as pause:
        await client.get_issue(REPO, letter.number)
    return pause.value


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("fault", "says_when", "wait"),
    [(RequestFault.SECONDARY, True, 1), (RequestFault.SECONDARY, False, 60), (RequestFault.PRIMARY, True, 2)],
)
async def test_every_kind_of_limit_becomes_one_pause(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls, clock: Clock,
    status: int, fault: RequestFault, says_when: bool, wait: int,
) -> None:  # fmt: skip
    sandbox.fault_injector.plan("GET", Failure(fault, status=status, says_when=says_when))
    pause = await paused(client, letter)
    assert (pause.until, pause.whole) == (NOON + wait, True)
    calls.forget()
    assert (await paused(client, letter)).until == pause.until
    with pytest.raises(Paused):
        await client.edit_body(REPO, letter.number, "")
    assert calls.all == []
    clock.time = pause.until
    await client.get_issue(REPO, letter.number)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, CONTENT),
        (403, '{"message": "You have triggered an abuse detection mechanism."}'),
        (429, ""),
        (429, "<html>Too many requests</html>"),
        (422, '{"message": "Validation Failed", "errors": ["was submitted too quickly"]}'),
        (403, SECONDARY),
    ],
)
async def test_a_limit_is_recognised_in_any_form(
    client: InstallationClient, letter: Issue, forgery: Forgery, status: int, body: str
) -> None:
    forgery.answers(body, status)
    assert (await paused(client, letter)).until == NOON + 60


@pytest.mark.parametrize(
    "message", ["Resource not accessible by integration", "Repository was archived so is read-only."]
)
async def test_other_refusals_are_no_limits(
    client: InstallationClient, letter: Issue, forgery: Forgery, clock: Clock, message: str
) -> None:
    forgery.answers(f'{{"message": "{message}"}}', 403)
    with pytest.raises(Forbidden):
        await client.get_issue(REPO, letter.number)


async def test_a_limit_hit_again_and_again_is_waited_for_longer_each_time(
    client: InstallationClient, letter: Issue, forgery: Forgery, clock: Clock
) -> None:
    forgery.answers(SECONDARY, 403)
    waits = []
    for _ in range(9):
        pause = await paused(client, letter)
        waits.append(pause.until - clock.time)
        clock.time = pause.until
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_after_ten_minutes_without_a_limit_the_next_counts_as_the_first(
    client: InstallationClient, letter: Issue, forgery: Forgery, clock: Clock
) -> None:
    forgery.answers(SECONDARY, 403, retry_after="30")
    clock.time = (await paused(client, letter)).until
    clock.time = (await paused(client, letter)).until + 601
    assert (await paused(client, letter)).until == clock.time + 30


@pytest.mark.parametrize("word", ["-5", "soon", "", "1e9", "9" * 40, "٣", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_header_that_is_no_number_is_ignored(
    client: InstallationClient, letter: Issue, forgery: Forgery, word: str
) -> None:
    forgery.answers(SECONDARY, 429, retry_after=word)
    assert (await paused(client, letter)).until == NOON + 60


async def test_an_absurdly_long_wait_is_a_day(client: InstallationClient, letter: Issue, forgery: Forgery) -> None:
    forgery.answers(SECONDARY, 429, retry_after="99999999")
    assert (await paused(client, letter)).until == NOON + 86_400


async def test_the_hours_budget_is_not_overdrawn(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls, clock: Clock
) -> None:
    sandbox.rate_limiter.limits = GitHubsLimits(primary=5)
    pauses = []
    for number in range(10):
        sandbox.issues.edit(letter, letter.user, body=str(number))
        try:
            await client.get_issue(REPO, letter.number)
        except Paused as pause:
            pauses.append(pause.until)
        clock.pass_by(5)
    assert len(set(pauses)) == 1
    assert {call.status for call in calls.all} == {200, 201, 304}
    clock.time = pauses[0]
    await client.get_issue(REPO, letter.number)


async def test_graphqls_own_budget_leaves_the_rest_alone(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    comment = sandbox.comment(letter, "ada")
    sandbox.fault_injector.plan("/graphql", Failure(RequestFault.PRIMARY))
    with pytest.raises(Paused):
        await client.get_comment_histories([comment.node_id])
    with pytest.raises(Paused) as pause:
        await client.get_comment_histories([comment.node_id])
    assert not pause.value.whole
    assert calls.made == ["POST /api/graphql 200"]
    await client.get_issue(REPO, letter.number)


@pytest.mark.parametrize("status", [200, 403])
async def test_a_secondary_limit_of_graphql_is_one_too(
    client: InstallationClient, forgery: Forgery, status: int
) -> None:
    said = "You have exceeded a secondary rate limit."
    forgery.answers(f'{{"errors": [{{"message": "{said}"}}], "message": "{said}"}}', status)
    with pytest.raises(Paused) as pause:
        await client.get_comment_histories(["IC_x"])
    assert (pause.value.until, pause.value.whole) == (NOON + 60, True)


async def test_one_installations_pause_is_not_anothers(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock
) -> None:
    github = make_github(sandbox, session, clock)
    sandbox.repository("babbage/engines")
    one, other = (github.installation(number) for number in sandbox.world.installations)
    sandbox.fault_injector.plan("GET", Failure(RequestFault.SECONDARY))
    await paused(one, letter)
    await other.get_issue(REPO, letter.number)


async def test_a_pause_of_the_app_itself_is_one_too(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    sandbox.fault_injector.plan("access_tokens", Failure(RequestFault.SECONDARY, says_when=False))
    assert (await paused(client, letter)).until == NOON + 60
    await paused(client, letter)
    assert calls.mints == 1


# Our own pace


async def test_reactions_stay_within_the_hours_budget_and_nothing_else_waits_for_it(
    sandbox: Sandbox, session: aiohttp.ClientSession, letter: Issue, clock: Clock
) -> None:
    comments = [sandbox.comment(letter, f"person-{number}") for number in range(4)]
    limits = Limits(content_per_hour=4, reserve=1)
    client = make_github(sandbox, session, clock, limits=limits).installation(installed(sandbox).id)
    for comment in comments[:3]:
        await client.create_reaction(REPO, comment.id, "+1")
    with pytest.raises(Paused) as pause:
        await client.create_reaction(REPO, comments[3].id, "+1")
    assert (pause.value.until, pause.value.whole) == (NOON + 3600, False)
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    here = (await client.get_issue(REPO, letter.number)).repository
    await client.create_issue(here, "Keep the lights on (2)", "Sign here")
    clock.time = pause.value.until
    await client.create_reaction(REPO, comments[3].id, "+1")


async def test_a_day_of_hard_work_never_meets_githubs_limits(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock, calls: Calls
) -> None:
    limits = dataclasses.replace(GitHubsLimits.like_github(), edits_are_content=True, primary=None)
    sandbox.rate_limiter.limits = limits
    comments = [sandbox.comment(letter, f"person-{number}") for number in range(100)]
    pauses = []
    for number in range(600):
        try:
            await client.create_reaction(REPO, comments[number % 100].id, "+1")
            if number % 20 == 0:
                await client.edit_body(REPO, letter.number, str(number))
        except Paused as pause:
            pauses.append(pause)
            clock.time = pause.until
    assert pauses
    assert not any(pause.whole for pause in pauses)
    assert {call.status for call in calls.all} <= {200, 201, 304}
