"""What the pages show of a petition: the store's answers as values for the templates."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cachetools import LRUCache, cached
from markupsafe import Markup

from bot.export import letter_html
from bot.export.chart import chart, day_name, growth_of, sparkline
from bot.petition.block.sections import example_of
from bot.petition.letter_versions import Change, Letter, Passage, differences, given_to
from bot.petition.organizers.rules_in_force import milestones, next_goal
from bot.petition.text import links_apart
from bot.store import Cursor, Entry, PetitionDetails, PetitionSummary, RosterQuery, Snapshot, SortOrder
from bot.units import EpochSeconds, WholeEpochSeconds
from bot.urls import Pages, Site, pages_of
from bot.web.context import PagesContext, format_cursor
from bot.web.rendering import call_macro

COMPARED: Final = 4 * 1024 * 1024
"""Characters of letters whose differences to the versions before are cached."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A time in UTC, formatted for machines and for people."""

    iso: str
    text: str

    @classmethod
    def of(cls, at: WholeEpochSeconds) -> Timestamp:
        """Format a time."""
        day = datetime.fromtimestamp(at, UTC)
        return cls(f"{day:%Y-%m-%dT%H:%M:%SZ}", f"{day.day} {day:%b} {day.year}, {day:%H:%M}")


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another part of the roster; `is_current` where that is the one shown."""

    text: str
    url: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class EntryView:
    """A line of the roster."""

    comment_id: int
    login: str
    profile: str
    name: str | None
    affiliation: str | None
    reason: str | None
    at: Timestamp
    comment: str
    earlier: Link | None = None
    """The letter's version that was signed, where that is not the present one."""


@dataclass(frozen=True, slots=True)
class SummaryView:
    """A petition on the front page."""

    title: str
    url: str
    repository: str
    headline: str
    progress: str
    closed: bool
    latest: Timestamp | None
    sparkline: Markup


@dataclass(frozen=True, slots=True)
class RosterView:
    """The part of the roster that is shown, and links to its other parts."""

    entries: Sequence[EntryView]
    exact: Sequence[EntryView]
    searched: str
    order: SortOrder
    orders: Sequence[Link]
    before: str | None
    after: str | None
    whole: str
    public: bool
    """Whether names are shown at all."""
    first: bool
    """Whether this is the newest part of the whole roster, to which new signatures are added."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the letter, and how it differs from the one before."""

    number: int
    digest: str
    at: Timestamp
    people: str
    passages: Sequence[Passage] | None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """The official response; `parts` are texts and the addresses that they link to, if any."""

    parts: Sequence[tuple[str, str]]
    login: str
    profile: str
    at: Timestamp


@dataclass(frozen=True, slots=True)
class PetitionView:
    """A petition's page."""

    title: str
    repository: str
    repository_url: str
    number: int
    issue: str
    sign: str
    example: str
    """A command that signs with a name, where names are shown."""
    count: int
    headline: str
    goal: int | None
    progress: str
    closed: Timestamp | None
    paused: bool
    deadline: Timestamp | None
    milestones: Sequence[tuple[str, str]]
    """Goals that were reached, and on which days."""
    response: ResponseView | None
    letter_changed: str
    letter: Markup | None
    versions: str | None
    """The address of the letter's versions, if there is more than one."""
    chart: Markup
    chart_words: str
    roster: RosterView
    pages: Pages
    private: bool
    live: str
    revision: int


def view_petition(
    details: PetitionDetails, pages: Pages, query: RosterQuery, context: PagesContext
) -> PetitionView:
    """Return everything that a petition's page shows."""
    snapshot = details.snapshot
    growth = growth_of(details, context.today)
    issue = context.site.issue(pages.repository, pages.number)
    settings = snapshot.rules.settings
    goal = next_goal(settings.goals, snapshot.count)
    end = snapshot.rules.ends_at(snapshot.closed_at)
    ended = end if end is not None and (end < context.now() or end == snapshot.shut_at) else None
    return PetitionView(
        title=snapshot.title,
        repository=snapshot.repository.full_name,
        repository_url=f"{context.site.url}/{snapshot.repository.full_name}",
        number=pages.number,
        issue=issue,
        sign=_comment_box(snapshot, pages, context.site),
        example=example_of(settings.show),
        count=snapshot.count,
        headline=headline(snapshot.count, open_=ended is None and snapshot.labelled),
        goal=goal,
        progress=progress(snapshot.count, goal),
        closed=None if ended is None else Timestamp.of(ended),
        deadline=None if settings.deadline is None or ended is not None else Timestamp.of(settings.deadline),
        milestones=_milestones(details, goal),
        response=_response(snapshot, context.site),
        paused=not snapshot.labelled,
        letter_changed=_letter_changed(snapshot.letter_changed),
        letter=_letter(details.letters),
        versions=pages.of("/letter") if len(details.letters) > 1 else None,
        chart=Markup(chart(growth, snapshot.title, standalone=False)),  # noqa: S704 - it escapes what it is given
        chart_words=growth.in_words(),
        roster=_roster(details, pages, query, context.site),
        pages=pages,
        private=snapshot.private,
        live=pages.of("/events", since=str(snapshot.revision)),
        revision=snapshot.revision,
    )


def view_versions(letters: Sequence[Letter]) -> list[VersionView]:
    """Return the letter's versions and their differences, the newest first; the oldest is shown as it is."""
    shown: list[VersionView] = []
    before: str | None = None
    for number, one in enumerate(letters, 1):
        passages: Sequence[Passage] | None = None
        if one.text is not None:
            passages = (Passage(Change.SAME, one.text),) if before is None else _differences(before, one.text)
        shown.append(VersionView(number, one.digest, Timestamp.of(one.seen_at), _people_then(one.count), passages))
        before = one.text or before
    return shown[::-1]


def _length(passages: Sequence[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)


# Comparing takes a while, and anybody can ask for it again and again.
@cached(LRUCache[object, Sequence[Passage]](COMPARED, getsizeof=_length), lock=threading.Lock())
def _differences(before: str, after: str) -> Sequence[Passage]:
    return differences(before, after)


def view_summaries(listed: Iterable[PetitionSummary], base: str, now: EpochSeconds) -> list[SummaryView]:
    """Return what the front page shows of each petition."""
    today = int(now) // 86_400
    return [
        SummaryView(
            title=one.title,
            url=Pages(base, one.repository, one.number).roster,
            repository=one.repository.full_name,
            headline=headline(one.count, open_=one.closed_at is None or one.closed_at > now),
            progress=progress(one.count, one.goal),
            closed=one.closed_at is not None and one.closed_at <= now,
            latest=None if one.latest is None else Timestamp.of(one.latest),
            sparkline=Markup(sparkline(one.days, today)),  # noqa: S704 - it is made of numbers
        )
        for one in listed
    ]


def view_entries(entries: Iterable[Entry], letters: Sequence[Letter], pages: Pages, site: Site) -> list[EntryView]:
    """Return lines of the roster, with the letter's version that was signed where that is not the present one."""
    return [_entry(one, _earlier(one, letters, pages), site) for one in entries]


def _earlier(entry: Entry, letters: Sequence[Letter], pages: Pages) -> Link | None:
    place = given_to(letters, entry.signature.signed_at)
    if not letters or letters[place].digest == letters[-1].digest:
        return None
    return Link(f"version {place + 1}", f"{pages.of('/letter')}#v{place + 1}")


def _entry(entry: Entry, earlier: Link | None, site: Site) -> EntryView:
    signature = entry.signature
    return EntryView(
        comment_id=signature.comment_id,
        login=signature.login,
        profile=site.person(signature.login),
        name=signature.name,
        affiliation=signature.affiliation,
        reason=signature.reason,
        at=Timestamp.of(signature.signed_at),
        comment=site.comment(entry.repository, entry.number, signature.comment_id),
        earlier=earlier,
    )


def view_update(details: PetitionDetails, context: PagesContext) -> dict[str, object]:
    """Return what an open page needs to be up to date: the count, and the newest lines of the roster."""
    snapshot = details.snapshot
    entries: list[EntryView] = []
    if snapshot.threads:
        # Without a public address, links are relative to the page that gets the update.
        base, first = context.addresses.public_url or "", snapshot.threads[0]
        pages = pages_of(base, snapshot.repository, first.number, snapshot.page_key)
        entries = view_entries(details.page.entries, details.letters, pages, context.site)
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    return {
        "count": snapshot.count,
        "headline": headline(snapshot.count, open_=snapshot.shut_at is None and snapshot.labelled),
        "goal": goal,
        "progress": progress(snapshot.count, goal),
        "entries": "".join(call_macro("pages/parts.html", "entry", one) for one in entries),
    }


def headline(count: int, *, open_: bool) -> str:
    """Format how many have signed."""
    if count == 0:
        return "Be the first to sign" if open_ else "Nobody has signed"
    return f"{people_have(count)} signed"


def progress(count: int, goal: int | None) -> str:
    """Format how far the count has come towards a goal; empty without one."""
    if not goal:
        return ""
    if count >= goal:
        return f"The goal of {goal:,} is reached 🎉"
    return f"{max(count * 100 // goal, 1 if count else 0)}% of the goal of {goal:,}"


def people_have(count: int) -> str:
    """Format a number of people with their verb."""
    return "1 person has" if count == 1 else f"{count:,} people have"


_ORDER_NAMES: Mapping[SortOrder, str] = {
    SortOrder.NEWEST: "newest",
    SortOrder.OLDEST: "oldest",
    SortOrder.NAME: "by name",
}


def _roster(details: PetitionDetails, pages: Pages, query: RosterQuery, site: Site) -> RosterView:
    page = details.page
    search = {"q": query.text} if query.text else {}
    sort = _sort(query.order)

    def link(cursor: Cursor | None) -> str | None:
        return pages.of("", **search, **sort, **format_cursor(cursor)) + "#roster" if cursor else None

    return RosterView(
        entries=view_entries(page.entries, details.letters, pages, site),
        exact=view_entries(details.exact, details.letters, pages, site),
        searched=query.text,
        order=query.order,
        orders=[
            Link(text, pages.of("", **search, **_sort(order)) + "#roster", order is query.order)
            for order, text in _ORDER_NAMES.items()
        ],
        before=link(page.before),
        after=link(page.after),
        whole=pages.of("", **sort) + "#roster",
        public=details.is_public,
        first=query.order is SortOrder.NEWEST and not query.text and page.before is None,
    )


def _sort(order: SortOrder) -> dict[str, str]:
    return {} if order is SortOrder.NEWEST else {"sort": order.value}


def _letter_changed(change: tuple[int, int] | None) -> str:
    if change is None:
        return ""
    at, count = change
    return f"The letter was changed on {Timestamp.of(at).text} UTC, after {_people_then(count)} signed it."


def _comment_box(snapshot: Snapshot, pages: Pages, site: Site) -> str:
    """Return where one signs now: a petition that is continued takes signatures in its newest issue."""
    if not snapshot.threads:
        return site.comment_box(pages.repository, pages.number)
    newest = snapshot.threads[-1]
    return site.comment_box(newest.repository, newest.number)


def _milestones(details: PetitionDetails, goal: int | None) -> list[tuple[str, str]]:
    settings = details.snapshot.rules.settings
    reached = milestones(settings.goals, details.days) if settings.milestones else ()
    return [(f"{one.goal:,}", day_name(one.day)) for one in reached if one.goal != goal]


def _response(snapshot: Snapshot, site: Site) -> ResponseView | None:
    given = snapshot.rules.response
    if given is None:
        return None
    return ResponseView(links_apart(given.text), given.login, site.person(given.login), Timestamp.of(given.at))


def _people_then(count: int) -> str:
    match count:
        case 0:
            return "nobody had"
        case 1:
            return "1 person had"
        case _:
            return f"{count:,} people had"


def _letter(letters: Sequence[Letter]) -> Markup | None:
    text = letters[-1].text if letters else None
    return None if text is None else letter_html.render(text)
