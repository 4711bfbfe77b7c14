"""What really happened under a petition, told plainly, and how GitHub would tell us of it.

The recount here is written from the rules of counting alone and knows nothing of versions, digests or merging.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import strategies as st

from bot.petition.comments.commands import Command, Sign, Unsign
from bot.petition.comments.comment import GHOST_ID, Author, Comment, Version, Writer, body_digest

TEXTS: dict[str, Command | None] = {
    "/sign": Sign(),
    "/sign Ada": Sign("Ada"),
    "/sign Ada L., Engines": Sign("Ada L.", "Engines"),
    "/sign unlisted": Sign(unlisted=True),
    "/unsign": Unsign(),
    "hello": None,
    "thanks": None,
}

ADA, GRACE, ALAN = Author(1, "ada"), Author(2, "grace"), Author(3, "alan")
ROBOT, GHOST = Author(4, "robot[bot]", "Bot"), Author(GHOST_ID, "ghost")

Kind = Literal["edit", "edit by other", "hide", "unhide", "pin", "delete"]
KINDS: list[Kind] = ["edit", "edit", "edit", "edit by other", "edit by other", "hide", "unhide", "pin"]


@dataclass(frozen=True)
class Event:
    at: int
    kind: Kind
    text: str = ""


@dataclass
class Post:
    """A comment and all that was done to it."""

    id: int
    author: Author | None
    created_at: int
    text: str
    events: list[Event] = field(default_factory=list)

    def states(self) -> Iterator[tuple[Event | None, str, str, bool]]:
        """Return each event with the text before it, the text after it, and whether it is hidden then."""
        text, hidden = self.text, False
        yield None, "", text, hidden
        for event in self.events:
            before = text
            if event.kind in ("edit", "edit by other"):
                text = event.text
            hidden = event.kind == "hide" or (hidden and event.kind != "unhide")
            yield event, before, text, hidden

    def deliveries(self, *, tells_hidden: bool = True) -> list[Comment]:
        """Return what the deliveries of all events tell, in the order in which it happened."""
        told = []
        for event, before, text, hidden in self.states():
            at = event.at if event else self.created_at
            writer, previous = Writer.UNKNOWN, None
            if event is None or event.kind == "edit":
                writer = Writer.AUTHOR
            elif event.kind == "edit by other":
                writer = Writer.OTHER
            if event is not None and writer is not Writer.UNKNOWN:
                previous = body_digest(before)
            shown = hidden if tells_hidden else None
            version = Version(at, body_digest(text), writer, TEXTS[text], previous, shown)
            told.append(self._observed(at, version, deleted=event is not None and event.kind == "delete"))
        return told

    def listed(self, seen: int) -> Comment:
        """Return what a listing tells that is made after everything happened."""
        *_, (event, _, text, hidden) = self.states()
        at = event.at if event else self.created_at
        writer = Writer.AUTHOR if at == self.created_at else Writer.UNKNOWN
        return self._observed(seen, Version(at, body_digest(text), writer, TEXTS[text], None, hidden, seen))

    def looked_up(self, seen: int) -> Comment:
        """Return what the history of edits tells, as GitHub's GraphQL shows it."""
        versions, previous = [], None
        for event, _, text, _ in self.states():
            if event is None or event.kind.startswith("edit"):
                writer = Writer.OTHER if event and event.kind == "edit by other" else Writer.AUTHOR
                at = event.at if event else self.created_at
                versions.append(Version(at, body_digest(text), writer, TEXTS[text], previous, seen=seen))
                previous = body_digest(text)
        *_, (event, _, text, hidden) = self.states()
        at = event.at if event else self.created_at
        look = Version(at, body_digest(text), Writer.UNKNOWN, TEXTS[text], None, hidden, seen)
        return self._observed(seen, *versions, look)

    def _observed(self, at: int, *versions: Version, deleted: bool = False) -> Comment:
        return Comment(self.id, self.created_at, self.author, at, () if deleted else versions, deleted)

    @property
    def deleted(self) -> bool:
        return any(event.kind == "delete" for event in self.events)

    @property
    def hidden(self) -> bool:
        *_, (*_, hidden) = self.states()
        return hidden

    def counted(self) -> tuple[Command | None, int]:
        """Return by the rules of counting what the comment says in the end, and since when."""
        own = command = TEXTS[self.text]
        since = self.created_at
        for event in self.events:
            if event.kind == "edit":
                own, was = TEXTS[event.text], command
                command = own
                since = since if type(was) is type(command) else event.at
            if event.kind == "edit by other":
                said = TEXTS[event.text]
                if isinstance(own, Sign):
                    # Nobody is listed against their will, whoever asked for that.
                    unlisted = isinstance(said, Sign) and (own.unlisted or said.unlisted)
                    command = Sign(unlisted=unlisted) if isinstance(said, Sign) else None
        return command, since

    @property
    def muddled(self) -> bool:
        """Return whether two people's edits of one second lead back to a text that stood before in it.

        Nothing but GitHub's own order of edits could tell then who was the last.
        """
        stood: dict[int, list[tuple[str, str]]] = {}
        for event, before, text, _ in self.states():
            at = event.at if event else self.created_at
            who = event.kind if event and event.kind == "edit by other" else "edit"
            if event is None or event.kind.startswith("edit"):
                stood.setdefault(at, [("", before)] if event else []).append((who, text))
        return any(
            len({text for _, text in texts}) < len(texts) and "edit by other" in {who for who, _ in texts}
            for texts in stood.values()
        )


def recount(posts: Iterable[Post], closed_at: int | None = None) -> dict[int, tuple[int, Sign, int]]:
    """Return by the rules of counting who has signed: user id to comment id, what it shows, and since when."""
    signed: dict[int, tuple[int, Sign, int]] = {}
    for post in sorted(posts, key=lambda post: (post.created_at, post.id)):
        author = post.author
        if author is None or author.type != "User" or author.login == "ghost" or post.deleted or post.hidden:
            continue
        command, since = post.counted()
        if isinstance(command, Sign) and (closed_at is None or since <= closed_at):
            signed[author.id] = (post.id, command, since)
        if isinstance(command, Unsign):
            signed.pop(author.id, None)
    return signed


@st.composite
def posts(
    draw: st.DrawFn,
    *,
    number: int = 1,
    authors: Sequence[Author | None] = (ADA,),
    own: Sequence[str] = tuple(TEXTS),
    quick: bool = True,
) -> Post:
    """Make up a comment and what was done to it; where it is `quick`, much happens within one second."""
    at, text = draw(st.integers(1000, 1004)), draw(st.sampled_from(own))
    post = Post(number, draw(st.sampled_from(authors)), at, text)
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.sampled_from([0, 0, 0, 1, 2] if quick else [1, 2, 5]))
        kind: Kind = draw(st.sampled_from(KINDS))
        if kind.startswith("edit"):
            texts = [other for other in (own if kind == "edit" else TEXTS) if other != text]
            text = draw(st.sampled_from(texts))
        post.events.append(Event(at, kind, text))
    if draw(st.integers(0, 9)) == 9:
        post.events.append(Event(at + 1, "delete"))
    return post


@st.composite
def some(draw: st.DrawFn, told: Sequence[Comment], *, least: int = 1) -> list[Comment]:
    """Pick some of what is told, in any order and any number of times."""
    picks = draw(st.lists(st.integers(0, len(told) - 1), min_size=least, max_size=12))
    return [told[pick] for pick in picks]
