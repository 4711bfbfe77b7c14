"""The App's delivery log: every attempt of the last three days, as GitHub's deliveries API shows them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.nouns import JsonObject
from sandbox.shapes import Urls, timestamp

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
        """Give the JSON payload as it is sent."""
        return zlib.decompress(self.packed)

    @classmethod
    def pack(cls, payload: JsonObject) -> bytes:
        """Turn a payload into the bytes that a delivery keeps."""
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver; `status` is `OK` only for a 2xx, and `status_code` 0 where no HTTP answer came."""

    id: int
    delivery: Delivery
    delivered_at: float
    duration: float
    status: str
    status_code: int
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response: str = ""

    def shown(self) -> JsonObject:
        """Show the attempt as a line of the list."""
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

    def shown_in_full(self, urls: Urls) -> JsonObject:
        """Show the attempt with its request and response."""
        return self.shown() | {
            "url": f"{urls.api}/app/hook/deliveries/{self.id}",
            "request": {"headers": dict(self.request_headers), "payload": json.loads(self.delivery.payload)},
            "response": {"headers": dict(self.response_headers), "payload": self.response},
        }


class DeliveryLog:
    """Remembers attempts for three days."""

    def __init__(self, now: Callable[[], float], first_id: int = 180_000_000_001) -> None:
        self._now = now
        self._attempts: dict[int, Attempt] = {}
        self._next_id = first_id

    def next_id(self) -> int:
        """Take the id of the next attempt."""
        self._next_id += 1
        return self._next_id - 1

    def add(self, attempt: Attempt) -> None:
        """Remember an attempt."""
        self._forget()
        self._attempts[attempt.id] = attempt

    def attempts(self, status: str | None = None) -> list[Attempt]:
        """List attempts, newest first.

        `status` filters by HTTP code as GitHub does: `success` 200-399, `failure` 400-599. An attempt without an
        HTTP answer is in neither.
        """
        self._forget()
        codes = {"success": range(200, 400), "failure": range(400, 600)}.get(status or "")
        newest_first = reversed(self._attempts.values())
        return [one for one in newest_first if codes is None or one.status_code in codes]

    def get(self, attempt_id: int) -> Attempt | None:
        """Find an attempt that has not expired."""
        self._forget()
        return self._attempts.get(attempt_id)

    def _forget(self) -> None:
        oldest = self._now() - KEPT
        while self._attempts:
            first = next(iter(self._attempts.values()))
            if first.delivered_at >= oldest:
                break
            del self._attempts[first.id]
