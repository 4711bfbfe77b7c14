"""CONTRIBUTING's recipe for a new section of the block, followed: the one here says where the petition began."""

from __future__ import annotations

import pytest

from bot.petition.block import BlockContent, render, render_block
from bot.petition.block.sections import SECTIONS, Section, heading
from bot.petition.i18n import Translator
from bot.petition.untrusted_text import inline


class Content(BlockContent, frozen=True):
    """What the block shows, with one field more."""

    place: str = ""


def origin(content: BlockContent, _tr: Translator) -> str:
    return f"Begun in {inline(content.place)}." if isinstance(content, Content) and content.place else ""


@pytest.fixture(autouse=True)
def section(monkeypatch: pytest.MonkeyPatch) -> None:
    after_heading = next(place for place, one in enumerate(SECTIONS, 1) if one.write is heading)
    added = (*SECTIONS[:after_heading], Section(origin, 1), *SECTIONS[after_heading:])
    monkeypatch.setattr(render, "SECTIONS", added)


def content(place: str = "") -> Content:
    return Content(count=3, digest="adhash4096:0a", as_of=1_795_347_607, goal=10, place=place)


def test_it_is_shown_in_its_place() -> None:
    block = render_block(content("Ghent"))
    assert block.index("3 people have signed") < block.index("Begun in Ghent.") < block.index("To sign")


def test_where_there_is_nothing_to_show_nothing_is_shown() -> None:
    assert render_block(content()) == render_block(BlockContent(3, "adhash4096:0a", 1_795_347_607, goal=10))


def test_when_room_is_short_it_is_left_out_by_its_number() -> None:
    whole = render_block(content("Ghent"))
    shorter = render_block(content("Ghent"), len(whole) - 1)
    assert "Ghent" not in shorter
    assert shorter == render_block(content())
