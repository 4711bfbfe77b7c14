"""The records of a petition that JSON, CSV, Atom and the pack are made of, from the store's answers.

The OpenAPI document takes its schemas from these structs.
"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple

from bot.links import Pages, Site
from bot.petition.block.sections import asked_not_to_be_listed
from bot.petition.goals import next_goal
from bot.petition.i18n import ENGLISH, translator
from bot.petition.letter_versions_and_translations import (
    Letter,
    Translation,
    direction_of,
    given_to,
    is_older,
    language_name,
    version_of,
)
from bot.petition.untrusted_text import drop_non_xml
from bot.store import Entry, PetitionDetails, Snapshot
from bot.time_types import iso

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="A time in UTC.")]
Number = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(description="Identifies the tally: the block in the issue has it too.")]


class SignatureRecord(Struct, frozen=True, kw_only=True):
    """One person's standing signature."""

    user_id: Annotated[int, Meta(description="GitHub's number for the person; logins change.")]
    login: str
    name: str | None
    affiliation: str | None
    reason: str | None
    signed_at: Time
    comment_id: int
    comment: Annotated[str, Meta(description="Where the comment is on GitHub.")]
    letter: Annotated[str | None, Meta(description="The SHA-256 of the words of the letter that was signed.")] = (
        None
    )


class ResponseRecord(Struct, frozen=True, kw_only=True):
    """The official answer to a petition."""

    text: str
    login: Annotated[str, Meta(description="The organizer who gave it.")]
    given_at: Time
    addressee: Annotated[str | None, Meta(description="Whose answer it is, where that is not the organizer.")] = (
        None
    )


class TranslationRecord(Struct, frozen=True, kw_only=True):
    """The letter in another language; what people sign is the text of the issue."""

    language: Annotated[str, Meta(description="A tag of BCP 47.")]
    name: Annotated[str, Meta(description="What the language is called in itself.")]
    direction: Annotated[str, Meta(pattern="^(ltr|rtl)$")]
    page: str
    path: Annotated[str, Meta(description="The file in the repository.")]
    sha256: str
    committed_at: Annotated[Time, Meta(description="When the file was last committed.")]
    letter: Annotated[str | None, Meta(description="The SHA-256 of the words of the letter that stood then.")]
    older: Annotated[bool, Meta(description="Whether the letter was changed after that.")]


class PetitionRecord(Struct, frozen=True, kw_only=True):
    """A petition without its signatures."""

    repository: str
    number: int
    title: str
    issue: Annotated[str, Meta(description="Where the issue is on GitHub.")]
    page: str
    count: Number
    goal: Number | None
    digest: Digest
    counting: Annotated[bool, Meta(description="Whether new signatures count: it is open and has its label.")]
    closed_at: Time | None
    deadline: Time | None
    response: ResponseRecord | None
    letter: Annotated[str | None, Meta(description="The SHA-256 of the letter's words, as it stands now.")]
    letter_changed_at: Annotated[Time | None, Meta(description="When it last changed after people had signed.")]
    unlisted: Annotated[
        int, Meta(ge=0, description="How many of the count asked not to be listed, and so are in no list.")
    ] = 0
    signed_other_text: Annotated[int, Meta(ge=0, description="How many of them signed another text of the letter.")]
    counted_to: Annotated[
        Time | None,
        Meta(description="Every comment up to then is counted; null where that is not known."),
    ]
    waiting: Annotated[
        int, Meta(ge=0, description="Comments that are not counted until GitHub has told how they were written.")
    ]
    translations: Sequence[TranslationRecord] = ()


class RosterRecord(Struct, frozen=True, kw_only=True):
    """A petition with a part of its roster."""

    petition: PetitionRecord
    public: Annotated[bool, Meta(description="Whether the organizers show who has signed, or only how many.")]
    signatures: Sequence[SignatureRecord]
    next: Annotated[str | None, Meta(description="Where the signatures that follow are.")]
    previous: Annotated[str | None, Meta(description="Where the signatures before these are.")]


class DayRecord(Struct, frozen=True):
    """How many signed on a day."""

    day: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    signatures: Number


class LetterRecord(Struct, frozen=True, kw_only=True):
    """A version of the letter; `signed` is how many had signed when it was first seen."""

    digest: str
    seen_at: Time
    signed: int
    text: str | None


class UnlistedRecord(Struct, frozen=True):
    """What the digest is made from, of somebody who asked not to be listed."""

    user_id: int
    comment_id: int


class PackRecord(Struct, frozen=True, kw_only=True):
    """The content of the pack; `version` goes up when its format changes.

    2: each signature has the checksum of the letter's version that was signed.
    3: those who asked not to be listed are apart, by numbers only. With translations of the letter, each is a file.
    """

    version: int = 3
    made_at: Time
    petition: PetitionRecord
    withdrawn: int
    withheld: int
    letters: Sequence[LetterRecord]
    days: Sequence[DayRecord]
    signatures: Sequence[SignatureRecord]
    unlisted: Sequence[UnlistedRecord] = ()


class ShieldRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """The count for shields.io: https://shields.io/badges/endpoint-badge ."""

    schema_version: Annotated[int, Meta(ge=1, le=1)] = 1
    label: str
    message: str
    color: str


class EmbedRecord(Struct, frozen=True, kw_only=True):
    """A link to a petition, as other pages show it: https://oembed.com ."""

    version: str = "1.0"
    type: str = "link"
    title: str
    provider_name: str = "Undersigned"
    provider_url: str
    cache_age: int = 300


class ProblemRecord(Struct, frozen=True):
    """The reason why a request was refused, and what to do about it."""

    message: str


def format_json(record: Struct) -> str:
    """Format a record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def record_petition(snapshot: Snapshot, pages: Pages, site: Site) -> PetitionRecord:
    """Return a petition as a record."""
    settings, given = snapshot.rules.settings, snapshot.rules.response
    return PetitionRecord(
        repository=snapshot.repository.full_name,
        number=pages.number,
        title=snapshot.title,
        issue=site.issue(pages.repository, pages.number),
        page=pages.roster,
        count=snapshot.count,
        goal=next_goal(settings.goals, snapshot.count),
        digest=snapshot.digest,
        counting=snapshot.labelled and snapshot.shut_at is None,
        closed_at=None if snapshot.shut_at is None else iso(snapshot.shut_at),
        deadline=None if settings.deadline is None else iso(settings.deadline),
        response=None
        if given is None
        else ResponseRecord(
            text=given.text, login=given.login, given_at=iso(given.at), addressee=given.addressee or None
        ),
        letter=snapshot.letters[-1].digest if snapshot.letters else None,
        letter_changed_at=iso(snapshot.letter_changed[0]) if snapshot.letter_changed else None,
        unlisted=snapshot.unlisted,
        signed_other_text=snapshot.letter_changed[1] if snapshot.letter_changed else 0,
        counted_to=iso(snapshot.coverage.until) if snapshot.coverage else None,
        waiting=snapshot.doubtful,
        translations=[record_translation(one, snapshot.letters, pages) for one in snapshot.translations.offered],
    )


def record_translation(translation: Translation, letters: Sequence[Letter], pages: Pages) -> TranslationRecord:
    """Return a translation as a record, without its text."""
    return TranslationRecord(
        language=translation.language,
        name=language_name(translation.language),
        direction=direction_of(translation.language),
        page=pages.translation(translation.language),
        path=translation.path,
        sha256=translation.digest,
        committed_at=iso(translation.committed_at),
        letter=letters[version_of(translation, letters)].digest if letters else None,
        older=is_older(translation, letters),
    )


def record_signatures(entries: Iterable[Entry], letters: Sequence[Letter], site: Site) -> list[SignatureRecord]:
    """Return signatures as records, each with the letter's version that was signed."""
    return [
        SignatureRecord(
            user_id=one.user_id,
            login=one.login,
            name=one.name,
            affiliation=one.affiliation,
            reason=one.reason,
            signed_at=iso(one.signed_at),
            comment_id=one.comment_id,
            comment=site.comment(entry.repository, entry.number, one.comment_id),
            letter=letters[given_to(letters, one.signed_at)].digest if letters else None,
        )
        for entry in entries
        for one in [entry.signature]
    ]


def record_roster(
    details: PetitionDetails,
    entries: Iterable[Entry],
    pages: Pages,
    site: Site,
    following: str | None = None,
    previous: str | None = None,
) -> RosterRecord:
    """Return a petition with some of its signatures as a record, and the addresses of the others."""
    return RosterRecord(
        petition=record_petition(details.snapshot, pages, site),
        public=details.is_public,
        signatures=record_signatures(entries, details.letters, site),
        next=following,
        previous=previous,
    )


CSV_COLUMNS: Final = SignatureRecord.__struct_fields__
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""A table begins with it, so that Excel knows the encoding; Python reads it as `utf-8-sig`."""
CSV_HEADER: Final = BYTE_ORDER_MARK + ",".join(CSV_COLUMNS) + "\r\n"


def csv_rows(signatures: Iterable[SignatureRecord]) -> str:
    """Return a line for each signature; no spreadsheet reads a cell as a formula, whatever it splits at."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(neutralize, astuple(one)) for one in signatures)
    return text.getvalue()


def neutralize(value: object) -> str:
    """Format a cell; what a spreadsheet would read as a formula gets an apostrophe in front.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = _neutralize_start(value).replace("\r\n", "\n")
    return _INNER_FORMULA.sub(r"\1'", _NOT_IN_A_CELL.sub(" ", text))


def is_neutralized(cell: str | None, value: object) -> bool:
    """Return whether a cell holds a value as `neutralize` writes it, or as 0.1.0 did."""
    return cell in (neutralize(value), _neutralize_start(value))


def _neutralize_start(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")

_NOT_IN_A_CELL: Final = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters at which a program may split lines or cells, or which it drops; the line feed may stay."""

_INNER_FORMULA: Final = re.compile(r"""(^["\s]+|[;,|\n]["\s]*)(?=[=+\-@＝＋－＠])""")
"""Where a cell begins for a program that splits at another character or reads each line by itself."""


def feed(petition: PetitionRecord, signatures: Sequence[SignatureRecord], address: str) -> str:
    """Format the newest signatures as an Atom feed (RFC 4287), the newest first; `address` is its own."""
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    _add_text(root, "id", petition.page)
    _add_text(root, "title", f"Signatures: {petition.title}")
    if petition.unlisted:
        _add_text(root, "subtitle", asked_not_to_be_listed(petition.unlisted, translator(ENGLISH)))
    _add_text(root, "updated", signatures[0].signed_at if signatures else iso(0))
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": address})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": petition.page})
    for one in signatures:
        # Who asked to be forgotten has no login.
        entry, login = ET.SubElement(root, "entry"), one.login or "Not named"
        _add_text(entry, "id", one.comment)
        _add_text(entry, "title", ", ".join(part for part in (one.name or login, one.affiliation) if part))
        _add_text(entry, "updated", one.signed_at)
        _add_text(ET.SubElement(entry, "author"), "name", login)
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": one.comment})
        _add_text(entry, "content", one.reason or "Signed.")
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _add_text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = drop_non_xml(text)
