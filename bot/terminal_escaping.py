"""What strangers wrote, as it may be shown on a terminal: what would steer it is spelled out.

`harmless` is for a text of several lines and for JSON, which stays JSON; `one_line` is for what is only one.
"""

from __future__ import annotations

import re


def harmless(text: str) -> str:
    """Spell out, as JSON does, what steers a terminal or turns the direction of writing."""
    return _STEERING.sub(lambda found: _spelled(found[0]), text)


def one_line(text: str) -> str:
    """Make a text harmless, line breaks as well."""
    return harmless(text).replace("\n", _spelled("\n"))


def _spelled(character: str) -> str:
    return f"\\u{ord(character):04x}"


# Control characters but the line feed, what separates lines, halves of characters, which cannot be written at all,
# and what changes the order of letters: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_STEERING = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]"
)
