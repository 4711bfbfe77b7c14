"""Add the reactions that are missing after a run that counts once, without doubling any."""

from __future__ import annotations

from bot.github.installation import InstallationClient
from bot.reconcile.installation_worker import acknowledge, has_spare_calls
from bot.store import Lease, State, Store


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
        elif has_spare_calls(client) and lease:
            await acknowledge(ack, store=store, client=client)
            added += 1
    return added
