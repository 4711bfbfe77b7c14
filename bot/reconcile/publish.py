"""Publish a petition's tally: load what is known, read the issues, plan, apply the plan, and write the bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from bot.github.errors import GitHubError, Gone, Paused
from bot.petition import block
from bot.petition.block import machine_line
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import IssueGone
from bot.petition.machine_readable_lines import Counter
from bot.petition.settings import MOST_FIRST
from bot.reconcile.continuation_issues import continue_if_full, restore_threads
from bot.reconcile.errors_and_retries import NameReused, Requeue, ends_all, is_deleted, requeue_stale
from bot.reconcile.lost_edits import EditDecision, guard_body
from bot.reconcile.publish_plan import (
    BodyPlan,
    PublishContext,
    PublishPlan,
    ShownIssue,
    block_content,
    changes_rules,
    make_plan,
    new_letter,
    unrecorded,
)
from bot.reconcile.resync import ThreadResync
from bot.reconcile.settings_and_commands import decide_rules
from bot.store import Due, Publication, State, Store, Thread

log = structlog.get_logger("publish")

NEWEST: Final = 100 + MOST_FIRST
"""How many signatories a block shows at most; settings may want fewer."""


async def publish(due: Due, context: PublishContext) -> int:
    """Make the bodies of a petition's threads show what is known; return how many were written.

    Safe to call any number of times. A petition of which something else became known meanwhile stays due. Raises
    `bot.github.errors`.
    """
    known = await context.store.petitions.load_publication(due.petition_id, NEWEST)
    found = [await _read_issue(thread, known, due, context) for thread in known.petition.threads]
    shown = [one for one in found if one is not None]
    if len(shown) < len(found):
        return 0
    if stale := [one.name for one in shown if one.decision is EditDecision.WAIT]:
        await postpone(due, requeue_stale(stale[0], due.attempts, context.now()), context.store)
        return 0
    if await _catch_up(known, shown, context):
        known = await context.store.petitions.load_publication(due.petition_id, NEWEST)
    counter = await _find_last_counter(shown, context)
    news = await _record_news(known, shown, due, context, is_new=counter is not context.counter)
    if news is None:
        return 0
    known, plan = await _plan(news, shown, due, context)
    if (plan.ruling.rules.settings.counter or counter) is not context.counter:
        await _leave_to_other(due, known, plan, context)
        return 0
    changes = [one.change for one in plan.bodies]
    if not context.lease or not await context.store.petitions.apply_publication(
        due.petition_id, plan.facts, plan.ruling, changes
    ):
        return 0
    writes = await _write_bodies(plan, context)
    if context.lease:
        await _conclude(due, known, plan, context)
    return writes


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
    petition, lines = known.petition, [machine_line(one.read.body) for one in shown]
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


async def _record_news(
    known: Publication, shown: Sequence[ShownIssue], due: Due, context: PublishContext, *, is_new: bool
) -> Publication | None:
    """Record what the issues show and no delivery has reported; return what is known then.

    None where the petition cannot be written, or has turned out to have more issues. `is_new`: the block is not
    ours, and may name issues that we do not know.
    """
    petition = known.petition
    facts, letter = unrecorded(petition, shown, context.label), new_letter(petition, shown, context.now())
    await context.store.record(facts)
    if any(one.read.repository.archived for one in shown):
        return None
    first = next((one.read for one in shown if one.thread.position == 1), None)
    # What a workflow keeps may be older than what its last run has opened, if that was stopped before it ended.
    may_be_old = is_new or due.published_revision == 0 or context.counter is Counter.WORKFLOW
    if first is not None and may_be_old:
        last = max(shown, key=lambda one: one.thread.position).read
        if await restore_threads(petition, first, last, context):
            return None
    if letter is not None:
        await context.store.letters.record(
            due.petition_id, letter.issue_id, letter.body, letter.at, as_created=letter.as_created
        )
    return await context.store.petitions.load_publication(due.petition_id, NEWEST) if facts or letter else known


async def _plan(
    known: Publication, shown: Sequence[ShownIssue], due: Due, context: PublishContext
) -> tuple[Publication, PublishPlan]:
    """Plan by the rules that settings and commands make now, which are recorded first where they are new."""
    ruling, are_translations_read = await decide_rules(known, context)
    is_changed = changes_rules(ruling, known.petition, context.now())
    if is_changed:
        await context.store.commands.apply(due.petition_id, ruling)
    if is_changed or are_translations_read:
        known = await context.store.petitions.load_publication(due.petition_id, NEWEST)
    now = context.now()
    return known, make_plan(
        known,
        shown,
        ruling,
        block_content(known, label=context.label, addresses=context.addresses, now=now, by=context.counter),
        label=context.label,
        attempts=due.attempts,
        ready_at=lambda issue_id: context.repair_limiter.ready_at(issue_id, now),
        now=now,
    )


async def _write_bodies(plan: PublishPlan, context: PublishContext) -> int:
    """Send the writes of a plan that was applied, as long as we may; return how many.

    The last issue but one goes first: what a workflow has opened behind it counts only where its block says so.
    """
    writes = 0
    for one in (*plan.bodies[-2:-1], *plan.bodies[:-2], *plan.bodies[-1:]):
        if one.change.text is not None and context.lease:
            await _write_body(one, one.change.text, context)
            writes += 1
    return writes


async def _leave_to_other(due: Due, known: Publication, plan: PublishPlan, context: PublishContext) -> None:
    """Record what GitHub shows, and write nothing: a petition has one counter, and it is another."""
    store = context.store
    if not context.lease or not await store.petitions.apply_publication(
        due.petition_id, plan.facts, plan.ruling, ()
    ):
        return
    await store.petitions.mark_published(
        due.petition_id, plan.revision, int(context.now()), State.COUNTED_ELSEWHERE
    )
    if known.petition.state is not State.COUNTED_ELSEWHERE:
        log.info(
            "another counter keeps the petition",
            petition=due.petition_id,
            we_are=context.counter.value,
            advice=State.COUNTED_ELSEWHERE.advice,
        )


async def _write_body(planned: BodyPlan, text: str, context: PublishContext) -> None:
    read = planned.shown.read
    await context.client.edit_body(read.repository.full_name, read.issue.number, text)
    if planned.shown.decision is EditDecision.PUT_BACK:
        await context.store.bodies.mark_restored(planned.shown.id, planned.change.known.lost_by)
        log.warning("restored an edit of the letter that our write had replaced", petition=planned.shown.name)
    if planned.repairs:
        context.repair_limiter.record_repair(planned.shown.id, planned.repairs, context.now())


async def _conclude(due: Due, known: Publication, plan: PublishPlan, context: PublishContext) -> None:
    """Continue in another issue where one is full, and record what the bodies show now."""
    for one in plan.bodies:
        if one.shown.decision is EditDecision.GIVEN_UP:
            log.warning(
                "a lost edit of the letter was not restored, because there is a newer one",
                petition=one.shown.name,
                advice="The issue's edit history contains it.",
            )
    reads = [one.shown.read for one in plan.bodies]
    continues_at = await continue_if_full(known, reads, context) if reads else None
    requeue = plan.requeue(continues_at, context.now())
    if requeue is None:
        await context.store.petitions.mark_published(due.petition_id, plan.revision, int(context.now()), plan.state)
    else:
        await postpone(due, requeue, context.store)


async def postpone(due: Due, requeue: Requeue, store: Store) -> None:
    """Publish a petition later."""
    await store.petitions.postpone(due.petition_id, requeue.after, requeue.state, requeue.attempts, requeue.detail)


async def _find_last_counter(shown: Sequence[ShownIssue], context: PublishContext) -> Counter:
    """Return what wrote the block of a petition's first issue; ourselves where nothing has. Raises GitHub's errors.

    Whoever may edit the letter can write anything into its block. So what it says of another counter counts only
    where the newest edit by a bot is not ours.
    """
    first = next((one for one in shown if one.thread.position == 1), None)
    line = None if first is None else block.machine_line(first.read.body)
    if first is None or line is None or line.by not in {*Counter} - {context.counter}:
        return context.counter
    repository, issue = first.read.repository.full_name, first.read.issue
    page = await context.client.list_revisions(repository, issue.number, issue.id)
    us = await context.client.get_login()
    newest = next((one for one in page.revisions if not one.by_person), None) if page else None
    return context.counter if newest is None or newest.is_by(us) else Counter(line.by)
