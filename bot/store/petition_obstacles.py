"""Why a petition is not kept, or not quite: the states that it can be in, with what to do, and which were reported.

A state is derived from what is known of the petition, its repository and its installation; nothing has to be undone
when a cause goes away.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from bot.store.engine.database import Records, Transaction


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
    State.FINE: "The count is up to date. There is nothing to do.",
    State.ISSUE_DELETED: "The issue was deleted, so the bot erased its signatures. This cannot be undone.",
    State.UNINSTALLED: "The App was uninstalled from the account. Install it again to continue the petition.",
    State.SUSPENDED: "The installation is suspended. The account's owner can unsuspend it in the account's"
    " settings, under Applications.",
    State.CREDENTIALS_REFUSED: "GitHub does not accept the App's id and private key. Check GITHUB_APP_ID,"
    " GITHUB_PRIVATE_KEY and this computer's clock.",
    State.REPOSITORY_DELETED: "The repository was deleted. Restore it to continue the petition.",
    State.OUT_OF_REACH: "The App has no access to the repository any more: it was removed from the installation,"
    " or moved to an account without the App. Add it to the installation to continue the petition.",
    State.ARCHIVED: "The repository is archived, so it is read-only. Unarchive it to continue the petition.",
    State.ISSUES_DISABLED: "Issues are disabled in the repository. Enable them to continue the petition.",
    State.NOT_FOUND: "GitHub does not find the issue: it was converted to a discussion or moved to a repository"
    " without the App, or the App lost its access. The bot searches for it regularly.",
    State.NAME_REUSED: "The repository was renamed, and another one has its old name. The bot is finding out the"
    " new name.",
    State.NOT_ALLOWED: "The App cannot edit the issue. Give it the permission Issues: read and write. The"
    " account's owner must accept that, and add the repository to the installation.",
    State.BLOCKED: "GitHub has blocked the repository. Contact GitHub Support.",
    State.REFUSED: "GitHub refused the new text of the issue. The log has the reason. Please report it.",
    State.UNAVAILABLE: "GitHub cannot be reached or has an outage. The bot retries automatically.",
    State.NO_ROOM: "The letter leaves no room for the count. Shorten it by a few lines.",
    State.OVERWRITTEN: "Somebody repeatedly changes the count in the issue. The bot corrects it, after a longer"
    " wait each time, and counts everybody in the meantime. The issue's edit history shows who it is: talk to"
    " them, or remove their write access.",
    State.STUMBLED: "The bot has failed on this petition because of a bug; the log has the traceback. It retries"
    " later, and other petitions are not affected. Please report it.",
    State.NOT_GRANTED: "The account's owner has not accepted all permissions and events of the App. Without the"
    " events, the bot counts signatures only at the next resync.",
    State.SETTINGS_UNREADABLE: "The App cannot read .github/petition.yml. The last settings that it read, or the"
    " defaults, stay in force. Give it the permission Contents: read-only; the account's owner must accept that.",
    State.LOCKED: "The conversation is locked: only people with write access can comment, and the bot cannot add"
    " reactions.",
    State.UNLABELLED: "The label was removed from the issue. Add it again, and everything counts again.",
    State.COUNTED_ELSEWHERE: "Either the App or a workflow counts a petition; here the other one does. `counter`"
    " in .github/petition.yml decides, or else who wrote the last count. To change it, set `counter: app` or"
    " `counter: workflow` there. No signature is lost.",
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

    async def list_changed(self) -> list[Condition]:
        """List the petitions whose state is another one than was last reported."""
        sql = f"SELECT * FROM ({_CONDITION}) c WHERE state <> told ORDER BY id"
        return [_condition(*row) for row in await self._fetch(sql)]

    async def mark_reported(self, conditions: list[Condition]) -> list[Condition]:
        """Record that states are reported; return those that nobody else has reported."""
        sql = "UPDATE petitions SET told = $3 WHERE id = $1 AND told = $2"
        return [
            one for one in conditions if await self._execute(sql, one.petition_id, one.was.value, one.state.value)
        ]

    async def take_changed(self) -> list[Condition]:
        """List the petitions whose state has changed; each change is given out once, to one process."""
        return await self.mark_reported(await self.list_changed())


def read_conditions(transaction: Transaction) -> list[Condition]:
    """List the petitions that are not fine."""
    sql = f"SELECT * FROM ({_CONDITION}) c WHERE state <> '' ORDER BY id"
    return [_condition(*row) for row in transaction.fetch(sql)]


def _condition(
    petition_id: int, installation_id: int, owner: str, name: str, number: int, state: str, told: str, detail: str
) -> Condition:
    return Condition(petition_id, installation_id, f"{owner}/{name}#{number}", State(state), State(told), detail)
