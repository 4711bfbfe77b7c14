"""Whose words a line is: quotes, code, hidden text and the tails of mails do not speak for the author."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from cmarkgfm import cmark
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Command, OrganizerCommand, Sign, Unsign, resolve
from tests.chance import examples


def read(body: str) -> Command | None:
    """Read a text as long as it is not known whether it came by mail."""
    return resolve(parse(body), by_mail=None)


def signs(body: str) -> bool:
    return isinstance(read(body), Sign | Unsign | OrganizerCommand)


# --- Markdown ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "> quoted\n/sign",
        "> - quoted\n/sign",
        "- > quoted\n/sign",
        ">\n> /sign",
        "> ```\n> /sign",
        "> [!NOTE]\n> /sign",
        "```\n/sign",
        "````\n```\n/sign\n````",
        "- ```\n  /sign\n  ```",
        "a\n\n    code\n\n    /sign",
        "`a\n/sign\nb`",
        "``a ` b\n/sign``",
        "a <!-- b\n/sign -->",
        "a <b title='\n/sign\n'>",
        "<!--\n\n/sign",
        "<!-- a --\n\n/sign\n-->",
        "<div>\n/sign\n</div>",
        "<blockquote>\n\n/sign\n\n</blockquote>",
        "<blockquote><p>\n\n/sign",
        "<code>\n\n/sign\n\n</code>",
        "<script>\n\n/sign\n\n</script>",
        "> > a\n    # b\n/sign",
        "> > a\n    <pre>\n/sign",
        "> a\n    >\n/sign",
        "- > a\n      > ```\n  /sign",
        "-    > a\n    # b\n/sign",
        "> > > \ta\nb\n/sign",
        "> > * \tcode\n/sign",
        "> [a]: b\n> ===\n/sign",
        "[a]:\n/sign",
        "[a]: b 'c\n/sign\n'",
        "[a](\n/sign\n)",
        "[a](b '\n/sign\n')",
        "![a\n/sign b](c)",
        "[x ![y](z)](\n/sign\n)",
    ],
)
def test_quotes_code_and_hidden_text_do_not_sign(body: str) -> None:
    assert not signs(body)


@pytest.mark.parametrize(
    "body",
    [
        "> quoted\n\n/sign",
        "> ```\n/sign",
        "- > quoted\n\n/sign",
        "```\ncode\n```\n/sign",
        "    code\n/sign",
        "a ` b\n/sign",
        "a `` b\n/sign ` c",
        "a \\`\n/sign\n`",
        "a < b\n/sign > c",
        "a <!-- b -->\n/sign",
        "<!-- a -->\n/sign",
        "<div>\n\n/sign\n\n</div>",
        "<blockquote>\n\na\n\n</blockquote>\n\n/sign",
        "</blockquote>\n\n/sign",
        "<!-- <blockquote> -->\n\n/sign",
        "  /sign `a\n/unsign\n`",
        "[a\n/sign b](c)",
        "[a]\n/sign",
        "[a](b\n/sign",
        "```\n> a\n```\n\n/sign",
        "> ```\n    > a\n/sign",
        "[a]: b\n===\n<a>\n/sign",
        "<div\u00a0>\n/sign",
        "a <b\u00a0c='\n/sign\n'>",
        "[a]: b\n---\n<a>\n/sign",
        "/sign\n> - <!--\n>",
        "- " * 40 + "`a`\n\n/sign",
        # A link holds no other link, so the outer brackets make none; an image within them does not matter.
        "[x [y](z)](\n/sign\n)",
    ],
)
def test_the_author_may_sign_beside_them(body: str) -> None:
    assert signs(body)


def test_an_empty_heading_is_own_text() -> None:
    assert parse("/sign\nBecause `I` do.\n#") == Sign(reason="Because `I` do.\n#")


# --- mail --------------------------------------------------------------------------------------------------------

HEADER = "From: Ada <ada@example.org>\nSent: Monday, 2 March 2026 10:00\nTo: all\nSubject: Re: letter"


@pytest.mark.parametrize(
    "tail",
    [
        "On Mon, 2 Mar 2026 at 10:00, Ada <ada@example.org> wrote:",
        "On Mon, 2 Mar 2026 at 10:00, Ada Lovelace\n<ada@example.org> wrote:",
        "On Monday,\n2 March 2026, Ada Lovelace\nwrote:",
        "On Mon, Mar 2, 2026, Ada ***@***.***> wrote:",
        "On Mon, 2 March 2026, Ada wrote :",
        "Am 02.03.2026 um 10:00 schrieb Ada Lovelace:",
        "Le lun. 2 mars 2026 à 10:00, Ada a écrit :",
        "El lun, 2 mar 2026 a las 10:00, Ada escribió:",
        "пн, 2 мар. 2026 г. в 10:00, Ada <ada@example.org>:",
        "2026年3月2日(月) 10:00 Ada <ada@example.org>:",
        "Ada 于2026年3月2日周一 10:00写道：",
        HEADER,
        HEADER.replace("\n", " "),
        "**From:** Ada\n**Date:** Monday\n**To:** all",
        "Von: Ada\nGesendet: Montag\nAn: alle\nBetreff: Brief",
        "De : Ada\nEnvoyé : lundi\nÀ : tous\nObjet : lettre",
        "发件人：Ada\n发送时间：2026年3月2日\n收件人：all\n主题：letter",
        "-- ",
        "--\u00a0",
        "________________________________",
        "________",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "--- Original message ---",
        "**-----Original Message-----**",
        "-----Ursprüngliche Nachricht-----",
        "Begin forwarded message:",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_tail_of_a_mail_does_not_sign(tail: str, ending: str) -> None:
    assert not signs(f"Nice.\n\n{tail}\n\n/sign".replace("\n", ending))
    assert not signs(f"Nice.\n{tail}\n/sign".replace("\n", ending))
    assert not signs(f"{tail}\n`/x` /sign\n\n/sign".replace("\n", ending))
    assert read(f"/sign Ada\nYes.\n{tail}\n/unsign".replace("\n", ending)) == Sign("Ada", reason="Yes.")


def test_who_answers_below_the_quote_signs() -> None:
    assert signs("On Mon, 2 Mar 2026, Ada wrote:\n> Please sign.\n\n/sign")
    assert signs("On Mon, 2 Mar 2026, Ada wrote:\n\n> Please sign.\n>\n> Ada\n\nYes.\n\n/sign")
    assert not signs("On Mon, 2 Mar 2026, Ada wrote:\n\n/sign\n\n> Please sign.")


@pytest.mark.parametrize(
    "own",
    [
        "On Monday I wrote a letter.",
        "On this:",
        "To whom it may concern:",
        "From: Berlin",
        "From: Berlin\nAge: 36",
        "From: Berlin\nTo: Paris\nTo: Rome",
        "From: Berlin\n\nTo: all\nSubject: the letter",
        "Once upon a time I wrote:",
        "On that day I rewrote:",
        f"On {'many ' * 100} days I wrote:",
        "--",
        "---",
        "----",
        "_______",
        "----- me -----",
        "Date: today",
        "Ada, 36:",
        "```\n-- \n```",
        "```\n________\n```",
        "> -----Original Message-----",
        "> From: Ada\n> Sent: Monday\n> To: all",
        "<!--\n-- \n-->",
        "`x`\n\n    From: Ada\n    Sent: Monday\n    To: all",
    ],
)
def test_what_only_looks_like_a_tail_is_none(own: str) -> None:
    assert signs(f"{own}\n\n/sign")


# --- GitHub's own parser as the judge ----------------------------------------------------------------------------

LINES = r"""
|||text|/sign|/sign|/sign|  /sign|> a|>|> /sign|>> b|```|~~~|> ```|- ```|  ```|- a|- > a|  b|1. c|   d|-|>-|    code
|# h|---|===|***|`|a `|` b|``|\`|\|a <!--|--> b|<!--|-->|<!-- x -->|a <b c='|'> d|~~|<http://e.org/`>|[a](|[a](b '
|') e|) f|![a|[a]: b|[a]:|'|[a|](b)|    > a|    >|      > b|    # h|-    a|> > a|- - a|    - b
"""
LINE = st.sampled_from([*LINES.replace("\n", "").split("|"), "\tcode", "> > > \ta", "> -\ta", "\t> a"])


@settings(max_examples=examples(400))
@given(st.lists(LINE, min_size=1, max_size=14))
@example(["a <!--", "/sign", "--> b", "/sign"])
@example(["[a]: b", "/sign"])
@example(["a <b c='", "/sign", "a <!--", "'> d"])
def test_agrees_with_githubs_parser_on_what_is_own_text(lines: list[str]) -> None:
    numbered = [f"{line} S{number}S" if line.strip() == "/sign" else line for number, line in enumerate(lines)]
    html = cmark.markdown_to_html("\n".join(numbered), cmark.Options.CMARK_OPT_UNSAFE)
    own = own_text(html)
    signatures = [f"S{number}S" for number, line in enumerate(lines) if line.strip() == "/sign"]
    last = next((signature for signature in reversed(signatures) if signature in own), None)
    command = parse("\n".join(numbered))
    name = command.name if isinstance(command, Sign) else None
    assert (name or "").partition(" ")[0] == (last or "")


COMMENT_OR_TAG = re.compile(r"""(?s)(<[a-z/](?:[^>'"]|'[^']*'|"[^"]*")*>)|<!--.*?(?:-->|\Z)""")
"""A comment may be empty and hide all that follows; in a tag's attribute it is none."""


def own_text(html: str) -> str:
    reader = OwnText()
    reader.feed(COMMENT_OR_TAG.sub(lambda found: found[1] or "", html))
    reader.close()
    return reader.text


class OwnText(HTMLParser):
    """The text of a page without its quotes and code."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"blockquote", "pre", "code"}:
            self.foreign.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.foreign[-1:] == [tag]:
            self.foreign.pop()

    def handle_data(self, data: str) -> None:
        if not self.foreign:
            self.text += data
