"""What the pages show of a petition: the store's answers as plain values for the templates; pure."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cachetools import LRUCache, cached
from markupsafe import Markup

from bot.petition.block.sections import example_of
from bot.petition.letter import Change, Letter, Passage, differences, given_to
from bot.petition.organizers.rules import milestones, next_goal
from bot.petition.text import links_apart
from bot.roster import markdown
from bot.roster.chart import chart, day_name, sparkline
from bot.roster.recording import growth_of
from bot.store import Cursor, Entry, PetitionDetails, PetitionSummary, RosterQuery, Snapshot, SortOrder
from bot.urls import Pages, Site
from bot.web.context import PagesContext, write_cursor

COMPARED: Final = 4 * 1024 * 1024
"""Characters of letters of which it is remembered how they differ from the versions before."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time (UTC) for machines and for people."""

    iso: str
    text: str

    @classmethod
    def of(cls, at: int) -> Moment:
        """Read UTC epoch seconds."""
        day = datetime.fromtimestamp(at, UTC)
        return cls(f"{day:%Y-%m-%dT%H:%M:%SZ}", f"{day.day} {day:%b} {day.year}, {day:%H:%M}")


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another part of the roster; `here` where it is the one that is shown."""

    text: str
    url: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class EntryView:
    """A line of the roster."""

    comment_id: int
    login: str
    profile: str
    name: str | None
    affiliation: str | None
    reason: str | None
    at: Moment
    comment: str
    earlier: Link | None = None
    """The letter's version that was signed, where another text stands now."""


@dataclass(frozen=True, slots=True)
class ListedView:
    """A petition on the front page."""

    title: str
    url: str
    repository: str
    headline: str
    progress: str
    closed: bool
    latest: Moment | None
    sparkline: Markup


@dataclass(frozen=True, slots=True)
class Roster:
    """The part of the roster that is shown, and the ways to its other parts."""

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
    """Whether this is the newest part of it all, which new signatures belong to."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of the letter, and how it differs from the one before."""

    number: int
    digest: str
    at: Moment
    people: str
    passages: Sequence[Passage] | None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """The official answer; `parts` are words and where they lead, if anywhere."""

    parts: Sequence[tuple[str, str]]
    login: str
    profile: str
    at: Moment


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
    """How one signs with one's name, where that is shown."""
    count: int
    headline: str
    goal: int | None
    progress: str
    closed: Moment | None
    paused: bool
    deadline: Moment | None
    milestones: Sequence[tuple[str, str]]
    """Goals that are behind it, and the days on which they were reached."""
    response: ResponseView | None
    letter_changed: str
    letter: Markup | None
    versions: str | None
    """Where the letter's versions are shown, if there is more than one."""
    chart: Markup
    chart_words: str
    roster: Roster
    pages: Pages
    private: bool
    live: str
    revision: int


def view_petition(details: PetitionDetails, pages: Pages, wanted: RosterQuery, house: PagesContext) -> PetitionView:
    """Return everything that a petition's page shows."""
    snapshot = details.snapshot
    growth = growth_of(snapshot, details.days, house.today)
    issue = house.site.issue(pages.repository, pages.number)
    settings = snapshot.rules.settings
    goal = next_goal(settings.goals, snapshot.count)
    end = snapshot.rules.ends_at(snapshot.closed_at)
    ended = end if end is not None and (end < house.now() or end == snapshot.shut_at) else None
    return PetitionView(
        title=snapshot.title,
        repository=snapshot.repository.full_name,
        repository_url=f"{house.site.url}/{snapshot.repository.full_name}",
        number=pages.number,
        issue=issue,
        sign=_comment_box(snapshot, pages, house.site),
        example=example_of(settings.show),
        count=snapshot.count,
        headline=headline(snapshot.count, open_=ended is None and snapshot.labelled),
        goal=goal,
        progress=progress(snapshot.count, goal),
        closed=None if ended is None else Moment.of(ended),
        deadline=None if settings.deadline is None or ended is not None else Moment.of(settings.deadline),
        milestones=_milestones(details, goal),
        response=_response(snapshot, house.site),
        paused=not snapshot.labelled,
        letter_changed=_letter_changed(snapshot.letter_changed),
        letter=_letter(details.letters),
        versions=pages.of("/letter") if len(details.letters) > 1 else None,
        chart=Markup(chart(growth, snapshot.title, alone=False)),  # noqa: S704 - it escapes what it is given
        chart_words=growth.in_words(),
        roster=_roster(details, pages, wanted, house.site),
        pages=pages,
        private=snapshot.private,
        live=pages.of("/events", since=str(snapshot.revision)),
        revision=snapshot.revision,
    )


def view_versions(letters: Sequence[Letter]) -> list[VersionView]:
    """Return how the letter's versions differ, the newest first; the first one is shown as it is."""
    shown: list[VersionView] = []
    before: str | None = None
    for number, one in enumerate(letters, 1):
        passages: Sequence[Passage] | None = None
        if one.text is not None:
            passages = (Passage(Change.SAME, one.text),) if before is None else _differences(before, one.text)
        shown.append(VersionView(number, one.digest, Moment.of(one.seen_at), _people_then(one.count), passages))
        before = one.text or before
    return shown[::-1]


def _length(passages: Sequence[Passage]) -> int:
    return sum(len(passage.text) for passage in passages)


# Comparing takes a while; nobody shall keep the server at it by asking again and again.
@cached(LRUCache[object, Sequence[Passage]](COMPARED, getsizeof=_length), lock=threading.Lock())
def _differences(before: str, after: str) -> Sequence[Passage]:
    return differences(before, after)


def view_listed(listed: Iterable[PetitionSummary], base: str, now: float) -> list[ListedView]:
    """Return what the front page shows of each petition; `now` is in UTC epoch seconds."""
    today = int(now) // 86_400
    return [
        ListedView(
            title=one.title,
            url=Pages(base, one.repository, one.number).roster,
            repository=one.repository.full_name,
            headline=headline(one.count, open_=one.closed_at is None or one.closed_at > now),
            progress=progress(one.count, one.goal),
            closed=one.closed_at is not None and one.closed_at <= now,
            latest=None if one.latest is None else Moment.of(one.latest),
            sparkline=Markup(sparkline(one.days, today)),  # noqa: S704 - it is made of numbers
        )
        for one in listed
    ]


def view_entries(entries: Iterable[Entry], letters: Sequence[Letter], pages: Pages, site: Site) -> list[EntryView]:
    """Return lines of the roster; who signed another text than the one that stands now is shown with it."""
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
        at=Moment.of(signature.signed_at),
        comment=site.comment(entry.repository, entry.number, signature.comment_id),
        earlier=earlier,
    )


def headline(count: int, *, open_: bool) -> str:
    """Format how many have signed."""
    if count == 0:
        return "Be the first to sign" if open_ else "Nobody has signed"
    return f"{people(count)} signed"


def progress(count: int, goal: int | None) -> str:
    """Format how far the count has come towards a goal; empty without one."""
    if not goal:
        return ""
    if count >= goal:
        return f"The goal of {goal:,} is reached 🎉"
    return f"{max(count * 100 // goal, 1 if count else 0)}% of the goal of {goal:,}"


def people(count: int) -> str:
    """Count people in words."""
    return "1 person has" if count == 1 else f"{count:,} people have"


_ORDER_NAMES: Mapping[SortOrder, str] = {
    SortOrder.NEWEST: "newest",
    SortOrder.OLDEST: "oldest",
    SortOrder.NAME: "by name",
}


def _roster(details: PetitionDetails, pages: Pages, wanted: RosterQuery, site: Site) -> Roster:
    page = details.page
    query = {"q": wanted.text} if wanted.text else {}
    sort = {} if wanted.order is SortOrder.NEWEST else {"sort": wanted.order.value}

    def turn(cursor: Cursor | None) -> str | None:
        return pages.of("", **query, **sort, **write_cursor(cursor)) + "#roster" if cursor else None

    return Roster(
        entries=view_entries(page.entries, details.letters, pages, site),
        exact=view_entries(details.exact, details.letters, pages, site),
        searched=wanted.text,
        order=wanted.order,
        orders=[
            Link(
                text,
                pages.of("", **query, **({} if order is SortOrder.NEWEST else {"sort": order.value})) + "#roster",
                order is wanted.order,
            )
            for order, text in _ORDER_NAMES.items()
        ],
        before=turn(page.before),
        after=turn(page.after),
        whole=pages.of("", **sort) + "#roster",
        public=details.is_public,
        first=wanted.order is SortOrder.NEWEST and not wanted.text and page.before is None,
    )


def _letter_changed(change: tuple[int, int] | None) -> str:
    if change is None:
        return ""
    at, count = change
    return f"The letter was changed on {Moment.of(at).text} UTC, after {_people_then(count)} signed it."


def _comment_box(snapshot: Snapshot, pages: Pages, site: Site) -> str:
    """Format where one signs now: a petition that goes on in another issue takes signatures there."""
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
    return ResponseView(links_apart(given.text), given.login, site.person(given.login), Moment.of(given.at))


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
    return None if text is None else markdown.show(text)
