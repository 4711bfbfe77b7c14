"""Load what a publication is planned from: what is known, what the issues show, and the rules that hold now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog
from msgspec import Struct
from msgspec.structs import replace

from bot.github.errors import GitHubError, Gone, Paused
from bot.petition import block
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import IssueFact, IssueGone
from bot.petition.machine_readable_lines import Counter
from bot.petition.organizer_commands import CommandResults
from bot.petition.settings import MOST_FIRST
from bot.reconcile.continuation_issues import restore_threads
from bot.reconcile.errors_and_retries import NameReused, ends_all, is_deleted, postpone, requeue_stale
from bot.reconcile.lost_edit_decision import EditDecision, guard_body
from bot.reconcile.publish_plan import PublishContext, ShownIssue, agrees
from bot.reconcile.resync import ThreadResync
from bot.reconcile.settings_and_commands import decide_rules
from bot.store import Due, Publication, Snapshot, Thread
from bot.time_types import EpochSeconds, WholeEpochSeconds

log = structlog.get_logger("publish")

NEWEST: Final = 100 + MOST_FIRST
"""How many signatories a block shows at most; settings may want fewer."""


class Loaded(Struct, frozen=True):
    """What a publication is planned from; `counted_elsewhere`: another counter keeps the petition."""

    known: Publication
    shown: tuple[ShownIssue, ...]
    ruling: CommandResults
    counted_elsewhere: bool


async def load(due: Due, context: PublishContext) -> Loaded | None:
    """Read what is known and what the issues show; what they show that no delivery has reported is recorded.

    Return None where the petition cannot be written now, or has turned out to have other issues; raises
    `bot.github.errors`.
    """
    read_known = partial(context.store.petitions.load_publication, due.petition_id, NEWEST)
    known = await read_known()
    shown = await _read_issues(known, due, context)
    if shown is None:
        return None
    if await _catch_up(known, shown, context):
        known = await read_known()
    counter = await _find_last_counter(shown, context)
    facts = unrecorded(known.petition, shown, context.label)
    await context.store.record(facts)
    if any(one.read.repository.archived for one in shown):
        return None
    if await _restore_threads(known.petition, shown, due, context, is_new=counter is not context.counter):
        return None
    if await _record_letter(known.petition, shown, context) or facts:
        known = await read_known()
    ruling, are_translations_read = await decide_rules(known, context)
    is_changed = changes_rules(ruling, known.petition, context.now())
    if is_changed:
        await context.store.commands.apply(due.petition_id, ruling)
    if is_changed or are_translations_read:
        known = await read_known()
    keeper = ruling.rules.settings.counter or counter
    return Loaded(known, shown, ruling, counted_elsewhere=keeper is not context.counter)


async def _read_issues(known: Publication, due: Due, context: PublishContext) -> tuple[ShownIssue, ...] | None:
    """Read the petition's issues; None where one is gone, or is shown as it was before a known edit."""
    found = [await _read_issue(thread, known, due, context) for thread in known.petition.threads]
    shown = tuple(one for one in found if one is not None)
    if len(shown) < len(found):
        return None
    stale = next((one for one in shown if one.decision is EditDecision.WAIT), None)
    if stale is not None:
        await postpone(due, requeue_stale(stale.name, due.attempts, context.now()), context.store)
        return None
    return shown


async def _read_issue(thread: Thread, known: Publication, due: Due, context: PublishContext) -> ShownIssue | None:
    """Read a thread's issue; what was deleted or has moved is recorded, and None is returned."""
    name = thread.repository.full_name
    gone = IssueGone(due.installation_id, thread.repository, thread.issue_id)
    try:
        read = await context.client.get_issue(name, thread.number)
    except Gone as error:
        if not is_deleted(error):
            raise
        await context.store.record([gone])
        return None
    if read.issue.id != thread.issue_id:
        if read.is_at(thread.repository, thread.number):
            # Nobody sent us elsewhere: this is another repository's issue.
            raise NameReused(f"{name} is another repository now")
        await context.store.record([replace(gone, moved_to=(read.repository, read.issue))])
        return None
    body = known.bodies[thread.issue_id]
    is_ours = body.left_digest in ("", body_digest(read.body or "")) or await context.store.bodies.has_written(
        thread.issue_id, read.body
    )
    decision = guard_body(body, known.writes.get(thread.issue_id, ()), read)
    return ShownIssue(thread, read, body, decision, is_ours)


async def _catch_up(known: Publication, shown: Sequence[ShownIssue], context: PublishContext) -> bool:
    """Read the newest comments before a new tally is written, so that it can be told which ones it covers.

    Return whether anything was read. Where calls are short, or GitHub fails, less can be told.
    """
    petition, lines = known.petition, [block.machine_line(one.read.body) for one in shown]
    is_told = all(line and line.digest == petition.digest for line in lines)
    is_covered = petition.coverage is not None and not petition.coverage.later
    if is_told or is_covered or not petition.labelled:
        return False
    for one in shown:
        thread = await context.store.threads.get(one.id)
        if thread is None or context.client.low_priority_spacing():
            continue
        try:
            await ThreadResync(thread, context.store, context.client, context.now()).catch_up()
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            log.info("the newest comments are not known yet", petition=one.name, error=str(error))
    return True


async def _find_last_counter(shown: Sequence[ShownIssue], context: PublishContext) -> Counter:
    """Return what wrote the block of a petition's first issue; ourselves where nothing has. Raises GitHub's errors.

    Whoever may edit the letter can write anything into its block. So what it says of another counter counts only
    where the newest edit by a bot is not ours.
    """
    first = _find_first(shown)
    line = None if first is None else block.machine_line(first.read.body)
    if first is None or line is None or line.by not in {*Counter} - {context.counter}:
        return context.counter
    repository, issue = first.read.repository.full_name, first.read.issue
    page = await context.client.list_revisions(repository, issue.number, issue.id)
    us = await context.client.get_login()
    newest = next((one for one in page.revisions if not one.by_person), None) if page else None
    return context.counter if newest is None or newest.is_by(us) else Counter(line.by)


async def _restore_threads(
    petition: Snapshot, shown: Sequence[ShownIssue], due: Due, context: PublishContext, *, is_new: bool
) -> bool:
    """Record unknown issues that the blocks name, where they may; return whether there were any.

    `is_new`: the block is not ours, and may name issues that we do not know.
    """
    first = _find_first(shown)
    # What a workflow keeps may be older than what its last run has opened, if that was stopped before it ended.
    may_be_old = is_new or due.published_revision == 0 or context.counter is Counter.WORKFLOW
    if first is None or not may_be_old:
        return False
    last = max(shown, key=lambda one: one.thread.position).read
    return await restore_threads(petition, first.read, last, context)


async def _record_letter(petition: Snapshot, shown: Sequence[ShownIssue], context: PublishContext) -> bool:
    letter = new_letter(petition, shown, context.now())
    if letter is not None:
        await context.store.letters.record(
            petition.petition_id, letter.issue_id, letter.body, letter.at, as_created=letter.as_created
        )
    return letter is not None


class SeenLetter(Struct, frozen=True):
    """The letter in a body, as it was last changed `at` a time; `as_created`, nothing was there before it."""

    issue_id: int
    body: str | None
    at: WholeEpochSeconds
    as_created: bool


def new_letter(petition: Snapshot, shown: Sequence[ShownIssue], now: EpochSeconds) -> SeenLetter | None:
    """Return the letter that the petition's first issue shows, if it is another one than is known of that time."""
    first = _find_first(shown)
    if first is None:
        return None
    if first.decision is EditDecision.PUT_BACK:
        # A lost letter stands from the moment when it is put back.
        seen = SeenLetter(first.id, first.body.lost, int(now), as_created=False)
    else:
        # If nothing has changed since the issue was opened, its body is the first one.
        at = first.read.issue.updated_at
        seen = SeenLetter(first.id, first.read.body, at, as_created=at == first.read.created_at)
    # Of two edits of one second it cannot be told which was the last.
    standing = [one for one in petition.letters if one.seen_at <= seen.at + 1]
    is_known = bool(standing) and standing[-1].digest == block.letter_digest(seen.body)
    return None if is_known or first.body.edited_at > seen.at else seen


def unrecorded(petition: Snapshot, shown: Sequence[ShownIssue], label: str) -> list[IssueFact]:
    """List what the issues show and is shown otherwise by what is known of them: a delivery may have been lost.

    How many comments they have is recorded with the plan: nothing that is shown depends on it.
    """
    return [
        one.fact(petition.installation_id)
        for one in shown
        if one.read.repository != one.thread.repository or not agrees(one, petition, label)
    ]


def changes_rules(ruling: CommandResults, petition: Snapshot, now: EpochSeconds) -> bool:
    """Return whether a ruling makes other rules than those in force, or signing has begun or ended under them."""
    ended_at = ruling.rules.ended_at(petition.closed_at, now)
    return ruling.rules != petition.rules or ended_at != petition.ended_at


def _find_first(shown: Sequence[ShownIssue]) -> ShownIssue | None:
    return next((one for one in shown if one.thread.position == 1), None)
