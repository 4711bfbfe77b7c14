"""The settings of a petition: the keys that organizers write, what each allows, and how its value is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from bot.petition.i18n import ENGLISH, LANGUAGES, language_named, message
from bot.petition.machine_readable_lines import Counter
from bot.petition.untrusted_text import fold
from bot.time_types import WholeEpochSeconds

PATH: Final = ".github/petition.yml"
"""Where the settings file is, in the repository's default branch."""

MOST_FIRST: Final = 20
"""First signatories at most."""


class Detail(StrEnum):
    """What is shown of a person who has signed; all but the login only where the person gave it."""

    LOGIN = "login"
    NAME = "name"
    AFFILIATION = "affiliation"
    REASON = "reason"


class Settings(Struct, frozen=True):
    """How a petition is run; the defaults hold where there is no file."""

    goals: tuple[int, ...] = ()
    """The ladder of goals, ascending."""
    deadline: WholeEpochSeconds | None = None
    """The last moment at which a `/sign` counts."""
    also_accept: tuple[str, ...] | None = ()
    """Phrases that sign when they are all a comment says, beside saying so in words; None: only `/sign` counts."""
    show: frozenset[Detail] = frozenset(Detail)
    """Empty where only the count is shown; else the login is among them."""
    names: int = 20
    """How many of the newest signatures the block shows."""
    first: tuple[str, ...] = ()
    """Logins, in lower case, of those who stand above all others as soon as they have signed."""
    milestones: bool = True
    comments_per_thread: int = 2_200
    """Comments on a thread after which the petition goes on in another one."""
    minimum_account_age: int = 0
    """Days that an account must have existed before it signs; 0 switches the rule off."""
    public_roster: bool = True
    language: str = ENGLISH
    chart: bool = False
    """Whether the block shows how the signatures grew."""
    anonymise_after: int | None = None
    """Days after the petition's end when names, affiliations and reasons are erased; None for never."""
    counter: Counter | None = None
    """What keeps the petitions; None: whatever wrote the last block."""
    site: str | None = None
    """Where the pages are published that `site` writes, without a slash at the end."""
    translations: tuple[tuple[str, str], ...] = ()
    """The letter in other languages: tags, and paths of files. What is wrong with one is told when it is read."""

    @property
    def shows_roster(self) -> bool:
        """Return whether everybody may see who has signed, and not only how many."""
        return self.public_roster and bool(self.show)


DEFAULTS: Final = Settings()


# --- numbers, times and logins, as people write them in the settings file and in commands

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
            return _ascending([read_whole(part.strip()) for part in parts])
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
    if any(lower >= higher for lower, higher in pairwise((0, *goals))):
        raise ValueError("the goals do not ascend from 1")
    return tuple(goals)


# --- the keys


def _read_listed_goals(given: str) -> tuple[int, ...]:
    goals = read_goals(given)
    if len(goals) > _MOST_GOALS:
        raise ValueError("too many goals")
    return goals


def _read_phrases(given: str | list[str]) -> tuple[str, ...] | None:
    if isinstance(given, str):
        return None
    phrases = tuple(fold(phrase) for phrase in given)
    if not all(phrases):
        raise ValueError("a phrase says nothing")
    return phrases


def _read_details(given: str | list[str]) -> frozenset[Detail]:
    if given == "count":
        return frozenset()
    return frozenset({Detail.LOGIN, *map(Detail, [given] if isinstance(given, str) else given)})


def _read_language(given: str) -> str:
    if (language := language_named(given)) is None:
        raise ValueError(f"no catalogue: {given!r}")
    return language


PAIRS: Final = tuple[tuple[str, str], ...]
"""The type of a value that is a line for each of its parts, `key: value`."""


class Key(Struct, frozen=True):
    """A key of the file: the type of its value, and what it allows, in words."""

    type: Any
    allowed: str
    read: Callable[[Any], object] = lambda value: value
    """Returns the setting that a value makes; raises ValueError where the type cannot say what is wrong."""
    setting: str = ""
    """The setting's name, where it is not the key's."""
    value: str = ""
    """What stands in the words."""


def _whole(least: int, most: int, allowed: str, *, or_null: bool = False) -> Key:
    """Return a key whose value is a whole number; msgspec would read `1.000` as 1."""

    def read_number(given: str) -> int | None:
        if or_null and given == "null":
            return None
        number = read_whole(given)
        if not least <= number <= most:
            raise ValueError(f"not from {least} to {most}: {given!r}")
        return number

    return Key(str, allowed, read_number)


_MOST_GOALS: Final = 20
_Phrase = Annotated[str, Meta(min_length=1, max_length=60)]
_YES_OR_NO: Final = Key(bool, message("write true or false"))

KEYS: Final = {
    "goal": Key(
        str,
        message(
            "write a whole number from 1 to 999999999, or up to 20 in ascending order, such as [100, 500, 1000]"
        ),
        _read_listed_goals,
        "goals",
    ),
    "deadline": Key(str, DEADLINE_ALLOWED, read_deadline),
    "also_accept": Key(
        Literal["none"] | Annotated[list[_Phrase], Meta(max_length=50)],
        message(
            'write a list of up to 50 phrases of 1 to 60 characters, such as ["signed", "+1"], or none so that only'
            " /sign counts"
        ),
        _read_phrases,
    ),
    "show": Key(
        Literal["count", "login", "name", "affiliation", "reason"] | list[Literal["name", "affiliation", "reason"]],
        message(
            "write count, login, or a list of what is shown beside the login, such as [name, affiliation, reason]"
        ),
        _read_details,
    ),
    "names": _whole(0, 100, message("write a whole number from 0 to 100")),
    "first": Key(
        Annotated[list[str], Meta(max_length=MOST_FIRST)],
        message("write a list of up to 20 logins, such as [ada, grace]"),
        read_logins,
    ),
    "milestones": _YES_OR_NO,
    "comments_per_thread": _whole(50, 2_400, message("write a whole number from 50 to 2400")),
    "minimum_account_age": _whole(
        0, 3_650, message("write a number of days from 0 to 3650; 0 switches the rule off")
    ),
    "roster": Key(
        Literal["public", "private"],
        message("write public or private"),
        lambda value: value == "public",
        "public_roster",
    ),
    "language": Key(str, message("write one of {value}"), _read_language, value=", ".join(LANGUAGES)),
    "chart": _YES_OR_NO,
    "anonymise_after": _whole(
        0, 36_500, message("write a number of days from 0 to 36500, or leave the key out"), or_null=True
    ),
    "counter": Key(Literal["app", "workflow"], message("write app or workflow"), Counter),
    "site": Key(
        Annotated[str, Meta(max_length=200)],
        message("write the https address of the published pages, such as https://ada.github.io/letters"),
        read_site_url,
    ),
    "translations": Key(PAIRS, message("write a line for each language, such as “de: letters/letter.de.md”")),
}
"""Each key of the file. A new one is an entry here and a field of `Settings`."""
