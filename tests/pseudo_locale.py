"""A language in which every translated message stands between ⟦ and ⟧, to see what is not translated."""

from __future__ import annotations

import gettext
import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser

import pytest

from bot.petition import i18n

NO_LETTERS = frozenset({"UTC", "CSV", "JSON", "Undersigned", "GitHub"})
"""Words that are the same in every language."""


class PseudoCatalogue(gettext.NullTranslations):
    """Marks each message, and translates none."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def pseudo_locale(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speak it in the place of every language."""
    monkeypatch.setattr(i18n, "_catalogue", lambda _language: PseudoCatalogue())
    i18n.translator.cache_clear()
    yield
    i18n.translator.cache_clear()


class Visible(HTMLParser):
    """What people see or hear of a page, without code, times, and what somebody else has written."""

    OTHERS = frozenset({"code", "pre", "bdi", "time", "style", "script"})
    CLASSES = frozenset({"brand", "markdown", "login", "name", "reason", "affiliation", "text"})
    ATTRIBUTES = frozenset({"alt", "title", "aria-label", "placeholder"})
    VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "path", "rect", "polygon", "polyline"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[bool] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        is_other = tag in self.OTHERS or (bool(classes & self.CLASSES) and tag != "i") or tag == "article"
        if is_other and tag == "article" and "letter" in classes:
            is_other = False
        texts = [given[name] for name in self.ATTRIBUTES if name in given]
        kind = given.get("name", given.get("property", ""))
        if tag == "meta" and kind in ("description", "og:description", "og:image:alt"):
            texts.append(given["content"])
        if not any(self._open):
            self.found += [f"\n{text}\n" for text in texts]
        if tag not in self.VOID:
            self._open.append(is_other)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.found.append(data)


def untranslated(text: str, known: Collection[str] = ()) -> set[str]:
    """Return the words outside of translated messages, other than some that are known."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    for one in sorted(known, key=len, reverse=True):
        text = text.replace(one, " ")
    return set(re.findall(r"[^\W\d_]{2,}", text)) - NO_LETTERS


def untranslated_in_page(page: str, known: Collection[str] = ()) -> set[str]:
    """Return the words of a page that are outside of translated messages."""
    return untranslated("".join(Visible(page).found), known)
