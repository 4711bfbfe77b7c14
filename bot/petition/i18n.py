"""Translate what the block says: gettext catalogues for the words, CLDR for numbers and dates."""

from __future__ import annotations

import gettext
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from msgspec import Struct

from bot.petition.untrusted_text import inline
from bot.units import WholeEpochSeconds

DOMAIN: Final = "block"
"""The catalogues are `locale/LANGUAGE/LC_MESSAGES/block.po`, compiled beside them."""

_ISOLATE, _END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Translator(Struct, frozen=True):
    """One language. What is not translated stays English."""

    locale: Locale
    catalogue: gettext.NullTranslations

    @property
    def is_rtl(self) -> bool:
        """Return whether the language is written from right to left."""
        return self.locale.character_order == "right-to-left"

    def translate(self, message: str, **values: str) -> str:
        """Translate a message and fill in its values."""
        return self.catalogue.gettext(message).format(**values)

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

    def all_of(self, things: list[str]) -> str:
        """Format a list, with the language's word for `and`."""
        return format_list(things, locale=self.locale)

    def day(self, at: WholeEpochSeconds) -> str:
        """Format the day of a time, in UTC."""
        return format_date(_utc(at).date(), self.catalogue.gettext("d MMM y"), self.locale)

    def day_of_epoch(self, day: int) -> str:
        """Format a day that is given in days since 1970."""
        return self.day(day * _SECONDS_PER_DAY)

    def day_and_time(self, at: WholeEpochSeconds) -> str:
        """Format a time, in UTC."""
        return format_datetime(_utc(at), self.catalogue.gettext("d MMM y, HH:mm 'UTC'"), locale=self.locale)

    def exact_time(self, at: WholeEpochSeconds) -> str:
        """Format a time with its second, in UTC."""
        return format_datetime(_utc(at), self.catalogue.gettext("d MMM y, HH:mm:ss 'UTC'"), locale=self.locale)

    def moment(self, at: WholeEpochSeconds, as_of: WholeEpochSeconds) -> str:
        """Format a time shortly and unbreakably: with the hour this year, with the year before."""
        is_this_year = _utc(at).year == _utc(as_of).year
        pattern = message("d MMM, HH:mm") if is_this_year else message("d MMM y")
        text = format_datetime(_utc(at), self.catalogue.gettext(pattern), locale=self.locale)
        return text.replace(" ", _NO_BREAK)

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
    folder = files(__package__) / "locale"
    catalogue = Translations.load(str(folder), [language], DOMAIN)
    return Translator(Locale.parse(language), catalogue)


def message(text: str) -> str:
    """Mark a text for translation, where it is written; `Translator` translates it where it is shown."""
    return text


class Message(Struct, frozen=True):
    """A message and the value in it, if it has one, to be translated later; as a text it is English.

    The `detail` behind it is there in English only.
    """

    message: str
    value: str = ""
    detail: str = ""

    def __str__(self) -> str:
        """Format it in English."""
        return self.message.format(value=self.value) + self.detail

    def in_language(self, language: str) -> str:
        """Format it in a language."""
        tr = translator(language)
        if tr.locale.language == _ENGLISH:
            return str(self)
        return tr.translate(self.message, value=tr.name(self.value))


_ENGLISH: Final = "en"
_SECONDS_PER_DAY: Final = 86_400


def _utc(at: WholeEpochSeconds) -> datetime:
    return datetime.fromtimestamp(at, UTC)
