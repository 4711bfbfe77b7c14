"""From the bytes of a delivery to facts: check who sent it, decode the few fields we read, say what it means.

What is not ours to act on gives no facts and is no error: events and actions we do not know (GitHub adds some
without notice), comments on pull requests, and deliveries without an installation. Those come from a webhook that
somebody set up on a repository instead of installing the App there; on GitHub we could do nothing about them.

Where a field is not as GitHub describes it, what is sound is taken, and GitHub is asked for the rest. Required
are a JSON object with `installation.id`, where there is an `installation`, with `issue.id` for the events of issues
and comments, and with `repository.id` for a push.
"""

from __future__ import annotations

import functools
import hmac
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec

from bot.github.models.common import Id, account_name, epoch
from bot.github.models.webhooks import (
    AboutInstallation,
    AboutRepository,
    Identified,
    IssueChanges,
    IssueComment,
    Issues,
    Push,
    RepositoryChange,
)
from bot.petition.comments import commands
from bot.petition.comments.comment import Comment, Version, Writer, body_digest
from bot.petition.facts import (
    BodyEdit,
    CommentFact,
    Fact,
    InstallationFact,
    IssueFact,
    IssueGone,
    RepositoryFact,
    SettingsFact,
    Unclear,
)
from bot.petition.organizers.settings import PATH


class Malformed(Exception):
    """Not what GitHub sends; the message says which field is wrong. The answer is 400."""


class TakesLong(Exception):
    """Reading it takes longer than others shall wait; it is to be read beside them."""


class UnsupportedMediaType(Exception):
    """GitHub sends JSON or a form; this is something else. The answer is 415."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as we understand it; without facts there is nothing to do."""

    event: str
    action: str | None
    repository_id: int | None = None
    facts: tuple[Fact, ...] = ()
    unread: str = ""
    """What of it could not be read, and is to be asked for; it names a field and none of its content."""


def verify(payload: bytes, signature_header: str | None, secrets: Sequence[str]) -> bool:
    """Return whether one of the secrets signed these raw bytes with SHA-256; compares in constant time.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    # Of GitHub's two, only the one with SHA-256; and only ASCII can be compared.
    if signature_header is None or not signature_header.isascii() or not signature_header.startswith("sha256="):
        return False
    return any(_is_signed(payload, signature_header, secret) for secret in secrets if secret)


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
    """Return what a delivery means; `event` is the header `X-GitHub-Event`, `payload` is JSON. Raises Malformed.

    Raises TakesLong where a comment has more than `at_once` characters, or the delivery a strange shape.
    """
    route = _ROUTES.get(event)
    if route is None:
        return Delivery(event, _action(payload))
    try:
        return _understood(event, route, _decode(route.decoder, payload), at_once)
    except Malformed as error:
        return _partly_understood(event, route, payload, str(error), at_once)


def _understood(event: str, route: _Route[Any], message: Any, at_once: int | None) -> Delivery:
    repository_id = message.repository.id if isinstance(message, AboutRepository | Push) else None
    action = None if isinstance(message, Push) else message.action
    if not route.takes(action) or message.installation is None:
        return Delivery(event, action, repository_id)
    if at_once is not None and isinstance(message, IssueComment) and len(message.comment.body or "") > at_once:
        raise TakesLong
    return Delivery(event, action, repository_id, route.facts(message, message.installation.id))


def _partly_understood(
    event: str, route: _Route[Any], payload: bytes, unread: str, at_once: int | None
) -> Delivery:
    """Take what is sound in a delivery that is not as GitHub describes it, and have GitHub asked for the rest.

    Raises Malformed where it does not even say what it is about.
    """
    action = _action(payload)
    if action is not None and not route.takes(action):
        return Delivery(event, action)
    installation = _decode(_ABOUT, payload).installation
    if installation is None:
        return Delivery(event, action)
    here = installation.id
    if event == "push":
        repository_id = _decode(_ABOUT_REPOSITORY, payload).repository.id
        return Delivery(event, action, repository_id, (SettingsFact(here, repository_id),), unread)
    if event not in ("issue_comment", "issues"):
        return Delivery(event, action, facts=(Unclear(here),), unread=unread)
    issue = _decode(_ABOUT_ISSUE, payload).issue
    if issue.pull_request is not None:
        return Delivery(event, action)
    # Without saying whither, a transfer would be taken for a deletion.
    delivery = None if action == "transferred" else _without_spare(event, route, payload, unread, at_once)
    if delivery is None:
        return Delivery(event, action, facts=(Unclear(here, issue.id),), unread=unread)
    return replace(delivery, facts=tuple(_reread(delivery.facts)), unread=unread)


def _without_spare(
    event: str, route: _Route[Any], payload: bytes, unread: str, at_once: int | None
) -> Delivery | None:
    """Read a delivery without what only adds to its picture and cannot be read; None where more cannot be read."""
    told = msgspec.json.decode(payload)
    for _ in _SPARE:
        spare = next((place for place in _SPARE if re.search(rf"`\$\.{re.escape(place)}\b", unread)), None)
        if spare is None:
            return None
        *outer, name = spare.split(".")
        del functools.reduce(lambda inner, place: inner[place], outer, told)[name]
        try:
            return _understood(event, route, _decode(route.decoder, msgspec.json.encode(told)), at_once)
        except Malformed as error:
            unread = str(error)
    return None


_SPARE: Final = ("changes", "sender", "comment.minimized", "issue.comments")
"""What a delivery of an issue's is understood without; who wrote a comment, for one, is then asked of GitHub."""


def _reread(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Have the issues read again of which facts tell."""
    for fact in facts:
        match fact:
            case CommentFact(installation_id=here, repository=repository, issue=issue):
                yield from (fact, IssueFact(here, repository, issue, issue.updated_at, reread=True))
            case IssueFact():
                yield replace(fact, reread=True)
            case _:
                yield fact


def _comment_facts(message: IssueComment, installation_id: int) -> tuple[Fact, ...]:
    if message.issue.pull_request is not None:
        return ()
    comment = message.comment
    at = epoch(comment.updated_at)
    deleted = message.action == "deleted"
    version = None if deleted else _version(message, at)
    observed = Comment(
        id=comment.id,
        created_at=epoch(comment.created_at),
        author=comment.author(),
        author_at=at,
        versions=() if version is None else (version,),
        deleted=deleted,
    )
    untold = version is not None and version.writer is Writer.UNSAID and version.hidden is None
    recheck = untold and message.action == "edited"
    return (CommentFact(installation_id, message.repository.fact(), message.issue.fact(), observed, recheck),)


def _version(message: IssueComment, at: int) -> Version:
    body = message.comment.body or ""
    digest = body_digest(body)
    writer, previous = _writer(message, digest)
    return Version(at, digest, writer, commands.parse(body), previous, message.comment.hidden)


def _writer(message: IssueComment, digest: str) -> tuple[Writer, str | None]:
    """Return who wrote the text and what text it replaced; hiding arrives as an edit that changes nothing."""
    if message.action == "created":
        return Writer.AUTHOR, None
    was = message.changes.body if message.changes is not None else None
    before = digest if was is None else body_digest(was.previous or "")
    if message.action != "edited" or before == digest or message.sender is None:
        return Writer.UNSAID, None
    author = message.comment.user
    own = author is not None and author.id == message.sender.id
    return (Writer.AUTHOR if own else Writer.OTHER), before


def _issue_facts(message: Issues, installation_id: int) -> tuple[Fact, ...]:
    if message.issue.pull_request is not None:
        return ()
    here = message.repository
    repository, issue = here.fact(), message.issue.fact()
    changes = message.changes or IssueChanges()
    if message.action in ("deleted", "transferred"):
        moved_to = None
        if changes.new_repository is not None and changes.new_issue is not None:
            moved_to = (changes.new_repository.repository(here).fact(), changes.new_issue.fact())
        return (IssueGone(installation_id, repository, issue.id, moved_to),)
    # The arrival of a transferred issue says `opened` too, but brings comments along.
    arrived = changes.old_issue is not None or changes.old_repository is not None
    reread = arrived or message.action in ("labeled", "reopened", "unlocked")
    fact = IssueFact(installation_id, repository, issue, issue.updated_at, reread, _body_edit(message))
    if changes.old_issue is None or changes.old_repository is None:
        return (fact,)
    there = changes.old_repository.repository(here).fact()
    return (fact, IssueGone(installation_id, there, changes.old_issue.id, (repository, issue)))


def _body_edit(message: Issues) -> BodyEdit | None:
    was = message.changes.body if message.changes is not None else None
    if message.action != "edited" or was is None or message.sender is None:
        return None
    by_app = message.sender.type == "Bot"
    return BodyEdit(was.previous or "", message.issue.body or "", by_app)


def _repository_facts(message: RepositoryChange, installation_id: int) -> tuple[Fact, ...]:
    repository = message.repository
    as_of = 0 if repository.updated_at is None else epoch(repository.updated_at)
    return (RepositoryFact(installation_id, repository.fact(), as_of, deleted=message.action == "deleted"),)


def _push_facts(message: Push, installation_id: int) -> tuple[Fact, ...]:
    """Return whether the settings file may be another one now; where GitHub may not have listed everything, it may.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """
    here, commits = message.repository, message.commits
    if message.ref != f"refs/heads/{here.default_branch}":
        return ()
    cut_short = not 0 < len(commits) < _COMMITS_LISTED or any(len(one.files) >= _FILES_LISTED for one in commits)
    # What a forced push takes away is not listed either.
    if cut_short or message.forced or any(PATH in one.files for one in commits):
        return (SettingsFact(installation_id, here.id),)
    return ()


_COMMITS_LISTED = 2_048
_FILES_LISTED = 3_000


def _installation_facts(message: AboutInstallation, installation_id: int) -> tuple[Fact, ...]:
    installation = message.installation
    moments = (installation.updated_at, installation.suspended_at or 0)
    # Other actions list the repositories too, as news to nobody.
    added = message.repositories if message.action == "created" else message.repositories_added
    return (
        InstallationFact(
            id=installation_id,
            account=account_name(installation.account),
            as_of=max(epoch(moment) if isinstance(moment, datetime) else moment for moment in moments),
            suspended=installation.suspended_at is not None,
            deleted=message.action == "deleted",
            repositories_added=tuple(one.id for one in added or ()),
            repositories_removed=tuple(one.id for one in message.repositories_removed or () if one.id is not None),
        ),
    )


def _action(payload: bytes) -> str | None:
    action = _decode(_ENVELOPE, payload).action
    return action if isinstance(action, str) else None


_Message = TypeVar("_Message")


def _decode(decoder: msgspec.json.Decoder[_Message], payload: bytes) -> _Message:
    try:
        # The decoder looks only at the texts that it returns.
        if not payload.isascii():
            payload.decode()
        return decoder.decode(payload)
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 at byte {error.start}") from error
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from error
    except msgspec.DecodeError as error:
        raise Malformed(f"not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("nested too deeply") from error


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    expected = hmac.digest(secret.encode(), payload, "sha256").hex()
    return hmac.compare_digest(f"sha256={expected}", signature)


def _media_type(content_type: str) -> tuple[str, str]:
    """Take a Content-Type apart into the type and the charset, which is UTF-8 unless it is named."""
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


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class _About(msgspec.Struct):
    installation: Identified | None = None


class _Issue(msgspec.Struct):
    id: Id
    pull_request: object = None


class _AboutIssue(msgspec.Struct):
    issue: _Issue


class _AboutRepository(msgspec.Struct):
    repository: Identified


_ABOUT = msgspec.json.Decoder(_About)
_ABOUT_ISSUE = msgspec.json.Decoder(_AboutIssue)
_ABOUT_REPOSITORY = msgspec.json.Decoder(_AboutRepository)
"""What a delivery makes no sense without."""


@dataclass(frozen=True, slots=True)
class _Route(Generic[_Message]):
    """How an event is read, which of its actions are ours (none where it has none), and what they mean."""

    decoder: msgspec.json.Decoder[_Message]
    actions: frozenset[str]
    facts: Callable[[_Message, int], tuple[Fact, ...]]

    def takes(self, action: str | None) -> bool:
        return not self.actions or action in self.actions


def _route(kind: type[_Message], facts: Callable[[_Message, int], tuple[Fact, ...]], actions: str) -> _Route[Any]:
    return _Route(msgspec.json.Decoder(kind), frozenset(actions.split()), facts)


# Not gidgethub's Router: that one wants the whole event decoded and calls coroutines, these are plain functions.
_ROUTES: Mapping[str, _Route[Any]] = {
    "issue_comment": _route(IssueComment, _comment_facts, "created edited deleted pinned unpinned"),
    "issues": _route(
        Issues,
        _issue_facts,
        "opened edited labeled unlabeled closed reopened locked unlocked deleted transferred",
    ),
    "repository": _route(
        RepositoryChange,
        _repository_facts,
        "renamed transferred archived unarchived privatized publicized deleted",
    ),
    "push": _route(Push, _push_facts, ""),
    "installation": _route(
        AboutInstallation, _installation_facts, "created deleted suspend unsuspend new_permissions_accepted"
    ),
    "installation_repositories": _route(AboutInstallation, _installation_facts, "added removed"),
}
