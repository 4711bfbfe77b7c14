"""Read an organizer's settings, the file `.github/petition.yml`, or list each mistake in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from bot.petition.i18n import Message, message, translator
from bot.petition.text import clean, fold
from bot.units import WholeEpochSeconds

PATH: Final = ".github/petition.yml"
"""Where the file is, in the repository's default branch."""

SIZE_LIMIT: Final = 10_000
"""Characters of a settings file; what is longer is none."""

LANGUAGES: Final = ("en", "ar", "de")
"""The languages that the block can be written in, English first."""


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
    milestones: bool = True
    comments_per_thread: int = 2_200
    """Comments on a thread after which the petition goes on in another one."""
    minimum_account_age: int = 0
    """Days that an account must have existed before it signs; 0 switches the rule off."""
    public_roster: bool = True
    language: str = LANGUAGES[0]
    chart: bool = False
    """Whether the block shows how the signatures grew."""
    anonymise_after: int | None = None
    """Days after the petition's end when names, affiliations and reasons are erased; None for never."""


DEFAULTS: Final = Settings()


class Mistake(Struct, frozen=True):
    """A mistake in the file: the key that it concerns, its line (from 1), what was found and what is allowed."""

    key: str
    line: int
    found: Message
    allowed: Message

    def __str__(self) -> str:
        return self.in_language(LANGUAGES[0])

    def in_language(self, language: str) -> str:
        """Format it in a language."""
        tr = translator(language)
        with_key, without = (
            message("line {line}, {key}: found {found}; {allowed}"),
            message("line {line}: found {found}; {allowed}"),
        )
        return tr.translate(
            with_key if self.key else without,
            line=tr.number(self.line),
            key=tr.name(self.key),
            found=self.found.in_language(language),
            allowed=self.allowed.in_language(language),
        )


def read(text: str) -> Settings | tuple[Mistake, ...]:
    """Read the text of a settings file: the settings, or the mistakes in the order of their lines."""
    if len(text) > SIZE_LIMIT:
        return (Mistake("", 1, Message(message("{value} characters"), f"{len(text):,}"), _SHORTER),)
    if text.count("[") + text.count("{") > _BRACKETS:
        # The parser takes long over what is nested deeply, and no value of ours is.
        return (Mistake("", 1, Message(message("more than {value} brackets"), f"{_BRACKETS}"), _FEWER),)
    try:
        # All scalars stay texts: YAML itself would turn `+1` into a number and `no` into a boolean.
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        return (_not_yaml(error),)
    if root is None or _is_empty(root):
        return DEFAULTS
    if not isinstance(root, yaml.MappingNode):
        return (Mistake("", _line(root), _shown(_text(root)), _LINES),)
    mistakes: list[Mistake] = []
    found: dict[str, Any] = {}
    for key, value in root.value:
        if (mistake := _take(key, value, found)) is not None:
            mistakes.append(mistake)
    return tuple(mistakes) or Settings(**found)


def digest(text: str) -> str:
    """Identify the text of a settings file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


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


def read_goal(text: str) -> int:
    """Read a goal as people write it, with or without separators; raises ValueError for anything else."""
    digits = re.sub(_SEPARATORS, "", text) if _GROUPED.fullmatch(text) else text
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _GOAL_DIGITS and int(digits) > 0):
        raise ValueError(f"no goal: {text!r}")
    return int(digits)


DEADLINE_ALLOWED: Final = message(
    "write a date such as 2026-12-31, which means the end of that day in UTC, or a time with its zone such as"
    " 2026-12-31T18:00+01:00"
)

_SHORTER: Final = Message(message("a settings file has at most {value}"), f"{SIZE_LIMIT:,}")
_ONCE: Final = Message(message("write it once"))
_FEWER: Final = Message(message("no value needs so many"))
_LINES: Final = Message(message("write one “key: value” on each line"))
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_AND_TIME = re.compile(r"(?i)\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d)? ?(z|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS_PER_DAY: Final = 86_400
_LAST_SECOND: Final = int(datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp())
_SEPARATORS = "[,.'_ \u00a0\u202f]"
_GROUPED = re.compile(rf"\d{{1,3}}({_SEPARATORS})\d{{3}}(?:\1\d{{3}})*", re.ASCII)

_GOAL_DIGITS: Final = 9


def _read_goals(given: int | list[int]) -> tuple[int, ...]:
    """Return the ladder of goals; a single one is a ladder too."""
    goals = (given,) if isinstance(given, int) else tuple(given)
    if any(lower >= higher for lower, higher in pairwise(goals)):
        raise ValueError("the goals do not ascend")
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


def _whole(least: int, most: int) -> object:
    return Annotated[int, Meta(ge=least, le=most)]


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


_Goal = Annotated[int, Meta(ge=1, le=999_999_999)]
_Phrase = Annotated[str, Meta(min_length=1, max_length=60)]
_YES_OR_NO: Final = Key(bool, message("write true or false"))

KEYS: Final = {
    "goal": Key(
        _Goal | Annotated[list[_Goal], Meta(max_length=20)],
        message(
            "write a whole number from 1 to 999999999, or up to 20 in ascending order, such as [100, 500, 1000]"
        ),
        _read_goals,
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
    "names": Key(_whole(0, 100), message("write a whole number from 0 to 100")),
    "milestones": _YES_OR_NO,
    "comments_per_thread": Key(_whole(50, 2_400), message("write a whole number from 50 to 2400")),
    "minimum_account_age": Key(
        _whole(0, 3_650), message("write a number of days from 0 to 3650; 0 switches the rule off")
    ),
    "roster": Key(
        Literal["public", "private"],
        message("write public or private"),
        lambda value: value == "public",
        "public_roster",
    ),
    # Not `$`, which also stands before a line's end.
    "language": Key(
        Annotated[str, Meta(pattern=rf"^(?:{'|'.join(LANGUAGES)})\Z")],
        message("write one of {value}"),
        value=", ".join(LANGUAGES),
    ),
    "chart": _YES_OR_NO,
    "anonymise_after": Key(
        Annotated[int, Meta(ge=0, le=36_500)] | None,
        message("write a number of days from 0 to 36500, or leave the key out"),
    ),
}
"""Each key of the file. A new one is an entry here and a field of `Settings`."""


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "" and node.style not in ("'", '"')


def _take(key: yaml.Node, value: yaml.Node, found: dict[str, Any]) -> Mistake | None:
    """Add the setting that one key makes, or return the mistake in it."""
    name = key.value if isinstance(key, yaml.ScalarNode) else ""
    known = KEYS.get(name)
    if known is None:
        unknown = Message(message("the key {value}"), str(_shown(_text(key))))
        return Mistake("", _line(key), unknown, _allowed_keys(name))
    setting = known.setting or name
    if setting in found:
        return Mistake(name, _line(key), Message(message("the key for the second time")), _ONCE)
    if _is_empty(value):
        # A key without a value is as good as none.
        return None
    try:
        found[setting] = known.read(msgspec.convert(_plain(value), known.type, strict=False))
    except ValueError:
        return Mistake(name, _line(value), _shown(_text(value)), Message(known.allowed, known.value))
    return None


def _allowed_keys(name: str) -> Message:
    if near := get_close_matches(name.lower().replace("-", "_"), KEYS, n=1):
        return Message(message("did you mean {value}?"), near[0])
    return Message(message("the keys are {value}"), ", ".join(KEYS))


def _plain(node: yaml.Node) -> str | list[str]:
    """Return a text, or a list of texts; raises ValueError for anything else, which no setting of ours is."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return [str(item.value) for item in node.value]
    raise ValueError("a list of lists, or a mapping")


def _text(node: yaml.Node) -> str:
    match node:
        case yaml.ScalarNode():
            return str(node.value)
        case yaml.SequenceNode():
            return f"[{', '.join(_inner(item) for item in node.value[:_SHOWN_ITEMS])}]"
        case _:
            return _inner(node)


def _inner(node: yaml.Node) -> str:
    match node:
        case yaml.ScalarNode():
            return str(node.value)
        case yaml.SequenceNode():
            return "a list"
        case _:
            return "a mapping of keys and values"


_BRACKETS: Final = 200
_SHOWN_ITEMS: Final = 20
_SHOWN: Final = 60


def _shown(text: str) -> Message:
    return Message("{value}", f"“{' '.join(clean(text, _SHOWN).split())}”")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _not_yaml(error: yaml.YAMLError) -> Mistake:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else None
    line = 1 if mark is None else mark.line + 1
    said = f" ({clean(problem, _SHOWN)})" if problem else ""
    return Mistake("", line, Message(message("something that is not YAML{value}"), said), _LINES)
