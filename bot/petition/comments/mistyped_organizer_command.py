"""Recognise an organizer's command of which `/petition` was mistyped, or is not where a command is read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

INSTRUCTION_WORDS: Final = (
    *("goal", "deadline", "remove", "restore", "close", "reopen", "recount", "respond", "help"),
)
"""What may follow `/petition`, as `organizers.commands.INSTRUCTIONS` has it: a mistyped command is known by it."""


class Mistyped(NamedTuple):
    """What was typed for `/petition`, with the marks before it, and what follows."""

    typed: str
    argument: str


# `/petiton goal 80`, `\petition close`, `- /petition help`, `"/petition close"`, `/petition-goal 80`. The prose of
# `/petitions like this` is none: what follows has to be a word that organizers' commands have, or nothing.
CANDIDATE: Final = re.compile(
    r"""
    ^ [\ \ufeff\u00a0\u200b]{,3}
    (?P<typed>
        (?: (?i: hi|hello|hey|dear|all|ok|okay|yes|please|pls|now|bitte|ja|bonjour|hola ) [,!:.]? \ {1,4} ){,3}
        (?: (?: [-+*] | [0-9]{1,3}[.)] | @[A-Za-z0-9-]{1,40}[,:]? ) \ {1,4} )?
        (?P<opening> [*_"'“”„«»‘’`(\[]{,3} )
        [/\\／]{1,2} \ ? (?P<word> [^\W\d_]{6,11} ) (?P<closing> [*_]{,3} )
    )
    (?: [\ \t:,=/_-]{1,4} (?P<argument> (?P<next> [^\W\d_]{3,12} ) (?! [^\W_] ) .* ) | [^\w\n]{,6} $ )
    """,
    re.VERBOSE | re.MULTILINE,
)
"""What a line of a mistyped command begins with; `read` decides whether it is one."""


def read(line: str) -> Mistyped | None:
    """Read a line that begins as text and holds no command; None where it is no mistyped one either."""
    found = CANDIDATE.match(line)
    if found is None:
        return None
    following, argument = found["next"], (found["argument"] or "").rstrip()
    word = found["word"].lower()
    if word in _OTHER_WORDS or not is_near(word, "petition", _MISTAKES if following else 1):
        return None
    if following is not None and not _names_instruction(following.lower()):
        return None
    if found["opening"] and not found["closing"] and argument and argument.rstrip(".,:;!?")[-1:] not in _CLOSING:
        # `"/petition close" ends it` is about the command.
        return None
    return Mistyped(found["typed"], argument)


_MISTAKES: Final = 2
_OTHER_WORDS: Final = frozenset({"edition", "partition", "position", "repetition"})
_CLOSING: Final = tuple("*_\"'“”„«»‘’`)]")
_SHORT: Final = 4


def _names_instruction(word: str) -> bool:
    return any(is_near(word, one, 1 if len(one) <= _SHORT else _MISTAKES) for one in INSTRUCTION_WORDS)


def is_near(word: str, meant: str, most: int) -> bool:
    """Return whether so many letters left out, added, replaced or exchanged with the next make one of the other."""
    if abs(len(word) - len(meant)) > most:
        return False
    before, row = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for place, letter in enumerate(word, 1):
        above, before, row = before, row, [place]
        for column, (last, other) in enumerate(pairwise(f" {meant}"), 1):
            costs = [before[column] + 1, row[-1] + 1, before[column - 1] + (letter != other)]
            if place > 1 and column > 1 and letter == last and word[place - 2] == other:
                costs.append(above[column - 2] + 1)
            row.append(min(costs))
    return row[-1] <= most
