"""Read what a petition's letter said before the App saw it, from the edit history of its issue, a call at a time.

Deliveries and reads show how a letter changes while the App is installed. What was before, because the petition is
older than the installation or because the database was lost, is asked for once. Nearly all revisions of a busy
petition's body are our own, which change no letter: their texts are not read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import structlog
from msgspec import Struct, field

from bot.github.errors import GitHubError
from bot.github.installation import InstallationClient
from bot.github.models.graphql import MAX_TEXTS, Revision
from bot.reconcile.error_meaning import ends_all
from bot.reconcile.timing import retry_later
from bot.store import Store, ThreadToRead
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("letter_history")

MOST_PAGES: Final = 200
"""Of a hundred revisions each; what a body said before those is left unknown."""

MOST_READ: Final = 1_000
"""Revisions whose texts are read at most, those of people before those of other Apps, and of those the last."""


class DatedRevision(Struct, frozen=True):
    """A revision whose text is worth reading, and the times (UTC epoch seconds) at which it is known to stand."""

    id: str
    stands_at: tuple[int, ...]


def select_revisions(revisions: Iterable[Revision]) -> list[DatedRevision]:
    """Return the revisions to be read, oldest first; they come newest first.

    Of those of one second the last one counts. It is recorded a second later as well, where nothing comes in
    between that a delivery reports of the others.
    """
    kept = sorted(revisions, key=lambda one: not one.by_person)[:MOST_READ]
    by_second: dict[int, list[str]] = {}
    for one in sorted(kept, key=lambda one: one.at):
        by_second.setdefault(one.at, []).append(one.id)
    return [
        DatedRevision(ids[0], (at,) if len(ids) == 1 or at + 1 in by_second else (at, at + 1))
        for at, ids in by_second.items()
    ]


class LetterHistory(Struct):
    """Read what one petition's letter said before. It lives in memory: one that is cut off begins again.

    What fails is tried again after `retry_after`.
    """

    thread: ThreadToRead
    store: Store
    client: InstallationClient
    now: Callable[[], EpochSeconds]
    retry_after: Seconds
    _more: str | None = None
    _pages: int = 0
    _by_others: dict[str, Revision] = field(default_factory=dict)
    """Revisions that are not ours, newest first."""
    _to_read: deque[DatedRevision] | None = None

    async def step(self) -> bool:
        """Do the next bit, with one call; False when all is done. Raises what concerns the whole installation."""
        try:
            return await (self._list() if self._to_read is None else self._read(self._to_read))
        except GitHubError as error:
            if ends_all(error):
                raise
            until = retry_later(error, self.retry_after, self.now())
            log.info("postponed reading the letter's history", petition=self._name, error=str(error))
            await self.store.letters.postpone_history(self.thread.petition_id, int(until))
            return False

    async def _list(self) -> bool:
        thread = self.thread
        us = await self.client.get_login()
        page = await self.client.list_revisions(
            thread.repository.full_name, thread.number, thread.issue_id, after=self._more
        )
        if page is None:
            # It has moved, and what we know of it will.
            await self.store.letters.postpone_history(thread.petition_id, int(self.now() + self.retry_after))
            return False
        if page.unedited is not None:
            await self.store.letters.record_history(thread.petition_id, [page.unedited])
        # What is saved while we read moves the others down, and some are seen twice.
        self._by_others |= {one.id: one for one in page.revisions if not one.is_by(us)}
        self._more, self._pages = page.more, self._pages + 1
        if self._more is None or self._pages == MOST_PAGES:
            self._to_read = deque(select_revisions(self._by_others.values()))
            return await self._continue(self._to_read)
        return True

    async def _read(self, to_read: deque[DatedRevision]) -> bool:
        batch = list(islice(to_read, MAX_TEXTS))
        texts = await self.client.get_revision_texts([one.id for one in batch])
        bodies = [(at, texts[one.id]) for one in batch if one.id in texts for at in one.stands_at]
        await self.store.letters.record_history(self.thread.petition_id, bodies)
        for _ in batch:
            to_read.popleft()
        return await self._continue(to_read)

    async def _continue(self, to_read: deque[DatedRevision]) -> bool:
        if to_read:
            return True
        await self.store.letters.postpone_history(self.thread.petition_id)
        log.info(
            "the letter's history was read",
            petition=self._name,
            revisions=len(self._by_others),
            complete=self._more is None and len(self._by_others) <= MOST_READ,
        )
        return False

    @property
    def _name(self) -> str:
        return f"{self.thread.repository.full_name}#{self.thread.number}"
