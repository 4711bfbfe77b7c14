"""Signed webhooks over real HTTP: sent once, never retried, ten seconds to answer, every attempt logged.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

import aiohttp

from sandbox.events import ping_payload
from sandbox.faults import DeliveryFault, FaultInjector
from sandbox.models import JsonObject
from sandbox.shapes import timestamp
from sandbox.world import Event, World

LARGEST = 25 * 1024 * 1024
"""Bytes of the largest payload that GitHub delivers at all."""
NOT_REACHED = "failed to connect to host"
KEPT = 3 * 24 * 3600
"""Seconds for which GitHub remembers a delivery."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be delivered: one event under one GUID, however often it is attempted."""

    guid: str
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    packed: bytes = field(repr=False)
    """The JSON payload, compressed, because a storm leaves thousands of them."""
    redelivery: bool = False

    @property
    def payload(self) -> bytes:
        """Return the JSON payload as it is sent."""
        return zlib.decompress(self.packed)

    @classmethod
    def pack(cls, payload: JsonObject) -> bytes:
        """Turn a payload into the bytes that a delivery keeps."""
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver; `status` is `OK` only for a 2xx, and `status_code` 0 where no HTTP answer came.

    GitHub's own code for that is not known.
    """

    delivery: Delivery
    status: str
    status_code: int = 0
    response_headers: Mapping[str, str] = field(default_factory=dict)
    id: int = 0
    delivered_at: float = 0.0
    duration: float = 0.0

    def shown(self) -> JsonObject:
        """Return the attempt as the list shows it."""
        of = self.delivery
        return {
            "id": self.id,
            "guid": of.guid,
            "delivered_at": timestamp(self.delivered_at),
            "redelivery": of.redelivery,
            "duration": round(self.duration, 2),
            "status": self.status,
            "status_code": self.status_code,
            "event": of.event,
            "action": of.action,
            "installation_id": of.installation_id,
            "repository_id": of.repository_id,
            "throttled_at": None,
        }


class DeliveryLog:
    """Remembers attempts for three days."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._attempts: deque[Attempt] = deque()

    def add(self, attempt: Attempt) -> None:
        """Remember an attempt."""
        self._attempts.append(attempt)

    def attempts(self) -> list[Attempt]:
        """List attempts, newest first."""
        while self._attempts and self._attempts[0].delivered_at < self._now() - KEPT:
            self._attempts.popleft()
        return list(reversed(self._attempts))


class Deliveries:
    """The App's webhook: a queue of events, and who gets them in which order."""

    def __init__(self, world: World, faults: FaultInjector, secret: str) -> None:
        self.url: str | None = None
        """Where to deliver; None while the hook is switched off, when events are neither sent nor logged."""
        self.secret: str | None = secret
        self.insecure_ssl = False
        """Whether certificates go unchecked."""
        self.timeout = 10.0
        """Seconds until an unanswered delivery is given up."""
        self.concurrency = 1
        """How many deliveries are under way at once; 1 keeps them in order."""
        self.log = DeliveryLog(world.now)
        self._world = world
        self._faults = faults
        self._queue: list[_Waiting] = []
        self._places = 0
        self._open = 0
        self._waiters = 0
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None
        world.on_event.append(self.enqueue)

    async def start(self) -> None:
        """Begin to deliver, first what has waited."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), auto_decompress=False, skip_auto_headers=["Accept-Encoding"]
        )
        self._worker = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop at once; what waits is lost."""
        tasks = [*self._under_way, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def settled(self) -> None:
        """Wait until everything queued has been answered or has failed; what is held back goes."""
        self._waiters += 1
        self._wake.set()
        try:
            await self._settled.wait()
        finally:
            self._waiters -= 1

    def enqueue(self, event: Event) -> None:
        """Queue an event for delivery under a new GUID."""
        if self.url is None:
            return
        guid = str(uuid.UUID(int=self._world.random.getrandbits(128), version=4))
        packed = Delivery.pack(event.payload)
        delivery = Delivery(guid, event.name, event.action, event.installation_id, event.repository_id, packed)
        match self._faults.with_delivery():
            case DeliveryFault.VANISHES:
                pass
            case DeliveryFault.IS_LOST:
                self._record(Attempt(delivery, NOT_REACHED))
            case DeliveryFault.COMES_TWICE:
                self._put(delivery)
                self._put(delivery)
            case DeliveryFault.COMES_LATE:
                self._put(delivery, late_by=self._faults.places())
            case DeliveryFault.IS_UNANSWERED:
                self._put(delivery, is_answered=False)
            case None:
                self._put(delivery)

    def redeliver(self, attempt: Attempt) -> None:
        """Deliver once more, under the same GUID."""
        self._put(replace(attempt.delivery, redelivery=True))

    def ping(self) -> None:
        """Send what GitHub sends when the hook is made."""
        self.enqueue(Event("ping", None, ping_payload(self._world, self.config())))

    def config(self) -> JsonObject:
        """Return the hook's configuration with the secret masked."""
        masked: JsonObject = {} if self.secret is None else {"secret": "********"}
        return {
            "content_type": "json",
            "insecure_ssl": str(int(self.insecure_ssl)),
            "url": self.url or "",
            **masked,
        }

    def _put(self, delivery: Delivery, *, late_by: int = 0, is_answered: bool = True) -> None:
        self._places += 1
        heappush(self._queue, _Waiting(self._places + late_by, self._places, delivery, is_answered))
        self._open += 1
        self._settled.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            while self._queue and (self._waiters or self._queue[0].turn <= self._places):
                await self._begin(heappop(self._queue))
            self._wake.clear()
            try:
                quiet = self._faults.faults.quiet_seconds if self._queue else None
                async with asyncio.timeout(quiet):
                    await self._wake.wait()
            except TimeoutError:  # nothing has come that could overtake what is held back
                await self._begin(heappop(self._queue))

    async def _begin(self, waiting: _Waiting) -> None:
        """Deliver, and come back when there is room for the next one."""
        task = asyncio.create_task(self._deliver(waiting))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        while len(self._under_way) >= self.concurrency:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, waiting: _Waiting) -> None:
        try:
            await self._send(waiting.delivery, is_answered=waiting.is_answered)
        finally:
            self._open -= 1
            if not self._open:
                self._settled.set()

    async def _send(self, delivery: Delivery, *, is_answered: bool) -> None:
        body = delivery.payload
        if len(body) > LARGEST or self.url is None or self._session is None:
            return
        headers = self._headers(delivery, body)
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        began, attempt = time.perf_counter(), Attempt(delivery, "timed out")
        try:
            async with self._session.post(
                self.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                await response.content.read(64 * 1024)
            if is_answered:
                status = "OK" if response.ok else f"Invalid HTTP Response: {response.status}"
                attempt = Attempt(delivery, status, response.status, response.headers)
        except TimeoutError:
            pass
        except aiohttp.ClientError:
            attempt = Attempt(delivery, NOT_REACHED)
        self._record(attempt, time.perf_counter() - began)

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        app = self._world.app
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a2d0b1",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if self.secret is not None:
            key = self.secret.encode()
            headers["X-Hub-Signature"] = f"sha1={hmac.new(key, body, hashlib.sha1).hexdigest()}"
            headers["X-Hub-Signature-256"] = f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"
        return headers

    def _record(self, attempt: Attempt, duration: float = 0.0) -> None:
        number, now = self._world.next_id("attempt"), self._world.now()
        self.log.add(replace(attempt, id=number, delivered_at=now, duration=duration))


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A delivery in the queue; `turn` is its place, or a later one while it is held back."""

    turn: int
    place: int
    delivery: Delivery = field(compare=False)
    is_answered: bool = field(compare=False)
