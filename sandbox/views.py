"""What the sandbox's page shows of an issue: the state's live objects as plain values for the templates; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from sandbox.markdown import render
from sandbox.models import GHOST, REACTIONS, Comment, Edit, Issue, Label, Reaction, Repository, User

SHOWN_COMMENTS = 30
"""Comments on the page until somebody asks for all; GitHub folds long threads too."""
CAST = 8
"""People offered as speakers; anybody else is a name typed into the box beside them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (UTC) for machines, for people, and as the hour alone."""

    iso: str
    text: str
    clock: str


@dataclass(frozen=True, slots=True)
class Person:
    """An account as the page names it; `badge` says what is special about it, if anything is."""

    id: int
    login: str
    path: str
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """Who edited a text last, and when."""

    login: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Reacted:
    """One emoji under a text, and who gave it."""

    emoji: str
    name: str
    count: int
    who: str


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment; `editors` are the logins that may edit and delete it, the author first."""

    id: int
    path: str
    author: Person
    at: Moment
    edited: Edited | None
    hidden: str | None
    html: Markup
    source: str
    reactions: Sequence[Reacted]
    editors: Sequence[str]


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue with the latest of its comments; `earlier` is how many are not shown."""

    path: str
    repository: str
    number: int
    title: str
    open: bool
    locked: bool
    labels: Sequence[Label]
    other_labels: Sequence[str]
    author: Person
    at: Moment
    edited: Edited | None
    html: Markup
    source: str
    body_digest: str
    reactions: Sequence[Reacted]
    comments: Sequence[CommentView]
    comments_in_all: int
    earlier: int
    organizer: str
    cast: Sequence[Person]
    speaker: str


def show_issue(
    issue: Issue, users: Iterable[User], *, speaker: str | None = None, everything: bool = False
) -> IssueView:
    """Show an issue as it is now; `speaker` is the login preselected in the comment box."""
    repository = issue.repository
    host = organizer(repository, users := list(users))
    visible = issue.visible_comments
    shown = visible if everything else visible[-SHOWN_COMMENTS:]
    cast = _cast(repository, host, users, speaker)
    source = issue.body or ""
    return IssueView(
        path=issue_path(issue),
        repository=repository.full_name,
        number=issue.number,
        title=issue.title,
        open=issue.state == "open",
        locked=issue.locked,
        labels=list(issue.labels),
        other_labels=[label.name for label in repository.labels.values() if label not in issue.labels],
        author=show_person(issue.user, repository),
        at=moment(issue.created_at),
        edited=_edited(issue.edits),
        html=render(source, repository.full_name),
        source=source,
        body_digest=hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        reactions=_reactions(issue.reactions),
        comments=[_comment(comment, host) for comment in shown],
        comments_in_all=len(visible),
        earlier=len(visible) - len(shown),
        organizer=host.login,
        cast=cast,
        speaker=speaker or next((who.login for who in cast if not who.badge), cast[0].login),
    )


def show_person(user: User, repository: Repository | None = None) -> Person:
    """Name an account; a deleted one is the ghost."""
    user = GHOST if user.deleted else user
    if user.type == "Bot":
        return Person(user.id, user.login, f"apps/{user.login.removesuffix('[bot]')}", "bot")
    badge = "organizer" if repository is not None and may_moderate(repository, user) else ""
    return Person(user.id, user.login, user.login, badge)


def organizer(repository: Repository, users: Iterable[User]) -> User:
    """Find the person who looks after the repository: its owner, or the first with write access to it."""
    if repository.owner.type == "User":
        return repository.owner
    people = (user for user in users if user.type == "User" and not user.deleted)
    return next((user for user in people if may_moderate(repository, user)), repository.owner)


def may_moderate(repository: Repository, user: User) -> bool:
    """Tell whether somebody has write access, which is what editing, hiding and deleting for others takes."""
    return user is repository.owner or repository.roles.get(user.id) in {"write", "maintain", "admin"}


def issue_path(issue: Issue) -> str:
    """Give the path of the issue's page."""
    return f"/{issue.repository.full_name}/issues/{issue.number}"


def moment(at: float) -> Moment:
    """Write a time for people and for machines."""
    time = datetime.fromtimestamp(int(at), UTC)
    return Moment(time.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{time.day} {time:%b %Y, %H:%M}", f"{time:%H:%M:%S}")


_EMOJI = dict(zip(REACTIONS, "👍👎😄😕❤🎉🚀👀", strict=True))
_NAMES = {"+1": "thumbs up", "-1": "thumbs down"}


def _comment(comment: Comment, host: User) -> CommentView:
    repository = comment.issue.repository
    author = show_person(comment.user, repository)
    writes = comment.user.type == "User" and not comment.user.deleted
    return CommentView(
        id=comment.id,
        path=f"{issue_path(comment.issue)}/comments/{comment.id}",
        author=author,
        at=moment(comment.created_at),
        edited=_edited(comment.edits),
        hidden=comment.minimized,
        html=render(comment.body, repository.full_name),
        source=comment.body,
        reactions=_reactions(comment.reactions),
        editors=list(dict.fromkeys([*([author.login] if writes else []), host.login])),
    )


def _edited(edits: Sequence[Edit]) -> Edited | None:
    if len(edits) < 2:
        return None
    return Edited(show_person(edits[-1].editor).login, moment(edits[-1].at))


def _reactions(reactions: Sequence[Reaction]) -> list[Reacted]:
    found: list[Reacted] = []
    for content in REACTIONS:
        given = [show_person(reaction.user).login for reaction in reactions if reaction.content == content]
        if given:
            found.append(Reacted(_EMOJI[content], _NAMES.get(content, content), len(given), ", ".join(given)))
    return found


def _cast(repository: Repository, host: User, users: Sequence[User], speaker: str | None) -> list[Person]:
    """Choose who is offered as a speaker: the first people to come, the organizer, and whoever speaks now."""
    people = [user for user in users if user.type == "User" and not user.deleted and user is not host]
    chosen = people[: CAST - 1]
    chosen += [user for user in people[CAST - 1 :] if user.login == speaker]
    return [show_person(user, repository) for user in [*chosen, host]]
