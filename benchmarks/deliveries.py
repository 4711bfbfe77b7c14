"""Deliveries of `issue_comment`, made by the sandbox once and then varied: each a new comment by a new person."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass

from sandbox.server import Sandbox
from sandbox.world import Event

SECRET = "the secret of the benchmarks"  # noqa: S105 - nothing but invented deliveries is signed with it

SIZE = 17_000
"""Bytes of a delivery: GitHub's own take 11 to 15 kB, and a letter and its block come on top."""

_LETTER = "Dear all, we, who write the programs, ask you to keep the machines in the service of people. "


@dataclass(frozen=True, slots=True)
class Template:
    """A delivery, and what in it is to be varied."""

    payload: bytes
    comment_id: int
    user_id: int

    def payload_of(self, number: int) -> bytes:
        """Return the delivery of another comment by another person; as long as the original."""
        varied = self.payload.replace(b"%d" % self.comment_id, b"%d" % (self.comment_id + number))
        varied = varied.replace(b"%d" % self.user_id, b"%d" % (self.user_id + number))
        varied = varied.replace(b"p0000000", b"p%07d" % number)
        return varied.replace(b'"comments":1000000', b'"comments":%d' % (1_000_000 + number))

    def request_of(self, number: int) -> bytes:
        """Return a whole HTTP request, signed as GitHub signs."""
        payload = self.payload_of(number)
        signature = hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()
        head = (
            "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nContent-Type: application/json\r\n"
            f"User-Agent: GitHub-Hookshot/5a2d0b1\r\nX-GitHub-Delivery: {uuid.uuid4()}\r\n"
            "X-GitHub-Event: issue_comment\r\nX-GitHub-Hook-ID: 510000001\r\n"
            "X-GitHub-Hook-Installation-Target-ID: 990001\r\n"
            "X-GitHub-Hook-Installation-Target-Type: integration\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        return head.encode() + payload


def make_template(size: int = SIZE) -> Template:
    """Sign a petition in the sandbox, and keep what GitHub would deliver."""
    short = _deliver("")
    return _deliver((_LETTER * (size // len(_LETTER)))[: max(0, size - len(short.payload))])


def _deliver(letter: str) -> Template:
    sandbox, told = Sandbox(), list[Event]()
    sandbox.world.on_event.append(told.append)
    comment = sandbox.comment(sandbox.petition("An open letter", letter), "p0000000", "/sign Ada Lovelace, London")
    payload = json.dumps(told[-1].payload, separators=(",", ":")).replace('"comments":0', '"comments":1000000')
    return Template(payload.encode(), comment.id, comment.user.id)
