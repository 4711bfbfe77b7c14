"""Write in an issue's body who and how many have signed: the block between our markers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from msgspec.structs import replace

from bot.petition.block.block_content import BlockContent
from bot.petition.block.body import (
    BEGIN,
    BODY_LIMIT,
    END,
    NOTE,
    SHORT_NOTE,
    BlockLocation,
    locate_block,
    machine_line,
)
from bot.petition.block.sections import SECTIONS, Section, counted, coverage, heading
from bot.petition.i18n import LANGUAGES, translator
from bot.petition.untrusted_text import unify_newlines


def compose(body: str | None, content: BlockContent) -> str | None:
    """Return the new body of an issue, or None where nothing but the time of counting would change.

    The letter always stays whole. Where it leaves no room for a block there will be none; see `has_room`.
    """
    place = locate_block(body)
    block = _fit(place, content)
    if place.block is not None:
        # Which comments are counted is told whenever something else is, and is no reason to write.
        told = machine_line(place.block)
        is_told = (told and told.coverage) == content.coverage
        same = block if is_told else _fit(place, replace(content, coverage=told and told.coverage))
        if same_but_for_time(place.block, same):
            return None
    new_body = place.filled(block)
    return None if new_body == (body or "") else new_body


def has_room(body: str | None, content: BlockContent) -> bool:
    """Return whether a letter leaves room for a block that says at least the count."""
    return bool(_fit(locate_block(body), content))


def render_block(content: BlockContent, budget: int = BODY_LIMIT) -> str:
    """Write the block, both markers included, in at most `budget` code points; empty where no count fits.

    When room is short the names go first, from the oldest on, then whole sections as their table says.
    """
    return next((block for block in _shorter_and_shorter(content, budget) if len(block) <= budget), "")


def same_but_for_time(old_block: str, new_block: str) -> bool:
    """Return whether two blocks say the same; when it was counted is no reason to write, nor are line ends."""
    return _timeless(old_block) == _timeless(new_block)


def _fit(place: BlockLocation, content: BlockContent) -> str:
    """Write as much of the block as GitHub's limit leaves room for."""
    room = BODY_LIMIT - len(place.before) - len(place.after)
    closing = len(place.closed(_LEAST)) - len(_LEAST)
    block = place.closed(render_block(content, room - closing))
    longer = len(place.with_line_ends(block)) - len(block)
    if len(block) + longer > room:
        block = place.closed(render_block(content, room - closing - longer))
    # In code that the letter leaves open, the block is known again by its line for machines.
    return block if not closing or machine_line(block) else ""


_LEAST = f"{BEGIN}\n{END}"


def _shorter_and_shorter(content: BlockContent, budget: int) -> Iterator[str]:
    yield _assemble(_write(content), content)

    def length(names: int) -> int:
        return len(_assemble(_write(replace(content, newest=content.newest[:names])), content))

    too_many = bisect_right(range(len(content.newest)), budget, key=length)
    texts = _write(replace(content, newest=content.newest[: max(too_many - 1, 0)]))
    yield _assemble(texts, content)
    for section in sorted(texts, key=attrgetter("gives_way")):
        del texts[section]
        yield _assemble(texts, content)
    # Where there is no room for the line for machines, the count for people may still have some.
    yield _frame(content.language, [heading(content, translator(content.language))])


def _write(content: BlockContent) -> dict[Section, str]:
    tr = translator(content.language)
    return {section: text for section in SECTIONS if (text := section.write(content, tr))}


def _assemble(texts: Mapping[Section, str], content: BlockContent) -> str:
    if not any(section.write is coverage for section in texts):
        # Where there is no room for the words, machines are not told either.
        content = replace(content, coverage=None)
    middle = [text for text in texts.values() if text != NOTE]
    foot = [NOTE if NOTE in texts.values() else SHORT_NOTE]
    return _frame(content.language, middle, head=[str(content.machine_line)], foot=foot)


def _frame(language: str, middle: Sequence[str], head: Sequence[str] = (), foot: Sequence[str] = ()) -> str:
    """Return sections between the markers; `head` and `foot` stand right beside them."""
    begin, end = "\n".join([BEGIN, *head]), "\n".join([*foot, END])
    if not middle:
        return f"{begin}\n{end}"
    if translator(language).is_rtl:
        middle = ['<div dir="rtl">', *middle, "</div>"]
    return "\n\n".join([begin, *middle, end])


def _timeless(block: str) -> str:
    block = unify_newlines(block)
    line = machine_line(block)
    if line is None:
        return block
    block = block.replace(str(line), str(replace(line, as_of=0)), 1)
    for language in LANGUAGES:
        tr = translator(language)
        block = block.replace(counted(line.as_of, tr), counted(0, tr), 1)
    return block
