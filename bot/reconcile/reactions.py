"""The reactions on comments, which say whether a command took effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct

from bot.github.errors import Forbidden, Gone, NotFound, Paused, Unavailable, Unprocessable
from bot.github.installation_client import InstallationClient
from bot.store import AckDue, Lease, State, Store
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("reconcile")

REACTIONS_PAUSE: Final[Seconds] = 60.0
"""Time without reactions after GitHub failed to take one."""


class Reactions(Struct):
    """Add an installation's reactions one by one."""

    store: Store
    client: InstallationClient
    now: Callable[[], EpochSeconds]
    _paused_until: EpochSeconds = 0.0

    async def add_next(self) -> bool:
        """React to one comment, so that a tally that becomes due meanwhile goes first; return False for none.

        That reactions must wait, or fail, keeps no tally waiting.
        """
        if self._paused_until > self.now():
            return False
        acks = await self.store.acknowledgements.drop_late_and_list(self.client.id, limit=1)
        if not acks:
            return False
        try:
            await acknowledge(acks[0], store=self.store, client=self.client)
            self._paused_until = self.now() + self.client.low_priority_spacing()
        except Paused as pause:
            if pause.whole:
                raise
            self._paused_until = pause.until
        except Unavailable as error:
            log.warning("reactions are paused", installation=self.client.id, error=str(error))
            self._paused_until = self.now() + REACTIONS_PAUSE
        return True


async def acknowledge(due: AckDue, *, store: Store, client: InstallationClient) -> None:
    """Add, change or remove one reaction; it says whether a command took effect, and notifies nobody.

    Where GitHub refuses the reaction for good (locked, deleted, not available), it counts as settled: the tally is
    the truth, the reaction only a courtesy. Errors that pass are raised.
    """
    reaction_id: int | None = None
    try:
        if due.given is not None and due.reaction_id is not None and due.given != due.wanted:
            await client.delete_reaction(due.repository, due.comment_id, due.reaction_id)
        if due.wanted is not None:
            reaction_id = await client.create_reaction(due.repository, due.comment_id, due.wanted)
    except (Forbidden, Gone, NotFound, Unprocessable):
        reaction_id = None
    await store.acknowledgements.record_given(due.comment_id, due.wanted, reaction_id)


async def add_missing_reactions(
    store: Store, client: InstallationClient, repository_id: int, lease: Lease, limit: int
) -> int:
    """Add the newest reactions that are missing, as long as calls are left; return how many were added.

    The database may be new, so GitHub is asked which ones are there. Raises `bot.github.errors`.
    """
    petitions = await store.petitions.list_in_repository(repository_id)
    if any(one.state is State.NOT_ALLOWED for one in petitions):
        # A reaction that GitHub refuses counts as settled; these are given once the permission is there.
        return 0
    wanted = await store.acknowledgements.drop_late_and_list(client.id, limit)
    if not wanted:
        return 0
    known: dict[int, frozenset[str]] = {}
    for one in petitions:
        snapshot = await store.petitions.get_snapshot(one.id, 0)
        for thread in snapshot.threads:
            known |= await client.list_our_reactions(thread.repository.full_name, thread.number)
    added = 0
    for ack in wanted:
        if ack.given is None and ack.wanted in known.get(ack.comment_id, ()):
            await store.acknowledgements.record_given(ack.comment_id, ack.wanted, None)
        elif client.has_spare_calls() and lease:
            await acknowledge(ack, store=store, client=client)
            added += 1
    return added
