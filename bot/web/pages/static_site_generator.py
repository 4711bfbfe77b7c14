"""Petitions as plain files with relative links: the pages and formats that the server sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from bot.export.badge_and_card import badge, card, shield_record
from bot.export.chart import standalone_chart
from bot.export.json_csv_and_atom import CSV_HEADER, csv_rows, feed, record_roster
from bot.links import SITE_FILES, SitePages, published_pages, site_folder, translation_site_file
from bot.petition.i18n import ENGLISH, translator
from bot.petition.letter_versions_and_translations import Letter
from bot.store import (
    PAGE_SIZE,
    PetitionDetails,
    PetitionExport,
    PetitionList,
    PetitionSummary,
    RosterQuery,
    TranslatedLetter,
)
from bot.store.roster_pages import RosterPage
from bot.time_types import WholeEpochSeconds
from bot.web.pages import view_models
from bot.web.pages.routes import COMPARED_VERSIONS
from bot.web.pages.view_models import view_summary
from bot.web.petition_requests import PagesContext
from bot.web.rendering import read_static_files, render

Files = Iterator[tuple[str, bytes]]
"""The name of each file, with its folders, and its content."""


def shared_files() -> Files:
    """Return the files that all pages load; there is no script, because those of the server ask it for news."""
    files = read_static_files("bot.web", "bot.web.pages")
    for name in ("mark.svg", "roster.css"):
        yield f"static/{name}", files[name]


def front_page(petitions: Sequence[PetitionSummary], context: PagesContext, written_at: WholeEpochSeconds) -> Files:
    """Return the page that lists all petitions, in English: a file cannot ask which language its reader prefers."""
    index = SITE_FILES[""]
    tr = translator(ENGLISH)
    shown = [
        view_summary(one, site_folder(one.repository, one.number) + index, context.today, tr) for one in petitions
    ]
    # There is one part, and nothing that narrows it.
    whole: dict[str, Any] = {"is_narrowed": False, "before": None, "after": None}
    found = PetitionList(petitions, {}, 1, 1)
    yield index, _render("front", context, written_at, base=".", petitions=shown, found=found, **whole)


def petition_files(whole: PetitionExport, context: PagesContext, written_at: WholeEpochSeconds) -> Files:
    """Return all files about a petition; nothing in them tells who has signed where organizers do not show it."""
    details = _with_whole_list(whole)
    snapshot, number = details.snapshot, details.snapshot.threads[0].number
    repository, folder = snapshot.repository, site_folder(snapshot.repository, number)
    site_url = None if repository.private else snapshot.rules.settings.site
    pages = SitePages("", repository, number)
    published = published_pages(site_url, repository, number) if site_url else None
    base = "/".join([".."] * folder.count("/"))
    shown = view_models.view_petition(details, pages, RosterQuery(), context)
    shown |= {"address": published, "is_live": False, "base": base}
    yield folder + SITE_FILES[""], _render("petition", context, written_at, **shown)
    about = view_models.view_letter(snapshot, _newest_texts(details), pages)
    yield folder + SITE_FILES["/letter"], _render("letter", context, written_at, base=base, **about)
    for one, text in whole.translations:
        values = view_models.view_translation(TranslatedLetter(snapshot, one, text), pages, context)
        values |= {"address": published, "base": base}
        yield folder + translation_site_file(one.language), _render("translation", context, written_at, **values)
    for form, content in _formats(details, published or pages, context, is_published=published is not None):
        yield folder + SITE_FILES[form], content


def _with_whole_list(whole: PetitionExport) -> PetitionDetails:
    """Return a petition with everybody whom its page lists, the newest first."""
    entries = whole.entries[::-1] if whole.details.is_public else ()
    return replace(whole.details, page=RosterPage(entries, None, None))


def _newest_texts(details: PetitionDetails) -> Sequence[Letter]:
    """Return the letter's versions; as on the server, only the newest are shown with their texts."""
    letters = details.letters
    first = max(len(letters) - COMPARED_VERSIONS, 0)
    return [*(replace(one, text=None) for one in letters[:first]), *letters[first:]]


def _formats(details: PetitionDetails, pages: SitePages, context: PagesContext, *, is_published: bool) -> Files:
    """Return a petition in all other formats, by the name of each."""
    snapshot, entries = details.snapshot, details.page.entries
    record = record_roster(details, entries, pages, context.site)
    if not is_published:
        # What is taken elsewhere needs a whole address.
        repository, petition = snapshot.repository, record.petition
        translations = [replace(one, page=context.site.file(repository, one.path)) for one in petition.translations]
        record = replace(record, petition=replace(petition, page=petition.issue, translations=translations))
    yield ".json", msgspec.json.encode(record)
    yield "/chart.svg", standalone_chart(details, context.now()).encode()
    yield "/badge.svg", badge(snapshot.count).encode()
    yield "/badge.json", msgspec.json.encode(shield_record(snapshot.count))
    yield "/card.png", card(snapshot.count, snapshot.rules.settings.goals)
    if details.is_public:
        yield ".csv", (CSV_HEADER + csv_rows(reversed(record.signatures))).encode()
        newest = record.signatures[:PAGE_SIZE]
        yield "/feed.atom", feed(record.petition, newest, pages.of("/feed.atom")).encode()


def _render(name: str, context: PagesContext, written_at: WholeEpochSeconds, *, base: str, **shown: Any) -> bytes:
    home = f"{base}/{SITE_FILES['']}"
    ours: dict[str, Any] = {"base": base, "home": home, "site": context.site, "label": context.label}
    ours |= {"is_static": True, "written_at": written_at}
    return render(f"pages/{name}.html", **ours, **shown).encode()
