"""How long it takes to read comments that were made to take long, and how long nobody else is served meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from statistics import quantiles

from benchmarks.report import Section, Table, at_most
from bot.petition.comments.commands import parse

LONGEST = 65_536
"""Characters that GitHub allows in a comment."""

FAMILIES, QUICK_FAMILIES = 600, 60
WAIT = 0.001

NOTES = f"""
Each family are texts that go on in the same way, made by chance of what means something to Markdown, to mail, to
our grammar or to those who shape letters, and those that once took long. One of {LONGEST // 2:,} characters and one
of {LONGEST:,} are read, and the processor's time is taken, the best of three. The slowest are also read in a thread
beside a loop that wants a turn every millisecond; how much later than that it got one is how long it was held, the
best of five, because other programs hold it too.
"""

PIECES = """
/sign |/unsign|/petition respond |a|Ada, |Ada - |- |-|---|-- |* |**|_|`|```|~~~|<|<a |<a b='|<b c="|<!--|-->
|---><!--|<!-|<?|?>|<!A|<![CDATA[|]]>|<pre>|</pre>|<div>|<blockquote>|<http://|<a@b|[|]|[]|![|](|[a](|[a](b
|[a](<|[a](b "|(|)|((|(a)|（|[a]:|[a]: b|[a]: b '|\\|\\[|&|# |===|>|> |> > |- > |1. |1) |+ ||\t|    | |\u00a0
|\ufeff|\u200b|\u200d|\u094d\u200d|\u0900|\u0301|\u1100|\u0627\u200c|\u064b|\U0001f468\u200d|\ufe0f
|\U0001f1e9|\U0001f3fb|\u0e33|\u0600|\u4e00\ufe00|\ud800|\x1c|\u2028|\u0345
|\u0300\u0300\u0300\u0300\u094d\u200d|From: a|Sent: b|On 1 wrote:|le 1 schrieb |<a@b.c> |________
|-----Original Message-----|:|.|,|…|"|'|@ada|http://a.b |x|0
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
    head, tail, unit = draw.choice(HEADS), draw.choice(TAILS), max(len(shape(100)) // 100, 1)
    return lambda length: (head + shape(length // unit + 1))[:length] + tail


KNOWN: dict[str, Family] = {
    "an affiliation of one grapheme": lambda length: "/sign a" + "\u0900" * 6 + "\u094d\u200d" * (length // 2),
    "comments in paragraphs": lambda length: "---><!--\r" * (length // 9) + "\n/sign x",
    "definitions": lambda length: "<\n\n" + "[a]:\n" * (length // 5) + "\n\n/sign x",
    "quotes of definitions": lambda length: "<\n\n" + "[a]: b '[a]: b\n> [a]:>\n" * (length // 24) + "\n/sign x",
    "items in quotes": lambda length: "<a > - - > " * 40 + "> ---\n" * (length // 6) + "\n/sign x",
    "a line that does not divide": lambda length: "/sign\n---" + " " * length + "x",
    "helpers that hold each other": lambda length: (
        "/sign a" + "\u0300\u0300\u0300\u0300\u094d\u200d" * (length // 6)
    ),
}


def measure(*, quick: bool = False) -> Section:
    """Read texts of all families."""
    made = {f"chance {seed}": family(random.Random(seed)) for seed in range(QUICK_FAMILIES if quick else FAMILIES)}  # noqa: S311
    taken = {name: (_seconds(make, LONGEST // 2), _seconds(make, LONGEST)) for name, make in (KNOWN | made).items()}
    worst = sorted(taken, key=lambda name: taken[name][1])[-5:]
    # What takes no time at all has no ratio worth telling.
    ratios = [long / short for short, long in taken.values() if long > 0.005]
    slowest = [(KNOWN | made)[name](LONGEST)[:LONGEST] for name in worst]
    held = max(min(asyncio.run(_hold(text)) for _ in range(5)) for text in slowest)
    return Section(
        name="reading",
        title="Comments that were made to take long",
        notes=NOTES,
        tables=[
            Table(["family", "ms"], [[name, f"{taken[name][1] * 1000:,.0f}"] for name in worst], "The slowest")
        ],
        goals=[
            at_most("twice the length costs, 99 of 100 families", 2.3, quantiles(ratios, n=100)[98], " times"),
            at_most(f"{LONGEST:,} characters", 500, max(long for _, long in taken.values()) * 1000, " ms"),
            at_most("the loop was held for", 20, held * 1000, " ms"),
        ],
    )


def _seconds(make: Family, length: int) -> float:
    text = make(length)[:LONGEST]

    def once() -> float:
        before = time.thread_time()
        parse(text)
        return time.thread_time() - before

    return min(once() for _ in range(3))


async def _hold(text: str) -> float:
    """Read a text in a thread, and give by how many seconds the loop's turn came too late."""
    reading, latest = asyncio.create_task(asyncio.to_thread(parse, text)), 0.0
    while not reading.done():
        before = time.perf_counter()
        await asyncio.sleep(WAIT)
        latest = max(latest, time.perf_counter() - before - WAIT)
    return latest
