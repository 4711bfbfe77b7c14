"""Publish one petition's tally: read the issue, splice the block, write only when something changed."""

from __future__ import annotations

from collections.abc import Callable

from bot.github.client import InstallationClient
from bot.petition import block
from bot.petition.facts import IssueFact
from bot.store import Due, Snapshot, Store

NEWEST = 20
"""How many signatories the block shows at most."""


async def publish(due: Due, *, store: Store, client: InstallationClient, now: Callable[[], float]) -> int:
    """Make the bodies of a petition's threads say what our rows say; return how many were written.

    Safe to call any number of times.
    """
    known = await store.snapshot(due.petition_id, newest=0)
    reads = [await client.get_issue(thread.repository.full_name, thread.number) for thread in known.threads]
    # What the issues themselves say (closed, label, lock) may be news to us, when a delivery got lost.
    await store.record([IssueFact(due.installation_id, r.repository, r.issue, as_of=r.read_at) for r in reads])
    if reads:
        await store.note_letter(due.petition_id, block.letter_digest(reads[0].body), int(now()))
    # The revision is read together with the tally and before the write: a signature that arrives while we write
    # raises it again and is published next.
    tally = await store.snapshot(due.petition_id, newest=NEWEST)
    writes = 0
    for read in reads:
        body = block.compose(read.body, _facts(tally, as_of=int(now())))
        if body is not None:
            await client.edit_body(read.repository.full_name, read.issue.number, body)
            writes += 1
    await store.published(due.petition_id, tally.revision, int(now()))
    return writes


def _facts(tally: Snapshot, *, as_of: int) -> block.BlockFacts:
    return block.BlockFacts(
        count=tally.count,
        digest=tally.digest,
        as_of=as_of,
        newest=tally.newest,
        labelled=tally.labelled,
        closed_at=tally.closed_at,
        letter_changed=tally.letter_changed,
    )
