"""Publish one petition's tally: read the issue, splice the block, write only when something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.github.errors import Gone
from bot.github.models.rest import IssueRead
from bot.petition import block
from bot.petition.comments.comment import body_digest
from bot.petition.facts import IssueFact, IssueGone
from bot.petition.organizers.rules import milestones, next_goal
from bot.reconcile.backoff import NameReused, Stale, is_deleted
from bot.reconcile.continuation import continue_if_full, find_again
from bot.reconcile.damping import EDIT, WIPED
from bot.reconcile.publish_context import PublishContext
from bot.reconcile.rules import Bench, govern
from bot.store import Due, KnownBody, Snapshot, State, Thread, outside_digest

log = structlog.get_logger("publish")

NEWEST = 100
"""How many signatories a block shows at most; settings may want fewer."""


async def publish(due: Due, desk: PublishContext) -> int:
    """Make the bodies of a petition's threads say what our rows say; return how many were written.

    Safe to call any number of times. Raises `bot.github.errors`.
    """
    known = await desk.store.petitions.get_snapshot(due.petition_id, newest=0)
    pages = [await _open(thread, due, desk) for thread in known.threads]
    here = [page for page in pages if page is not None]
    if len(here) < len(pages):
        # A thread was deleted or has moved on; what is left of the petition is due again.
        return 0
    if not await _note(here, known, due, desk):
        return 0
    governed = due.revision
    if here:
        governed = await govern(due.petition_id, here[0].read.repository, Bench.of(desk))
    # The revision is read together with the tally and before the write: a signature that arrives while we write
    # raises it again and is published next.
    tally = await desk.store.petitions.get_snapshot(due.petition_id, newest=NEWEST)
    if here and not tally.threads:
        # The petition was deleted meanwhile, and is due again.
        return 0
    bodies = [await desk.store.bodies.get(page.thread.issue_id) for page in here]
    if any(page.is_outdated_by(body) for page, body in zip(here, bodies, strict=True)):
        # This revision tells of an edit that we had not heard of when we read; it is still due.
        return 0
    facts = _facts(tally, await _days(tally, desk), desk)
    written = await _write_all(list(zip(here, bodies, strict=True)), tally, facts, desk)
    if desk.lease:
        # An order that came meanwhile has raised the revision too, and is still to be carried out.
        shown = replace(tally, revision=min(tally.revision, governed))
        await _conclude(due, here, shown, facts, desk, written.goes_on_at)
    return written.number


@dataclass(frozen=True, slots=True)
class _Page:
    """A thread's issue as GitHub shows it; `found` is a lost body that goes in the place of the one read.

    `edited` is its last edit by somebody else, by what we had heard then.
    """

    thread: Thread
    read: IssueRead
    edited: tuple[int, str, int]
    found: KnownBody | None = None

    @property
    def base(self) -> str | None:
        """Return the body that the block goes into."""
        return self.read.body if self.found is None else self.found.lost

    def place_in(self, tally: Snapshot) -> int:
        """Return which of the petition's threads it is, from 0."""
        ids = [thread.issue_id for thread in tally.threads]
        return ids.index(self.thread.issue_id) if self.thread.issue_id in ids else 0

    def is_outdated_by(self, known: KnownBody) -> bool:
        """Return whether a delivery has told of an edit since."""
        lost = None if self.found is None else self.found.lost
        return (known.edited_at, known.edited_digest, known.edited_over, known.lost) != (*self.edited, lost)


@dataclass(frozen=True, slots=True)
class _Written:
    """How many bodies were written, and from when on the others may be, where people change them all the time."""

    number: int
    goes_on_at: float | None


async def _open(thread: Thread, due: Due, desk: PublishContext) -> _Page | None:
    """Read a thread's issue; None where it is not there any more, which is recorded."""
    name = thread.repository.full_name
    try:
        read = await desk.client.get_issue(name, thread.number)
    except Gone as error:
        if not is_deleted(error):
            raise
        await desk.store.record([IssueGone(due.installation_id, thread.repository, thread.issue_id)])
        return None
    if read.issue.id != thread.issue_id:
        if (read.repository.full_name.lower(), read.issue.number) == (name.lower(), thread.number):
            # Nobody sent us elsewhere: this is another repository's issue.
            raise NameReused(f"{name} is another repository now")
        moved = IssueGone(due.installation_id, thread.repository, thread.issue_id, (read.repository, read.issue))
        await desk.store.record([moved])
        return None
    body = await desk.store.bodies.get(thread.issue_id)
    if read.issue.updated_at < body.edited_at:
        # Our write would undo an edit that GitHub has told us of, but does not show yet.
        raise Stale(f"{name}#{thread.number} is shown as it was before its last edit")
    return _Page(
        thread, read, (body.edited_at, body.edited_digest, body.edited_over), await _lost(thread, read, body, desk)
    )


async def _lost(thread: Thread, read: IssueRead, body: KnownBody, desk: PublishContext) -> KnownBody | None:
    """Return the body that one of our writes replaced unread, if it is still to be put back."""
    if body.lost is None:
        return None
    is_back = outside_digest(read.body) == outside_digest(body.lost)
    if not is_back and await desk.store.bodies.is_untouched_since(thread.issue_id, read.body, body.lost_by):
        return body
    if not is_back:
        log.warning(
            "an edit of the letter was lost, and is out of date by now",
            petition=f"{thread.repository.full_name}#{thread.number}",
            advice="The issue's edit history has it.",
        )
    await desk.store.bodies.mark_restored(thread.issue_id, body.lost_by)
    return None


async def _note(pages: Sequence[_Page], known: Snapshot, due: Due, desk: PublishContext) -> bool:
    """Record what the issues themselves say, closed, label, lock and letter; tell whether they may be written.

    It may be news to us, when a delivery got lost.
    """
    store = desk.store
    reads = [page.read for page in pages]
    await store.record(
        [IssueFact(due.installation_id, read.repository, read.issue, as_of=read.read_at) for read in reads]
    )
    if any(read.repository.archived for read in reads):
        return False
    if pages and (first := pages[0]).thread.position == 1:
        if due.published_revision == 0 and await find_again(known, first.read, desk):
            return False
        # A lost letter stands from the moment when it is put back.
        stands_since = first.read.issue.updated_at if first.found is None else int(desk.now())
        as_created = first.read.is_as_created and first.found is None
        await store.letters.record(
            due.petition_id, first.thread.issue_id, first.base, stands_since, as_created=as_created
        )
    return True


async def _days(tally: Snapshot, desk: PublishContext) -> list[tuple[int, int]]:
    """Return how many signed on which day, where the block says something of it."""
    settings = tally.rules.settings
    is_shown = settings.chart or (settings.milestones and settings.goals)
    return await desk.store.rosters.get_days(tally.petition_id) if is_shown else []


async def _conclude(
    due: Due,
    pages: Sequence[_Page],
    tally: Snapshot,
    facts: block.BlockContent,
    desk: PublishContext,
    goes_on_at: float | None,
) -> None:
    """Go on in another issue where one is full, and note what the bodies show now."""
    store, now = desk.store, desk.now
    again = await continue_if_full(tally, [page.read for page in pages], desk) if pages else None
    has_room = all(block.has_room(page.base, facts) for page in pages)
    state = State.FINE if has_room else State.NO_ROOM
    if goes_on_at is not None:
        until = goes_on_at if again is None else min(again, goes_on_at)
        await store.petitions.postpone(due.petition_id, until, State.OVERWRITTEN, due.attempts)
    elif again is not None:
        await store.petitions.postpone(due.petition_id, again, state, due.attempts)
    elif all(_agrees(page, tally, desk.label) for page in pages):
        await store.petitions.mark_published(due.petition_id, tally.revision, int(now()), state)
    else:
        # Deliveries have told something else, and what we read is not newer. A later look will be.
        await store.petitions.postpone(
            due.petition_id, now() + 2.0 ** min(due.attempts, 10), state, due.attempts + 1
        )


async def _write_all(
    pages: Sequence[tuple[_Page, KnownBody]], tally: Snapshot, facts: block.BlockContent, desk: PublishContext
) -> _Written:
    """Write the bodies that say something else than our rows, as long as we may.

    One that people change again and again waits, longer each time.
    """
    writes, waits = 0, []
    for page, known in pages:
        body, issue_id = _body(page, replace(facts, position=1 + page.place_in(tally))), page.thread.issue_id
        if body is None:
            await desk.store.bodies.mark_right(issue_id, page.read.body)
        elif desk.lease:
            is_changed = await _is_changed(page, known, desk)
            if is_changed and (ready_at := desk.damper.ready_at(issue_id, desk.now())) > desk.now():
                waits.append(ready_at)
                continue
            await _write(page, body, desk)
            writes += 1
            if is_changed:
                has_block = block.machine_line(page.read.body) is not None
                desk.damper.spend(issue_id, EDIT if has_block else WIPED, desk.now())
    return _Written(writes, min(waits, default=None))


async def _is_changed(page: _Page, known: KnownBody, desk: PublishContext) -> bool:
    """Return whether somebody else has made a body what it is; GitHub may also still show an older one of ours."""
    digest = body_digest(page.read.body or "")
    if page.found is not None or known.left_digest in ("", digest):
        return False
    is_old = digest != known.edited_digest and await desk.store.bodies.has_written(
        page.thread.issue_id, page.read.body
    )
    return not is_old


def _body(page: _Page, facts: block.BlockContent) -> str | None:
    """Return the body to write; None where the one that is there will do."""
    body = block.compose(page.base, facts)
    if page.found is None or body is not None:
        return body
    return page.found.lost


def _agrees(page: _Page, tally: Snapshot, label: str) -> bool:
    """Return whether our rows say of an issue what GitHub shows."""
    issue = page.read.issue
    thread = next((each for each in tally.threads if each.issue_id == issue.id), None)
    if thread is None or (thread.locked, thread.title) != (issue.locked, issue.title):
        return False
    shown = (label.lower() in issue.labels, issue.closed_at)
    return thread.position > 1 or shown == (tally.labelled, tally.closed_at)


async def _write(page: _Page, body: str, desk: PublishContext) -> None:
    read, issue_id = page.read, page.thread.issue_id
    await desk.store.bodies.record_write(issue_id, read.body, body)
    await desk.client.edit_body(read.repository.full_name, read.issue.number, body)
    if page.found is not None:
        await desk.store.bodies.mark_restored(issue_id, page.found.lost_by)
        log.warning(
            "put back an edit of the letter that our write had undone",
            petition=f"{read.repository.full_name}#{read.issue.number}",
        )


def _facts(tally: Snapshot, days: Sequence[tuple[int, int]], desk: PublishContext) -> block.BlockContent:
    first, settings = (tally.threads[0] if tally.threads else None), tally.rules.settings
    pages = first and desk.addresses.pages(tally.repository, first.number, tally.page_key)
    names = tuple(f"{one.repository.full_name}#{one.number}" for one in tally.threads)
    is_public = settings.public_roster and bool(settings.show)
    return block.BlockContent(
        count=tally.count,
        digest=tally.digest,
        as_of=int(desk.now()),
        newest=tally.newest[: settings.names] if settings.show and tally.anonymised_at is None else (),
        anonymised_at=tally.anonymised_at,
        goal=next_goal(settings.goals, tally.count),
        deadline=settings.deadline,
        language=settings.language,
        show=settings.show,
        response=tally.rules.response,
        remarks=tally.rules.remarks,
        removals=tally.rules.removals,
        helps=tally.rules.helps,
        labelled=tally.labelled,
        label=desk.label,
        closed_at=tally.shut_at,
        letter_changed=tally.letter_changed,
        versions_url=pages.of("/letter") if pages else None,
        roster_url=pages.roster if pages else None,
        search_url=f"{pages.roster}#roster" if pages and is_public else None,
        csv_url=pages.of(".csv") if pages and is_public else None,
        json_url=pages.of(".json") if pages else None,
        verify_url=f"{pages.roster}#recount" if pages else None,
        site_url=desk.addresses.site.url,
        threads=names if len(names) > 1 else (),
        final_count=tally.final_count,
        milestones=milestones(settings.goals, days) if settings.milestones else (),
        days=days if settings.chart else (),
    )
