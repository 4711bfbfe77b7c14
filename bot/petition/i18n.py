"""Translate what people read, in code and templates: gettext catalogues for words, CLDR for numbers and dates."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from markupsafe import Markup, escape
from msgspec import Struct

from bot.petition.untrusted_text import inline
from bot.time_types import WholeEpochSeconds

DOMAIN: Final = "messages"
"""The catalogues are `locale/LANGUAGE/LC_MESSAGES/messages.po`, compiled beside them."""

ENGLISH: Final = "en"
"""The language of the messages in the code, which needs no catalogue."""

IMPROVE_URL: Final = ""
"""Where a translation can be improved, such as the project's page on Weblate; empty: no page links to it."""

_ISOLATE, _END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Translator(Struct, frozen=True):
    """One language. What is not translated stays English."""

    language: str
    """As BCP 47 spells it, such as `pt-BR`."""
    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def is_rtl(self) -> bool:
        """Return whether the language is written from right to left."""
        return self.locale.character_order == "right-to-left"

    @property
    def direction(self) -> str:
        """Return the direction of writing as HTML names it."""
        return "rtl" if self.is_rtl else "ltr"

    def translate(self, message: str, **values: str) -> str:
        """Translate a message and fill in its values."""
        return self.catalogue.gettext(message).format(**values)

    def words(self, text: str) -> str:
        """Translate a text that may be a message without values; any other stays as it is."""
        return self.catalogue.gettext(text) if text else ""

    def count(self, one: str, many: str, number: int, **values: str) -> str:
        """Translate a message that depends on a number, and fill in `number` and the other values."""
        message = self.catalogue.ngettext(one, many, number)
        return message.format(number=self.number(number), **values)

    def number(self, number: int) -> str:
        """Format a whole number."""
        return format_decimal(number, locale=self.locale)

    def percent(self, share: float) -> str:
        """Format a share of one as whole percents, unbreakably."""
        return format_percent(share, locale=self.locale).replace(" ", _NO_BREAK)

    def labelled(self, label: str, text: str) -> str:
        """Format a text behind its label, with the language's colon."""
        # TRANSLATORS: a label and what it is of, such as a command and what that does
        return self.translate("{label}: {text}", label=label, text=text)

    def all_of(self, things: Sequence[str]) -> str:
        """Format a list, with the language's word for `and`."""
        return format_list(things, locale=self.locale)

    def day(self, at: WholeEpochSeconds) -> str:
        """Format the day of a time, in UTC."""
        return _day(self.language, "yMMMd", at // _SECONDS_PER_DAY)

    def day_of_epoch(self, day: int) -> str:
        """Format a day that is given in days since 1970."""
        return self.day(day * _SECONDS_PER_DAY)

    def date_and_time(self, at: WholeEpochSeconds) -> str:
        """Format a time in UTC, without saying so."""
        return self._joined(self.day(at), f"{_utc(at):%H:%M}")

    def day_and_time(self, at: WholeEpochSeconds) -> str:
        """Format a time, in UTC."""
        return f"{self.date_and_time(at)} UTC"

    def exact_time(self, at: WholeEpochSeconds) -> str:
        """Format a time with its second, in UTC."""
        return f"{self._joined(self.day(at), f'{_utc(at):%H:%M:%S}')} UTC"

    def moment(self, at: WholeEpochSeconds, as_of: WholeEpochSeconds) -> str:
        """Format a time shortly and unbreakably: with the hour this year, with the year before."""
        is_this_year = _utc(at).year == _utc(as_of).year
        this_year = self._joined(_day(self.language, "MMMd", at // _SECONDS_PER_DAY), f"{_utc(at):%H:%M}")
        return (this_year if is_this_year else self.day(at)).replace(" ", _NO_BREAK)

    def _joined(self, day: str, time: str) -> str:
        """Put a day and the time of it together as the language does."""
        return str(self.locale.datetime_formats["medium"]).format(time, day)

    def code(self, text: str) -> str:
        """Format what people type as code, from left to right."""
        text = text.replace("`", "")
        return f'<code dir="ltr">{inline(text)}</code>' if self.is_rtl else f"`{text}`"

    def name(self, markdown: str) -> str:
        """Isolate a name, so that one in another direction of writing does not turn the words around it."""
        return f"{_ISOLATE}{markdown}{_END_OF_ISOLATE}" if self.is_rtl and markdown else markdown


@lru_cache
def translator(language: str) -> Translator:
    """Return the translator into a language; into English where there is no such catalogue."""
    if language not in LANGUAGES:
        language = ENGLISH
    return Translator(language, Locale.parse(language, sep="-"), _catalogue(language))


@lru_cache(4_096)
def _day(language: str, skeleton: str, day: int) -> str:
    """Format a day as CLDR says for the language; in English the day comes first."""
    at, locale = _utc(day * _SECONDS_PER_DAY), translator(language).locale
    if language == ENGLISH:
        return format_date(at.date(), _ENGLISH_DAYS[skeleton], locale)
    return format_skeleton(skeleton, at, tzinfo=UTC, locale=locale)


_ENGLISH_DAYS: Final = {"yMMMd": "d MMM y", "MMMd": "d MMM"}


def _catalogue(language: str) -> gettext.NullTranslations:
    return Translations.load(str(_FOLDER), [language.replace("-", "_")], DOMAIN)


_FOLDER: Final = files(__package__) / "locale"

LANGUAGES: Final = (
    ENGLISH,
    *sorted(
        folder.name.replace("_", "-")
        for folder in _FOLDER.iterdir()
        if (folder / f"LC_MESSAGES/{DOMAIN}.mo").is_file()
    ),
)
"""The languages that there are catalogues of, as BCP 47 spells them, English first."""


@cache
def is_reviewed(language: str) -> bool:
    """Return whether a native speaker has reviewed the catalogue of a language: its file says so in a comment."""
    if language == ENGLISH:
        return True
    file = _FOLDER / language.replace("-", "_") / f"LC_MESSAGES/{DOMAIN}.po"
    return _REVIEWED.search(file.read_text("utf-8").partition("msgid")[0]) is not None


_REVIEWED: Final = re.compile(r"^# Reviewed-By-Native-Speaker: yes\b", re.MULTILINE)


def language_named(tag: str) -> str | None:
    """Return the language that a tag of BCP 47 names, in upper or lower case; None where there is no catalogue."""
    return _BY_TAG.get(tag.lower())


_BY_TAG: Final = {language.lower(): language for language in LANGUAGES}


def preferred_language(accept_language: str) -> tuple[str, bool]:
    """Return the language of a page for a reader, English in doubt, and whether it is one that they want.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
    """
    wanted = sorted(_weighted(accept_language), key=lambda one: -one[1])
    tags = [tag for tag, weight in wanted if weight > 0]
    found = next((one for one in map(_nearest, tags) if one is not None), None)
    return found or ENGLISH, found is not None or not tags or "*" in tags


def _weighted(accept_language: str) -> Iterable[tuple[str, float]]:
    for one in accept_language.split(",")[:_MOST_TAGS]:
        tag, _, parameter = one.partition(";")
        name, _, value = parameter.strip().partition("=")
        if _TAG.fullmatch(tag.strip()):
            weight = float(value) if name.lower() == "q" and _WEIGHT.fullmatch(value) else 1.0
            yield tag.strip().lower(), weight


def _nearest(tag: str) -> str | None:
    """Return the catalogue that serves a tag: its own, or one of the same language and script."""
    while tag:
        if (found := _BY_TAG.get(_SAME.get(tag, tag))) is not None:
            return found
        # What is written in the other script is no help to its readers.
        tag = "" if tag in _OTHER_SCRIPTS else tag.rpartition("-")[0]
    return None


_MOST_TAGS: Final = 20
_TAG: Final = re.compile(r"\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_WEIGHT: Final = re.compile(r"[01](?:\.[0-9]{0,3})?", re.ASCII)
_SAME: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "pt": "pt-br"}
_OTHER_SCRIPTS: Final = frozenset({"zh-hant", "zh-tw", "zh-hk", "zh-mo"})


def message(text: str) -> str:
    """Mark a text for translation, where it is written; `Translator` translates it where it is shown."""
    return text


class Message(Struct, frozen=True):
    """A message and the value in it, if it has one, to be translated later; as a text it is English.

    The `detail` behind it is there in English only.
    """

    message: str
    value: str | int = ""
    detail: str = ""

    def __str__(self) -> str:
        """Format it in English."""
        return self.in_language(ENGLISH)

    def in_language(self, language: str) -> str:
        """Format it in a language."""
        tr = translator(language)
        value = tr.number(self.value) if isinstance(self.value, int) else tr.name(self.value)
        return tr.translate(self.message, value=value) + (self.detail if tr.language == ENGLISH else "")


def template_values(tr: Translator) -> Mapping[str, object]:
    """Return the names that templates translate with.

    `_` translates a message, and `_n` one that depends on a number; `tr` formats dates and numbers. In a message,
    text between backticks becomes code, text between `**` bold, and `[text]({url})` a link to the value `url`.
    """

    def translate(message: str, **values: str) -> Markup:
        return _markup(tr.catalogue.gettext(message), tr.is_rtl).format(**_isolated(values, tr))

    def count(one: str, many: str, number: int, **values: str) -> Markup:
        text = tr.catalogue.ngettext(one, many, number)
        return _markup(text, tr.is_rtl).format(number=tr.number(number), **_isolated(values, tr))

    def code(text: str) -> Markup:
        return Markup(_CODE[tr.is_rtl]).format(text)  # noqa: S704 - one of two constants

    return {
        "_": translate,
        "_n": count,
        "code": code,
        "with_code": lambda text: _markup(text.replace("{", "{{").replace("}", "}}"), tr.is_rtl).format(),
        "tr": tr,
        "is_reviewed": is_reviewed(tr.language),
        "improve_url": IMPROVE_URL,
    }


def _isolated(values: Mapping[str, str], tr: Translator) -> Mapping[str, str]:
    """Return values that do not turn the words around them; an address stands where no element may."""
    if not tr.is_rtl:
        return values
    isolate = Markup("<bdi>{}</bdi>").format
    return {name: text if name == "url" else isolate(text) for name, text in values.items()}


@lru_cache(2_000)
def _markup(message: str, is_rtl: bool) -> Markup:
    """Return a message as HTML whose values are still to be filled in; a translation has no HTML of its own."""
    html = str(escape(message))
    html = _TICKS.sub(lambda found: _CODE[is_rtl].format(found[1]), html)
    html = _STARS.sub(r"<b>\1</b>", html)
    return Markup(_LINK.sub(r'<a href="{\2}">\1</a>', html))  # noqa: S704 - escaped above


_CODE: Final = {False: "<code>{}</code>", True: '<code dir="ltr">{}</code>'}
_TICKS: Final = re.compile(r"`([^`]+)`")
_STARS: Final = re.compile(r"\*\*(.+?)\*\*")
_LINK: Final = re.compile(r"\[([^\]]+)\]\(\{(\w+)\}\)")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun in the English of commands and logs: `1 comment`, `2,000 comments`."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


_SECONDS_PER_DAY: Final = 86_400


def _utc(at: WholeEpochSeconds) -> datetime:
    return datetime.fromtimestamp(at, UTC)
