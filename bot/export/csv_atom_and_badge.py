"""A petition in each of the formats that `export` writes: Atom, a badge, CSV, JSON and a chart."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from msgspec.structs import astuple

from bot.export.chart import standalone_chart
from bot.export.json_records import (
    PetitionRecord,
    ShieldRecord,
    SignatureRecord,
    format_json,
    iso,
    record_petition,
    record_roster,
    record_signatures,
)
from bot.links import Pages, Site
from bot.petition.block.sections import asked_not_to_be_listed
from bot.petition.i18n import ENGLISH, translator
from bot.petition.untrusted_text import drop_non_xml
from bot.store import PetitionExport
from bot.time_types import EpochSeconds

FORMATS: Final = ("atom", "badge", "csv", "json", "svg")


def export(source: PetitionExport, form: str, pages: Pages, site: Site, now: EpochSeconds) -> str:
    """Return a petition in one of `FORMATS`."""
    details = source.details
    match form:
        case "atom":
            newest = record_signatures(reversed(source.entries), details.letters, site)
            return feed(record_petition(details.snapshot, pages, site), newest, pages.of("/feed.atom"))
        case "badge":
            return badge(details.snapshot.count)
        case "csv":
            return CSV_HEADER + csv_rows(record_signatures(source.entries, details.letters, site))
        case "json":
            return format_json(record_roster(details, source.entries, pages, site))
        case "svg":
            return standalone_chart(details, now)
    raise ValueError(form)


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


def badge(count: int) -> str:
    """Return the count as a badge: SVG, 20 pixels high."""
    value = f"{count:,}"
    left, right = _text_width(_BADGE_LABEL) + 12, _text_width(value) + 12
    name = escape(f"{_BADGE_LABEL}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{name}">'
        f"<title>{name}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#4a4d57"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_BADGE_COLOUR}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_badge_text(6, left - 12, _BADGE_LABEL)}{_badge_text(left + 6, right - 12, value)}</g></svg>"
    )


def shield_record(count: int) -> ShieldRecord:
    """Return the count as shields.io takes it for a badge of its own."""
    return ShieldRecord(label=_BADGE_LABEL, message=f"{count:,}", color=_BADGE_COLOUR.removeprefix("#"))


_BADGE_LABEL: Final = "signatures"
_BADGE_COLOUR: Final = "#3d4fb5"
_NARROW: Final = frozenset("ijl,.:;'|!fIt ")


def _text_width(text: str) -> int:
    """Estimate the width of a text in pixels; `textLength` makes the letters fit."""
    return round(sum(4.2 if letter in _NARROW else 7 for letter in text))


def _badge_text(x: int, width: int, text: str) -> str:
    return f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
