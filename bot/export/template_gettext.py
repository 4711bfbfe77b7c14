"""What templates translate with: whole messages, in which a little Markdown becomes HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from bot.petition.i18n import IMPROVE_URL, Translator, is_reviewed


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
