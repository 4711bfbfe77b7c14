"""Make our rows agree with GitHub: read a thread's comments again, all of them or what changed of late."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import structlog

from bot.github.errors import GitHubError, Paused
from bot.github.installation import InstallationClient
from bot.github.models.graphql import Revision
from bot.github.models.rest import CommentsRead
from bot.github.session import PAGE_SIZE
from bot.reconcile.backoff import ends_all, retry_at
from bot.reconcile.letter_history import MOST_PAGES
from bot.store import Clarification, LastBodies, ListingOutcome, Store, ThreadToRead

log = structlog.get_logger("resync")

COMPLETE_EVERY = 6 * 3600.0
"""Seconds after which a long thread is read completely, even where nothing seems to have changed."""

OVERLAP = 60
"""Seconds by which what changed of late is read twice: GitHub's clocks and ours differ."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading a thread came to; what is `doubtful` in the outcome does not sign until it can be checked."""

    listed: int
    outcome: ListingOutcome


async def reread(
    thread: ThreadToRead, *, store: Store, client: InstallationClient, now: float, asks_at_once: bool = False
) -> Reread:
    """Read all comments of a thread and record them; a listing that fails half-way changes nothing.

    Who wrote the text of an edited comment is asked for where no delivery has told. What GitHub does not tell, or
    what is still ambiguous, is asked for again later, unless `asks_at_once`; such a comment does not sign.
    """
    listing = await client.list_comments(
        thread.repository.full_name, thread.number, count=thread.comments, recall=store.comments.get_known_texts
    )
    # First of those we know: nobody who counts shall have to wait for it.
    await _ask_for_ages(thread, listing, store=store, client=client)
    # The request to read the thread is answered below, when the doubtful comments are noted.
    outcome = await store.record_listing(
        thread.issue_id, listing.started_at, listing.comments, complete=True, reread=_UNANSWERED
    )
    if outcome.repaired:
        name = f"{thread.repository.full_name}#{thread.number}"
        log.error("what was kept did not follow from the comments and was repaired", petition=name)
    await store.threads.mark_checked(thread.issue_id, now)
    await _ask_for_ages(thread, listing, store=store, client=client)
    await _hear_of_writes(thread, store=store, client=client, now=now)
    until = math.inf if asks_at_once else now
    return await _settle(thread, listing, outcome, store=store, client=client, now=now, until=until)


async def look(
    thread: ThreadToRead, said: tuple[int, int] | None, *, store: Store, client: InstallationClient, now: float
) -> None:
    """Look whether anything changed in a thread, with one call if nothing did.

    `said` is how many comments GitHub says there are, and when. A long thread is read only as far as it changed,
    unless comments are missing or the last complete listing was long ago.
    """
    short = max(thread.comments, said[0] if said else 0) <= PAGE_SIZE
    # What a release asks for can wait until there are calls in plenty.
    asked = thread.asked and not client.low_priority_spacing()
    if short or asked or thread.listed_at < now - COMPLETE_EVERY:
        await reread(thread, store=store, client=client, now=now)
        return
    name, since = thread.repository.full_name, thread.changes_since - OVERLAP
    listing = await client.list_comments(name, thread.number, since=since, recall=store.comments.get_known_texts)
    outcome = await store.record_listing(thread.issue_id, listing.started_at, listing.comments, complete=False)
    # The address stays the same while the answer fits a page, so that it can be remembered.
    since = listing.started_at if len(listing.comments) >= PAGE_SIZE else 0
    await store.threads.mark_checked(thread.issue_id, now, since)
    await _ask_for_ages(thread, listing, store=store, client=client)
    await _hear_of_writes(thread, store=store, client=client, now=now)
    if said is not None and thread.gap not in await _gaps(thread, said, store):
        await reread(thread, store=store, client=client, now=now)
        gaps = await _gaps(thread, said, store)
        await store.threads.record_gap(thread.issue_id, thread.gap if thread.gap in gaps else gaps[0])
    elif any(comment in listing.node_ids for comment in outcome.doubtful):
        await _settle(thread, listing, outcome, store=store, client=client, now=now, until=now)


_UNANSWERED = 0
"""The number of a request to read that was never made."""


async def _ask_for_ages(
    thread: ThreadToRead, listing: CommentsRead, *, store: Store, client: InstallationClient
) -> None:
    """Ask how old the accounts of those are who signed, where the organizers want to know; till then they wait."""
    nodes = [
        listing.node_ids[one]
        for one in await store.account_ages.list_comments_of_unknown(thread.issue_id)
        if one in listing.node_ids
    ]
    if nodes:
        accounts = await client.get_accounts(nodes)
        await store.account_ages.record(thread.issue_id, {one.id: one.born for one in accounts.values()})


async def _hear_of_writes(thread: ThreadToRead, *, store: Store, client: InstallationClient, now: float) -> None:
    """Find out whether our writes replaced somebody's edit of a body, where no delivery has told for sure."""
    before = int(now) - OVERLAP
    if not await store.bodies.count_unconfirmed_writes(thread.issue_id, before):
        return
    try:
        found = await _last_bodies(thread, client)
    except GitHubError as error:
        if ends_all(error):
            raise
        return
    if found is not None and await store.bodies.record_history(thread.issue_id, found, before):
        await store.petitions.request_publishing([thread.petition_id])


async def _last_bodies(thread: ThreadToRead, client: InstallationClient) -> LastBodies | None:
    """Read what a body says, if we wrote it, and what somebody else saved last; None where the issue has moved."""
    us, where = await client.get_login(), (thread.repository.full_name, thread.number, thread.issue_id)
    newest: list[Revision] = []
    more: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_revisions(*where, after=more)
        if page is None:
            return None
        newest = newest or [*page.revisions[:1]]
        theirs = [one for one in page.revisions if not one.is_by(us)][:1]
        if theirs:
            texts = await client.get_revision_texts([one.id for one in newest + theirs])
            return LastBodies(None if newest == theirs else texts.get(newest[0].id), texts.get(theirs[0].id))
        more = page.more
        if more is None:
            break
    return LastBodies()


async def _gaps(thread: ThreadToRead, said: tuple[int, int], store: Store) -> range:
    """Return how many more comments there may be, as GitHub says, than we hold: those of accounts that it hides.

    Comments of the very second in which GitHub said so may be among its number or not.
    """
    count, at = said
    before, with_it = [await store.comments.count_present(thread.issue_id, at + second) for second in (0, 1)]
    return range(count - with_it, count - before + 1)


async def _settle(
    thread: ThreadToRead,
    listing: CommentsRead,
    outcome: ListingOutcome,
    *,
    store: Store,
    client: InstallationClient,
    now: float,
    until: float,
) -> Reread:
    """End the reading of a thread, and ask who wrote what is in doubt; what stays in doubt waits alone."""
    nodes = {one: listing.node_ids[one] for one in outcome.doubtful if one in listing.node_ids}
    await store.comments.request_clarification(nodes, now)
    await store.threads.mark_read(thread)
    told = await ask_who_wrote(thread, store=store, client=client, now=now, until=until) if nodes else None
    if told is not None:
        outcome = replace(outcome, count=told.count, doubtful=told.doubtful)
    return Reread(len(listing.comments), outcome)


async def ask_who_wrote(
    thread: ThreadToRead, *, store: Store, client: InstallationClient, now: float, until: float | None = None
) -> ListingOutcome | None:
    """Read the histories of those doubtful comments of a thread whose turn it is; None where GitHub did not tell.

    It is the turn of those that wait until now at most, or `until` a later time. What stays in doubt is asked for
    again later, each comment by itself. Raises what concerns the whole installation.
    """
    doubts = await store.comments.list_doubtful(thread.issue_id, now if until is None else until)
    if not doubts:
        return None
    told, failure, paused_until = None, None, 0.0
    known = await store.comments.get_known_texts([one.comment_id for one in doubts])
    try:
        histories = await client.get_comment_histories([one.node_id for one in doubts], known)
        told = await store.record_listing(thread.issue_id, int(now), histories, complete=False)
    except GitHubError as error:
        if ends_all(error):
            raise
        # Not the error itself: with its traceback it would hold this frame, and the frame all that was read.
        failure, paused_until = str(error), error.until if isinstance(error, Paused) else 0.0
        waits = [retry_at(error, one.asked, now) for one in doubts]
    else:
        waits = [retry_at(None, one.asked, now) for one in doubts]
    left = {one.comment_id for one in doubts} if told is None else set(told.doubtful)
    await store.comments.record_clarifications(
        [
            Clarification(one, one.comment_id not in left, max(wait, paused_until))
            for one, wait in zip(doubts, waits, strict=True)
        ]
    )
    if still := [one.comment_id for one in doubts if one.comment_id in left]:
        log.info(
            "comments do not sign until it is known who wrote them",
            petition=f"{thread.repository.full_name}#{thread.number}",
            comments=len(still),
            error=failure,
        )
    return told
