"""Read an organizer's settings file, `.github/petition.yml`, or list each mistake in it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from bot.petition.i18n import ENGLISH, Message, message, translator
from bot.petition.settings import KEYS, PAIRS, PATH, Detail, Settings
from bot.petition.untrusted_text import clean

FOLDERS: Final = (".github", "")
"""Where the file is looked for when it is not at its path."""

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
    found, mistakes = _read_values(text)
    return Settings(**found), mistakes


def _read_values(text: str) -> tuple[dict[str, Any], tuple[Mistake, ...]]:
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


_SHORTER: Final = Message(message("a settings file has at most {value}"), SIZE_LIMIT)
_ONCE: Final = Message(message("write it once"))
_FEWER: Final = Message(message("no setting needs so many"))
_LINES: Final = Message(message("write one “key: value” on each line"))


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
    if known.type == PAIRS and (mistake := _find_indented(name, value)) is not None:
        return mistake
    try:
        given = _read_pairs(value) if known.type == PAIRS else _read_plain(value)
        if known.type is str and isinstance(value, yaml.SequenceNode):
            given = _as_written(value)
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


def _read_plain(node: yaml.Node) -> str | list[str]:
    """Return a text, or a list of texts; raises ValueError for anything else, which no setting of ours is."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return [str(item.value) for item in node.value]
    raise ValueError("a list of lists, or a mapping")


def _read_pairs(node: yaml.Node) -> list[tuple[str, str]]:
    """Return the keys and values of a mapping of texts; raises ValueError for anything else."""
    if isinstance(node, yaml.MappingNode) and all(
        isinstance(one, yaml.ScalarNode) for pair in node.value for one in pair
    ):
        return [(str(key.value), str(value.value)) for key, value in node.value]
    raise ValueError("no mapping, or one of something else than texts")


def _as_written(node: yaml.SequenceNode) -> str:
    """Return the text of a list of texts: a comma that was written without a blank stays so."""
    written = [
        f"{one.value}{',' if _is_tight(one, following) else ', '}" for one, following in pairwise(node.value)
    ]
    return f"[{''.join([*written, *(one.value for one in node.value[-1:])])}]"


def _is_tight(one: yaml.ScalarNode, following: yaml.ScalarNode) -> bool:
    is_plain = not one.style and not following.style
    return is_plain and one.end_mark.index + 1 == following.start_mark.index


# --- what holds where a file has mistakes and none was applied before: nobody is shown by mistake

_HEAD: Final = "# No settings file was applied yet. Only what follows is:\n"

_HIDDEN: Final = f"{_HEAD}roster: private\nshow: count\n"

_NEAR_PEOPLE: Final = frozenset({"anonymise_after", "counter", "first", "names", "site"})
"""Keys that an unknown key about who is shown may resemble by chance: `anonymise`, `count`, `list`, `listed`."""


def is_unapplied(stored: str) -> bool:
    """Return whether a stored text of settings says that no file is applied: it is empty, or `restrict` made it."""
    return not stored or stored.startswith(_HEAD)


def is_hiding(stored: str) -> bool:
    """Return whether a stored text of settings hides who has signed, as the file may be there for that."""
    return stored == _HIDDEN


def restrict(text: str) -> str:
    """Return the text to store for a file with mistakes where none was applied before.

    It holds what the file says about who is shown. Where that is not certain, it shows nobody: the file may be
    there to say so.
    """
    found, mistakes = _read_values(text)
    doubtful = {one.about for one in mistakes}
    # The key that an unknown one resembles is only a guess: `show_names: false` is no mistake in `names`.
    guessed = {one.about for one in mistakes if not one.key}
    is_certain = "public_roster" in found or not ("" in doubtful or guessed & _NEAR_PEOPLE)
    if not is_certain or doubtful & {"roster", "show"} or "names" in guessed:
        return _HIDDEN
    settings = Settings(**found)
    details = [one.value for one in Detail if one in settings.show and one is not Detail.LOGIN]
    show = f"[{', '.join(details)}]" if details else "login" if settings.show else "count"
    names = 0 if "names" in doubtful else settings.names
    roster = "public" if settings.public_roster else "private"
    return f"{_HEAD}roster: {roster}\nshow: {show}\nnames: {names}\n"


def explain_hiding(language: str) -> str:
    """Format what organizers are told where who has signed is hidden."""
    return translator(language).translate(
        "No settings file was applied yet, so only the count is shown. Correct the file to show who has signed."
    )
