"""On a bad day GitHub loses, doubles, delays and lies; every bit of it on demand and the same way twice."""

import asyncio
from collections import Counter

import aiohttp
import pytest

from sandbox.faults import DeliveryFault, Failure, FaultInjector, Faults, RequestFault
from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox, until

ISSUE = "/repos/lovelace/letters/issues/1"
LOG = "/app/hook/deliveries"


async def sign(sandbox: Sandbox, count: int) -> list[str]:
    """Let people sign, and give what they wrote."""
    petition = sandbox.petition()
    bodies = [f"/sign {number}" for number in range(count)]
    for body in bodies:
        sandbox.comment(petition, "ada", body)
    await sandbox.settled()
    return bodies


def test_by_default_nothing_goes_wrong() -> None:
    injector = FaultInjector()

    assert {injector.with_delivery() for _ in range(100)} == {None}
    assert {injector.with_request("GET", "/meta") for _ in range(100)} == {None}


def test_the_same_seed_goes_wrong_the_same_way() -> None:
    def history(seed: int) -> list[object]:
        injector = FaultInjector(
            Faults(seed=seed, lost=0.2, doubled=0.2, late=0.2, server_error=0.3, secondary=0.3)
        )
        return [(injector.with_delivery(), injector.with_request("PATCH", "/x")) for _ in range(50)]

    assert history(1) == history(1)
    assert history(1) != history(2)


def test_on_a_bad_day_everything_goes_wrong_sooner_or_later() -> None:
    injector = FaultInjector(Faults.bad_day(seed=1))

    outcomes = Counter(injector.with_delivery() for _ in range(2000))
    failures = [injector.with_request("POST", path) for path in ("/graphql", "/x/reactions") for _ in range(2000)]

    assert set(outcomes) == {None, *DeliveryFault}
    assert outcomes[None] > 1000
    assert {failure.fault for failure in failures if failure} == set(RequestFault) - {
        RequestFault.REACTIONS_MISSING
    }
    assert failures.count(None) > 2000


def test_deliveries_and_requests_do_not_disturb_each_other() -> None:
    faults = Faults(seed=7, lost=0.5, server_error=0.5)
    alone, together = FaultInjector(faults), FaultInjector(faults)

    assert [alone.with_delivery() for _ in range(20)] == [
        (together.with_delivery(), together.with_request("GET", "/x"))[0] for _ in range(20)
    ]


async def test_a_lost_delivery_is_in_the_log_and_can_be_asked_for_again(
    sandbox: Sandbox, mailbox: Mailbox, api: Api
) -> None:
    sandbox.faults = Faults(seed=1, lost=0.5)
    written = await sign(sandbox, 20)
    assert 0 < len(mailbox.bodies()) < 20

    sandbox.faults = Faults()
    for line in (await api("GET", f"{LOG}?per_page=100", token=api.jwt())).json:
        if line["status"] != "OK":
            await api("POST", f"{LOG}/{line['id']}/attempts", token=api.jwt())
    await sandbox.settled()

    assert sorted(mailbox.bodies()) == sorted(written)


async def test_a_vanished_delivery_leaves_no_trace(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    sandbox.faults = Faults(vanished=1.0)
    await sign(sandbox, 5)

    assert mailbox.received == []
    assert (await api("GET", LOG, token=api.jwt())).json == []


async def test_a_doubled_delivery_has_one_guid(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.faults = Faults(doubled=1.0)
    await sign(sandbox, 3)

    assert set(Counter(one.guid for one in mailbox.received).values()) == {2}


async def test_late_deliveries_are_overtaken_and_none_is_lost(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.faults = Faults(seed=3, late=0.4)
    written = await sign(sandbox, 30)

    arrived = mailbox.bodies()
    assert arrived != written
    assert sorted(arrived) == sorted(written)
    late_by = max(arrived.index(body) - place for place, body in enumerate(written))
    assert 1 <= late_by <= 5


async def test_a_held_delivery_goes_when_it_has_been_quiet(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.faults = Faults(late=1.0, quiet_seconds=0.01)
    sandbox.petition()

    await until(lambda: len(mailbox.received) == 3)


async def test_an_unheard_answer_is_logged_as_a_failure(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    sandbox.faults = Faults(unanswered=1.0)
    written = await sign(sandbox, 3)

    assert mailbox.bodies() == written
    assert {one["status"] for one in (await api("GET", LOG, token=api.jwt())).json} == {"timed out"}


async def test_the_event_comes_before_the_data(sandbox: Sandbox, mailbox: Mailbox, api: Api, clock: Clock) -> None:
    petition = sandbox.petition(title="Old")
    first = sandbox.comment(petition, "ada", "/sign old")
    doomed = sandbox.comment(petition, "grace")
    sandbox.faults = Faults(lag_seconds=2.0)

    sandbox.comments.edit(first, first.user, "/sign new")
    sandbox.comments.delete(doomed, doomed.user)
    fresh = sandbox.comment(petition, "mary")
    sandbox.issues.edit(petition, petition.user, title="New")
    await sandbox.settled()
    assert mailbox.received[-1].json["issue"]["title"] == "New"

    async def seen() -> tuple[str, list[tuple[int, str]], int, int]:
        comments = [(one["id"], one["body"]) for one in (await api.get(f"{ISSUE}/comments")).json]
        single = "/repos/lovelace/letters/issues/comments"
        there = [(await api.get(f"{single}/{one.id}")).status for one in (doomed, fresh)]
        return (await api.get(ISSUE)).json["title"], comments, there[0], there[1]

    assert await seen() == ("Old", [(first.id, "/sign old"), (doomed.id, "/sign")], 200, 404)
    clock.pass_by(2)
    assert await seen() == ("New", [(first.id, "/sign new"), (fresh.id, "/sign")], 404, 200)


async def test_a_fresh_token_is_refused_at_first(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.petition()
    sandbox.faults = Faults(token_lag_seconds=3.0)
    token = await api.new_token()

    answers = [(reply.status, reply.message) for reply in [await api("GET", ISSUE, token=token) for _ in range(20)]]
    assert set(answers) == {(401, "Bad credentials"), (403, "Resource not accessible by integration")}

    clock.pass_by(3)
    assert (await api("GET", ISSUE, token=token)).status == 200


@pytest.mark.parametrize(
    ("faults", "status", "text"),
    [
        (Faults(server_error=1.0), 502, "Server Error"),
        (Faults(unavailable=1.0), 503, "No server is currently available to service your request."),
        (Faults(hanging=1.0, hang_seconds=0.01), 502, "Server Error"),
        (Faults(reactions_failing=1.0), 500, "Server Error"),
        (Faults(reactions_missing=True), 404, "Not Found"),
    ],
)
async def test_it_fails_with_github_s_words(
    sandbox: Sandbox, api: Api, faults: Faults, status: int, text: str
) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    await api.installation_token()
    sandbox.faults = faults

    reply = await api("POST", f"/repos/lovelace/letters/issues/comments/{signed.id}/reactions", {"content": "+1"})

    assert (reply.status, text in reply.text) == (status, True)
    assert signed.reactions == []


async def test_an_answer_breaks_off_in_the_middle(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(truncated=1.0)

    with pytest.raises(aiohttp.ClientPayloadError):
        await api.get(ISSUE)
    with pytest.raises(aiohttp.ClientPayloadError):
        await api("PATCH", ISSUE, {"body": "new"})

    assert petition.body == "Dear all,"


async def test_a_client_that_does_not_wait_hears_nothing(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(hanging=1.0, hang_seconds=30)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await api.get(ISSUE)


@pytest.mark.parametrize(
    "fault", [RequestFault.SERVER_ERROR, RequestFault.UNAVAILABLE, RequestFault.TRUNCATED, RequestFault.HANGS]
)
async def test_a_write_may_be_carried_out_although_it_seemed_to_fail(
    sandbox: Sandbox, mailbox: Mailbox, api: Api, fault: RequestFault
) -> None:
    petition = sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(hang_seconds=0.01)
    sandbox.fault_injector.plan("PATCH", Failure(fault, applied=True))

    if fault is RequestFault.TRUNCATED:
        with pytest.raises(aiohttp.ClientPayloadError):
            await api("PATCH", ISSUE, {"body": "new"})
    else:
        assert (await api("PATCH", ISSUE, {"body": "new"})).status >= 500
    await sandbox.settled()

    assert petition.body == "new"
    assert mailbox.events[-1] == "issues.edited"
    assert (await api("PATCH", ISSUE, {"body": "newer"})).status == 200


async def test_half_of_the_failed_writes_can_be_carried_out(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(seed=5, server_error=1.0, applied_anyway=0.5, where="POST")

    statuses = {(await api("POST", f"{ISSUE}/comments", {"body": "hello"})).status for _ in range(20)}

    assert statuses == {502}
    assert 0 < len(petition.comments) < 20
    assert (await api.get(ISSUE)).status == 200


async def test_throttling_comes_in_all_its_forms(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(seed=2, primary=0.5, secondary=0.5, throttle_seconds=7)

    replies = [await api.get(ISSUE) for _ in range(60)]

    seen = {
        (
            "primary" if "API rate limit" in reply.message else "secondary",
            reply.status,
            "Retry-After" in reply.headers,
        )
        for reply in replies
    }
    assert seen == {
        ("primary", 403, False), ("primary", 429, False),
        ("secondary", 403, False), ("secondary", 429, False), ("secondary", 403, True), ("secondary", 429, True),
    }  # fmt: skip
    primary = next(reply for reply in replies if "API rate limit" in reply.message)
    assert primary.headers["X-RateLimit-Remaining"] == "0"
    assert int(primary.headers["X-RateLimit-Reset"]) == clock.time + 7


async def test_graphql_goes_wrong_with_status_200(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    query = '{ user(login: "ada") { login } }'

    sandbox.faults = Faults(graphql_error=1.0)
    assert (await api.get(ISSUE)).status == 200
    failed = await api.graphql(query)
    sandbox.fault_injector.plan("/graphql", Failure(RequestFault.PRIMARY))
    limited = await api.graphql(query)

    assert failed.keys() == {"errors"}
    assert limited["errors"][0]["type"] == "RATE_LIMITED"


async def test_trouble_can_be_kept_to_one_kind_of_request(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.faults = Faults(where="GET /repos/lovelace/letters/issues/1/comments", server_error=1.0)

    assert (await api.get(f"{ISSUE}/comments")).status == 502
    assert (await api.get(ISSUE)).status == 200
