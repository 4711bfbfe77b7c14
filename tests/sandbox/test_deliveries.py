"""Deliveries are signed, sent once in order, given ten seconds, logged for three days and repeated on request."""

import asyncio
import hashlib
import hmac

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox, until

LOG = "/app/hook/deliveries"


async def test_a_delivery_carries_all_of_github_s_headers(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.comment(sandbox.petition(), "ada")
    await sandbox.settled()

    headers = mailbox.received[-1].headers
    assert headers["X-GitHub-Event"] == "issue_comment"
    assert headers["X-GitHub-Hook-ID"].isdecimal()
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(sandbox.app_id)
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert headers["Accept"] == "*/*"
    assert headers["Content-Type"] == "application/json"
    assert len({one.guid for one in mailbox.received}) == len(mailbox.received)


async def test_the_raw_body_is_signed(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.comment(sandbox.petition(), "ada", "/sign Ада 🖋")
    await sandbox.settled()

    delivery = mailbox.received[-1]
    key = sandbox.webhook_secret.encode()
    assert (
        delivery.headers["X-Hub-Signature-256"]
        == "sha256=" + hmac.new(key, delivery.body, hashlib.sha256).hexdigest()
    )
    assert delivery.headers["X-Hub-Signature"] == "sha1=" + hmac.new(key, delivery.body, hashlib.sha1).hexdigest()
    assert delivery.json["comment"]["body"] == "/sign Ада 🖋"


async def test_without_a_secret_nothing_is_signed(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.deliveries.secret = None
    sandbox.petition()
    await sandbox.settled()

    assert not [name for name in mailbox.received[-1].headers if name.startswith("X-Hub-Signature")]


async def test_deliveries_keep_their_order(sandbox: Sandbox, mailbox: Mailbox) -> None:
    petition = sandbox.petition()
    for number in range(30):
        sandbox.comment(petition, "ada", f"/sign {number}")
    await sandbox.settled()

    assert mailbox.bodies() == [f"/sign {number}" for number in range(30)]


async def test_many_deliveries_are_under_way_at_once_on_demand(sandbox: Sandbox, mailbox: Mailbox) -> None:
    petition = sandbox.petition()
    await sandbox.settled()
    mailbox.received.clear()
    sandbox.deliveries.concurrency = 8
    all_there = asyncio.Event()

    async def wait_for_the_others() -> int:
        if len(mailbox.received) == 8:
            all_there.set()
        await all_there.wait()
        return 200

    mailbox.answer = wait_for_the_others
    for _ in range(8):
        sandbox.comment(petition, "ada")
    await sandbox.settled()

    assert {attempt.status for attempt in sandbox.deliveries.log.attempts()} == {"OK"}


async def test_the_log_shows_what_was_answered_newest_first(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    statuses = iter([200, 503, 202])

    async def answer() -> int:
        return next(statuses)

    mailbox.answer = answer
    sandbox.repository()
    sandbox.petition()
    await sandbox.settled()

    lines = (await api("GET", LOG, token=api.jwt())).json
    assert [(one["event"], one["action"], one["status"], one["status_code"]) for one in lines] == [
        ("issues", "labeled", "OK", 202),
        ("issues", "opened", "Invalid HTTP Response: 503", 503),
        ("installation", "created", "OK", 200),
    ]
    assert [one["redelivery"] for one in lines] == [False, False, False]


async def test_nothing_is_retried_and_a_redelivery_has_the_same_guid(
    sandbox: Sandbox, mailbox: Mailbox, api: Api
) -> None:
    statuses = iter([500, 200])

    async def answer() -> int:
        return next(statuses)

    mailbox.answer = answer
    sandbox.repository()
    await sandbox.settled()
    assert len(mailbox.received) == 1
    failed = (await api("GET", LOG, token=api.jwt())).json[0]

    again = await api("POST", f"{LOG}/{failed['id']}/attempts", token=api.jwt())
    await sandbox.settled()

    assert (again.status, again.json) == (202, {})
    first, second = mailbox.received
    assert first.guid == second.guid
    assert first.body == second.body
    newest = (await api("GET", LOG, token=api.jwt())).json[0]
    assert newest["id"] != failed["id"]
    assert (newest["guid"], newest["redelivery"], newest["status"]) == (failed["guid"], True, "OK")


async def test_nobody_answers(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    await mailbox.close()
    sandbox.repository()
    await sandbox.settled()

    line = (await api("GET", LOG, token=api.jwt())).json[0]
    assert (line["status"], line["status_code"]) == ("failed to connect to host", 0)


async def test_a_slow_webhook_is_given_up(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    assert sandbox.deliveries.timeout == 10
    sandbox.deliveries.timeout = 0.05
    never = asyncio.Event()

    async def answer() -> int:
        await never.wait()
        return 200

    mailbox.answer = answer
    sandbox.repository()
    await sandbox.settled()

    line = (await api("GET", LOG, token=api.jwt())).json[0]
    assert (line["status"], line["status_code"]) == ("timed out", 0)


async def test_the_log_forgets_after_three_days(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.repository()
    await sandbox.settled()
    line = (await api("GET", LOG, token=api.jwt())).json[0]

    clock.pass_by(3 * 24 * 3600)
    assert len((await api("GET", LOG, token=api.jwt())).json) == 1
    clock.pass_by(1)
    assert (await api("GET", LOG, token=api.jwt())).json == []
    assert (await api("POST", f"{LOG}/{line['id']}/attempts", token=api.jwt())).status == 404


async def test_the_log_is_paged_by_a_cursor(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    for _ in range(7):
        sandbox.comment(petition, "ada")
    await sandbox.settled()

    found: list[int] = []
    url: str | None = f"{sandbox.api_url}{LOG}?per_page=4"
    while url is not None:
        reply = await api("GET", url, token=api.jwt())
        found += [one["id"] for one in reply.json]
        url = reply.link("next")
        sandbox.comment(petition, "ada")  # pages stay stable while new attempts come in
        await sandbox.settled()

    assert len(found) == 10
    assert found == sorted(found, reverse=True)
    assert (await api("GET", f"{LOG}?cursor=nonsense", token=api.jwt())).status == 400


async def test_the_hook_can_be_reconfigured(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    sandbox.deliveries.secret = "new"

    shown = await api("GET", "/app/hook/config", token=api.jwt())
    sandbox.deliveries.ping()
    await sandbox.settled()

    assert (shown.json["url"], shown.json["secret"]) == (mailbox.url, "********")
    assert mailbox.events == ["ping"]
    key = hmac.new(b"new", mailbox.received[0].body, hashlib.sha256).hexdigest()
    assert mailbox.received[0].headers["X-Hub-Signature-256"] == f"sha256={key}"


async def test_what_happens_while_the_hook_is_off_is_not_even_logged(sandbox: Sandbox, api: Api) -> None:
    sandbox.deliveries.url = None
    sandbox.petition()
    await sandbox.settled()

    assert (await api("GET", LOG, token=api.jwt())).json == []


async def test_deliveries_come_by_themselves(sandbox: Sandbox, mailbox: Mailbox) -> None:
    sandbox.petition()

    await until(lambda: mailbox.events == ["installation.created", "issues.opened", "issues.labeled"])
