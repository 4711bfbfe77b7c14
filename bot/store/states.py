"""The states that a petition can be in, what somebody can do about each, and which petitions are in one.

A state is derived from what is known of the petition, its repository and its installation; nothing has to be undone
when a cause goes away.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Transaction, statement


class State(StrEnum):
    """Why a petition is not kept, or not quite; FINE is the rest."""

    FINE = ""
    ISSUE_DELETED = "issue deleted"
    UNINSTALLED = "uninstalled"
    SUSPENDED = "suspended"
    CREDENTIALS_REFUSED = "credentials refused"
    REPOSITORY_DELETED = "repository deleted"
    OUT_OF_REACH = "out of reach"
    ARCHIVED = "archived"
    ISSUES_DISABLED = "issues disabled"
    NOT_FOUND = "not found"
    NAME_REUSED = "name reused"
    NOT_ALLOWED = "not allowed"
    BLOCKED = "blocked"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    NO_ROOM = "no room"
    OVERWRITTEN = "overwritten"
    STUMBLED = "stumbled"
    NOT_GRANTED = "not granted"
    SETTINGS_UNREADABLE = "settings unreadable"
    LOCKED = "locked"
    UNLABELLED = "unlabelled"
    COUNTED_ELSEWHERE = "counted elsewhere"

    @property
    def advice(self) -> str:
        """Format what it means and what to do."""
        return _ADVICE[self]

    @property
    def is_wanted(self) -> bool:
        """Return what somebody has chosen from what stands in the way."""
        return self in (State.FINE, State.LOCKED, State.UNLABELLED, State.COUNTED_ELSEWHERE)


_ADVICE: Final = {
    State.FINE: "The tally is kept. Nothing is to be done.",
    State.ISSUE_DELETED: "The issue was deleted, and its signatures were erased. This is for good.",
    State.UNINSTALLED: "The App was removed from the account. Install it again and the petition goes on.",
    State.SUSPENDED: "The installation is suspended. Its owner can lift that in the account's settings, under"
    " Applications; then the petition goes on.",
    State.CREDENTIALS_REFUSED: "GitHub does not accept the App's id and private key. Check GITHUB_APP_ID,"
    " GITHUB_PRIVATE_KEY and this computer's clock.",
    State.REPOSITORY_DELETED: "The repository was deleted. Restore it and the petition goes on.",
    State.OUT_OF_REACH: "The App may not see the repository any more: it was taken out of the installation, or"
    " moved to an account without the App. Add it to the installation and the petition goes on.",
    State.ARCHIVED: "The repository is archived, and so read-only. Unarchive it and the petition goes on.",
    State.ISSUES_DISABLED: "Issues are switched off in the repository. Switch them on and the petition goes on.",
    State.NOT_FOUND: "GitHub does not show the issue: it became a discussion, went to a repository without the App,"
    " or the App lost its access. The bot searches for it from time to time.",
    State.NAME_REUSED: "The repository was renamed and another one has its old name. Its new name is looked up.",
    State.NOT_ALLOWED: "The App may not edit the issue. Give it the permission Issues: read and write, and have the"
    " account's owner accept that and add the repository to the installation.",
    State.BLOCKED: "GitHub has blocked the repository. Only GitHub's support can say why.",
    State.REFUSED: "GitHub refused the new body. The log has its reason; please report it.",
    State.UNAVAILABLE: "GitHub is not reachable or not well. It is tried again by itself.",
    State.NO_ROOM: "The letter leaves no room for the tally. Shorten it by a few lines.",
    State.OVERWRITTEN: "Somebody changes the tally in the issue's body again and again. It is put right, later each"
    " time, and everybody is counted meanwhile. The issue's edit history shows who it is: talk to them, or take"
    " away their write access.",
    State.STUMBLED: "The bot made a mistake of its own over this petition; the log has where. It tries again"
    " later, and keeps the others meanwhile. Please report it.",
    State.NOT_GRANTED: "The account's owner has not accepted everything that the App asks for. Without the"
    " events, signatures are counted only when the comments are read again.",
    State.SETTINGS_UNREADABLE: "The App may not read .github/petition.yml; the settings that it read last, or the"
    " defaults, stay in force. Give it the permission Contents: read-only, and have the account's owner accept it.",
    State.LOCKED: "The conversation is locked: only people with write access can comment, and nobody gets a"
    " reaction.",
    State.UNLABELLED: "The label was taken off the issue. Put it back and everything counts again.",
    State.COUNTED_ELSEWHERE: "Another counter keeps this petition, and only one may write: the App or a workflow."
    " It is the one that `counter` in .github/petition.yml names, or else the one that wrote the block. To change"
    " it, write `counter: app` or `counter: workflow` there; nothing is lost.",
}

STATE_OF_PETITION: Final = f"""
    CASE
        WHEN p.gone THEN '{State.ISSUE_DELETED}'
        WHEN i.deleted THEN '{State.UNINSTALLED}'
        WHEN i.suspended THEN '{State.SUSPENDED}'
        WHEN r.deleted THEN '{State.REPOSITORY_DELETED}'
        WHEN NOT r.accessible THEN '{State.OUT_OF_REACH}'
        WHEN r.archived THEN '{State.ARCHIVED}'
        WHEN i.state <> '' THEN i.state
        WHEN p.state <> '' THEN p.state
        WHEN i.lacks <> '' THEN '{State.NOT_GRANTED}'
        WHEN EXISTS (SELECT 1 FROM settings s WHERE s.repository_id = r.id AND NOT s.readable)
            THEN '{State.SETTINGS_UNREADABLE}'
        WHEN NOT p.labelled THEN '{State.UNLABELLED}'
        WHEN EXISTS (SELECT 1 FROM threads t WHERE t.petition_id = p.id AND t.locked AND NOT t.gone)
            THEN '{State.LOCKED}'
        ELSE '{State.FINE}'
    END
"""
"""What is a petition's state, in SQL, where `p`, `r` and `i` are it, its repository and its installation."""

_CONDITION = f"""
    SELECT p.id, r.installation_id, r.owner, r.name, t.number, {STATE_OF_PETITION} AS state, p.told,
           CASE WHEN p.detail <> '' THEN p.detail ELSE i.lacks END
    FROM petitions p
    JOIN repositories r ON r.id = p.repository_id
    JOIN installations i ON i.id = r.installation_id
    JOIN threads t ON t.petition_id = p.id AND t.position = 1 AND t.moved_to IS NULL
"""


class Condition(Struct, frozen=True):
    """A petition's state; `was` is the one last reported, `detail` what GitHub said or what is lacking."""

    petition_id: int
    installation_id: int
    name: str
    state: State
    was: State
    detail: str


class States(Records):
    """Which petitions are not kept, and why."""

    _CHANGED: Final = statement(f"SELECT * FROM ({_CONDITION}) c WHERE state <> told ORDER BY id")

    async def list_changed(self) -> list[Condition]:
        """List the petitions whose state is another one than was last reported."""
        return [_condition(*row) for row in await self._fetch(self._CHANGED)]

    _MARK_REPORTED: Final = statement("UPDATE petitions SET told = $3 WHERE id = $1 AND told = $2")

    async def mark_reported(self, conditions: list[Condition]) -> list[Condition]:
        """Record that states are reported; return those that nobody else has reported."""
        return [
            one
            for one in conditions
            if await self._execute(self._MARK_REPORTED, one.petition_id, one.was.value, one.state.value)
        ]

    async def take_changed(self) -> list[Condition]:
        """List the petitions whose state has changed; each change is given out once, to one process."""
        changed = await self.list_changed()
        return await self.mark_reported(changed) if changed else []


_CONDITIONS: Final = statement(f"SELECT * FROM ({_CONDITION}) c WHERE state <> '' ORDER BY id")


def read_conditions(transaction: Transaction) -> list[Condition]:
    """List the petitions that are not fine."""
    return [_condition(*row) for row in transaction.fetch(_CONDITIONS)]


def _condition(
    petition_id: int, installation_id: int, owner: str, name: str, number: int, state: str, told: str, detail: str
) -> Condition:
    return Condition(petition_id, installation_id, f"{owner}/{name}#{number}", State(state), State(told), detail)
