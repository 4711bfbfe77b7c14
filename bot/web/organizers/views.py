"""What organizers see of their petition beside what everybody sees, as plain values for the template; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.abuse_report import report_group, report_signals
from bot.petition.counting.abuse_signals import AbuseSignals, Alike
from bot.petition.organizers.commands import write_removals
from bot.petition.organizers.rules import Removal, Rules
from bot.petition.organizers.settings import PATH, Detail
from bot.store import Attempts, AuditEntry, KnownSettings, PetitionDetails, State
from bot.urls import Pages, Site
from bot.web.context import PagesContext
from bot.web.pages.views import Moment, people

SHOWN: Final = 200
"""Entries of the log that are shown, the newest."""

TRIED: Final = 20
"""People who may give no orders and are shown all the same, those who tried last."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What may be worth a second look among the signatures, and how many have withdrawn."""

    found: AbuseSignals
    withdrawn: int
    at: int = 0
    """When that was, in UTC epoch seconds."""
    is_whole: bool = True
    """Whether all signatures were looked at, and not only the newest."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """What became of an order."""

    at: Moment
    login: str
    profile: str
    text: str
    answer: str
    note: str
    comment: str | None
    """Where it stands, as far as that is known."""


@dataclass(frozen=True, slots=True)
class AttemptsView:
    """What somebody tried who may give no orders."""

    login: str
    profile: str
    text: str
    times: str
    first: Moment
    last: Moment
    comment: str | None
    """Where the last one stands, as far as that is known."""


@dataclass(frozen=True, slots=True)
class WithheldView:
    """Somebody whose signature an order withholds."""

    login: str
    profile: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Accounts with logins alike, and the orders that would withhold the signatures of all of them."""

    text: str
    people: Sequence[tuple[str, str]]
    """Logins and profiles."""
    orders: Sequence[str]
    more: int
    """How many others there are."""


@dataclass(frozen=True, slots=True)
class DeskView:
    """An organizers' page; `link` opens the petition to others where it is private."""

    title: str
    repository: str
    repository_url: str
    pages: Pages
    headline: str
    remarks: Sequence[str]
    findings: Sequence[str]
    groups: Sequence[GroupView]
    looked_at: Moment
    counting: Sequence[tuple[str, str]]
    """What counts and what is shown: of what, and how it is."""
    withheld: Sequence[WithheldView]
    orders: Sequence[OrderView]
    older: int
    """Orders that are not shown."""
    attempts: Sequence[AttemptsView]
    others: int
    """People who tried and are not shown."""
    link: str | None


def view_desk(
    details: PetitionDetails,
    pages: Pages,
    house: PagesContext,
    *,
    look: SecondLook,
    audit: Sequence[AuditEntry],
    attempts: Sequence[Attempts] = (),
    settings: KnownSettings,
) -> DeskView:
    """Return everything that the page shows."""
    snapshot, site = details.snapshot, house.site
    first, *findings = _findings(details, look)
    return DeskView(
        title=snapshot.title,
        repository=snapshot.repository.full_name,
        repository_url=f"{site.url}/{snapshot.repository.full_name}",
        pages=pages,
        headline=first,
        remarks=[*_overwritten(snapshot.state), *_unreadable(settings), *snapshot.rules.remarks],
        findings=findings,
        groups=[] if snapshot.anonymised_at else [_group(one, site) for one in look.found.alike],
        looked_at=Moment.of(look.at),
        counting=[("Counted", _counted(details, look)), *_rules(details, house)],
        withheld=[_withheld(one, site) for one in snapshot.rules.removals],
        orders=[_order(one, pages, site) for one in reversed(audit[-SHOWN:])],
        older=max(len(audit) - SHOWN, 0),
        attempts=[_attempts(one, pages, site) for one in attempts[:TRIED]],
        others=max(len(attempts) - TRIED, 0),
        link=pages.roster if pages.key else None,
    )


def _findings(details: PetitionDetails, look: SecondLook) -> Iterator[str]:
    erased_at = details.snapshot.anonymised_at
    if erased_at is None:
        yield from report_signals(look.found)
        if not look.is_whole:
            yield "Older signatures were not looked at."
    else:
        yield f"Who has signed was erased on {Moment.of(erased_at).text} UTC, as the settings ask."


def _group(alike: Alike, site: Site) -> GroupView:
    people = [(login, site.person(login)) for login in alike.logins]
    return GroupView(
        report_group(alike), people, list(write_removals(alike.logins)), alike.signatures - len(people)
    )


def _unreadable(settings: KnownSettings) -> Iterator[str]:
    if not settings.readable:
        yield f"{PATH} cannot be read: the App lacks the permission Contents: read-only. The last settings hold."


def _overwritten(state: State) -> Iterator[str]:
    if state is State.OVERWRITTEN:
        yield state.advice


def _counted(details: PetitionDetails, look: SecondLook) -> str:
    snapshot = details.snapshot
    doubtful = f"; {snapshot.doubtful:,} in doubt until GitHub tells who wrote them" if snapshot.doubtful else ""
    signed = f"{people(snapshot.count)} signed" if snapshot.count else "nobody has signed"
    withdrawn = f"{people(look.withdrawn)} withdrawn" if look.withdrawn else "nobody has withdrawn"
    return f"{signed}, {withdrawn}{doubtful}"


def _rules(details: PetitionDetails, house: PagesContext) -> Iterator[tuple[str, str]]:
    rules, closed_at = details.snapshot.rules, details.snapshot.closed_at
    settings, end = rules.settings, rules.ends_at(closed_at)
    phrases = ", ".join(f"“{one}”" for one in settings.also_accept)
    yield "Signs", f"/sign, or a comment that says nothing but {phrases}" if phrases else "/sign"
    days = f"{settings.minimum_account_age:,} days old or more when they sign"
    yield "Accounts", days if rules.asks_for_age else "of any age"
    yield "Goal", ", then ".join(f"{goal:,}" for goal in settings.goals) or "none"
    yield "Until", _until(end, house.now())
    yield "Shown", _shown(rules)


def _until(end: int | None, now: float) -> str:
    if end is None:
        return "somebody closes it"
    return f"{Moment.of(end).text} UTC" + (", which is over" if end <= now else "")


def _shown(rules: Rules) -> str:
    details = [one.value for one in Detail if one in rules.settings.show]
    if not details:
        return "the count, and not who has signed"
    where = "on the page and in the issue" if rules.settings.public_roster else "the newest in the issue only"
    return f"{', '.join(details)}; {where}"


def _withheld(one: Removal, site: Site) -> WithheldView:
    return WithheldView(one.login, site.person(one.login), one.reason)


def _order(entry: AuditEntry, pages: Pages, site: Site) -> OrderView:
    thread = entry.thread
    return OrderView(
        at=Moment.of(entry.noted_at),
        login=entry.login,
        profile=site.person(entry.login),
        text=f"/petition {entry.word} {entry.argument}".strip(),
        answer=entry.answer,
        note=entry.note,
        comment=None if thread is None else site.comment(pages.repository, thread, entry.comment_id),
    )


def _attempts(one: Attempts, pages: Pages, site: Site) -> AttemptsView:
    return AttemptsView(
        login=one.login,
        profile=site.person(one.login),
        text=f"/petition {one.word}".strip(),
        times="once" if one.times == 1 else f"{one.times:,} times",
        first=Moment.of(one.first_at),
        last=Moment.of(one.last_at),
        comment=None if one.thread is None else site.comment(pages.repository, one.thread, one.last_comment_id),
    )
