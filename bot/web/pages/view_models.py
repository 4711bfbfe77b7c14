"""What the pages show of a petition beside the store's answers, which the templates read themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from msgspec import Struct

from bot.export import sanitized_html
from bot.export.chart import chart, day_name, growth_of
from bot.export.letter_comparison import Comparison, compare
from bot.export.schemas import TranslationRecord, asked_not_to_be_listed, record_translation
from bot.petition.block.sections import covered, example_of
from bot.petition.comments.faults import Fault
from bot.petition.counting.tally import MISTYPED_ORDER, Reason
from bot.petition.i18n import translator
from bot.petition.letter_versions import Letter, given_to
from bot.petition.organizers.rules_in_force import milestones, next_goal
from bot.petition.organizers.settings import LANGUAGES
from bot.store import (
    Cursor,
    Entry,
    NotCounted,
    PetitionDetails,
    RosterQuery,
    Snapshot,
    SortOrder,
    TranslatedLetter,
)
from bot.units import EpochSeconds
from bot.urls import Pages, Site, pages_of
from bot.web.context import PagesContext, format_cursor
from bot.web.rendering import call_macro, moment

COMPARED_CHARACTERS: Final = 400_000
"""Of so many characters of a letter's newest versions it is shown what they changed: each may take a second."""


def view_petition(
    details: PetitionDetails, pages: Pages, query: RosterQuery, context: PagesContext
) -> dict[str, Any]:
    """Return the values for the template of a petition's page."""
    snapshot, letters = details.snapshot, details.letters
    settings = snapshot.rules.settings
    growth = growth_of(details, context.now())
    goal = next_goal(settings.goals, snapshot.count)
    end = snapshot.rules.ends_at(snapshot.closed_at)
    ended = end if end is not None and (end < context.now() or end == snapshot.shut_at) else None
    reached = milestones(settings.goals, details.days) if settings.milestones else ()
    text = letters[-1].text if letters else None
    uncounted = details.not_counted
    return {
        "petition": snapshot,
        "pages": pages,
        "address": pages,
        "issue": context.site.issue(pages.repository, pages.number),
        "sign": _comment_box(snapshot, pages, context.site),
        "example": example_of(settings.show, translator(LANGUAGES[0])),
        "headline": headline(snapshot.count, open_=ended is None and snapshot.labelled),
        "goal": goal,
        "progress": progress(snapshot.count, goal),
        "covered": covered_words(snapshot, context.now()),
        "ended": ended,
        "milestones": [(f"{one.goal:,}", day_name(one.day)) for one in reached if one.goal != goal],
        "letter": None if text is None else sanitized_html.render(text),
        "letter_digest": letters[-1].digest if letters else "",
        "signed_which": signed_which(snapshot),
        "has_versions": len(letters) > 1,
        "translations": view_translations(snapshot, pages),
        "chart": Markup(chart(growth, snapshot.title, standalone=False)),  # noqa: S704 - it escapes what it is given
        "chart_words": growth.in_words(),
        "live": pages.of("/events", since=str(snapshot.revision)),
        "query": query,
        "public": details.is_public,
        "entries": list(_with_versions(details.page.entries, letters)),
        "first": list(_with_versions(details.first, letters)),
        "exact": details.exact,
        "not_counted": uncounted,
        "unlisted": asked_not_to_be_listed(snapshot.unlisted),
        "explanation": uncounted and _explain(uncounted, context.now(), is_closed=ended is not None),
        **_roster_links(details, pages, query),
    }


def _comment_box(snapshot: Snapshot, pages: Pages, site: Site) -> str:
    """Return where one signs now: a petition that is continued takes signatures in its newest issue."""
    if not snapshot.threads:
        return site.comment_box(pages.repository, pages.number)
    newest = snapshot.threads[-1]
    return site.comment_box(newest.repository, newest.number)


def _with_versions(entries: Iterable[Entry], letters: Sequence[Letter]) -> Iterator[tuple[Entry, int | None]]:
    """Return each signature with the number of the letter's version that was signed; None for the present one."""
    for one in entries:
        place = given_to(letters, one.signature.signed_at)
        is_present = not letters or letters[place].digest == letters[-1].digest
        yield one, None if is_present else place + 1


def _roster_links(details: PetitionDetails, pages: Pages, query: RosterQuery) -> dict[str, Any]:
    """Return the addresses of other parts of the roster."""
    search = {"q": query.text} if query.text else {}

    def link(search: dict[str, str], order: SortOrder, cursor: Cursor | None = None) -> str:
        sort = {} if order is SortOrder.NEWEST else {"sort": order.value}
        return pages.of("", **search, **sort, **(format_cursor(cursor) if cursor else {})) + "#roster"

    before, after = details.page.before, details.page.after
    return {
        "orders": [(text, link(search, order), order is query.order) for order, text in _ORDER_NAMES.items()],
        "before": before and link(search, query.order, before),
        "after": after and link(search, query.order, after),
        "whole": link({}, query.order),
        # New signatures are added to the newest part of the whole roster.
        "is_live": query.order is SortOrder.NEWEST and not query.text and before is None,
    }


_ORDER_NAMES: Final[Mapping[SortOrder, str]] = {
    SortOrder.NEWEST: "newest",
    SortOrder.OLDEST: "oldest",
    SortOrder.NAME: "by name",
}


def view_translations(snapshot: Snapshot, pages: Pages) -> list[TranslationRecord]:
    """Return in which other languages the letter can be read."""
    return [record_translation(one, snapshot.letters, pages) for one in snapshot.translations.offered]


def view_translation(letter: TranslatedLetter, pages: Pages, context: PagesContext) -> dict[str, Any]:
    """Return the values for the template of a translation's page."""
    snapshot, translation, site = letter.snapshot, letter.translation, context.site
    is_open = snapshot.rules.ended_at(snapshot.closed_at, context.now()) is None
    return {
        "petition": snapshot,
        "pages": pages,
        "address": pages,
        "issue": site.issue(pages.repository, pages.number),
        "translation": record_translation(translation, snapshot.letters, pages),
        "translations": view_translations(snapshot, pages),
        "text": sanitized_html.render(letter.text),
        "file": site.file(pages.repository, translation.path),
        "sign": _comment_box(snapshot, pages, site) if is_open else "",
        "committed_at": translation.committed_at,
        "changed_at": snapshot.letters[-1].seen_at if snapshot.letters else 0,
    }


class VersionView(Struct, frozen=True):
    """A version of the letter as the page shows it; without `html` where its text is not there."""

    number: int
    letter: Letter
    html: Markup | None = None
    changes: Comparison | None = None
    """What it changed; None of the first one."""


def view_versions(letters: Sequence[Letter]) -> list[VersionView]:
    """Return the letter's versions, the newest first, each with what it changed; of long ones only the newest."""
    shown: list[VersionView] = []
    left = COMPARED_CHARACTERS
    for place, one in reversed([*enumerate(letters)]):
        text, left = one.text, left - len(one.text or "")
        before = next((older.text for older in reversed(letters[:place]) if older.text is not None), None)
        if text is None or left < 0:
            shown.append(VersionView(place + 1, one))
        elif before is None:
            shown.append(VersionView(place + 1, one, sanitized_html.render(text)))
        else:
            changes = compare(before, text)
            mark = Markup(_MARK.sub(rf'\g<0> id="change-{place + 1}"', str(changes.html), count=1))  # noqa: S704
            shown.append(VersionView(place + 1, one, mark, changes))
    return shown


_MARK: Final = re.compile('<(?:ins class="added"|del class="removed")')


def view_update(details: PetitionDetails, context: PagesContext) -> dict[str, object]:
    """Return what an open page needs to be up to date: the count, and the newest lines of the roster."""
    snapshot = details.snapshot
    entries = ""
    if snapshot.threads:
        # Without a public address, links are relative to the page that gets the update.
        base, first = context.addresses.public_url or "", snapshot.threads[0]
        pages = pages_of(base, snapshot.repository, first.number, snapshot.page_key)
        for one, earlier in _with_versions(details.page.entries, details.letters):
            entries += call_macro("pages/parts.html", "entry", one, earlier, pages, context.site)
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    return {
        "count": snapshot.count,
        "headline": headline(snapshot.count, open_=snapshot.shut_at is None and snapshot.labelled),
        "goal": goal,
        "progress": progress(snapshot.count, goal),
        "growth": growth_of(details, context.now()).in_words(),
        "covered": covered_words(snapshot, context.now()),
        "letter": snapshot.letters[-1].digest if snapshot.letters else "",
        "signed_which": signed_which(snapshot),
        "entries": entries,
        "listed": snapshot.count - snapshot.unlisted,
        "unlisted": asked_not_to_be_listed(snapshot.unlisted),
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


def covered_words(snapshot: Snapshot, now: EpochSeconds) -> str:
    """Format up to when comments are counted, as the block does; empty where that is not known."""
    if snapshot.coverage is None:
        return ""
    ended_at = snapshot.rules.ended_at(snapshot.closed_at, now)
    return " ".join(covered(snapshot.coverage, ended_at, translator(LANGUAGES[0]))).strip()


def signed_which(snapshot: Snapshot) -> str:
    """Format how many signed the letter as it is, and how many an earlier one; empty without those."""
    if snapshot.letter_changed is None:
        return ""
    _, earlier = snapshot.letter_changed
    return f"{people_have(snapshot.count - earlier)} signed this text, {earlier:,} an earlier one."


def people_have(count: int) -> str:
    """Format a number of people with their verb."""
    return "1 person has" if count == 1 else f"{count:,} people have"


def _explain(uncounted: NotCounted, now: EpochSeconds, *, is_closed: bool) -> tuple[str, str]:
    """Return why a comment does not count, and what would help; nobody is to sign what `is_closed`."""
    reason = uncounted.reason
    words, advice = _FAULTS.get((reason, uncounted.fault)) or _NOT_COUNTED[reason]
    if uncounted.has_orders and reason in (Reason.MISTYPED, Reason.CUT_OFF):
        advice = _BESIDE_ORDERS
    elif uncounted.old_enough_at is not None and uncounted.old_enough_at > now:
        advice = (
            f"From {moment(uncounted.old_enough_at)} UTC on, your account may sign: comment `/sign` again then."
        )
    return words, "" if is_closed and reason in _SIGN_AGAIN else advice


_NOT_COUNTED: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.SILENT: (
        "has no line that begins with `/sign`",
        "To sign, write another comment: `/sign`. Quotes, code and HTML are not read.",
    ),
    Reason.COMMAND: (
        "is a `/petition` command, which signs nothing",
        "Leave it as it is: edited into a `/sign`, it is taken back. To sign, write another comment: `/sign`.",
    ),
    Reason.MISTYPED: (
        "has something like `/sign` that was not understood",
        "To sign, edit it so that it begins with `/sign`.",
    ),
    Reason.CUT_OFF: (
        "has `/sign` only below what looks like a quoted mail, where nothing is read",
        "To sign, write another comment, with `/sign` on its first line.",
    ),
    Reason.WITHDRAWN: ("withdraws your signature", "To sign again, comment `/sign` once more."),
    Reason.HIDDEN: (
        "was hidden by a maintainer of the repository",
        "Ask them why. Once it is shown again, it counts.",
    ),
    Reason.LATE: ("was written after the petition had closed", ""),
    Reason.REMOVED: (
        "does not count, because the organizers removed your signature",
        "They did so with a command in a comment, which may give the reason.",
    ),
    Reason.YOUNG: (
        "was written when your account was too new for this petition",
        "Your account is old enough now: comment `/sign` again.",
    ),
    Reason.WAITING: (
        "waits until GitHub says who wrote it, whether it came by mail, or how old your account is",
        "You need not do anything. Check again in a few minutes.",
    ),
}
"""What follows the words "Your comment", and what would help; what people are to type is between backticks.

No advice may take anything back that holds: a refusal, a withdrawal, a command of organizers.
"""

_FAULTS: Final[Mapping[tuple[Reason, str], tuple[str, str]]] = {
    (Reason.COMMAND, MISTYPED_ORDER): (
        "has a `/petition` command that is misspelt, and which signs nothing",
        "Mend the command there. To sign, write another comment: `/sign`.",
    ),
    (Reason.MISTYPED, Fault.SPELLING): (
        "has a command that is misspelt",
        "To sign, edit it so that it begins with `/sign`, spelt like this.",
    ),
    (Reason.MISTYPED, Fault.SLASH): (
        "has a command without the `/` right before it",
        "To sign, edit it so that it begins with `/sign`, without a blank.",
    ),
    (Reason.MISTYPED, Fault.CODE): (
        "has `/sign` between the marks of code, where it is not read",
        "To sign, edit it so that it begins with `/sign`, without the marks around it.",
    ),
    (Reason.MISTYPED, Fault.MARKS): (
        "has marks around `/sign`",
        "To sign, edit it so that it begins with `/sign`, without the marks around it.",
    ),
    (Reason.MISTYPED, Fault.PLACE): (
        "has something else before `/sign` on its line",
        "To sign, edit it so that its line begins with `/sign`.",
    ),
    (Reason.MISTYPED, Fault.GLUED): (
        "has `/sign` right below a quotation or HTML, where it is taken for a part of that",
        "To sign, edit it so that an empty line stands above the line that begins with `/sign`.",
    ),
    (Reason.MISTYPED, Fault.JOINED): (
        "has `/sign` and the next word in one",
        "To sign, edit it so that it says `/sign`, a blank, and then your name if you like.",
    ),
    (Reason.MISTYPED, Fault.CONDITION): (
        "makes a condition, and a condition cannot be counted",
        "To sign without it, edit it so that it says only `/sign`, with your name behind it if you like.",
    ),
    (Reason.MISTYPED, Fault.WORDS): (
        "has words behind `/sign` that leave open whether you sign",
        "To sign, edit it so that it says only `/sign`, with your name behind it if you like.",
    ),
    (Reason.MISTYPED, Fault.WITHDRAWAL): (
        "seems to withdraw, with a command that is misspelt",
        "Nothing of yours is counted, so there is nothing to withdraw. To sign, write another comment: `/sign`.",
    ),
}
"""What is wrong about a command that was mistyped, where that is known."""

_BESIDE_ORDERS: Final = (
    "Leave it as it is, for it has a `/petition` command too. To sign, write another comment: `/sign`."
)

_SIGN_AGAIN: Final = {
    Reason.SILENT, Reason.COMMAND, Reason.MISTYPED, Reason.CUT_OFF, Reason.WITHDRAWN, Reason.YOUNG,
}  # fmt: skip
