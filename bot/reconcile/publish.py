"""Publish a petition's tally: load what is known and shown, plan, apply the plan, and write the bodies."""

from __future__ import annotations

import structlog

from bot.reconcile.continuation_issues import continue_if_full
from bot.reconcile.errors_and_retries import postpone
from bot.reconcile.lost_edit_decision import EditDecision
from bot.reconcile.publish_load import Loaded, load
from bot.reconcile.publish_plan import BodyPlan, PublishContext, PublishPlan, block_content, make_plan
from bot.store import Due, Publication, State

log = structlog.get_logger("publish")


async def publish(due: Due, context: PublishContext) -> int:
    """Make the bodies of a petition's threads show what is known; return how many were written.

    Safe to call any number of times. A petition of which something else became known meanwhile stays due. Raises
    `bot.github.errors`.
    """
    loaded = await load(due, context)
    if loaded is None:
        return 0
    plan = _plan(loaded, due, context)
    if not await _apply(plan, due, context):
        return 0
    writes = await _write_bodies(plan, context)
    await _conclude(plan, loaded.known, due, context)
    return writes


def _plan(loaded: Loaded, due: Due, context: PublishContext) -> PublishPlan:
    now = context.now()
    content = block_content(
        loaded.known, label=context.label, addresses=context.addresses, now=now, by=context.counter
    )
    return make_plan(
        loaded.known,
        loaded.shown,
        loaded.ruling,
        content,
        counted_elsewhere=loaded.counted_elsewhere,
        label=context.label,
        attempts=due.attempts,
        ready_at=lambda issue_id: context.repair_limiter.ready_at(issue_id, now),
        now=now,
    )


async def _apply(plan: PublishPlan, due: Due, context: PublishContext) -> bool:
    """Record the plan, and the writes that are about to be sent; return False where it does not hold any more."""
    changes = [one.change for one in plan.bodies]
    return bool(context.lease) and await context.store.petitions.apply_publication(
        due.petition_id, plan.facts, plan.ruling, changes
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


async def _write_body(planned: BodyPlan, text: str, context: PublishContext) -> None:
    read = planned.shown.read
    await context.client.edit_body(read.repository.full_name, read.issue.number, text)
    if planned.shown.decision is EditDecision.PUT_BACK:
        await context.store.bodies.mark_restored(planned.shown.id, planned.change.known.lost_by)
        log.warning("restored an edit of the letter that our write had replaced", petition=planned.shown.name)
    if planned.repairs:
        context.repair_limiter.record_repair(planned.shown.id, planned.repairs, context.now())


async def _conclude(plan: PublishPlan, known: Publication, due: Due, context: PublishContext) -> None:
    """Continue in another issue where one is full, and record what the bodies show now, as long as we may."""
    if not context.lease:
        return
    _log_outcome(plan, known, context)
    reads = [one.shown.read for one in plan.bodies]
    continues_at = await continue_if_full(known, reads, context) if reads else None
    requeue = plan.requeue(continues_at, context.now())
    if requeue is None:
        await context.store.petitions.mark_published(due.petition_id, plan.revision, int(context.now()), plan.state)
    else:
        await postpone(due, requeue, context.store)


def _log_outcome(plan: PublishPlan, known: Publication, context: PublishContext) -> None:
    for one in plan.bodies:
        if one.shown.decision is EditDecision.GIVEN_UP:
            log.warning(
                "a lost edit of the letter was not restored, because there is a newer one",
                petition=one.shown.name,
                advice="The issue's edit history contains it.",
            )
    if plan.state is State.COUNTED_ELSEWHERE and known.petition.state is not plan.state:
        log.info(
            "another counter keeps the petition",
            petition=known.petition.petition_id,
            we_are=context.counter.value,
            advice=plan.state.advice,
        )
