"""Make our rows agree with GitHub: read a thread's comments again."""

from __future__ import annotations

from bot.github.client import InstallationClient
from bot.petition.comment import Writer
from bot.store import Store, ThreadToRead


async def reread(thread: ThreadToRead, *, store: Store, client: InstallationClient) -> None:
    """Read all comments of a thread and record them; a listing that fails half-way changes nothing.

    Who wrote the text of an edited comment is asked for where no delivery has told. While GitHub does not answer
    that, the thread stays to be read, and such a comment does not sign.
    """
    listing = await client.list_comments(thread.repository.full_name, thread.number)
    edited = any(version.writer is Writer.UNSAID for comment in listing.comments for version in comment.versions)
    outcome = await store.record_listing(
        thread.issue_id,
        listing.started_at,
        listing.comments,
        complete=True,
        reread=_NOTHING if edited else thread.reread,
    )
    if edited:
        doubtful = [listing.node_ids[comment] for comment in outcome.doubtful if comment in listing.node_ids]
        histories = await client.comment_histories(doubtful)
        await store.record_listing(
            thread.issue_id, listing.started_at, histories, complete=False, reread=thread.reread
        )


_NOTHING = 0
"""The number of a request to read that was never made: the listing does not answer any yet."""
