"""The count as a badge: as SVG, and as JSON for shields.io."""

from __future__ import annotations

from html import escape
from typing import Final

from bot.export.schemas import ShieldRecord

LABEL: Final = "signatures"
COLOUR: Final = "#3d4fb5"


def badge(count: int) -> str:
    """Return the badge as SVG, 20 pixels high."""
    value = f"{count:,}"
    left, right = _width(LABEL) + 12, _width(value) + 12
    name = escape(f"{LABEL}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{name}">'
        f"<title>{name}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#4a4d57"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLOUR}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(6, left - 12, LABEL)}{_text(left + 6, right - 12, value)}</g></svg>"
    )


def shield_record(count: int) -> ShieldRecord:
    """Return the count for shields.io."""
    return ShieldRecord(label=LABEL, message=f"{count:,}", color=COLOUR.removeprefix("#"))


_NARROW: Final = frozenset("ijl,.:;'|!fIt ")


def _width(text: str) -> int:
    """Estimate the width of a text in pixels; `textLength` makes the letters fit."""
    return round(sum(4.2 if letter in _NARROW else 7 for letter in text))


def _text(x: int, width: int, text: str) -> str:
    return f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
