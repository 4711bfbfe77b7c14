"""What the pages show beside the store's answers, which the templates read themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec import Struct

from bot.export import sanitized_html
from bot.export.chart import chart, growth_of, sparkline
from bot.export.json_csv_and_atom import TranslationRecord, record_translation
from bot.export.letter_comparison import Comparison, compare, with_labels
from bot.links import Pages, Site, pages_of
from bot.petition.block.sections import REACTIONS, asked_not_to_be_listed, covered, example_of, signed_this_text
from bot.petition.goals import milestones, next_goal
from bot.petition.i18n import Translator, translator
from bot.petition.letter_versions_and_translations import Letter, given_to
from bot.store import (
    Cursor,
    Entry,
    Listed,
    ListQuery,
    PetitionDetails,
    PetitionList,
    PetitionSummary,
    RosterQuery,
    Snapshot,
    SortOrder,
    TranslatedLetter,
)
from bot.time_types import EpochSeconds
from bot.web.pages.uncounted_reasons import explain
from bot.web.petition_requests import PagesContext
from bot.web.query_parameters import format_cursor
from bot.web.rendering import call_macro

COMPARED_CHARACTERS: Final = 400_000
"""Of so many characters of a letter's newest versions it is shown what they changed: each may take a second."""


def view_petition(
    details: PetitionDetails, pages: Pages, query: RosterQuery, context: PagesContext
) -> dict[str, Any]:
    """Return the values for the template of a petition's page."""
    snapshot = details.snapshot
    settings = snapshot.rules.settings
    tr = translator(settings.language)
    growth = growth_of(details, context.now())
    end = snapshot.rules.ends_at(snapshot.closed_at)
    ended = end if end is not None and (end < context.now() or end == snapshot.shut_at) else None
    reached = milestones(settings.goals, details.days) if settings.milestones else ()
    letter = details.letters[-1] if details.letters else None
    tally = _view_tally(snapshot, context.now(), tr, is_open=ended is None and snapshot.labelled)
    return {
        "tr": tr,
        "petition": snapshot,
        "pages": pages,
        "address": pages,
        "issue": context.site.issue(pages.repository, pages.number),
        "sign": _comment_box(snapshot, pages, context.site),
        "example": example_of(settings.show, tr),
        **tally,
        "ended": ended,
        "milestones": [
            (tr.number(one.goal), tr.day_of_epoch(one.day)) for one in reached if one.goal != tally["goal"]
        ],
        "chart": Markup(chart(growth, snapshot.title, tr, standalone=False)),  # noqa: S704 - it escapes what it is given
        "chart_words": growth.in_words(tr),
        "live": pages.of("/events", since=str(snapshot.revision)),
        "addressee": isolated(given.addressee if (given := snapshot.rules.response) else ""),
        "isolated": isolated,
        "reactions": tr.translate(REACTIONS),
        "translations": view_translations(snapshot, pages),
        "letter": sanitized_html.render(letter.text) if letter and letter.text is not None else None,
        "letter_digest": letter.digest if letter else "",
        "has_versions": len(details.letters) > 1,
        **_view_roster(details, context.now(), tr, is_closed=ended is not None),
        **_roster_links(details, pages, query),
    }


def _view_roster(details: PetitionDetails, now: EpochSeconds, tr: Translator, *, is_closed: bool) -> dict[str, Any]:
    uncounted = details.not_counted
    return {
        "public": details.is_public,
        "entries": list(_with_versions(details.page.entries, details.letters)),
        "first": list(_with_versions(details.first, details.letters)),
        "found": details.exact,
        "not_counted": uncounted,
        "explanation": uncounted and explain(uncounted, now, tr, is_closed=is_closed),
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
    """Return which part of the roster is shown, and the addresses of others."""
    search = {"q": query.text} if query.text else {}

    def link(search: dict[str, str], order: SortOrder, cursor: Cursor | None = None) -> str:
        sort = {} if order is SortOrder.NEWEST else {"sort": order.value}
        return pages.of("", **search, **sort, **(format_cursor(cursor) if cursor else {})) + "#roster"

    before, after = details.page.before, details.page.after
    return {
        "query": query,
        "orders": [(order, link(search, order), order is query.order) for order in SortOrder],
        "before": before and link(search, query.order, before),
        "after": after and link(search, query.order, after),
        "whole": link({}, query.order),
        # New signatures are added to the newest part of the whole roster.
        "is_live": query.order is SortOrder.NEWEST and not query.text and before is None,
    }


def isolated(name: str) -> Markup:
    """Return somebody's own words in an element that keeps their direction of writing."""
    return Markup("<bdi>{}</bdi>").format(name)


def view_translations(snapshot: Snapshot, pages: Pages) -> list[TranslationRecord]:
    """Return in which other languages the letter can be read."""
    return [record_translation(one, snapshot.letters, pages) for one in snapshot.translations.offered]


def view_translation(letter: TranslatedLetter, pages: Pages, context: PagesContext) -> dict[str, Any]:
    """Return the values for the template of a translation's page."""
    snapshot, translation, site = letter.snapshot, letter.translation, context.site
    is_open = snapshot.rules.ended_at(snapshot.closed_at, context.now()) is None
    return {
        "petition": snapshot,
        "tr": translator(snapshot.rules.settings.language),
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


def view_letter(snapshot: Snapshot, letters: Sequence[Letter], pages: Pages) -> dict[str, Any]:
    """Return the values for the template of the page with the letter's versions."""
    tr = translator(snapshot.rules.settings.language)
    return {
        "tr": tr,
        "petition": snapshot,
        "pages": pages,
        "versions": view_versions(letters, tr),
        "translations": view_translations(snapshot, pages),
    }


def view_versions(letters: Sequence[Letter], tr: Translator) -> list[VersionView]:
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
            html = str(with_labels(changes.html, tr))
            mark = Markup(_MARK.sub(rf'\g<0> id="change-{place + 1}"', html, count=1))  # noqa: S704
            shown.append(VersionView(place + 1, one, mark, changes))
    return shown


_MARK: Final = re.compile('<(?:ins class="added"|del class="removed")')


def view_update(details: PetitionDetails, context: PagesContext) -> dict[str, object]:
    """Return what an open page needs to be up to date: the count, and the newest lines of the roster."""
    snapshot = details.snapshot
    tr = translator(snapshot.rules.settings.language)
    entries = ""
    if snapshot.threads:
        # Without a public address, links are relative to the page that gets the update.
        base, first = context.addresses.public_url or "", snapshot.threads[0]
        pages = pages_of(base, snapshot.repository, first.number, snapshot.page_key)
        for one, earlier in _with_versions(details.page.entries, details.letters):
            entries += call_macro(tr, "pages/parts.html", "entry", one, earlier, pages, context.site)
    return {
        **_view_tally(snapshot, context.now(), tr, is_open=snapshot.shut_at is None and snapshot.labelled),
        "count": snapshot.count,
        "growth": growth_of(details, context.now()).in_words(tr),
        "letter": snapshot.letters[-1].digest if snapshot.letters else "",
        "entries": entries,
        "listed": snapshot.count - snapshot.unlisted,
    }


def _view_tally(snapshot: Snapshot, now: EpochSeconds, tr: Translator, *, is_open: bool) -> dict[str, Any]:
    """Return what the page shows of the count, and an open page gets anew."""
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    covered_to, signed_which = "", ""
    if snapshot.coverage is not None:
        ended_at = snapshot.rules.ended_at(snapshot.closed_at, now)
        covered_to = " ".join(covered(snapshot.coverage, ended_at, tr)).strip()
    if snapshot.letter_changed is not None:
        _, earlier = snapshot.letter_changed
        signed_which = signed_this_text(snapshot.count - earlier, earlier, tr)
    return {
        "headline": headline(snapshot.count, tr, open_=is_open),
        "goal": goal,
        "progress": progress(snapshot.count, goal, tr),
        "covered": covered_to,
        "signed_which": signed_which,
        "unlisted": asked_not_to_be_listed(snapshot.unlisted, tr),
    }


def headline(count: int, tr: Translator, *, open_: bool) -> str:
    """Format how many have signed."""
    if count == 0:
        return tr.translate("Be the first to sign") if open_ else tr.translate("Nobody has signed")
    return tr.count("{number} person has signed", "{number} people have signed", count)


def progress(count: int, goal: int | None, tr: Translator) -> str:
    """Format how far the count has come towards a goal; empty without one."""
    if not goal:
        return ""
    if count >= goal:
        return tr.translate("The goal of {goal} is reached", goal=tr.number(goal)) + " 🎉"
    percent = max(count * 100 // goal, 1 if count else 0)
    return tr.translate("{percent} of the goal of {goal}", percent=tr.percent(percent / 100), goal=tr.number(goal))


def view_summary(one: PetitionSummary, url: str, today: int, tr: Translator) -> dict[str, Any]:
    """Return what the front page shows of a petition whose page is at an address."""
    return {
        "petition": one,
        "url": url,
        "headline": headline(one.count, tr, open_=one.ended_at is None),
        "progress": progress(one.count, one.goal, tr),
        "sparkline": Markup(sparkline(one.days, today)),  # noqa: S704 - it is made of numbers
    }


def view_list(found: PetitionList, wanted: ListQuery, today: int, base: str, tr: Translator) -> dict[str, Any]:
    """Return the values for the template of the front page; `today` is in days since 1970."""

    def link(listed: Listed, part: int = 1, text: str = wanted.text) -> str:
        asked = {
            **({"q": text} if text else {}),
            **({"state": listed.value} if listed is not Listed.ALL else {}),
            **({"page": str(part)} if part > 1 else {}),
        }
        return f"{base}/?{urlencode(asked)}" if asked else f"{base}/"

    return {
        "petitions": [
            view_summary(one, pages_of(base, one.repository, one.number, "").roster, today, tr)
            for one in found.petitions
        ],
        "wanted": wanted,
        "searched": isolated(wanted.text),
        "found": found,
        "states": [(one, found.found[one], link(one), one is wanted.listed) for one in Listed],
        "is_narrowed": bool(wanted.text) or wanted.listed is not Listed.ALL,
        "in_all_states": link(Listed.ALL),
        "whole": link(Listed.ALL, text=""),
        "before": found.part > 1 and link(wanted.listed, found.part - 1),
        "after": found.part < found.parts and link(wanted.listed, found.part + 1),
    }
