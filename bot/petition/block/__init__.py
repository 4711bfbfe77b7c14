"""The block in an issue's body that shows who and how many have signed: its content, sections, text and place."""

from bot.petition.block.block_content import BlockContent, TranslationLink
from bot.petition.block.body import BODY_LIMIT, letter, letter_digest, machine_line, splice
from bot.petition.block.render import compose, has_room, render_block, same_but_for_time

__all__ = [
    "BODY_LIMIT",
    "BlockContent",
    "TranslationLink",
    "compose",
    "has_room",
    "letter",
    "letter_digest",
    "machine_line",
    "render_block",
    "same_but_for_time",
    "splice",
]
