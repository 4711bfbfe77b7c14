"""Look at the accounts of a petition's signers, where its organizers asked for it."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from msgspec import Struct

from bot.github.errors import GitHubError
from bot.github.installation_client import InstallationClient
from bot.github.models.graphql import MAX_NODES
from bot.petition.tally import Signature
from bot.reconcile.errors_and_retries import ends_all, retry_later
from bot.store import Store
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("reconcile")


class AccountReview(Struct):
    """Look at the accounts of a petition's signers, where its organizers asked for it, a call at a time.

    What was found is stored; one that is cut off goes on where it was. What fails waits for `retry_after`.
    """

    petition_id: int
    store: Store
    client: InstallationClient
    now: Callable[[], EpochSeconds]
    retry_after: Seconds
    _last: Signature | None = None
    """The last signer who was looked at; the next ones signed before."""

    async def step(self) -> bool:
        """Do the next bit, with one call; False when all is done. Raises what concerns the whole installation."""
        accounts = self.store.signer_accounts
        batch = await accounts.list_unreviewed(self.petition_id, self._last, MAX_NODES, self.now())
        if not batch:
            await accounts.end_review(self.petition_id)
            return False
        try:
            found = await self.client.get_accounts_by_login([one.login for one in batch])
        except GitHubError as error:
            if ends_all(error):
                raise
            until = retry_later(error, self.retry_after, self.now())
            log.info("postponed the review of accounts", petition=self.petition_id, error=str(error))
            await accounts.postpone_review(self.petition_id, until)
            return False
        # A login that belongs to another account by now says nothing about the signer.
        known = [found[one.user_id] for one in batch if one.user_id in found]
        unknown = {one.user_id for one in batch} - found.keys()
        await accounts.record_reviewed(known, unknown, self.now())
        self._last = batch[-1]
        return True
