"""Read an organizer's settings, the file `.github/petition.yml`, or list each mistake in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from bot.petition.i18n import ENGLISH, LANGUAGES, Message, language_named, message, translator
from bot.petition.machine_readable_tally import Counter
from bot.petition.organizers.values import (
    DEADLINE_ALLOWED,
    read_deadline,
    read_goals,
    read_logins,
    read_pairs,
    read_plain,
    read_site_url,
    read_whole,
    read_written,
)
from bot.petition.untrusted_text import clean, fold
from bot.time_types import WholeEpochSeconds

PATH: Final = ".github/petition.yml"
"""Where the file is, in the repository's default branch."""

FOLDERS: Final = (".github", "")
"""Where it is looked for when it is not there."""

_NEARLY_PATH = re.compile(r"(?i)(?:\.github/)?petitions?\.ya?ml|\.github/petitions?(?:\.yml)?(?:\.txt|\.json)?")


def is_misplaced(path: str) -> bool:
    """Return whether a file looks as if it was meant to be the settings file, and is not where it is read."""
    return path != PATH and _NEARLY_PATH.fullmatch(path) is not None


def explain_misplaced(path: str, language: str) -> str:
    """Format what organizers are told about such a file."""
    tr = translator(language)
    return tr.translate("{file} is not read; move it to {path}", file=tr.name(path), path=tr.name(PATH))


SIZE_LIMIT: Final = 10_000
"""Characters of a settings file; what is longer is none."""

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


DEFAULTS: Final = Settings()


class Mistake(Struct, frozen=True):
    """A mistake in the file: the key that it concerns, its line (from 1), what was found and what is allowed."""

    key: str
    line: int
    found: Message
    allowed: Message

    @property
    def about(self) -> str:
        """Return the key that the mistake concerns, or was probably meant; empty where it may be any key."""
        return self.key or (self.allowed.value if self.allowed.value in KEYS else "")

    def __str__(self) -> str:
        return self.in_language(ENGLISH)

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
    settings, mistakes = read_sound(text)
    return mistakes or settings


def read_sound(text: str) -> tuple[Settings, tuple[Mistake, ...]]:
    """Read the text of a settings file: what is in order in it, and the mistakes."""
    found, mistakes = read_values(text)
    return Settings(**found), mistakes


def read_values(text: str) -> tuple[dict[str, Any], tuple[Mistake, ...]]:
    """Read the text of a settings file: the settings that it makes, by name, and the mistakes."""
    if len(text) > SIZE_LIMIT:
        return {}, (Mistake("", 1, Message(message("{value} characters"), len(text)), _SHORTER),)
    if text.count("[") + text.count("{") > _BRACKETS:
        # The parser takes long over what is nested deeply, and no value of ours is.
        return {}, (Mistake("", 1, Message(message("more than {value} brackets"), _BRACKETS), _FEWER),)
    try:
        # All scalars stay texts: YAML itself would turn `+1` into a number and `no` into a boolean.
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        return {}, (_not_yaml(error),)
    if root is None or _is_empty(root):
        return {}, ()
    if not isinstance(root, yaml.MappingNode):
        return {}, (Mistake("", _line(root), _found(root), _LINES),)
    found: dict[str, Any] = {}
    mistakes = [one for key, value in root.value if (one := _take(key, value, found)) is not None]
    return found, tuple(mistakes)


def digest(text: str) -> str:
    """Identify the text of a settings file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_SHORTER: Final = Message(message("a settings file has at most {value}"), SIZE_LIMIT)
_ONCE: Final = Message(message("write it once"))
_FEWER: Final = Message(message("no setting needs so many"))
_LINES: Final = Message(message("write one “key: value” on each line"))


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
    as_text: bool = False
    """Whether a list is read as it is written, with its brackets."""
    as_mapping: bool = False
    """Whether the value is a line for each of its parts, `key: value`."""


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
        as_text=True,
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
    "translations": Key(
        tuple[tuple[str, str], ...],
        message("write a line for each language, such as “de: letters/letter.de.md”"),
        as_mapping=True,
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
        unknown = Message(message("the key “{value}”"), _one_line(_text(key)))
        return Mistake("", _line(key), unknown, _allowed_keys(name))
    setting = known.setting or name
    if setting in found:
        return Mistake(name, _line(key), Message(message("the same key a second time")), _ONCE)
    if _is_empty(value):
        # A key without a value is as good as none.
        return None
    if known.as_mapping and (mistake := _find_indented(name, value)) is not None:
        return mistake
    try:
        given = (read_pairs if known.as_mapping else read_written if known.as_text else read_plain)(value)
        found[setting] = known.read(msgspec.convert(given, known.type, strict=False))
    except ValueError:
        return Mistake(name, _line(value), _found(value), Message(known.allowed, known.value))
    return None


def _find_indented(name: str, value: yaml.Node) -> Mistake | None:
    """Return the mistake that another setting, such as `roster: private`, stands among the parts of this one."""
    parts = value.value if isinstance(value, yaml.MappingNode) else ()
    for key, _ in parts:
        inner = _text(key).lower()
        if inner in KEYS:
            return Mistake(inner, _line(key), _shown(f"{name}: {inner}"), _LINES)
    return None


def _allowed_keys(name: str) -> Message:
    if near := get_close_matches(name.lower().replace("-", "_"), KEYS, n=1):
        return Message(message("did you mean {value}?"), near[0])
    return Message(message("the keys are {value}"), ", ".join(KEYS))


def _found(node: yaml.Node) -> Message:
    """Return what was found in place of a value."""
    is_mapping = isinstance(node, yaml.MappingNode)
    return Message(message("a mapping of keys and values")) if is_mapping else _shown(_text(node))


def _text(node: yaml.Node) -> str:
    """Return what a node says; only texts in it are spelled out."""
    match node:
        case yaml.ScalarNode():
            return str(node.value)
        case yaml.SequenceNode():
            return f"[{', '.join(_inner(item) for item in node.value[:_SHOWN_ITEMS])}]"
        case _:
            return _inner(node)


def _inner(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "…"


_BRACKETS: Final = 200
_SHOWN_ITEMS: Final = 20
_SHOWN: Final = 60


def _shown(text: str) -> Message:
    return Message(message("“{value}”"), _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(clean(text, _SHOWN).split())


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _not_yaml(error: yaml.YAMLError) -> Mistake:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else None
    line = 1 if mark is None else mark.line + 1
    said = f" ({clean(problem, _SHOWN)})" if problem else ""
    return Mistake("", line, Message(message("something that is not YAML"), detail=said), _LINES)
