"""Everything the sandbox's GitHub knows, and what people and the App can do there.

    state = State(now=time.time)
    letters = state.repository("lovelace/letters")
    state.install(letters.owner)
    petition = state.open_issue(letters, letters.owner, "A letter", "Dear all,", labels=["petition"])
    signed = state.comment(petition, state.user("ada"), "/sign Ada Lovelace")
    state.edit_comment(signed, state.user("ada"), "/unsign")

Every method does what the person or the bot named as actor does, returns what it changed, and tells the App's
webhook. What GitHub would refuse raises `Refused` with GitHub's status and words. The layers are `ground` (clock,
ids, telling), `accounts`, `repositories`, `issues` and `comments`.
"""

from __future__ import annotations

from sandbox.comments import Comments
from sandbox.ground import Event, Rules
from sandbox.nouns import (
    REACTIONS,
    App,
    Comment,
    Installation,
    Issue,
    Label,
    Reaction,
    Refused,
    Repository,
    User,
)

__all__ = [
    "REACTIONS",
    "App",
    "Comment",
    "Event",
    "Installation",
    "Issue",
    "Label",
    "Reaction",
    "Refused",
    "Repository",
    "Rules",
    "State",
    "User",
]


class State(Comments):
    """The sandbox's GitHub."""
