"""Go on in another issue before GitHub takes no more comments on one; never in two.

Every step may be cut off. Before an issue is opened, that is noted, and it is looked for: what a call may have
opened whose answer nobody heard is found by the line in its body that only counts where the App itself wrote it.
"""

from __future__ import annotations

from typing import Final

import structlog

from bot.github.errors import GitHubError, Gone, NotFound, Unavailable
from bot.github.installation import InstallationClient
from bot.github.models.rest import IssueRead
from bot.petition import continuations
from bot.petition.block.body import machine_line
from bot.petition.facts import Continuation
from bot.petition.issue_names import split_name
from bot.reconcile.backoff import ends_all
from bot.reconcile.publish_context import PublishContext
from bot.store import Publication, Snapshot
from bot.units import EpochSeconds

log = structlog.get_logger("continue")

MOMENT: Final = 2.0
"""Seconds after which a call is tried again that failed because GitHub is unwell."""

LATER: Final = 3600.0
"""Seconds after which a call is tried again that GitHub has refused."""

SETTLED_AFTER: Final = 60
"""Seconds after which GitHub's lists show an issue that it was asked to open, if it opened it."""


async def find_again(tally: Snapshot, first: IssueRead, context: PublishContext) -> bool:
    """Take up the issues that the block of a petition's first issue names and our rows lack; tell if there are any.

    So it is after the database was lost. Raises `bot.github.errors`.
    """
    said = machine_line(first.body)
    known = {_name(tally, place) for place in range(len(tally.threads))}
    found, strangers = False, 0
    for name in said.threads if said is not None else ():
        if name.lower() in known:
            continue
        if strangers == continuations.UNRELATED_LIMIT:
            break
        read = await _named(name, tally, first, context)
        if read is None:
            strangers += 1
        else:
            found |= await _take_up(read, tally, context)
    return found


async def continue_if_full(
    known: Publication, pages: list[IssueRead], context: PublishContext
) -> EpochSeconds | None:
    """Open the next issue if the last one is full; give the time to try again where that was not possible now.

    One that may have been opened already is looked for also when no other is wanted any more: people may have
    signed there. Raises what concerns the whole installation.
    """
    tally, last = known.petition, pages[-1].issue
    over = last.locked or not tally.labelled or tally.shut_at is not None or tally.ended_at is not None
    wanted = not over and continuations.is_full(last.comments, tally.rules.settings.comments_per_thread)
    asked_at = known.continuing_at
    if not wanted and not asked_at:
        return None
    now = context.now()
    try:
        if await _find_opened(tally, pages, context):
            return None
        if now < asked_at + SETTLED_AFTER:
            return asked_at + SETTLED_AFTER
        if wanted:
            await _open(tally, pages, context)
        else:
            await context.store.petitions.mark_continuing(tally.petition_id, 0)
    except GitHubError as error:
        if ends_all(error):
            raise
        log.warning("the petition cannot go on in another issue yet", petition=_name(tally, 0), error=str(error))
        return now + (MOMENT if isinstance(error, Unavailable) else LATER)
    return None


async def _named(name: str, tally: Snapshot, first: IssueRead, context: PublishContext) -> IssueRead | None:
    """Read an issue that a block names; None where it is none that continues the petition."""
    try:
        read = await context.client.get_issue(*split_name(name))
    except (NotFound, Gone):
        return None
    is_ours = read.repository.owner == first.repository.owner
    return read if is_ours and await _continues(read, tally, first, context.client) else None


async def _find_opened(tally: Snapshot, pages: list[IssueRead], context: PublishContext) -> bool:
    """Look among the issues younger than the last thread for one that continues the petition."""
    last = pages[-1]
    for read in await context.client.list_issues_after(last.repository, last.issue.number):
        if await _continues(read, tally, pages[0], context.client) and await _take_up(read, tally, context):
            return True
    return False


async def _open(tally: Snapshot, pages: list[IssueRead], context: PublishContext) -> None:
    if not context.lease:
        return
    first = pages[0]
    position = tally.threads[-1].position + 1
    name = f"{first.repository.full_name}#{first.issue.number}"
    url = context.addresses.site.issue(first.repository, first.issue.number)
    body = continuations.continuation_body(first.issue.title, url, continuations.Continues(first.issue.id, name))
    await context.store.petitions.mark_continuing(tally.petition_id, int(context.now()))
    title = continuations.continuation_title(first.issue.title, position)
    read = await context.client.create_issue(pages[-1].repository, title, body)
    await _take_up(read, tally, context)


async def _take_up(read: IssueRead, tally: Snapshot, context: PublishContext) -> bool:
    """Make an issue the petition's next thread; tell whether it was none before."""
    known = await context.store.threads.get(read.issue.id)
    if known is not None and known.petition_id == tally.petition_id:
        return False
    await context.store.record(
        [Continuation(tally.installation_id, read.repository, read.issue, tally.petition_id)]
    )
    taken = await context.store.threads.get(read.issue.id)
    if taken is None or taken.petition_id != tally.petition_id:
        return False
    log.info("the petition goes on in another issue", petition=_name(tally, 0), issue=read.issue.number)
    return True


async def _continues(read: IssueRead, tally: Snapshot, first: IssueRead, client: InstallationClient) -> bool:
    """Return whether the App itself has written that an issue continues this petition."""
    said, author = continuations.read_continues(read.body), read.author
    if (
        said is None
        or author is None
        or author.type != "Bot"
        or author.login.lower() != (await client.get_login()).lower()
    ):
        return False
    return said.issue_id == tally.petition_id or await client.is_same_issue(said, first.issue.id)


def _name(tally: Snapshot, place: int) -> str:
    thread = tally.threads[place]
    return f"{thread.repository.full_name}#{thread.number}".lower()
