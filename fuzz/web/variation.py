"""Vary questions: what strangers do to addresses, headers and bodies that once meant something."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from fuzz.web.question import Question


def vary(dice: random.Random, question: Question, other: Question) -> Question:
    """Give the question with one to three things changed, some of them to what another one has."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        question = dice.choice(_WAYS)(dice, question, other)
    return question


METHODS: Final = (
    b"GET", b"GET", b"GET", b"HEAD", b"HEAD", b"POST", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE",
    b"CONNECT", b"BREW", b"get", b"G T", b"",
)  # fmt: skip
PATHS: Final = (
    b"", b".json", b".csv", b"/badge.svg", b"/badge.json", b"/chart.svg", b"/feed.atom", b"/letter", b"/",
    b"//", b"/..", b"%2f", b"%00", b"/%2e%2e/%2e%2e/etc/passwd", b"/events", b"/organizers",
    b"/organizers/sign-in", b".JSON", b"%", b"%c3%28",
    b"%ed%a0%80", b"\xff", b"?", b"#", b";",
)  # fmt: skip
QUERIES: Final = (
    b"sort=name", b"sort=oldest", b"sort=affiliation", b"sort=", b"q=a", b"q=%25", b"q=_", b"q=%00", b"q=%ff",
    b"q=\xc3\x28", b"q=%ED%A0%80", b"q='", b"q=\"", b"q=" + b"a" * 300, b"q=%E2%80%AE", b"limit=1",
    b"limit=1000", b"limit=0", b"limit=-1", b"limit=%D9%A3", b"limit=1e3", b"after=1.1", b"before=1.1",
    b"after=.", b"after=a.1", b"after=999999999999999999.999999999999999999", b"before=%00.1",
    b"after=9223372036854775808.1", b"key=", b"key=%ff", b"since=1", b"since=-1", b"format=xml", b"format=json",
    b"url=http://[", b"url=http://127.0.0.1/petitions/lovelace/letters/1",
    b"url=http://127.0.0.1:1/petitions/a/b/1",
    b"&&&", b"=", b"a[]=1", b"%", b"q=1&q=2", b"sort=newest&sort=name",
)  # fmt: skip
HEADERS: Final = (
    (b"Accept", b"text/html"), (b"Accept", b"*/*"), (b"Accept", b"application/json"), (b"Accept", b""),
    (b"Accept-Language", b"de"), (b"If-None-Match", b"*"), (b"If-None-Match", b'W/"0"'),
    (b"If-None-Match", b'W/"'), (b"If-Modified-Since", b"yesterday"), (b"Range", b"bytes=0-1"),
    (b"Range", b"bytes=9-1"), (b"Cookie", b"a=b; ="), (b"Cookie",
    b"undersigned-organizer=1:a.9.0"), (b"Authorization", b"Bearer x"),
    (b"Authorization", b"Basic \xff"), (b"Origin", b"null"), (b"Content-Type", b"application/json"),
    (b"Content-Type", b"application/x-www-form-urlencoded"),
    (b"Content-Type", b"multipart/form-data; boundary="), (b"Content-Type", b"text/plain; charset=nonsense"),
    (b"Content-Type", b"application/json; charset=utf-16"), (b"Content-Type", b"/"),
    (b"Content-Encoding", b"gzip"), (b"Content-Encoding", b"br"), (b"X-GitHub-Event", b"issues"),
    (b"X-GitHub-Event", b""), (b"X-GitHub-Event", b"ping"), (b"X-GitHub-Delivery", b"x"),
    (b"X-GitHub-Delivery", b"\x1b[31m"), (b"X-Hub-Signature-256", b"sha256="),
    (b"X-Hub-Signature-256", b"\xff"), (b"X-Hub-Signature-256", b"sha1=0"), (b"X-Forwarded-For", b"unknown"),
    (b"X-Forwarded-For", b",,"), (b"X-Forwarded-Proto", b"https"), (b"Last-Event-ID", b"-1"),
    (b"X-Long", b"x" * 9_000), (b"X-Empty", b""), (b"X-High", b"\xf0\x9f\x92\xa9"), (b"Host", b""),
    (b"Host", b"["), (b"Host", b"a b"), (b"Host", b"example.org:99999999"), (b"Host", b"\xff"),
    (b"Host", b"example.org/petitions"), (b"Host", b"[::1]:80"), (b"Host", b"a@b"), (b"Host", b"xn--"),
    (b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"identity"), (b"Content-Length", b"0"),
    (b"Content-Length", b"-1"), (b"Content-Length", b"99999999999"), (b"Content-Length", b"1, 2"),
    (b"Expect", b"100-continue"), (b"Expect", b"the worst"), (b"Connection", b"close"),
    (b"Connection", b"upgrade"), (b"Upgrade", b"websocket"), (b"Upgrade", b"h2c"), (b"Bad Name", b"x"),
    (b"", b"x"), (b"X-Fold", b"a\r\n b"),
)  # fmt: skip
VALUES: Final = (
    b"null", b"true", b"0", b"-1", b"1", b"9223372036854775807", b"9223372036854775808", b"1e400", b"1.5",
    b'""', b'"\\u0000"', b'"\\ud800"', b'"x"', b'"petition"', b'"/sign Ada"', b'"/unsign"',
    b'"/petition goal 1"', b"[]", b"{}", b"[[]]", b'"2026-11-22T09:00:00Z"', b'"0001-01-01T00:00:00Z"',
    b'"9999-12-31T23:59:59+00:00"', b'"\xff"', b"NaN", b'{"id":1}', b'"<!-- undersigned:begin -->"',
    b'"' + b"x" * 2_000 + b'"', b"[" * 200, b'"created"', b'"edited"', b'"deleted"',
)  # fmt: skip

_VALUE: Final = re.compile(rb'(?<=[:,\[])\s*(?:"[^"]*"|-?[0-9][0-9.eE+-]*|true|false|null|\{\}|\[\])')


def _method(dice: random.Random, question: Question, _other: Question) -> Question:
    return replace(question, method=dice.choice(METHODS))


def _place(dice: random.Random, question: Question, other: Question) -> Question:
    """Ask about what the other one asks about, or for another form of it."""
    path, mark, query = question.target.partition(b"?")
    if dice.random() < 0.5:
        return replace(question, target=other.target.partition(b"?")[0] + mark + query)
    ends = dice.choice((path, path.rpartition(b".")[0] or path, path.rpartition(b"/")[0] or b"/"))
    return replace(question, target=ends + dice.choice(PATHS) + mark + query)


def _query(dice: random.Random, question: Question, other: Question) -> Question:
    path, _, query = question.target.partition(b"?")
    parts = [part for part in query.split(b"&") if part]
    match dice.randrange(4):
        case 0 if parts:
            parts.remove(dice.choice(parts))
        case 1 if b"?" in other.target:
            parts.append(dice.choice(other.target.partition(b"?")[2].split(b"&")))
        case 2 if parts:
            at = dice.randrange(len(parts))
            parts[at] = _scratch(dice, parts[at])
        case _:
            parts.append(dice.choice(QUERIES))
    return replace(question, target=path + (b"?" + b"&".join(parts) if parts else b""))


def _target(dice: random.Random, question: Question, _other: Question) -> Question:
    return replace(question, target=_scratch(dice, question.target))


def _header(dice: random.Random, question: Question, other: Question) -> Question:
    headers = list(question.headers)
    match dice.randrange(5):
        case 0 if headers:
            headers.remove(dice.choice(headers))
        case 1 if other.headers:
            headers.append(dice.choice(other.headers))
        case 2 if headers:
            at = dice.randrange(len(headers))
            headers[at] = (headers[at][0], _scratch(dice, headers[at][1]))
        case _:
            headers.append(dice.choice(HEADERS))
    return replace(question, headers=tuple(headers))


def _body(dice: random.Random, question: Question, other: Question) -> Question:
    """Put another value into the body, bytes into anything, or the other's body in its place."""
    found = list(_VALUE.finditer(question.body))
    match dice.randrange(6):
        case 0:
            return replace(question, body=other.body)
        case 1:
            return replace(question, body=_scratch(dice, question.body))
        case 2:
            return replace(question, signed=not question.signed)
        case _ if found:
            value = dice.choice(found)
            new = dice.choice((dice.choice(VALUES), dice.choice(found)[0]))
            return replace(question, body=question.body[: value.start()] + new + question.body[value.end() :])
        case _:
            return question


def _scratch(dice: random.Random, text: bytes) -> bytes:
    """Put something in, take something out, or both."""
    start = dice.randrange(len(text) + 1)
    end = min(len(text), start + dice.choice((0, 0, 1, 1, 2, 8)))
    new = dice.choice(
        (b"", b"", b"%", b"%00", b"/", b".", b"0", b"9" * 20, b"\xff", b"\x00", b"\r\n", b"&", b"=", b"+")
    )
    if not new and dice.random() < _READABLE:
        new = b"%%%02x" % dice.randrange(256) if dice.random() < 0.5 else bytes([dice.randrange(33, 127)])
    return text[:start] + (new or bytes([dice.randrange(256)])) + text[end:]


_READABLE: Final = 0.9
"""Of single characters that are put in; the others make it no HTTP, and aiohttp refuses it before we see it."""

_Way = Callable[[random.Random, Question, Question], Question]
_WAYS: Final[tuple[_Way, ...]] = (_place, _query, _query, _target, _header, _header, _body, _body, _method)
