"""Strangers' text: cleaned on the way in, shown as typed on the way out, and never alive."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

import pytest
import regex
from cmarkgfm import cmark
from hypothesis import example, given
from hypothesis import strategies as st

from bot.petition.untrusted_text import JOINER, NAME_LIMIT, clean, fold, inline, says_something

# --- clean: stories ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("  Ada Lovelace \n", "Ada Lovelace"),
        ("Zoe\u0308", "Zoë"),
        ("A\u202eB\u200bC", "ABC"),
        ("\ufeffAda", "Ada"),
        ("Ada\x00\x07Lovelace", "AdaLovelace"),
        ("Ada\tLovelace", "Ada Lovelace"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("One.\r\nTwo.\rThree.", "One.\nTwo.\nThree."),
        ("Ada\ud800", "Ada"),
        ("Ada\uffff", "Ada"),
        ("Ada\ufff9Lovelace", "AdaLovelace"),
        ("\u3164", ""),
        ("مُصطفى", "مُصطفى"),
        ("杨", "杨"),
        ("अरुणिमा", "अरुणिमा"),
        ("မြို့တော်", "မြို့တော်"),
        ("\u0301Ada", "Ada"),
        ('A|B <Name> ~~Name~~ &uuml; \\"nick\\"', 'A|B <Name> ~~Name~~ &uuml; \\"nick\\"'),
    ],
)
def test_removes_what_cannot_be_seen_and_keeps_the_rest(typed: str, kept: str) -> None:
    assert clean(typed, NAME_LIMIT) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "علی\u200cرضا",
        "ශ\u0dca\u200dර\u0dd3",
        "র\u200d\u09cdয",
        "👩\u200d🚀",
        "👩🏽\u200d🚀",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "葛\U000e0100城",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_keeps_the_invisible_helpers_that_a_script_needs(typed: str) -> None:
    assert clean(typed, NAME_LIMIT) == typed


@pytest.mark.parametrize(
    "typed", ["A\u200cda", "Ad\u200da", "👩\u200d", "\u200d🚀", "A\ufe0f", "🏴\U000e0067", "ا\u200c"]
)
def test_removes_the_same_helpers_where_they_help_nobody(typed: str) -> None:
    assert clean(typed, NAME_LIMIT) == re.sub("[\u200c\u200d\ufe0f\U000e0067]", "", typed)


def test_shortens_with_an_ellipsis_within_the_limit() -> None:
    assert clean("A" * 80, 80) == "A" * 80
    assert clean("A" * 81, 80) == "A" * 79 + "…"
    assert clean("Ada " * 30, 9) == "Ada Ada…"


def test_never_cuts_a_character_in_two() -> None:
    assert clean("👩\u200d🚀👩\u200d🚀👩\u200d🚀", 8) == "👩\u200d🚀👩\u200d🚀…"
    assert clean("Aq\u0323\u0302\u0301bc", 4) == "A…"


def test_a_single_character_longer_than_the_limit_is_cut_all_the_same() -> None:
    cut = clean("👩\u200d" * 500 + "🚀", NAME_LIMIT)
    assert cut == "👩\u200d" * 39 + "👩…"
    assert clean(cut, NAME_LIMIT) == cut


def test_no_name_climbs_over_the_lines_above() -> None:
    assert clean("A" + "\u0335" * 300 + "da", NAME_LIMIT) == "A" + "\u0335" * 6 + "da"


@pytest.mark.parametrize("text", ["Ada", "杨", "7", "🌊", "∞", "@ada", "C#", "x²"])
def test_says_something(text: str) -> None:
    assert says_something(text)


@pytest.mark.parametrize(
    "text", ["", " ", ",", "()", "---", "|", "$", "`", "…", "«»", "、", "\u2800", "\u200b", "\n"]
)
def test_says_nothing(text: str) -> None:
    assert not says_something(text)


def test_folds_what_people_type_alike() -> None:
    assert fold(" Count\u200b  ME\tin ") == "count me in"
    assert fold("STRASSE") == fold("Straße")
    assert fold("Zoe\u0308") == fold("ZOË")


# --- clean: laws ------------------------------------------------------------------------------------------------

ODDITIES = st.sampled_from(
    "\u200c\u200d\u2060\ufe0f\u202e\u0301\u0338\u094d\u20e3\u034f\ud800\u3164\u180b\u00a0\u2028\x00\n\r\t "
    "👩🚀🏽🏴\U000e0067\U000e007f葛\U000e0100بकe1\u1100\u1161ᠠ"
)
WILD = st.text(st.one_of(ODDITIES, st.characters()), max_size=60)


@given(WILD, st.integers(1, 60))
@example("क" + "\u0941" * 6 + "\u094d\u200dक", 60)
@example("👩\u200d" * 50 + "🚀", 21)
def test_cleaning_twice_is_cleaning_once(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once


@given(WILD, st.integers(1, 60))
def test_clean_text_is_short_normal_and_visible(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert len(regex.findall(r"\X", cleaned)) <= limit
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert not [c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"]
    assert not set(cleaned) & set(
        "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
    )
    cleaned.encode()


@given(st.text(st.characters(categories=["L", "N"], codec="utf-8"), max_size=40))
def test_letters_and_digits_stay(text: str) -> None:
    assert clean(text, 1_000) == clean(unicodedata.normalize("NFC", text), 1_000)
    assert [c for c in unicodedata.normalize("NFC", text) if c not in "\u3164\uffa0\u115f\u1160"] == list(
        clean(text, 1_000)
    )


@pytest.mark.parametrize(
    "piece",
    ["\u200c", "ب\u200c", "\u0301", "👩\u200d", "e\u0301\u200b", " ", "\u1100", "🇦", "a\n", "ب\u0301\u0301\u200c"],
)
def test_cleans_the_longest_comment_to_its_end(piece: str) -> None:
    """Time that grew with the square of the length would run into the timeout of every test."""
    text = "Ada " + piece * (262_144 // len(piece))
    clean(text, NAME_LIMIT)
    inline(text[:20_000])


# --- inline -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Jean-Luc (Kapitän), O'Brien & Co. 50% +1!", "Jean-Luc (Kapitän), O'Brien & Co. 50% +1!"),
        ("A|B", r"A\|B"),
        ("<Name>", r"\<Name>"),
        ("~~Name~~", r"\~\~Name\~\~"),
        ("**Ada** `Countess` [x](y)", r"\*\*Ada\*\* \`Countess\` \[x\](y)"),
        ("&uuml;", r"\&uuml;"),
        ('\\"nick\\"', '\\\\"nick\\\\"'),
        ("@ada", "@¦ada"),
        ("@org/team", "@¦org/team"),
        ("ada@example.org", "ada@¦example.org"),
        ("issue #53", "issue #¦53"),
        ("owner/repo#53", "owner/repo#¦53"),
        ("GH-53", "GH-¦53"),
        ("https://example.org", "https:¦//example.org"),
        ("www.example.org", "www¦.example.org"),
        (":tada:", ":¦tada:"),
        ("deadbeef", "deadbe¦ef"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("1. one", r"1\. one"),
        ("- one", r"\- one"),
        ("One.\nTwo.", "One. Two."),
        (" x", "&#32;x"),
    ],
)
def test_writes_markdown_that_people_can_still_read(typed: str, written: str) -> None:
    assert inline(typed).replace(JOINER, "¦") == written


LIVE = """
    @ada @org/team ada@example.org #1 GH-1 gh-53 octo/repo#1 octo/repo@ https:// http://e.org HTTPS://E.ORG
    www. WWW.e.org ftp://e.org mailto: xmpp: :tada: :+1: :white_check_mark: abcdef1 deadbeef 0123456789
    da39a3ee5e6b4b0d3255bfef95601890afd80709 GHSA-xxxx CVE-2026-1 [^1] [^1]: $x$ $`x`$ $$
"""
MARKUP = r"""
    A|B <Name> ~~Name~~ `handle` &uuml; &#64; &amp; \"nick\" <b> <!-- --> <script> ![x](https://e.org/x.png)
    [x](javascript:x) [!NOTE] ``` ~~~ --- === ** __ _ \ | || \| Ada 杨 مُصطفى 🌊 é ‘ «
"""
SPACED = ["# ", "> ", "1. ", "1) ", "- ", "+ ", "* ", "[ ]", "\n", "  \n", "\\\n", "\t", "    ", "\u00a0", "\u3000"]
PIECES = st.one_of(
    st.sampled_from([*LIVE.split(), *MARKUP.split(), *SPACED, "\u0301", "\u0338", "\u20e3", JOINER]),
    st.text("`*_[]()<>|&;:#@$!~\\/.-+=0123456789abcdefGHw \n", max_size=8),
    st.characters(),
)
HOSTILE = st.lists(PIECES, max_size=12).map("".join)


def shown(text: str) -> str:
    """What a reader should see: the text, on one line, without anything invisible (which `clean` takes care of)."""
    return clean(f"x{text}x", 10_000)[1:-1].replace("\n", " ")


@given(HOSTILE)
@example("\\|")
@example("a\\")
@example("`` ` `` |")
@example("@ada")
@example("$x$ and $`y`$")
def test_a_table_shows_exactly_the_text_and_nothing_of_it_is_alive(text: str) -> None:
    page = read(f"| n | a |\n| --- | --- |\n| **{inline(text)}** · x | {inline(text)} | end |\n")
    bold, cell = page.inside("strong"), page.inside("td")
    assert len(cell) == 2
    if inline(text):
        assert visible(bold[0]) == shown(text)
        assert visible(cell[0]) == f"{shown(text)} · x"
    assert visible(cell[1]) == shown(text)
    assert_nothing_lives(page)


@given(HOSTILE)
@example("# x")
@example("1) x")
@example("- x")
@example("> x")
@example("===")
@example("--")
@example(":-")
@example("-:")
@example("\t- x")
def test_a_line_of_its_own_shows_exactly_the_text(text: str) -> None:
    for before in ("", "before\n"):
        page = read(f"{before}{inline(text)}\n")
        assert visible("".join(page.texts)).strip() == f"{before}{shown(text)}".strip()
        assert_nothing_lives(page)


@pytest.mark.parametrize(("before", "after"), [("C#", "1"), ("cc @", "ada")])
def test_what_follows_cannot_bring_the_text_to_life(before: str, after: str) -> None:
    assert_nothing_lives(read(inline(before) + after))


@given(HOSTILE)
def test_what_is_written_stays_short(text: str) -> None:
    worth = shown(text)
    assert len(inline(text)) <= 3 * len(worth) + 13 * worth.count("$") + 8 * sum(c.isspace() for c in worth)


@given(st.text(st.characters(categories=["L", "M"], codec="utf-8"), max_size=30))
def test_plain_words_are_written_as_they_are(text: str) -> None:
    plain = clean(text, 1_000)
    assert inline(plain).replace(JOINER, "") == plain


GITHUB_ACTS_ON = """
    @ada cc:@org/team! #1 GH-1 o/r#1 deadbeef o/r@deadbeef :tada: $x$ CVE-2026-1 ada@example.org [^1] `x`
    https://example.org www.example.org <b>x</b> <!--x--> ![x](y)
"""


@pytest.mark.parametrize("text", GITHUB_ACTS_ON.split())
def test_this_reader_sees_what_github_would_make_live(text: str) -> None:
    page = read(f"{text}\n\n[^1]: x")
    with pytest.raises(AssertionError):
        assert_nothing_lives(page)


# --- a stand-in for what GitHub does with a body -----------------------------------------------------------------

OPTIONS = (
    cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES | cmark.Options.CMARK_OPT_GITHUB_PRE_LANG
)
EXTENSIONS = ["table", "autolink", "tagfilter", "strikethrough", "tasklist"]

# Approximations on the generous side: whatever GitHub recognises in the text of the rendered page, these do.
ALIVE = {
    "mention": r"(?<![A-Za-z0-9_])@[A-Za-z0-9]",
    "issue": r"#[0-9]",
    "GH issue": r"(?i)\bgh-[0-9]",
    "commit": r"(?<![0-9A-Za-z])[0-9a-fA-F]{7,}(?![0-9A-Za-z])",
    "address": r"(?i)[a-z][a-z+.-]*://|www\.",
    "mail": r"[A-Za-z0-9]@[A-Za-z0-9]",
    "emoji": r":[a-z0-9_+-]+:",
    "advisory": r"(?i)\b(?:CVE-[0-9]|GHSA-[a-z0-9])",
    "formula": r"\$.+\$",
}


class Page(HTMLParser):
    """Elements and texts of a rendered page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.open: list[str] = []
        self.found: list[tuple[str, list[str]]] = []
        self.current: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in {"br", "img", "input", "hr"}:
            self.current.append([])
            self.found.append((tag, self.current[-1]))

    def handle_endtag(self, tag: str) -> None:
        if self.current:
            self.current.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for texts in self.current:
            texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def inside(self, tag: str) -> list[str]:
        return ["".join(texts) for name, texts in self.found if name == tag]


def read(markdown: str) -> Page:
    page = Page()
    page.feed(cmark.markdown_to_html_with_extensions(markdown, OPTIONS, EXTENSIONS))
    page.close()
    return page


def visible(text: str) -> str:
    return text.replace(JOINER, "")


def assert_nothing_lives(page: Page) -> None:
    assert page.elements <= {"table", "thead", "tbody", "tr", "th", "td", "p", "br", "strong", "span"}
    assert not page.comments
    for text in page.texts:
        for what, pattern in ALIVE.items():
            assert not re.search(pattern, text), (what, text)
