"""Continue a petition in another issue before GitHub takes no more comments on one; never in two.

Every step may be interrupted. That an issue is about to be opened is recorded first, and then it is searched for:
an issue that was opened although the answer got lost is found by the line in its body, which only counts where the
App itself wrote it. What a workflow opens is not searched for: see `IssueRead.is_by_workflow`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import structlog

from bot.github.errors import GitHubError, Gone, NotFound, Unavailable
from bot.github.installation_client import InstallationClient
from bot.github.models.rest import IssueRead
from bot.github.petition_and_rules_reader import continues, follow_threads, read_continuation
from bot.petition.facts_from_github import Continuation
from bot.petition.machine_readable_lines import Continues, Counter
from bot.petition.untrusted_text import inline
from bot.reconcile.errors_and_retries import ends_all
from bot.reconcile.publish_plan import PublishContext
from bot.store import Publication, Snapshot
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("continuation")

COMMENT_LIMIT = 2_500
"""Comments that GitHub takes on one issue."""

RETRY_AFTER_OUTAGE: Final[Seconds] = 2.0
"""Time after which a call is tried again that failed because GitHub is unwell."""

RETRY_AFTER_REFUSAL: Final[Seconds] = 3600.0
"""Time after which a call is tried again that GitHub has refused."""

SETTLED_AFTER: Final = 60
"""Seconds after which GitHub's lists show an issue that it was asked to open, if it did so."""


async def restore_threads(petition: Snapshot, first: IssueRead, last: IssueRead, context: PublishContext) -> bool:
    """Record unknown issues that the blocks of a petition name; return whether there were any.

    So it is after the database was lost, or when another counter kept the petition. `last` is the last of the known
    issues. Raises `bot.github.errors`.
    """

    async def read_next(name: str, last: IssueRead) -> IssueRead | None:
        read = await read_continuation(context.client, petition.petition_id, first, name, last)
        # A workflow does not know what the App is called that kept the petition before it.
        if read is None or read.is_by_workflow or context.counter is Counter.WORKFLOW:
            return read
        return read if await _is_ours(read, context.client) else None

    known = {_name(petition, place) for place in range(len(petition.threads))}
    found = False
    async for read in follow_threads(known, first, last, read_next):
        found |= await _record_thread(read, petition, context)
    return found


async def continue_if_full(
    known: Publication, pages: list[IssueRead], context: PublishContext
) -> EpochSeconds | None:
    """Open the next issue if the last one is full; return when to try again where that was not possible now.

    One that may have been opened already is searched for also when no other is wanted any more: people may have
    signed there. Raises what concerns the whole installation.
    """
    petition, last = known.petition, pages[-1].issue
    over = last.locked or not petition.labelled or petition.shut_at is not None or petition.ended_at is not None
    wanted = not over and is_full(last.comments, petition.rules.settings.comments_per_thread)
    asked_at = known.continuing_at
    if not wanted and not asked_at:
        return None
    now = context.now()
    try:
        if await _find_opened(known, pages, context):
            return None
        if now < asked_at + SETTLED_AFTER:
            return asked_at + SETTLED_AFTER
        if wanted:
            await _open(petition, pages, context)
        else:
            await context.store.petitions.mark_continuing(petition.petition_id, 0)
    except GitHubError as error:
        if ends_all(error):
            raise
        log.warning(
            "the petition cannot be continued in another issue yet", petition=_name(petition, 0), error=str(error)
        )
        return now + (RETRY_AFTER_OUTAGE if isinstance(error, Unavailable) else RETRY_AFTER_REFUSAL)
    return None


def is_full(comments: int, limit: int) -> bool:
    """Return whether an issue with so many comments is to be continued in another one."""
    return comments >= min(limit, COMMENT_LIMIT)


async def _find_opened(known: Publication, pages: list[IssueRead], context: PublishContext) -> bool:
    """Search the issues younger than the last thread for one that continues the petition.

    One that was asked for may stand where the last thread was before it was transferred.
    """
    petition, last = known.petition, pages[-1]
    younger = await context.client.list_issues_after(last.repository, last.issue.number)
    if known.continuing_at:
        for repository, number in await context.store.threads.list_former_places(last.issue.id):
            with suppress(NotFound, Gone):
                younger += await context.client.list_issues_after(repository, number)
    for read in younger:
        if not await continues(context.client, read, petition.petition_id, pages[0]):
            continue
        if read.is_by_workflow:
            log.warning(
                "a workflow opened an issue that looks like the next one; nobody who signs there is counted",
                petition=_name(petition, 0),
                issue=read.issue.number,
                advice="Close it.",
            )
        elif await _is_ours(read, context.client) and await _record_thread(read, petition, context):
            return True
    return False


async def _open(petition: Snapshot, pages: list[IssueRead], context: PublishContext) -> None:
    if not context.lease:
        return
    first = pages[0]
    position = petition.threads[-1].position + 1
    name = f"{first.repository.full_name}#{first.issue.number}"
    url = context.addresses.site.issue(first.repository, first.issue.number)
    body = continuation_body(first.issue.title, url, Continues(first.issue.id, name))
    await context.store.petitions.mark_continuing(petition.petition_id, int(context.now()))
    title = continuation_title(first.issue.title, position)
    read = await context.client.create_issue(pages[-1].repository, title, body)
    await _record_thread(read, petition, context)


def continuation_title(title: str, position: int) -> str:
    """Name the issue that is a petition's thread of this position (from 2)."""
    ending = f" ({position})"
    return title[: _TITLE_LIMIT - len(ending)] + ending


def continuation_body(title: str, url: str, continues: Continues) -> str:
    """Write what stands in a continuation before the block is put there."""
    return (
        f"{continues}\n"
        f"This issue continues [{inline(title)}]({url}), because GitHub takes only so many comments on one.\n\n"
        "Read the letter there; below stands where one signs now. Everything is counted together: who has signed"
        " before need not do so again."
    )


async def _record_thread(read: IssueRead, petition: Snapshot, context: PublishContext) -> bool:
    """Record an issue as the petition's next thread; return whether it was none before."""
    known = await context.store.threads.get(read.issue.id)
    if known is not None and known.petition_id == petition.petition_id:
        return False
    await context.store.record(
        [Continuation(petition.installation_id, read.repository, read.issue, petition.petition_id)]
    )
    taken = await context.store.threads.get(read.issue.id)
    if taken is None or taken.petition_id != petition.petition_id:
        return False
    log.info("the petition is continued in another issue", petition=_name(petition, 0), issue=read.issue.number)
    return True


async def _is_ours(read: IssueRead, client: InstallationClient) -> bool:
    """Return whether the App itself has written an issue; of a workflow that cannot be told."""
    author = read.author
    if author is None or author.type != "Bot" or read.is_by_workflow:
        return False
    return author.login.lower() == (await client.get_login()).lower()


def _name(petition: Snapshot, place: int) -> str:
    thread = petition.threads[place]
    return f"{thread.repository.full_name}#{thread.number}".lower()


_TITLE_LIMIT: Final = 256
