"""Read numbers, times and logins as people write them, in the settings file and in commands alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Final

import yaml

from bot.petition.i18n import message
from bot.time_types import WholeEpochSeconds

NONE: Final = ("none", "off", "-", "[]")
"""What takes a goal, a deadline or an answer away."""

DEADLINE_ALLOWED: Final = message(
    "write a date such as 2026-12-31, which means the end of that day in UTC, or a time with its zone such as"
    " 2026-12-31T18:00+01:00"
)


# Logins of today begin and end with a letter or a digit; old ones may not.
LOGIN: Final = r"(?=[_-]*[A-Za-z0-9])[A-Za-z0-9_-]{1,40}"


def read_logins(texts: Sequence[str]) -> tuple[str, ...]:
    """Read logins, with or without an @, in lower case and each once; raises ValueError for anything else."""
    logins = [text.removeprefix("@").lower() for text in texts]
    if wrong := [login for login in logins if not re.fullmatch(LOGIN, login, re.ASCII)]:
        raise ValueError(f"no logins: {wrong!r}")
    return tuple(dict.fromkeys(logins))


def read_site_url(text: str) -> str:
    """Read the https address of a web site, without a slash at its end; raises ValueError for anything else."""
    if not _SITE_URL.fullmatch(text):
        raise ValueError(f"no https address: {text!r}")
    return text.rstrip("/")


# Nothing in it ends a link of Markdown, and it names no user, query or part of a page.
_SITE_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?", re.ASCII)


PERSON: Final = re.compile(rf"@({LOGIN}(?:\[bot\])?)(?=[\s,.:;!?]|$)[,.:;!?]*", re.ASCII)
"""A mention, which is mail for whoever is mentioned."""


def read_people(argument: str) -> tuple[tuple[str, ...], str]:
    """Read whom a command is about, in lower case, and what follows; nobody where that is not clear.

    Between brackets no `@` is needed: a mention is mail for whoever is mentioned.
    """
    if several := _PEOPLE.match(argument):
        listed = [PERSON.fullmatch(f"@{one.removeprefix('@')}") for one in _BETWEEN.split(several[1].strip(" ,;"))]
        logins = [person[1].lower() for person in listed if person is not None]
        known = tuple(dict.fromkeys(logins)) if len(logins) == len(listed) else ()
        return known, argument[several.end() :].strip()
    person = PERSON.match(argument)
    return ((person[1].lower(),), argument[person.end() :].strip()) if person else ((), "")


def read_deadline(text: str) -> WholeEpochSeconds:
    """Read a date, which means its end in UTC, or a date and time with its zone.

    Raises ValueError for anything else, and for what lies before 1970 or after the year 9999 in UTC.
    """
    if _DATE.fullmatch(text):
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        at = int(day.timestamp()) + _SECONDS_PER_DAY - 1
    elif _DATE_AND_TIME.fullmatch(text):
        at = int(datetime.fromisoformat(text.upper().replace(" ", "T", 1).replace(" ", "")).timestamp())
    else:
        raise ValueError(f"no time: {text!r}")
    if not 0 <= at <= _LAST_SECOND:
        raise ValueError(f"nobody can write this in UTC: {text!r}")
    return at


def read_whole(text: str) -> int:
    """Read a whole number as people write it, also with its thousands apart; raises ValueError for others."""
    digits = re.sub(_SEPARATORS, "", text) if _GROUPED.fullmatch(text) else text
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        raise ValueError(f"no whole number: {text!r}")
    return int(digits)


def read_goal(text: str) -> int:
    """Read a goal; raises ValueError for anything else."""
    if (goal := read_whole(text)) < 1:
        raise ValueError(f"no goal: {text!r}")
    return goal


def read_goals(text: str) -> tuple[int, ...]:
    """Read a goal, or a ladder of goals, as people write it; empty for `none`. Raises ValueError for anything else.

    A comma before exactly three digits groups thousands, one with a blank behind it divides. Between brackets a
    comma divides also without one, as it does in YAML, unless others there have it.
    """
    if text.lower() in NONE:
        return ()
    listed = _BRACKETED.fullmatch(text)
    inner = (listed[1] if listed else text).strip()
    divided = _LIST.split(inner)
    attempts = [divided] if len(divided) > 1 else [inner.split(","), [inner]] if listed else [[inner]]
    for parts in attempts:
        with suppress(ValueError):
            return _ascending([read_goal(part.strip()) for part in parts])
    raise ValueError(f"no goals: {text!r}")


_PEOPLE = re.compile(r"\[([^\[\]]*(?:\[bot\][^\[\]]*)*)\][,.:;!?]*")
_BETWEEN = re.compile(r"\s*[,;]\s*|\s+(?=@)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_AND_TIME = re.compile(r"(?i)\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d)? ?(z|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS_PER_DAY: Final = 86_400
_LAST_SECOND: Final = int(datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp())
_SEPARATORS = "[,.'’_ \u00a0\u2009\u202f]"
_GROUPED = re.compile(rf"[1-9]\d{{,2}}({_SEPARATORS})\d{{3}}(?:\1\d{{3}})*", re.ASCII)
_MOST_DIGITS: Final = 9
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_LIST = re.compile(r"[,;]\s+")


def _ascending(goals: Sequence[int]) -> tuple[int, ...]:
    if any(lower >= higher for lower, higher in pairwise(goals)):
        raise ValueError("the goals do not ascend")
    return tuple(goals)


def read_plain(node: yaml.Node) -> str | list[str]:
    """Return a text, or a list of texts; raises ValueError for anything else, which no setting of ours is."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return [str(item.value) for item in node.value]
    raise ValueError("a list of lists, or a mapping")


def read_pairs(node: yaml.Node) -> list[tuple[str, str]]:
    """Return the keys and values of a mapping of texts; raises ValueError for anything else."""
    if isinstance(node, yaml.MappingNode) and all(
        isinstance(one, yaml.ScalarNode) for pair in node.value for one in pair
    ):
        return [(str(key.value), str(value.value)) for key, value in node.value]
    raise ValueError("no mapping, or one of something else than texts")


def read_written(node: yaml.Node) -> str:
    """Return a text, or the text of a list: a comma that was written without a blank stays so."""
    plain = read_plain(node)
    if isinstance(plain, str):
        return plain
    written = "".join(
        f"{one.value}{',' if _is_tight(one, following) else ', '}" for one, following in pairwise(node.value)
    )
    return f"[{written}{''.join(plain[-1:])}]"


def _is_tight(one: yaml.ScalarNode, following: yaml.ScalarNode) -> bool:
    is_plain = not one.style and not following.style
    return is_plain and one.end_mark.index + 1 == following.start_mark.index
