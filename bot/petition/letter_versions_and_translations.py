"""The letter's versions and translations.

The letter is identified by its words, so that white space and line ends make no version. What is known of it are
sightings, each of a text at a time; consecutive ones of the same text are one version, which begins with the first
of them. A signature was given to the version that stood before the second in which it was made. Both follow from
times that GitHub gives, so it does not matter in which order they became known.

The translations are files that the settings name.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.core import get_global, parse_locale
from msgspec import Struct
from msgspec.structs import replace

from bot.petition.i18n import message, translator
from bot.petition.untrusted_text import clean
from bot.time_types import WholeEpochSeconds


class Letter(Struct, frozen=True):
    """A version of the letter: its digest, when it was first seen, how many had signed then.

    `text` is None where it was not asked for or is not kept.
    """

    digest: str
    seen_at: WholeEpochSeconds
    count: int
    text: str | None = None


def versions(sightings: Iterable[Letter]) -> tuple[Letter, ...]:
    """Return the versions that sightings, in time order, show; an earlier text that comes back is a new version."""
    return tuple(next(same) for _, same in groupby(sightings, key=attrgetter("digest")))


def given_to(letters: Sequence[Letter], signed_at: WholeEpochSeconds) -> int:
    """Return the place (from 0) of the version that a signature of this time was given to.

    Who signed before the first version was seen, signed that.
    """
    return max(bisect_left(letters, signed_at, key=attrgetter("seen_at")) - 1, 0)


def other_texts(letters: Sequence[Letter]) -> Iterator[tuple[WholeEpochSeconds, WholeEpochSeconds]]:
    """Return the times, from (exclusive) and to (inclusive), in which other texts than today's were signed."""
    place = 0
    for is_other, group in groupby(letters[:-1], key=lambda one: one.digest != letters[-1].digest):
        first, place = place, place + len(list(group))
        if is_other:
            yield letters[first].seen_at if first else -1, letters[place].seen_at


MOST_TRANSLATIONS: Final = 30

SIZE_LIMIT: Final = 64 * 1024
"""Bytes of a file at most."""

NUMBER: Final = "{number}"
"""Stands in a path for the number of the petition's issue."""

TEXT_ENDINGS: Final = (".md", ".markdown", ".txt")
"""How the files' names end; a push of other files is none of ours."""


class TranslationFault(StrEnum):
    """What is wrong with a translation; the database has these words."""

    TAG = "tag"
    TWICE = "twice"
    PATH = "path"
    TOO_MANY = "too many"
    MISSING = "missing"
    TOO_LARGE = "too large"
    NOT_TEXT = "not text"
    UNREADABLE = "unreadable"


class Translation(Struct, frozen=True):
    """A translation that the settings name, as its file was when it was last read without a fault.

    Without a `digest` there is no text to show. `language` is a tag of BCP 47, or what stands in its place.
    """

    language: str
    path: str
    digest: str = ""
    """The SHA-256 of the text."""
    committed_at: WholeEpochSeconds = 0
    fault: TranslationFault | None = None


class TranslationRead(Struct, frozen=True):
    """A translation's file as it was just read."""

    text: str
    committed_at: WholeEpochSeconds


def list_named(named: Sequence[tuple[str, str]], number: int) -> tuple[Translation, ...]:
    """Return the translations that settings name for the petition of an issue; mistakes have their fault."""
    found: list[Translation] = []
    for place, (tag, path) in enumerate(named[: MOST_TRANSLATIONS + 1]):
        language, file = normalize_tag(tag), path.replace(NUMBER, str(number))
        one = Translation(language or clean(tag, _SHOWN), file)
        if place == MOST_TRANSLATIONS:
            one = replace(one, fault=TranslationFault.TOO_MANY)
        elif not language:
            one = replace(one, fault=TranslationFault.TAG)
        elif any(other.language == language for other in found):
            one = replace(one, fault=TranslationFault.TWICE)
        elif not is_path(file):
            one = replace(one, fault=TranslationFault.PATH)
        # What stands in place of a path may be anything, such as NUL, which PostgreSQL cannot store.
        found.append(one if one.fault is None else replace(one, path=clean(file, _SHOWN)))
    return tuple(found)


_SHOWN: Final = 60


def normalize_tag(tag: str) -> str:
    """Return a language tag in its usual letter case, such as `pt-BR`; empty where it is none that is known."""
    if not _TAG.fullmatch(tag):
        return ""
    try:
        language, territory, script, variant = parse_locale(tag, sep="-")[:4]
    except ValueError:
        return ""
    english = Locale("en")
    is_known = (
        language in english.languages
        and language not in _NO_LANGUAGES
        and (script is None or script in english.scripts)
        and (territory is None or territory in english.territories)
        and (variant is None or variant in english.variants)
    )
    parts = (language, script, territory, variant and variant.lower())
    return "-".join(part for part in parts if part) if is_known else ""


_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_NO_LANGUAGES: Final = frozenset({"mul", "und", "zxx"})


def is_path(path: str) -> bool:
    """Return whether a text can be the path of a text file inside the repository."""
    return (
        len(path) <= _LONGEST_PATH
        and path.isprintable()
        and not _NO_PATH.search(path)
        and all(part not in ("", ".", "..", ".git") and part == part.strip() for part in path.split("/"))
        and path.lower().endswith(TEXT_ENDINGS)
    )


_LONGEST_PATH: Final = 200
_NO_PATH = re.compile(r"[\\:*?\"<>|{}]")


def read_text(content: bytes) -> str | TranslationFault:
    """Return the text in a file, or why there is none."""
    if len(content) > SIZE_LIMIT:
        return TranslationFault.TOO_LARGE
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return TranslationFault.NOT_TEXT
    is_text = "\0" not in text and text.strip() and not text.startswith(_LARGE_FILE_POINTER)
    return text if is_text else TranslationFault.NOT_TEXT


def digest_of(text: str) -> str:
    """Return the SHA-256 of a translation's text, as of its file in a pack."""
    return hashlib.sha256(text.encode()).hexdigest()


_LARGE_FILE_POINTER: Final = "version https://git-lfs.github.com/"


def version_of(translation: Translation, letters: Sequence[Letter]) -> int:
    """Return the place (from 0) of the letter's version that stood when a translation was last committed."""
    return given_to(letters, translation.committed_at + 1)


def is_older(translation: Translation, letters: Sequence[Letter]) -> bool:
    """Return whether the letter was changed after a translation was last committed."""
    return bool(letters) and letters[version_of(translation, letters)].digest != letters[-1].digest


def language_name(tag: str) -> str:
    """Return a language's name in itself; in English where Unicode has no data of it."""
    try:
        name = Locale.parse(tag, sep="-").display_name or ""
    except (UnknownLocaleError, ValueError):
        name = Locale("en").languages.get(tag.split("-", maxsplit=1)[0], "")
    return f"{name[:1].upper()}{name[1:]}" if name else tag


def direction_of(tag: str) -> str:
    """Return `rtl` or `ltr`, by the script that a language is written in; in some territories it is another."""
    language, territory, script, *_ = parse_locale(tag, sep="-")
    if script is None:
        scripts = get_global("likely_subtags")
        likely = str(scripts.get(f"{language}_{territory}") or scripts.get(language, ""))
        script = next((part for part in likely.split("_") if len(part) == _SCRIPT_LETTERS), "")
    return "rtl" if script in _RTL_SCRIPTS else "ltr"


_SCRIPT_LETTERS: Final = 4
_RTL_SCRIPTS: Final = frozenset(
    ["Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Sogd", "Syrc", "Thaa", "Yezi"]
)

_FAULTS: Final[Mapping[TranslationFault, str]] = {
    TranslationFault.TAG: message("{file}: begin its line with a language tag, such as de, pt-BR or zh-Hans"),
    TranslationFault.TWICE: message("{file}: its language is listed twice; list it once"),
    TranslationFault.PATH: message("{file}: write the path of a file in this repository that ends in .md or .txt"),
    TranslationFault.TOO_MANY: message("{file}: it is not read; at most {most} translations are"),
    TranslationFault.MISSING: message("{file}: there is no such file"),
    TranslationFault.TOO_LARGE: message("{file}: it is larger than {size} kB"),
    TranslationFault.NOT_TEXT: message("{file}: it is not text in UTF-8; links and Git LFS are not read"),
    TranslationFault.UNREADABLE: message("{file}: GitHub did not let the bot read it; the bot tries again"),
}


def translation_remarks(translations: Iterable[Translation], language: str) -> list[str]:
    """Return in a language what organizers should know of their translations."""
    tr = translator(language)
    return [
        tr.labelled(
            f"translations, {clean(one.language, _SHOWN)}",
            tr.translate(
                _FAULTS[one.fault],
                file=tr.name(clean(one.path, _SHOWN)),
                most=tr.number(MOST_TRANSLATIONS),
                size=tr.number(SIZE_LIMIT // 1024),
            ),
        )
        for one in translations
        if one.fault is not None
    ]
