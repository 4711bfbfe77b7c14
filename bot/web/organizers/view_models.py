"""What only organizers see of their petition, as values for the template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.abuse_signals_text import report_group, report_signals
from bot.petition.counting.abuse_signals import Alike
from bot.petition.organizers.commands import write_removals
from bot.petition.organizers.rules_in_force import Removal, Rules
from bot.petition.organizers.settings import PATH, Detail
from bot.store import Attempts, AuditEntry, KnownSettings, PetitionDetails, State
from bot.units import EpochSeconds, WholeEpochSeconds
from bot.urls import Pages, Site
from bot.web.context import PagesContext
from bot.web.organizers.service import PetitionRecords, SignatureReview
from bot.web.pages.view_models import Timestamp, people_have

MAX_COMMANDS: Final = 200
"""Commands that are shown, the newest."""

MAX_ATTEMPTS: Final = 20
"""People who gave commands without being organizers, of whom the last are shown."""


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command and its result."""

    at: Timestamp
    login: str
    profile: str
    text: str
    result: str
    note: str
    comment: str | None
    """The address of the comment, if it is known."""


@dataclass(frozen=True, slots=True)
class AttemptsView:
    """Commands of somebody who is no organizer."""

    login: str
    profile: str
    text: str
    times: str
    first: Timestamp
    last: Timestamp
    comment: str | None
    """The address of the last comment, if it is known."""


@dataclass(frozen=True, slots=True)
class RemovedView:
    """Somebody whose signature was removed by a command."""

    login: str
    profile: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Accounts with similar logins, and the commands that would remove the signatures of all of them."""

    text: str
    people: Sequence[tuple[str, str]]
    """Logins and profiles."""
    commands: Sequence[str]
    more: int
    """How many others there are."""


@dataclass(frozen=True, slots=True)
class OrganizersView:
    """An organizers' page; `link` lets others see a private petition."""

    title: str
    repository: str
    repository_url: str
    pages: Pages
    headline: str
    remarks: Sequence[str]
    findings: Sequence[str]
    groups: Sequence[GroupView]
    reviewed_at: Timestamp
    counting: Sequence[tuple[str, str]]
    """Pairs of a rule's name and its value: what counts and what is shown."""
    removed: Sequence[RemovedView]
    commands: Sequence[CommandView]
    older: int
    """Commands that are not shown."""
    attempts: Sequence[AttemptsView]
    others: int
    """People with attempts that are not shown."""
    link: str | None


def view_organizers(
    details: PetitionDetails,
    pages: Pages,
    context: PagesContext,
    review: SignatureReview,
    records: PetitionRecords,
) -> OrganizersView:
    """Return everything that the page shows."""
    snapshot, site = details.snapshot, context.site
    first, *findings = _findings(details, review)
    return OrganizersView(
        title=snapshot.title,
        repository=snapshot.repository.full_name,
        repository_url=f"{site.url}/{snapshot.repository.full_name}",
        pages=pages,
        headline=first,
        remarks=[*_overwritten(snapshot.state), *_unreadable(records.settings), *snapshot.rules.remarks],
        findings=findings,
        groups=[] if snapshot.anonymised_at else [_group(one, site) for one in review.found.alike],
        reviewed_at=Timestamp.of(review.at),
        counting=[("Counted", _counted(details, review)), *_rules(details, context)],
        removed=[_removed(one, site) for one in snapshot.rules.removals],
        commands=[_command(one, pages, site) for one in reversed(records.audit[-MAX_COMMANDS:])],
        older=max(len(records.audit) - MAX_COMMANDS, 0),
        attempts=[_attempts(one, pages, site) for one in records.attempts[:MAX_ATTEMPTS]],
        others=max(len(records.attempts) - MAX_ATTEMPTS, 0),
        link=pages.roster if pages.key else None,
    )


def _findings(details: PetitionDetails, review: SignatureReview) -> Iterator[str]:
    erased_at = details.snapshot.anonymised_at
    if erased_at is None:
        yield from report_signals(review.found)
        if not review.is_complete:
            yield "Older signatures were not reviewed."
    else:
        yield f"The names were erased on {Timestamp.of(erased_at).text} UTC, as the settings ask."


def _group(alike: Alike, site: Site) -> GroupView:
    people = [(login, site.person(login)) for login in alike.logins]
    return GroupView(
        report_group(alike), people, list(write_removals(alike.logins)), alike.signatures - len(people)
    )


def _unreadable(settings: KnownSettings) -> Iterator[str]:
    if not settings.readable:
        yield f"{PATH} cannot be read: the App lacks the permission Contents: read-only. The last ones still apply."


def _overwritten(state: State) -> Iterator[str]:
    if state is State.OVERWRITTEN:
        yield state.advice


def _counted(details: PetitionDetails, review: SignatureReview) -> str:
    snapshot = details.snapshot
    doubtful = f"; {snapshot.doubtful:,} uncertain until GitHub says who wrote them" if snapshot.doubtful else ""
    signed = f"{people_have(snapshot.count)} signed" if snapshot.count else "nobody has signed"
    withdrawn = f"{people_have(review.withdrawn)} withdrawn" if review.withdrawn else "nobody has withdrawn"
    return f"{signed}, {withdrawn}{doubtful}"


def _rules(details: PetitionDetails, context: PagesContext) -> Iterator[tuple[str, str]]:
    rules, closed_at = details.snapshot.rules, details.snapshot.closed_at
    settings, end = rules.settings, rules.ends_at(closed_at)
    phrases = ", ".join(f"“{one}”" for one in settings.also_accept)
    yield "Signs", f"/sign, or a comment that is exactly {phrases}" if phrases else "/sign"
    days = f"{settings.minimum_account_age:,} days old or more when they sign"
    yield "Accounts", days if rules.asks_for_age else "of any age"
    yield "Goal", ", then ".join(f"{goal:,}" for goal in settings.goals) or "none"
    yield "Until", _until(end, context.now())
    yield "Shown", _shown(rules)


def _until(end: WholeEpochSeconds | None, now: EpochSeconds) -> str:
    if end is None:
        return "somebody closes it"
    return f"{Timestamp.of(end).text} UTC" + (", which is over" if end <= now else "")


def _shown(rules: Rules) -> str:
    details = [one.value for one in Detail if one in rules.settings.show]
    if not details:
        return "the count, and not who has signed"
    where = "on the page and in the issue" if rules.settings.public_roster else "the newest in the issue only"
    return f"{', '.join(details)}; {where}"


def _removed(one: Removal, site: Site) -> RemovedView:
    return RemovedView(one.login, site.person(one.login), one.reason)


def _command(entry: AuditEntry, pages: Pages, site: Site) -> CommandView:
    thread = entry.thread
    return CommandView(
        at=Timestamp.of(entry.noted_at),
        login=entry.login,
        profile=site.person(entry.login),
        text=f"/petition {entry.word} {entry.argument}".strip(),
        result=_RESULTS.get(entry.answer, entry.answer),
        note=entry.note,
        comment=None if thread is None else site.comment(pages.repository, thread, entry.comment_id),
    )


_RESULTS: Final = {"obeyed": "applied", "misunderstood": "not understood", "taken back": "withdrawn"}
"""The words for stored results."""


def _attempts(one: Attempts, pages: Pages, site: Site) -> AttemptsView:
    return AttemptsView(
        login=one.login,
        profile=site.person(one.login),
        text=f"/petition {one.word}".strip(),
        times="once" if one.times == 1 else f"{one.times:,} times",
        first=Timestamp.of(one.first_at),
        last=Timestamp.of(one.last_at),
        comment=None if one.thread is None else site.comment(pages.repository, one.thread, one.last_comment_id),
    )
