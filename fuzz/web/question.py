"""A request, as bytes: made from a case of schemathesis, written down for the corpus, and put on the wire."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import requests
from schemathesis import Case

SIGNED: Final = b"X-Hub-Signature-256"
_FRAMING: Final = {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect", b"host"}
_LEFT_OUT: Final = {
    b"content-length",
    b"connection",
    b"user-agent",
    b"accept-encoding",
    b"x-schemathesis-testcaseid",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; a `signed` one is a delivery that carries GitHub's signature."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    signed: bool = False

    @property
    def path(self) -> str:
        """Give the path, as it was written."""
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def is_lasting(self) -> bool:
        """Tell whether its answer may go on for as long as somebody listens."""
        return self.path.endswith("/events")

    @property
    def odd(self) -> bool:
        """Tell whether its end may be read differently than meant, so that it wants a connection of its own."""
        head = b"\n".join((self.method, self.target, *(part for header in self.headers for part in header)))
        return (
            any(name.strip().lower() in _FRAMING for name, _ in self.headers)
            or not self.method.isalpha()
            or head.count(b"\n") != 1 + 2 * len(self.headers)
            or any(byte < 32 and byte not in b"\t\n" for byte in head)
            or any(mark in self.target for mark in (b" ", b"#"))
        )

    def header(self, name: bytes) -> bytes:
        """Give all values of a header."""
        return b", ".join(value for own, value in self.headers if own.lower() == name.lower())

    def wire(self, secret: str, caller: bytes) -> bytes:
        """Write it as it goes to a bot with this secret; `caller` is whose address a proxy would have noted."""
        headers = list(self.headers)
        given = {name.lower() for name, _ in headers}
        if b"host" not in given:
            headers.insert(0, (b"Host", b"127.0.0.1"))
        if (self.body or self.method == b"POST") and given.isdisjoint({b"content-length", b"transfer-encoding"}):
            headers.append((b"Content-Length", b"%d" % len(self.body)))
        if self.signed:
            signature = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
            headers.append((SIGNED, b"sha256=" + signature.encode()))
        headers.append((b"X-Forwarded-For", caller))
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (self.method, self.target, head, self.body)


def from_case(case: Case[Any], *, signed: bool = False) -> Question:
    """Take over a case of schemathesis."""
    given = case.as_transport_kwargs(base_url="http://127.0.0.1")
    if "json" in given:
        given["json"] = _whole(given["json"])
    prepared = requests.Request(**given).prepare()
    body = prepared.body or b""
    return Question(
        str(prepared.method).encode("latin-1", "replace"),
        prepared.path_url.encode(),
        tuple(_plain(prepared.headers.items())),
        body if isinstance(body, bytes) else str(body).encode("utf-8", "replace"),
        signed,
    )


def write(question: Question) -> bytes:
    """Write a question down for the corpus; each character stands for a byte."""
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in question.headers]
    told = {
        "method": question.method.decode("latin-1"),
        "target": question.target.decode("latin-1"),
        "headers": headers,
        "body": question.body.decode("latin-1"),
        "signed": question.signed,
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def read(text: bytes) -> Question:
    """Read what was written down."""
    told = json.loads(text)
    return Question(
        told["method"].encode("latin-1"),
        told["target"].encode("latin-1"),
        tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in told["headers"]),
        told["body"].encode("latin-1"),
        told["signed"],
    )


def _whole(value: Any) -> Any:
    """Write whole numbers as GitHub does: to a schema 1.0 is an integer too."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _whole(inner) for name, inner in value.items()}
        case list():
            return [_whole(inner) for inner in value]
        case _:
            return value


def _plain(headers: Iterable[tuple[str | bytes, str | bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for pair in headers:
        name, value = (part if isinstance(part, bytes) else part.encode("utf-8", "replace") for part in pair)
        if name.lower() not in _LEFT_OUT:
            yield name, value
