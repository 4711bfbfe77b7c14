"""Plan a publication: what to record and write, from what GitHub shows, what is known, and the time. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from bot.github.installation_client import InstallationClient
from bot.github.models.rest import IssueRead
from bot.links import Addresses, Pages, Site
from bot.petition import block
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import IssueFact
from bot.petition.goals import milestones, next_goal
from bot.petition.letter_versions_and_translations import is_older
from bot.petition.machine_readable_lines import Counter
from bot.petition.organizer_commands import CommandResults
from bot.petition.settings import Settings
from bot.petition.tally import Signature
from bot.reconcile.body_write_and_repair_limiters import EDIT, WIPED, RepairLimiter
from bot.reconcile.errors_and_retries import Requeue
from bot.reconcile.lost_edit_decision import EditDecision
from bot.store import (
    KnownBody,
    Lease,
    PlannedBody,
    Publication,
    Snapshot,
    State,
    Store,
    Thread,
)
from bot.time_types import EpochSeconds, Seconds


class PublishContext(Struct, frozen=True):
    """What publishing needs; `lease` says whether this process still may write.

    What GitHub said of organizers longer than `recheck_after` seconds ago is asked again.
    """

    store: Store
    client: InstallationClient
    lease: Lease
    label: str
    now: Callable[[], EpochSeconds]
    recheck_after: Seconds
    addresses: Addresses = field(default_factory=Addresses)
    repair_limiter: RepairLimiter = field(default_factory=RepairLimiter)
    counter: Counter = Counter.APP
    """What we are."""


class ShownIssue(Struct, frozen=True):
    """A thread's issue as GitHub shows it, and what was known of its body before that was read.

    An edit that was reported since is not in what was read. `is_ours`: the body is one that we wrote at some time.
    """

    thread: Thread
    read: IssueRead
    body: KnownBody
    decision: EditDecision
    is_ours: bool = False

    @property
    def id(self) -> int:
        """Return the issue's id."""
        return self.thread.issue_id

    @property
    def name(self) -> str:
        """Return the name of the thread as it was known, `owner/repo#number`."""
        return f"{self.thread.repository.full_name}#{self.thread.number}"

    @property
    def digest(self) -> str:
        """Return the digest of its body."""
        return body_digest(self.read.body or "")

    @property
    def base(self) -> str | None:
        """Return the body that the block goes into."""
        return self.body.lost if self.decision is EditDecision.PUT_BACK else self.read.body

    def fact(self, installation_id: int) -> IssueFact:
        """Return what is to be recorded of it."""
        return IssueFact(installation_id, self.read.repository, self.read.issue, as_of=self.read.read_at)


def agrees(shown: ShownIssue, petition: Snapshot, label: str) -> bool:
    """Return whether what is known of an issue, beside its body, is what GitHub shows."""
    issue = shown.read.issue
    thread = next((each for each in petition.threads if each.issue_id == issue.id), None)
    if thread is None or (thread.locked, thread.title) != (issue.locked, issue.title):
        return False
    first = (label.lower() in issue.labels, issue.closed_at)
    return thread.position > 1 or first == (petition.labelled, petition.closed_at)


class BodyPlan(Struct, frozen=True):
    """What becomes of one issue's body, by the guard's decision and by how much of late somebody else changed it.

    `repairs` is the weight of a change by somebody else that is put right; 0 for none. A body that is changed again
    and again waits until `not_before`.
    """

    shown: ShownIssue
    change: PlannedBody
    repairs: float = 0.0
    not_before: EpochSeconds | None = None


class PublishPlan(Struct, frozen=True):
    """What a publication records and writes. Then the bodies show `revision`, and the petition is in `state`."""

    revision: int
    facts: tuple[IssueFact, ...]
    ruling: CommandResults
    bodies: tuple[BodyPlan, ...]
    state: State
    attempts: int
    is_agreed: bool
    """Whether what is known of the issues is what they show; a later look may show it."""

    def requeue(self, continues_at: EpochSeconds | None, now: EpochSeconds) -> Requeue | None:
        """Return when the petition is to be published again although nothing changes; None for not at all.

        `continues_at` is when opening another issue is to be tried again.
        """
        times = [one.not_before for one in self.bodies if one.not_before is not None]
        if times:
            return Requeue(
                min([*times, *([] if continues_at is None else [continues_at])]), State.OVERWRITTEN, self.attempts
            )
        if continues_at is not None:
            return Requeue(continues_at, self.state, self.attempts)
        if not self.is_agreed:
            # Deliveries have reported something else, and what was read is not newer.
            return Requeue(now + 2.0 ** min(self.attempts, 10), self.state, self.attempts + 1)
        return None


def make_plan(
    known: Publication,
    shown: Sequence[ShownIssue],
    ruling: CommandResults,
    content: block.BlockContent,
    *,
    label: str,
    attempts: int,
    ready_at: Callable[[int], EpochSeconds],
    now: EpochSeconds,
    counted_elsewhere: bool = False,
) -> PublishPlan:
    """Plan a publication. `ready_at` is from when on a body that somebody has changed may be put right.

    A petition has one counter: what is `counted_elsewhere` is recorded, and not written.
    """
    petition = known.petition
    agreed = [one for one in shown if agrees(one, petition, label)]
    plan = PublishPlan(
        revision=petition.revision,
        facts=tuple(one.fact(petition.installation_id) for one in agreed),
        ruling=ruling,
        bodies=(),
        state=State.COUNTED_ELSEWHERE,
        attempts=attempts,
        is_agreed=True,
    )
    if counted_elsewhere:
        return plan
    has_room = all(block.has_room(one.base, content) for one in shown)
    return replace(
        plan,
        bodies=tuple(_plan_body(one, petition, content, ready_at, now) for one in shown),
        state=State.FINE if has_room else State.NO_ROOM,
        is_agreed=len(agreed) == len(shown),
    )


def _plan_body(
    shown: ShownIssue,
    petition: Snapshot,
    content: block.BlockContent,
    ready_at: Callable[[int], EpochSeconds],
    now: EpochSeconds,
) -> BodyPlan:
    is_put_back = shown.decision is EditDecision.PUT_BACK
    settles_lost = shown.decision in (EditDecision.IS_BACK, EditDecision.GIVEN_UP)
    change = PlannedBody(shown.id, shown.body, shown.read.body, settles_lost=settles_lost)
    place = next((at for at, thread in enumerate(petition.threads, 1) if thread.issue_id == shown.id), 1)
    text = block.compose(shown.base, replace(content, position=place))
    if text is None and is_put_back:
        text = shown.base
    if text is None:
        return BodyPlan(shown, replace(change, is_right=True))
    if is_put_back or not is_changed_by_others(shown):
        return BodyPlan(shown, replace(change, text=text))
    if (not_before := ready_at(shown.id)) > now:
        return BodyPlan(shown, change, not_before=not_before)
    repairs = WIPED if block.machine_line(shown.read.body) is None else EDIT
    return BodyPlan(shown, replace(change, text=text), repairs)


def is_changed_by_others(shown: ShownIssue) -> bool:
    """Return whether somebody else has made a body what it is; GitHub may also still show an older one of ours."""
    if shown.body.left_digest in ("", shown.digest):
        return False
    return shown.digest == shown.body.edited_digest or not shown.is_ours


def block_content(
    known: Publication, *, label: str, addresses: Addresses, now: EpochSeconds, by: Counter = Counter.APP
) -> block.BlockContent:
    """Return what the block says of a petition."""
    petition = known.petition
    settings = petition.rules.settings
    pages = _pages(petition, addresses)
    names = tuple(f"{one.repository.full_name}#{one.number}" for one in petition.threads)
    first, newest, unlisted = _people(known)
    content = block.BlockContent(
        count=petition.count,
        digest=petition.digest,
        as_of=int(now),
        first=first,
        newest=newest,
        unlisted=unlisted,
        anonymised_at=petition.anonymised_at,
        goal=next_goal(settings.goals, petition.count),
        deadline=settings.deadline,
        language=settings.language,
        show=settings.show,
        response=petition.rules.response,
        remarks=petition.rules.remarks,
        removals=petition.rules.removals,
        helps=petition.rules.helps,
        labelled=petition.labelled,
        label=label,
        closed_at=petition.shut_at,
        coverage=petition.coverage,
        letter_changed=petition.letter_changed,
        site_url=addresses.site.url,
        threads=names if len(names) > 1 else (),
        final_count=petition.final_count,
        milestones=milestones(settings.goals, known.days) if settings.milestones else (),
        days=known.days if settings.chart else (),
        by=by,
    )
    content = replace(content, translations=_translation_links(petition, pages, addresses.site))
    return content if pages is None else _linked(content, pages, settings, addresses)


def _pages(petition: Snapshot, addresses: Addresses) -> Pages | None:
    """Return the petition's pages; None where there are none."""
    if not petition.threads:
        return None
    site_url = petition.rules.settings.site
    return addresses.pages(petition.repository, petition.threads[0].number, petition.page_key, site_url)


def _translation_links(petition: Snapshot, pages: Pages | None, site: Site) -> tuple[block.TranslationLink, ...]:
    """Return where translations can be read: on our pages, or else on GitHub."""
    return tuple(
        block.TranslationLink(
            one.language,
            site.file(petition.repository, one.path) if pages is None else pages.translation(one.language),
            is_older(one, petition.letters),
        )
        for one in petition.translations.offered
    )


def _linked(
    content: block.BlockContent, pages: Pages, settings: Settings, addresses: Addresses
) -> block.BlockContent:
    """Return a block's content with the links to the petition's pages."""
    is_public = settings.shows_roster
    lets_sign_in = addresses.lets_sign_in and addresses.public_url is not None
    return replace(
        content,
        versions_url=pages.of("/letter"),
        roster_url=pages.roster,
        search_url=f"{pages.roster}#roster" if is_public else None,
        csv_url=pages.of(".csv") if is_public else None,
        json_url=pages.of(".json"),
        organizers_url=pages.of("/organizers") if lets_sign_in else None,
        verify_url=f"{pages.roster}#recount",
    )


def _people(known: Publication) -> tuple[Sequence[Signature], Sequence[Signature], int]:
    """Return whom a block names first, who signed last of the others, and how many asked not to be listed."""
    petition, settings = known.petition, known.petition.rules.settings
    if petition.anonymised_at is not None or not settings.show:
        return (), (), 0
    # Their details may be left out of one of the two, but it is the same person.
    named = {one.user_id for one in known.first}
    newest = [one for one in petition.newest if one.user_id not in named][: settings.names]
    lists_people = settings.public_roster or settings.names or known.first
    return known.first, newest, petition.unlisted if lists_people else 0
