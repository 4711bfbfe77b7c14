"""The block in an issue's body that shows who and how many have signed: its content, sections, text and place."""

from bot.petition.block.body import (
    BODY_LIMIT,
    MachineLine,
    letter,
    letter_digest,
    machine_line,
    splice,
)
from bot.petition.block.render import BlockContent, compose, has_room, render, same_but_for_time

__all__ = [
    "BODY_LIMIT",
    "BlockContent",
    "MachineLine",
    "compose",
    "has_room",
    "letter",
    "letter_digest",
    "machine_line",
    "render",
    "same_but_for_time",
    "splice",
]
