"""Stories of bodies that do not arrive, and of deliveries that are taken all the while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.store import Store
from bot.web import body_buffer
from bot.web.monitoring import Monitoring
from bot.web.request_limits import FAILURES, RequestLimits
from bot.web.server import create_app, listen
from tests.web.deliveries import PAYLOAD, SECRETS, headers
from tests.web.scene import pages_context, ready

Caller = tuple[asyncio.StreamReader, asyncio.StreamWriter]
GITHUB, STRANGER = "140.82.112.1", "203.0.113.9"


@dataclass
class Stage:
    """A server with its callers; all addresses are what a proxy of ours has written down."""

    port: int
    callers: list[Caller] = field(default_factory=list)

    async def begin(self, size: int, sent: bytes = b"", address: str = STRANGER, **changes: str | None) -> Caller:
        """Announce a body, and send so much of it."""
        caller = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        self.callers.append(caller)
        announced = {"Host": "x", "Content-Length": str(size), "X-Forwarded-For": address, **headers(PAYLOAD)}
        announced |= {name.replace("_", "-"): value for name, value in changes.items() if value is not None}
        head = "".join(f"{name}: {value}\r\n" for name, value in announced.items())
        caller[1].write(f"POST /webhook HTTP/1.1\r\n{head}\r\n".encode() + sent)
        await caller[1].drain()
        return caller

    async def deliver(self, address: str = GITHUB, *, pieces: int = 2) -> int:
        """Deliver as GitHub does, and give the status; each piece but the first comes after the one before."""
        first, *others = _cut(PAYLOAD, pieces)
        reader, writer = await self.begin(len(PAYLOAD), first, address)
        for piece in others:
            await self.turn()
            writer.write(piece)
        return await status_of(reader)

    async def turn(self) -> None:
        """Let the server take what was sent: it answers on another connection only after that."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
        assert await status_of(reader) == 200
        writer.close()


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(sqlite_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def serving(store: Store, rules: RequestLimits | None = None) -> AsyncIterator[Stage]:
    application = create_app(
        record=store.record,
        secrets=SECRETS,
        monitoring=Monitoring(ready),
        context=pages_context(store),
        limits=rules or RequestLimits(proxies=1),
    )
    async with listen(application, "127.0.0.1", 0) as port:
        stage = Stage(port)
        try:
            yield stage
        finally:
            for _, writer in stage.callers:
                writer.close()
            await asyncio.gather(*(w.wait_closed() for _, w in stage.callers), return_exceptions=True)


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    async with serving(store) as found:
        yield found


async def status_of(reader: asyncio.StreamReader) -> int:
    """Give the status of an answer; 0 where somebody hung up."""
    async with asyncio.timeout(60):
        try:
            line = await reader.readline()
        except ConnectionResetError:
            return 0
    return int(line.split()[1]) if line else 0


def is_waiting(caller: Caller) -> bool:
    reader, _ = caller
    return not reader.at_eof() and not reader._buffer  # type: ignore[attr-defined]  # what has come of an answer


def _cut(body: bytes, pieces: int) -> list[bytes]:
    size = -(-len(body) // pieces)
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("sent", [b"", b"{", b"{" * 2_000])
@pytest.mark.parametrize("address", [STRANGER, GITHUB])
async def test_what_is_only_announced_takes_nobodys_room(stage: Stage, sent: bytes, address: str) -> None:
    silent = [await stage.begin(25_000_000, sent, address) for _ in range(80)]
    await stage.turn()
    assert [await stage.deliver(pieces=pieces) for pieces in (1, 2, 5)] == [200] * 3
    assert all(map(is_waiting, silent))


@pytest.mark.parametrize("addresses", [1, 1_000])
async def test_of_those_who_send_nothing_more_so_many_are_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, addresses: int
) -> None:
    """The others are hung up on, those first who came first, and whoever delivers meanwhile is heard."""
    monkeypatch.setattr(body_buffer, "MAX_INCOMING", 10)
    silent = [await stage.begin(1_000, b"{", f"198.51.{n % addresses}.1") for n in range(25)]
    await stage.turn()
    assert [await stage.deliver(pieces=3) for _ in range(5)] == [200] * 5
    gone = [caller for caller in silent if not is_waiting(caller)]
    assert gone == silent[: len(gone)]
    assert len(silent) - len(gone) <= 10
    assert [await status_of(reader) for reader, _ in gone] == [503] * len(gone)


@pytest.mark.parametrize("addresses", [1, 1_000])
async def test_a_flood_of_bodies_does_not_fill_the_memory(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, addresses: int
) -> None:
    monkeypatch.setattr(body_buffer, "MAX_INCOMING_BYTES", 1_000_000)
    silent = [await stage.begin(900_000, b"x" * 200_000, f"198.51.{n % addresses}.1") for n in range(20)]
    for _ in range(4):
        assert await stage.deliver() == 200
    while sum(map(is_waiting, silent)) > 5:
        await stage.turn()
    assert await stage.deliver() == 200
    gone = [caller for caller in silent if not is_waiting(caller)]
    assert {await status_of(reader) for reader, _ in gone} <= {503, 0}


async def test_who_is_many_makes_way_for_who_is_slow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_buffer, "MAX_INCOMING", 10)
    reader, writer = await stage.begin(len(PAYLOAD), PAYLOAD[:10], GITHUB)
    for _ in range(40):
        await stage.begin(1_000, b"{")
    await stage.turn()
    writer.write(PAYLOAD[10:])
    assert await status_of(reader) == 200


async def test_what_is_being_recorded_takes_room_and_what_is_signed_goes_before_what_is_not(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_buffer, "MAX_BYTES", len(PAYLOAD) + 100)
    slow = await stage.begin(len(PAYLOAD), PAYLOAD[:-10])
    await stage.turn()
    assert await stage.deliver(pieces=1) == 200
    assert await status_of(slow[0]) == 503
    monkeypatch.setattr(body_buffer, "MAX_BYTES", len(PAYLOAD) - 1)
    reader, _ = await stage.begin(len(PAYLOAD), PAYLOAD)
    assert await status_of(reader) == 503


async def test_whose_bodies_break_off_again_and_again_is_told_to_go(stage: Stage) -> None:
    """What is rightly signed is taken from there all the same: it may be a proxy's address."""
    for _ in range(FAILURES.burst + 1):
        _, writer = await stage.begin(1_000, b"{")
        await stage.turn()
        writer.close()
        await writer.wait_closed()
    await stage.turn()
    reader, _ = await stage.begin(1_000, X_Hub_Signature_256="", X_GitHub_Event="")
    said = await reader.read()
    assert said.split()[1] == b"429"
    assert await stage.deliver(STRANGER) == 200
    reader, _ = await stage.begin(1_000, X_GitHub_Event="", address=GITHUB)
    assert await status_of(reader) == 400


async def test_whoever_is_told_to_go_keeps_no_connection(store: Store) -> None:
    """Not even the rest of the body is waited for."""
    async with serving(store) as stage:
        for _ in range(FAILURES.burst):
            reader, _ = await stage.begin(1_000, X_GitHub_Event="")
            assert await status_of(reader) == 400
        reader, _ = await stage.begin(1_000, X_GitHub_Event="")
        started = asyncio.get_running_loop().time()
        assert (await reader.read()).split()[1] == b"429"
        assert asyncio.get_running_loop().time() - started < 1.0
