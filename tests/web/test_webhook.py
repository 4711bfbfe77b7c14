"""What the webhook answers to whom, over real HTTP with a real database behind it."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, MutableMapping
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import urlencode

import pytest
import structlog
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from bot.github import webhooks
from bot.petition.comments import command_and_phrase_parser
from bot.petition.comments.commands import Command
from bot.store import Store, Unrecordable
from bot.web import body_buffer, webhook
from bot.web.monitoring import Monitoring
from bot.web.request_limits import FAILURES, RequestLimits
from bot.web.server import create_app, listen
from bot.web.webhook import BODY_LIMIT, LINES_PER_PERIOD, LogSampler
from tests.github.deliveries import ADA, ISSUE, REPOSITORY
from tests.web.deliveries import COMMENT, PAYLOAD, SECRETS, SIGNED, headers, sign
from tests.web.scene import pages_context, ready

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
async def client(store: Store) -> AsyncIterator[Client]:
    async def readiness() -> dict[str, bool]:
        return {"database": await store.ping()}

    application = create_app(
        record=store.record,
        secrets=SECRETS,
        monitoring=Monitoring(readiness),
        context=pages_context(store),
        limits=RequestLimits(proxies=1),
    )
    async with TestClient(TestServer(application)) as found:
        yield found


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def ascii_of(text: str) -> str:
    return ascii(text[:3])


async def count(store: Store) -> int:
    try:
        return (await store.petitions.get_snapshot(ISSUE["id"], newest=0)).count
    except KeyError:
        return 0


async def check(client: Client, body: bytes, status: int, said: str, **changes: str | None) -> None:
    response = await client.post("/webhook", data=BytesIO(body), headers=headers(body, **changes))
    answer = await response.json()
    assert (response.status, said in answer["message"]) == (status, True), answer


async def test_a_signature_is_on_disk_when_the_answer_comes(client: Client, store: Store) -> None:
    await check(client, PAYLOAD, 200, "recorded")
    assert await count(store) == 1


@pytest.mark.parametrize(("length", "is_aside"), [(100, False), (9_000, True), (65_000, True)])
async def test_a_long_comment_is_read_beside_the_loop(
    client: Client, monkeypatch: pytest.MonkeyPatch, length: int, is_aside: bool
) -> None:
    readers: list[int] = []

    def note(body: str) -> Command | None:
        readers.append(threading.get_ident())
        return parse(body)

    parse = command_and_phrase_parser.parse
    monkeypatch.setattr(command_and_phrase_parser, "parse", note)
    said = {**SIGNED, "comment": {**COMMENT, "body": "/sign".ljust(length)}}
    await check(client, json.dumps(said).encode(), 200, "recorded")
    assert [reader != threading.get_ident() for reader in readers] == [is_aside]


async def test_a_form_is_as_good_as_json(client: Client, store: Store) -> None:
    form = urlencode({"payload": PAYLOAD.decode()}).encode()
    await check(client, form, 200, "recorded", Content_Type="application/x-www-form-urlencoded")
    assert await count(store) == 1


async def test_secrets_rotate_without_a_refused_delivery(client: Client) -> None:
    for secret in SECRETS:
        await check(client, PAYLOAD, 200, "recorded", X_Hub_Signature_256=sign(PAYLOAD, secret))


async def test_what_is_not_for_us_is_taken_and_ignored(client: Client) -> None:
    await check(client, b'{"zen": "Keep it logically awesome."}', 200, "ignored", X_GitHub_Event="ping")
    await check(client, b'{"action": "started"}', 200, "ignored", X_GitHub_Event="watch")
    await check(client, json.dumps(SIGNED | {"action": "celebrated"}).encode(), 200, "ignored")


SHA1 = f"sha1={hmac.new(SECRETS[0].encode(), PAYLOAD, hashlib.sha1).hexdigest()}"


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha256=", "sha256=zz", sign(PAYLOAD, "wrong"), sign(PAYLOAD + b" "), "sha256=\xe9\xe8", SHA1],
)
async def test_a_delivery_nobody_signed_is_refused(client: Client, store: Store, signature: str | None) -> None:
    await check(
        client, PAYLOAD, 401, "signature" if signature else "", X_Hub_Signature_256=signature, X_Hub_Signature=SHA1
    )
    assert await count(store) == 0


DEEP = b"[" * 100_000 + b"]" * 100_000

MALFORMED = {
    "empty": b"",
    "truncated": PAYLOAD[:-20],
    "not JSON": b"payload=1",
    "not an object": b"[1, 2]",
    "a number": b"1",
    "null": b"null",
    "deeply nested": DEEP,
    "deeply nested inside": b'{"action": "created", "comment": ' + DEEP + b"}",
    "not UTF-8": PAYLOAD.replace(b"/sign", b"/sign \xff\xfe"),
    "no issue": json.dumps({key: value for key, value in SIGNED.items() if key != "issue"}).encode(),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_github_would_not_send_is_malformed(client: Client, store: Store, body: bytes) -> None:
    await check(client, body, 400, "")
    assert await count(store) == 0


UNCLEAR: dict[str, dict[str, Any]] = {
    "a comment that is a number": {"comment": 1},
    "an id that is a word": {"repository": REPOSITORY | {"id": "seven"}},
    "an id beyond 64 bits": {"repository": REPOSITORY | {"id": 2**70}},
    "a time that is none": {"issue": ISSUE | {"updated_at": "yesterday"}},
    "an edit that changed something strange": {"changes": {"body": True}},
}


@pytest.mark.parametrize("change", UNCLEAR.values(), ids=UNCLEAR.keys())
async def test_what_can_be_asked_of_github_is_not_refused(
    client: Client, store: Store, lines: list[MutableMapping[str, Any]], change: dict[str, Any]
) -> None:
    await check(client, PAYLOAD, 200, "recorded")
    (installation_id,) = await store.petitions.list_installations_with_work(1e12)
    for thread in await store.threads.list_to_read(installation_id, 1e12):
        await store.threads.mark_read(thread)
    later = ISSUE | {"updated_at": "2099-01-01T00:00:00Z"}
    await check(client, json.dumps(SIGNED | {"issue": later} | change).encode(), 200, "recorded")
    assert len(await store.threads.list_to_read(installation_id, 1e12)) == 1
    assert "$." in lines[-1]["unread"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/json; charset=utf-8", 200),
        ("application/json; charset=klingon", 400),
        ("application/json; charset=\xff", 400),
        (";;;", 415),
    ],
)
async def test_only_json_and_forms_are_read(client: Client, content_type: str | None, status: int) -> None:
    sent = headers(PAYLOAD, Content_Type=content_type)
    async with client.session.post(
        client.make_url("/webhook"), data=PAYLOAD, headers=sent, skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == status, await response.text()


@pytest.mark.parametrize("missing", ["X_GitHub_Event", "X_GitHub_Delivery"])
async def test_githubs_headers_are_required(client: Client, missing: str) -> None:
    await check(client, PAYLOAD, 400, missing.replace("_", "-"), **{missing: None})


async def test_other_methods_are_refused(client: Client) -> None:
    assert (await client.get("/webhook")).status == 405
    assert (await client.put("/webhook", data=PAYLOAD)).status == 405


async def test_a_body_beyond_githubs_limit_is_refused_before_it_is_read(client: Client) -> None:
    """The length is announced and nothing of it is sent: the answer comes all the same."""
    reader, writer = await _connect(client)
    announced = {"Host": "x", "Content-Length": str(30_000_000), **headers(b"")}
    writer.write(b"POST /webhook HTTP/1.1\r\n" + _lines(announced) + b"\r\n")
    assert (await reader.readline()).split()[1] == b"413"
    writer.close()
    await writer.wait_closed()


async def test_the_largest_body_that_github_sends_is_read(client: Client) -> None:
    padded = json.dumps(SIGNED | {"padding": ""}).encode()
    largest = padded.replace(b'"padding": ""', b'"padding": "' + b"x" * (BODY_LIMIT - len(padded)) + b'"')
    assert len(largest) == BODY_LIMIT
    await check(client, largest, 200, "recorded")


async def test_a_body_without_length_is_refused(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield PAYLOAD

    async with (
        ClientSession() as session,
        session.post(client.make_url("/webhook"), data=chunks(), headers=headers(PAYLOAD)) as response,
    ):
        assert response.status == 411


@pytest.mark.parametrize("sent", [b"", b"{"])
async def test_a_body_that_does_not_arrive_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(body_buffer, "READ_TIMEOUT", 0.05)
    reader, writer = await _connect(client)
    announced = {"Host": "x", "Content-Length": str(len(PAYLOAD)), **headers(PAYLOAD)}
    writer.write(b"POST /webhook HTTP/1.1\r\n" + _lines(announced) + b"\r\n" + sent)
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_breaks_off_is_a_refused_delivery_and_no_error_of_ours(
    client: Client, store: Store, lines: list[MutableMapping[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    # As in earnest, where unlike in other tests nobody is interrupted whose caller has left.
    async with listen(client.app, "127.0.0.1", 0) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        announced = {"Host": "x", "Content-Length": str(len(PAYLOAD)), **headers(PAYLOAD)}
        writer.write(b"POST /webhook HTTP/1.1\r\n" + _lines(announced) + b"\r\n" + PAYLOAD[:20])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await check(client, PAYLOAD, 401, "missing", X_Hub_Signature_256=None)
    refused = [(line["status"], line["outcome"]) for line in lines if line["event"] == "delivery refused"]
    assert (400, "the body is incomplete") in refused
    assert caplog.records == []
    assert await count(store) == 0


async def test_a_packed_body_is_refused_before_it_is_unpacked(client: Client) -> None:
    packed = gzip.compress(PAYLOAD)
    await check(client, packed, 415, "Content-Encoding", Content_Encoding="gzip")


async def test_a_flood_of_wrong_signatures_is_told_to_go_and_takes_nobodys_place(
    client: Client, store: Store
) -> None:
    """Also GitHub's own addresses can be made to send them: what is rightly signed is taken all the same."""
    wrong = headers(PAYLOAD, X_Hub_Signature_256=sign(PAYLOAD, "wrong"))
    answers = [await client.post("/webhook", data=PAYLOAD, headers=wrong) for _ in range(FAILURES.burst + 5)]
    assert [answer.status for answer in answers] == [401] * FAILURES.burst + [429] * 5
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].headers["Connection"] == "close"
    unsigned = headers(PAYLOAD, X_Hub_Signature_256=None)
    assert (await client.post("/webhook", data=PAYLOAD, headers=unsigned)).status == 429
    await check(client, PAYLOAD, 200, "recorded")
    assert await count(store) == 1


async def test_what_nobody_signed_is_not_even_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of it costs a hash for each, and less than as much good traffic."""

    def read(*_: object) -> NoReturn:
        raise AssertionError("it was read")

    monkeypatch.setattr(webhooks, "read", read)
    monkeypatch.setattr(webhooks, "payload_of", read)
    await check(client, PAYLOAD, 401, "signature", X_Hub_Signature_256=sign(PAYLOAD, "wrong"))


async def test_a_busy_database_asks_to_come_back_and_loses_nothing_it_took(sqlite_url: str) -> None:
    """While somebody else holds the database, as many wait as may, the rest are sent away."""
    store = await Store.open(sqlite_url, waiting_limit=1)
    application = create_app(
        record=store.record, secrets=SECRETS, monitoring=Monitoring(ready), context=pages_context(store)
    )
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    async with TestClient(TestServer(application)) as client:
        holder.execute("BEGIN IMMEDIATE")
        posts = {
            asyncio.ensure_future(client.post("/webhook", data=PAYLOAD, headers=headers(PAYLOAD))) for _ in range(5)
        }
        refused: set[asyncio.Future[ClientResponse]] = set()
        while len(refused) < 3:
            done, posts = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
            refused |= done
        holder.execute("ROLLBACK")
        answers = [await post for post in refused]
        assert {answer.status for answer in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert {(await post).status for post in posts} == {200}
    assert await count(store) == 1
    holder.close()
    await store.close()


async def test_a_delivery_leaves_one_line_without_what_people_wrote(
    client: Client, lines: list[MutableMapping[str, Any]]
) -> None:
    secretive = json.dumps(SIGNED | {"comment": COMMENT | {"body": "/sign Ada Lovelace"}}).encode()
    await check(client, secretive, 200, "recorded")
    await check(client, secretive, 401, "signature", X_Hub_Signature_256=sign(PAYLOAD, "wrong"))
    assert [line["event"] for line in lines] == ["delivery", "delivery refused"]
    assert (lines[0]["github_event"], lines[0]["action"]) == ("issue_comment", "created")
    for line in lines:
        assert "Lovelace" not in str(line)
        assert "secret'" not in str(line)
        assert sign(secretive).removeprefix("sha256=") not in str(line)


async def test_a_storm_leaves_a_few_lines_and_a_sum(
    client: Client, lines: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PERIOD", 60.0)
    for _ in range(LINES_PER_PERIOD + 3):
        await check(client, PAYLOAD, 200, "recorded")
    await check(client, PAYLOAD, 401, "missing", X_Hub_Signature_256=None)
    assert [line["event"] for line in lines] == ["delivery"] * LINES_PER_PERIOD + ["delivery refused"]


async def test_the_sum_tells_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PERIOD", 0.1)
    sums: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def keep(_logger: object, _method: str, line: MutableMapping[str, Any]) -> NoReturn:
        sums.put_nowait(dict(line))
        raise structlog.DropEvent

    kept = LogSampler(structlog.wrap_logger(None, processors=[keep]), "more deliveries")
    outcomes = ["recorded"] * LINES_PER_PERIOD + ["recorded", "ignored", "recorded"]
    assert [kept.has_line_for(outcome) for outcome in outcomes] == [True] * LINES_PER_PERIOD + [False] * 3
    assert await sums.get() == {"event": "more deliveries", "recorded": 2, "ignored": 1}
    assert kept.has_line_for("recorded")


async def test_a_mistake_of_ours_is_none_of_the_senders_and_is_told_in_full(
    client: Client, store: Store, lines: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumble(_: object) -> None:
        raise ZeroDivisionError

    right = store.writer._write
    monkeypatch.setattr(store.writer, "_write", stumble)
    await check(client, PAYLOAD, 500, "its log has the traceback")
    (line,) = [one for one in lines if one["log_level"] == "error"]
    assert (line["status"], type(line["exc_info"])) == (500, ZeroDivisionError)
    monkeypatch.setattr(store.writer, "_write", right)
    await check(client, PAYLOAD, 200, "recorded")


async def test_what_no_database_can_store_is_the_senders_mistake(
    client: Client, store: Store, lines: list[MutableMapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: object) -> None:
        raise Unrecordable("too large")

    monkeypatch.setattr(store.writer, "submit", refuse)
    await check(client, PAYLOAD, 400, "cannot be stored")
    assert [one["log_level"] for one in lines] == ["warning"]


@pytest.mark.parametrize("text", ["\0", "\ufffe", "\U0010ffff", "\x7f", "a" * 200_000], ids=ascii_of)
async def test_whatever_text_comes_in_can_be_stored(postgres_url: str, text: str) -> None:
    """What is read of a delivery fits the database, so that what the database refuses is a mistake of ours."""
    store = await Store.open(postgres_url)
    application = create_app(
        record=store.record, secrets=SECRETS, monitoring=Monitoring(ready), context=pages_context(store)
    )
    ada = {**ADA, "login": f"ada{text[:30]}", "type": f"User{text[:30]}"}
    sent: dict[str, Any] = {
        **SIGNED,
        "issue": {**ISSUE, "title": f"Letter{text}", "labels": [{"name": "petition"}, {"name": text}]},
        "repository": {**REPOSITORY, "name": f"letters{text[:30]}"},
        "comment": {**COMMENT, "user": ada, "body": f"/sign {text} Ada, {text}"},
    }
    bodies = {**sent, "action": "edited", "changes": {"body": {"from": text}}}
    edit = {**bodies, "issue": {**sent["issue"], "body": f"{text} Dear {text}"}}
    async with TestClient(TestServer(application)) as client:
        await check(client, json.dumps(sent).encode(), 200, "recorded")
        await check(client, json.dumps(bodies).encode(), 200, "recorded")
        await check(client, json.dumps(edit).encode(), 200, "recorded", X_GitHub_Event="issues")
    await store.close()


async def test_only_what_keeps_deliveries_from_being_recorded_takes_the_bot_out_of_rotation(store: Store) -> None:
    parts: dict[str, bool | str] = {}

    async def readiness() -> dict[str, bool | str]:
        return {"database": True, "loops": True, "scheduler": "running", "group_commit": "running", **parts}

    application = create_app(
        record=store.record, secrets=SECRETS, monitoring=Monitoring(readiness), context=pages_context(store)
    )
    async with TestClient(TestServer(application)) as client:
        cases: list[tuple[dict[str, bool | str], int]] = [
            ({}, 200),
            ({"scheduler": "restarting", "loops": False}, 200),
            ({"group_commit": "restarting", "loops": False}, 503),
            ({"database": False}, 503),
        ]
        for changed, status in cases:
            parts = changed
            async with client.get("/readyz") as answer:
                said = await answer.json()
                assert (answer.status, said["parts"]) == (status, await readiness())


async def test_a_sum_that_cannot_be_told_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PERIOD", 0.01)
    sums: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def fail(_logger: object, _method: str, line: MutableMapping[str, Any]) -> NoReturn:
        sums.put_nowait(dict(line))
        raise OSError("the disk is full")

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    kept = LogSampler(structlog.wrap_logger(None, processors=[fail]), "more deliveries")
    for _ in range(2):
        while kept.has_line_for("recorded"):
            pass
        assert (await sums.get())["recorded"] == 1


async def test_health_is_told(client: Client) -> None:
    assert (await client.get("/healthz")).status == 200
    ready = await client.get("/readyz")
    assert (ready.status, (await ready.json())["parts"]) == (200, {"database": True})


async def _connect(client: Client) -> tuple[Any, Any]:
    return await asyncio.open_connection(client.host, client.port)


def _lines(announced: dict[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in announced.items()).encode()
