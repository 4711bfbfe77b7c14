"""The newest signatures as an Atom feed (RFC 4287)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from bot.export.schemas import PetitionRecord, SignatureRecord, asked_not_to_be_listed, iso
from bot.petition.i18n import ENGLISH, translator
from bot.petition.untrusted_text import drop_non_xml

UNNAMED = "Not named"
"""Stands for people who asked to be forgotten."""


def feed(petition: PetitionRecord, signatures: Sequence[SignatureRecord], address: str) -> str:
    """Format the feed, the newest signature first; `address` is its own."""
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    _text(root, "id", petition.page)
    _text(root, "title", f"Signatures: {petition.title}")
    if petition.unlisted:
        _text(root, "subtitle", asked_not_to_be_listed(petition.unlisted, translator(ENGLISH)))
    _text(root, "updated", signatures[0].signed_at if signatures else iso(0))
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": address})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": petition.page})
    for one in signatures:
        entry, login = ET.SubElement(root, "entry"), one.login or UNNAMED
        _text(entry, "id", one.comment)
        _text(entry, "title", ", ".join(part for part in (one.name or login, one.affiliation) if part))
        _text(entry, "updated", one.signed_at)
        _text(ET.SubElement(entry, "author"), "name", login)
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": one.comment})
        _text(entry, "content", one.reason or "Signed.")
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = drop_non_xml(text)
