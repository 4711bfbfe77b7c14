"""The paper of a pack: one HTML file to read and print, which loads nothing and runs nothing."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import jinja2
from markupsafe import Markup

from bot.export import letter_html
from bot.export.chart import Growth, chart
from bot.export.record import PackRecord
from bot.petition.text import drop_non_xml, links_apart

IN_ONE_LIST: Final = 200
"""Names in one list with columns: Chromium takes minutes to print 100,000 of them in a single one."""

BUFFERED: Final = 1_000
"""Pieces of the template in one chunk."""


def paper(pack: PackRecord, growth: Growth) -> Iterator[bytes]:
    """Return the paper in chunks; the same pack gives the same bytes."""
    petition, letters = pack.petition, pack.letters
    foot = f"{petition.repository} #{petition.number} · {_moment(pack.made_at)} UTC"
    style = _TEMPLATES.get_template("paper.css").render(foot=_in_css(foot))
    parts = _TEMPLATES.get_template("paper.html").stream(
        pack=pack,
        petition=petition,
        style=Markup(style),  # noqa: S704 - ours, and what it quotes is escaped
        style_digest=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        numbers=_numbers(pack),
        chart=Markup(chart(growth, petition.title, standalone=False)),  # noqa: S704 - it escapes what it is given
        chart_words=growth.in_words(),
        response=links_apart(petition.response.text) if petition.response else (),
        letter=_letter(letters[-1].text if letters else None),
        versions={one.digest: number for number, one in enumerate(letters, 1)} if len(letters) > 1 else {},
        in_one_list=IN_ONE_LIST,
    )
    parts.enable_buffering(BUFFERED)
    return (drop_non_xml(part).encode() for part in parts)


def _letter(text: str | None) -> Markup | None:
    if not text:
        return None
    # A closed <details> is not printed.
    return Markup(str(letter_html.render(text)).replace("<details", "<details open"))  # noqa: S704 - sanitized


def _numbers(pack: PackRecord) -> Iterator[tuple[int, str]]:
    count, goal = pack.petition.count, pack.petition.goal
    yield count, "signature" if count == 1 else "signatures"
    yield pack.withdrawn, "withdrawn by /unsign"
    if pack.withheld:
        yield pack.withheld, "removed by the organizers"
    if goal:
        yield goal, "the goal"


def _moment(text: str) -> str:
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


def _in_css(text: str) -> str:
    """Escape text for a string in CSS."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", text)


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.export"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters["moment"] = _moment
