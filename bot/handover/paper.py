"""Set the paper that is handed over: a PDF with the letter, the numbers, the method and the signatures."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

import manimgx_fonts
import manimgx_fonts_cjk
import msgspec
import typst

from bot.handover.letter import tree
from bot.handover.record import PackRecord
from bot.roster.chart import Growth, chart

FONTS: Final = tuple(Path(str(package.__file__)).parent for package in (manimgx_fonts, manimgx_fonts_cjk))
"""The folders of Noto fonts for the scripts of the world."""


def paper(pack: PackRecord, growth: Growth, made_at: int) -> bytes:
    """Set the paper; the same pack gives the same bytes. `made_at` is in UTC epoch seconds."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=list(FONTS))
    data = msgspec.json.encode(_data(pack, growth, _families(fonts))).decode()
    source = resources.files("bot.handover").joinpath("paper.typ").read_bytes()
    compiler = typst.Compiler(font_paths=fonts, sys_inputs={"data": data})
    try:
        made = compiler.compile(source, format="pdf", timestamp=made_at, pdf_standards="ua-1")
    except typst.TypstError:
        # The standard for accessible papers refuses letters that no font has. A paper with an empty box for one is
        # better than none, and JSON and table have the letter.
        made = compiler.compile(source, format="pdf", timestamp=made_at)
    assert isinstance(made, bytes)  # noqa: S101 - one document is no list of pages
    return made


def _data(pack: PackRecord, growth: Growth, fonts: list[str]) -> dict[str, object]:
    petition, letters = pack.petition, pack.letters
    letter = letters[-1] if letters else None
    numbers = {one.digest: f"{number}" for number, one in enumerate(letters, 1)} if len(letters) > 1 else {}
    return {
        "fonts": fonts,
        "title": petition.title,
        "repository": petition.repository,
        "number": str(petition.number),
        "issue": petition.issue,
        "made": f"{_moment(pack.made_at)} UTC",
        "numbers": _numbers(pack),
        "chart": chart(growth, petition.title, alone=True),
        "chart_words": growth.in_words(),
        "letter": tree(letter.text if letter and letter.text else "*The letter's text is not known.*"),
        "letter_digest": letter.digest if letter else "–",
        "versions": [
            {"number": f"{number}", "seen": _moment(one.seen_at), "signed": f"{one.signed:,}", "digest": one.digest}
            for number, one in enumerate(letters, 1)
        ],
        "facts": [
            {"what": "Counted", "said": f"{_moment(pack.made_at)} UTC"},
            {"what": "State", "said": _state(pack)},
            {"what": "Digest of the tally", "said": petition.digest},
            {"what": "The issue", "said": petition.issue},
        ],
        "signatures": [
            {
                "place": f"{place:,}",
                "name": one.name,
                "login": one.login,
                "affiliation": one.affiliation or "",
                "reason": one.reason,
                "at": _moment(one.signed_at),
                "version": "" if one.letter is None else numbers.get(one.letter, ""),
            }
            for place, one in enumerate(pack.signatures, 1)
        ],
    }


def _numbers(pack: PackRecord) -> list[dict[str, str]]:
    told = [
        {"number": f"{pack.petition.count:,}", "what": "signatures"},
        {"number": f"{pack.withdrawn:,}", "what": "withdrawn by /unsign"},
    ]
    if pack.withheld:
        told.append({"number": f"{pack.withheld:,}", "what": "withheld by the organizers"})
    if pack.petition.goal:
        told.append({"number": f"{pack.petition.goal:,}", "what": "the goal"})
    return told


def _state(pack: PackRecord) -> str:
    closed = pack.petition.closed_at
    return f"closed on {_moment(closed)} UTC" if closed else "open"


def _moment(text: str) -> str:
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M}"


def _families(fonts: typst.Fonts) -> list[str]:
    """List the fonts, Latin first; the first that has a letter sets it."""
    named = sorted({font.family for font in fonts.fonts() if font.family.startswith("Noto")})
    return sorted(named, key=lambda name: (name != "Noto Sans", "CJK" in name, "Emoji" in name, name))
