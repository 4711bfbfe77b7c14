"""Look at the accounts of all who have signed a petition, where its organizers asked for it, a call at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from msgspec import Struct

from bot.github.errors import GitHubError
from bot.github.installation import InstallationClient
from bot.github.models.graphql import MAX_NODES
from bot.reconcile.error_meaning import ends_all
from bot.reconcile.timing import retry_later
from bot.store import Signer, Store
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("account_review")

ACCOUNTS_PER_CALL: Final = MAX_NODES


class AccountReview(Struct):
    """Look at one petition's signers. What was found is stored; one that is cut off goes on where it was.

    What fails is tried again after `retry_after`.
    """

    petition_id: int
    store: Store
    client: InstallationClient
    now: Callable[[], EpochSeconds]
    retry_after: Seconds
    _last: Signer | None = None
    """The last signer who was looked at; the next ones signed before."""

    async def step(self) -> bool:
        """Do the next bit, with one call; False when all is done. Raises what concerns the whole installation."""
        reviews = self.store.account_reviews
        batch = await reviews.list_unknown(self.petition_id, self._last, ACCOUNTS_PER_CALL, self.now())
        if not batch:
            await reviews.end(self.petition_id)
            return False
        try:
            found = await self.client.get_accounts_by_login([one.login for one in batch])
        except GitHubError as error:
            if ends_all(error):
                raise
            until = retry_later(error, self.retry_after, self.now())
            log.info("postponed the review of accounts", petition=self.petition_id, error=str(error))
            await reviews.postpone(self.petition_id, until)
            return False
        # A login that belongs to another account by now says nothing about the signer.
        known = [found[one.user_id] for one in batch if one.user_id in found]
        unknown = {one.user_id for one in batch} - found.keys()
        await reviews.record(known, unknown, self.now())
        self._last = batch[-1]
        return True
