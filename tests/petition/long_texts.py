"""Texts of any length that were made to take long: by chance, of what means something, or known ones."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable

PIECES = """
/sign |/unsign|/petition respond |a|Ada, |Ada - |- |-|---|-- |* |**|_|`|```|~~~|<|<a |<a b='|<b c="|<!--|-->
|---><!--|<!-|<?|?>|<!A|<![CDATA[|]]>|<pre>|</pre>|<div>|<blockquote>|<http://|<a@b|[|]|[]|![|](|[a](|[a](b
|[a](<|[a](b "|(|)|((|(a)|（|[a]:|[a]: b|[a]: b '|\\|\\[|&|# |===|>|> |> > |- > |1. |1) |+ ||\t|    | |\u00a0
|\ufeff|\u200b|\u200d|\u094d\u200d|\u0900|\u0301|\u1100|\u0627\u200c|\u064b|\U0001f468\u200d|\ufe0f
|\U0001f1e9|\U0001f3fb|\u0e33|\u0600|\u4e00\ufe00|\ud800|\x1c|\u2028|\u0345
|\u0300\u0300\u0300\u0300\u094d\u200d|From: a|Sent: b|On 1 wrote:|le 1 schrieb |<a@b.c> |________
|-----Original Message-----|*@*.*|***@***.***|(a@b.c)|2 Mar 2026 10:00|a: b|Re: a|A: <a@b.c>| wrote:|== é ==
|:|.|,|…|"|'|@ada|http://a.b |x|0
""".replace("\n", "").split("|")
"""What means something to Markdown, to mail, to us, or to those who shape letters."""

HEADS = ["", "/sign ", "/sign a", "/sign\n", "a\n\n", "> ", "- ", "`", "<", "<\n\n", "[", "/petition respond a\n"]
TAILS = ["", "\n/sign x", "\n\n/sign x", "`\n/sign x\n`", "\n/sign [a](b)\n/unsign", "\nOn 1 Ada wrote:\n/sign"]

Family = Callable[[int], str]


def family(draw: random.Random) -> Family:
    """Make texts of any length that go on in the same way."""
    one, other = ("".join(draw.choices(PIECES, k=draw.choice([1, 1, 2, 3]))) for _ in range(2))
    shape: Family = draw.choice([
        lambda times: one * times,
        lambda times: f"{one}\n" * times,
        lambda times: f"{one}\r" * times,
        lambda times: one * times + other * times,
        lambda times: one * times + f"\n{other}" * times,
        lambda times: "".join(f"{other * (line % 60)}{one}\n" for line in range(times // 30 + 1)),
    ])  # fmt: skip
    head, tail = draw.choice(HEADS), draw.choice(TAILS)
    return lambda length: head + _whole_pieces(shape, length - len(head) - len(tail)) + tail


def _whole_pieces(shape: Family, length: int) -> str:
    """Return as much of a shape as fits. Half a piece may mean something else, and then the text is another."""
    return shape(bisect_right(range(1, length + 1), length, key=lambda times: len(shape(times))))


KNOWN: dict[str, Family] = {
    "an affiliation of one grapheme": lambda length: "/sign a" + "\u0900" * 6 + "\u094d\u200d" * (length // 2),
    "comments in paragraphs": lambda length: "---><!--\r" * (length // 9) + "\n/sign x",
    "definitions": lambda length: "<\n\n" + "[a]:\n" * (length // 5) + "\n\n/sign x",
    "quotes of definitions": lambda length: "<\n\n" + "[a]: b '[a]: b\n> [a]:>\n" * (length // 24) + "\n/sign x",
    "items in quotes": lambda length: "<a > - - > " * 40 + "> ---\n" * (length // 6) + "\n/sign x",
    "marks too far in below quotes": lambda length: "> a\n# b\n     > c\n" * (length // 18) + "\n/sign x",
    "what ends no item": lambda length: "`\n\n" + "- " * 40 + "a\n" + "     # b\n" * (length // 9) + "\n/sign x",
    "a line that does not divide": lambda length: "/sign\n---" + " " * length + "x",
    "commands": lambda length: "/petition goal 5\n" * (length // 17),
    "responses": lambda length: "/petition respond a\n\n" * (length // 21),
    "responses among signatures": lambda length: "/sign a\nb\n/petition respond [a\n\n- b\n" * (length // 37),
    "mistyped commands": lambda length: "/petiton gaol\n" * (length // 14),
    "what is nearly a mistyped command": lambda length: "`a\n/pettitoin helped\n" * (length // 20),
    "signatures": lambda length: "/sign a, b\nc\n" * (length // 13),
    "items that are no command": lambda length: "- /sign does\n" * (length // 13),
    "items with one": lambda length: "- `\n\n- `/sign a\n" * (length // 17),
    "mistyped below a quote": lambda length: "> a\n" + "x\n" * (length // 4) + "/sgn x\n" * (length // 14),
    "mistyped in HTML": lambda length: "<p>/sign a\n" * (length // 11),
    "labels": lambda length: "/sign\n" + "a: b\n" * (length // 5),
    "addresses without an end": lambda length: "/sign " + "a@" * (length // 2),
    "an address without a beginning": lambda length: "/sign " + "a." * (length // 2) + "@",
    "separators that leave no parts": lambda length: "/sign " + ";a" * (length // 2),
    "words that say nothing": lambda length: "/sign " + "me, as " * (length // 7),
    "commands on one line": lambda length: "/sign " * (length // 6),
    "footers": lambda length: "signed\n" + "Sent from my iPhone\n" * (length // 20),
    "doubtful attributions": lambda length: "On Monday Ada wrote:\n" * (length // 21) + "\n/sign x",
    "attributions over lines": lambda length: "On\n2 Mar 2026 10:00\nAda\nsays:\n" * (length // 30) + "\n/sign x",
    "headers in doubt": lambda length: "A: b\nB: Re: c\n\n" * (length // 15) + "\n/sign x",
    "lines of a header": lambda length: "Pro: b\n" * (length // 7) + "\n/sign x",
    "one long field": lambda length: "From: " + "to: " * (length // 4) + "\n/sign x",
    "one long divider": lambda length: "-" * (length // 2) + "a" + "-" * (length // 2) + "\n/sign x",
    "open addresses": lambda length: "<a" * (length // 2) + "@:\n/sign x",
    "answered quotes": lambda length: "On 2 Mar 2026 10:00, Ada wrote:\n> a\n\n" * (length // 38) + "\n/sign x",
    "helpers that hold each other": lambda length: (
        "/sign a" + "\u0300\u0300\u0300\u0300\u094d\u200d" * (length // 6)
    ),
}
