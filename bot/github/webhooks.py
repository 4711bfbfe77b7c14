"""Webhook deliveries: verify the signature, decode the fields we use, return the facts; and send a delivery.

What does not concern us gives no facts and is no error: events and actions we do not know (GitHub adds some without
notice), comments on pull requests, and deliveries without an installation, which come from a webhook that somebody
set up on a repository instead of installing the App there.

Where a field is not as GitHub describes it, the valid ones are used, and the rest is read from GitHub. Required are
a JSON object with `installation.id`, where there is an `installation`, with `issue.id` for the events of issues and
comments, and with `repository.id` for a push.
"""

from __future__ import annotations

import functools
import hmac
import re
import urllib.parse
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.github.http_exchange import Reply, fetch
from bot.github.models.rest import Id, IdModel
from bot.github.models.webhooks import (
    Event,
    InstallationEvent,
    IssueCommentEvent,
    IssuesEvent,
    PushEvent,
    RepositoryEvent,
    RepositoryScopedEvent,
)
from bot.petition.facts_from_github import CommentFact, Fact, IssueFact, SettingsFact, Unclear


class Malformed(Exception):
    """Not what GitHub sends; the message names the field that is wrong. The response is 400."""


class TakesLong(Exception):
    """Reading it would block the event loop too long; read it in a thread."""


class UnsupportedMediaType(Exception):
    """GitHub sends JSON or a form; this is something else. The response is 415."""


class Delivery(Struct, frozen=True):
    """A delivery that was read; without facts there is nothing to do."""

    event: str
    action: str | None
    repository_id: int | None = None
    facts: tuple[Fact, ...] = ()
    unread: str = ""
    """What could not be read, and is to be read from GitHub; it names a field and none of its content."""


def verify(payload: bytes, signature_header: str | None, secrets: Sequence[str]) -> bool:
    """Return whether one of the secrets signed these raw bytes with SHA-256; compares in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    # Of GitHub's two, only the one with SHA-256; and only ASCII can be compared.
    if signature_header is None or not signature_header.isascii() or not signature_header.startswith("sha256="):
        return False
    return any(hmac.compare_digest(sign(payload, secret), signature_header) for secret in secrets if secret)


def payload_of(content_type: str | None, body: bytes) -> bytes:
    """Return the JSON of a request's body: the body itself, or the field `payload` of a form.

    Raises Malformed and UnsupportedMediaType.
    """
    kind, charset = _media_type(content_type or "")
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise UnsupportedMediaType("send application/json or application/x-www-form-urlencoded")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Malformed("the charset must be UTF-8")
    return body if kind == "application/json" else _form_payload(body)


def read(event: str, payload: bytes, at_once: int | None = None) -> Delivery:
    """Read a delivery; `event` is the header `X-GitHub-Event`, `payload` is JSON.

    Raises Malformed, and TakesLong where a comment has more than `at_once` characters.
    """
    route = _ROUTES.get(event)
    if route is None:
        return Delivery(event, _action(payload))
    try:
        return _read(event, route, _decode(route.kind, payload), at_once)
    except Malformed as error:
        return _read_valid_fields(event, route, payload, str(error), at_once)


def _read(event: str, route: _Route, message: Event, at_once: int | None) -> Delivery:
    repository_id = message.repository.id if isinstance(message, RepositoryScopedEvent | PushEvent) else None
    if not route.takes(message.action) or message.installation is None:
        return Delivery(event, message.action, repository_id)
    if at_once is not None and isinstance(message, IssueCommentEvent) and len(message.comment.body or "") > at_once:
        raise TakesLong
    return Delivery(event, message.action, repository_id, message.facts(message.installation.id))


def _read_valid_fields(event: str, route: _Route, payload: bytes, unread: str, at_once: int | None) -> Delivery:
    """Read the valid fields of a delivery that is not as GitHub describes it, and mark the rest to be read again.

    Raises Malformed where not even the thing that it is about can be read.
    """
    action = _action(payload)
    if action is not None and not route.takes(action):
        return Delivery(event, action)
    installation = _decode(_OfInstallation, payload).installation
    if installation is None:
        return Delivery(event, action)
    here = installation.id
    if event == "push":
        repository_id = _decode(_OfRepository, payload).repository.id
        return Delivery(event, action, repository_id, (SettingsFact(here, repository_id),), unread)
    if event not in ("issue_comment", "issues"):
        return Delivery(event, action, facts=(Unclear(here),), unread=unread)
    issue = _decode(_OfIssue, payload).issue
    if issue.pull_request is not None:
        return Delivery(event, action)
    # Without the new place, a transfer would be taken for a deletion.
    delivery = None if action == "transferred" else _without_optional(event, route, payload, unread, at_once)
    if delivery is None:
        return Delivery(event, action, facts=(Unclear(here, issue.id),), unread=unread)
    return replace(delivery, facts=tuple(_reread(delivery.facts)), unread=unread)


def _without_optional(
    event: str, route: _Route, payload: bytes, unread: str, at_once: int | None
) -> Delivery | None:
    """Read a delivery without optional fields that cannot be read; None where others cannot be read either."""
    data = msgspec.json.decode(payload)
    for _ in _OPTIONAL:
        field = next((name for name in _OPTIONAL if re.search(rf"`\$\.{re.escape(name)}\b", unread)), None)
        if field is None:
            return None
        *outer, name = field.split(".")
        del functools.reduce(lambda inner, key: inner[key], outer, data)[name]
        try:
            return _read(event, route, _decode(route.kind, msgspec.json.encode(data)), at_once)
        except Malformed as error:
            unread = str(error)
    return None


_OPTIONAL: Final = ("changes", "sender", "comment.minimized", "issue.comments")
"""What the deliveries of issues can do without; who wrote a comment, for one, is then read from GitHub."""


def _reread(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Return the facts with their issues marked to be read again."""
    for fact in facts:
        match fact:
            case CommentFact(installation_id=here, repository=repository, issue=issue):
                yield from (fact, IssueFact(here, repository, issue, issue.updated_at, reread=True))
            case IssueFact():
                yield replace(fact, reread=True)
            case _:
                yield fact


def _action(payload: bytes) -> str | None:
    action = _decode(_Envelope, payload).action
    return action if isinstance(action, str) else None


_Decoded = TypeVar("_Decoded")


def _decode(kind: type[_Decoded], payload: bytes) -> _Decoded:
    try:
        # The decoder looks only at the texts that it returns.
        if not payload.isascii():
            payload.decode()
        return msgspec.json.decode(payload, type=kind)
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 at byte {error.start}") from error
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from error
    except msgspec.DecodeError as error:
        raise Malformed(f"not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("nested too deeply") from error


def sign(payload: bytes, secret: str) -> str:
    """Return the signature of a payload as the header `X-Hub-Signature-256` has it."""
    return f"sha256={hmac.digest(secret.encode(), payload, 'sha256').hex()}"


async def send(
    session: aiohttp.ClientSession, url: str, event: str, payload: bytes, secret: str, guid: str | None = None
) -> Reply:
    """Deliver a payload, signed like GitHub's; under a new GUID unless one is given."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": guid or str(uuid.uuid4()),
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": sign(payload, secret),
    }
    return await fetch(session, "POST", url, headers, payload)


def _media_type(content_type: str) -> tuple[str, str]:
    """Split a Content-Type into the type and the charset, which is UTF-8 unless it is named."""
    kind, *parameters = content_type.split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return kind.strip().lower(), charset


def _form_payload(body: bytes) -> bytes:
    try:
        fields = urllib.parse.parse_qs(body.decode(), errors="strict", max_num_fields=20)
    except ValueError as error:
        raise Malformed("the form cannot be read") from error
    if "payload" not in fields:
        raise Malformed("the form has no field `payload`")
    return fields["payload"][0].encode()


class _Envelope(msgspec.Struct):
    action: object = None


# What a delivery cannot do without.
class _OfInstallation(msgspec.Struct):
    installation: IdModel | None = None


class _IssueIdModel(msgspec.Struct):
    id: Id
    pull_request: object = None


class _OfIssue(msgspec.Struct):
    issue: _IssueIdModel


class _OfRepository(msgspec.Struct):
    repository: IdModel


class _Route(Struct, frozen=True):
    """How an event is decoded, and which of its actions matter to us; none where it has no actions."""

    kind: type[Event]
    actions: frozenset[str]

    def takes(self, action: str | None) -> bool:
        return not self.actions or action in self.actions


def _route(kind: type[Event], actions: str) -> _Route:
    return _Route(kind, frozenset(actions.split()))


# Not gidgethub's Router, which wants the whole event decoded and calls coroutines.
_ROUTES: Mapping[str, _Route] = {
    "issue_comment": _route(IssueCommentEvent, "created edited deleted pinned unpinned"),
    "issues": _route(
        IssuesEvent, "opened edited labeled unlabeled closed reopened locked unlocked deleted transferred"
    ),
    "repository": _route(RepositoryEvent, "renamed transferred archived unarchived privatized publicized deleted"),
    "push": _route(PushEvent, ""),
    "installation": _route(InstallationEvent, "created deleted suspend unsuspend new_permissions_accepted"),
    "installation_repositories": _route(InstallationEvent, "added removed"),
}
