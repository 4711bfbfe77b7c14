"""What *Was I counted?* advises can be done, is not done yet, and helps whoever does just that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.comment import Comment, Version, Writer, body_digest
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.i18n import ENGLISH, translator
from bot.petition.tally import MISTYPED_ORDER, Reason, Uncounted, explain
from bot.store import NotCounted
from bot.web.pages.uncounted_reasons import _FAULTS, _NOT_COUNTED
from bot.web.pages.uncounted_reasons import explain as advise
from tests.petition.simulation import ADA
from tests.store.scene import REPOSITORY

MAIL = "On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:\n"


def uncounted(*bodies: str) -> Uncounted | None:
    """Why the author of these comments, one after the other, is not counted."""
    comments = []
    for number, body in enumerate(bodies, 1):
        version = Version(number, body_digest(body), Writer.AUTHOR, parse(body))
        comments.append(Comment(number, number, ADA, number, (version,)))
    return explain(comments)


def another(body: str) -> tuple[str, ...]:
    return body, "/sign"


def edited(pattern: str, by: str = "/sign") -> Callable[[str], tuple[str, ...]]:
    """Edit a comment where it says something, as the advice has it."""
    return lambda body: (re.sub(pattern, by, body, count=1),)


ONLY: Final = edited(r"/sign.*(?s:.*)")
# What the advice for a reason has somebody do, and the comments that get it.
TABLE: Final = {
    (Reason.SILENT, ""): (
        another,
        [
            *["I like this.", "> /sign Ada", "    /sign Ada", "```\n/sign\n```", "~~/sign~~"],
            "<details>\n/sign\n</details>",
        ],
    ),
    (Reason.COMMAND, ""): (another, ["/petition goal 5", "/petition goal 5\n\n/petition close"]),
    (Reason.COMMAND, MISTYPED_ORDER): (another, ["/petiton goal 5", "- /petition close"]),
    (Reason.CUT_OFF, ""): (another, [f"{MAIL}/sign Ben Low", f"Yes.\n\n{MAIL}/unsign"]),
    (Reason.WITHDRAWN, ""): (
        another,
        ["/unsign", "/sign /unsign", "/sign Ada\n/unsign", "/petition close\n/unsign"],
    ),
    (Reason.MISTYPED, Fault.SPELLING): (
        edited(r"/\w+"),
        ["/sing", "/sihn Ada", "/signed", "/signature", "Hi,\n/sing Ada", "> yes\n\n/sgin", "/ſign"],
    ),
    (Reason.MISTYPED, Fault.SLASH): (
        edited(r"[/\\|／]*\s?sign/?", "/sign"),
        ["/ sign", "\\sign", "//sign", "sign/", "sign: Ada", "sign - Ada", "／sign"],
    ),
    (Reason.MISTYPED, Fault.CODE): (
        edited(r"(?s).*?`+(/sign[^`]*)`+", r"\1"),
        ["`/sign`", "`/sign` Ada", "```/sign Ada```", "`/sign Ada`", "Hi, `/sign`"],
    ),
    (Reason.MISTYPED, Fault.MARKS): (
        edited(r"^(?:<\w+>|[*\"“(\[«])+/sign(?:\]\(.*|[*\"”)\]»]+)?"),
        ["*/sign*", '"/sign Ada"', "**/sign** Ada", "(/sign)", "<p>/sign Ada</p>", "[/sign](https://a.example)"],
    ),
    (Reason.MISTYPED, Fault.PLACE): (
        edited(r"^[^/]*", ""),
        ["- /sign Ada", "1. /sign", "- [ ] /sign", "# /sign", "Hi, /sign", "@undersigned /sign", "please /sign me"],
    ),
    (Reason.MISTYPED, Fault.GLUED): (
        edited(r"\n(?=\W*/)", "\n\n"),
        ["> yes\n/sign Ada", "> yes\n> no\n/sign", "> a\nb\n/sign"],
    ),
    (Reason.MISTYPED, Fault.JOINED): (
        edited(r"/sign", "/sign "),
        ["/sign_me", "/sign@Ada", "/sign(Ada)", "/sign=Ada", "/sign\u200bAda", "/sign-Ada Lovelace"],
    ),
    (Reason.MISTYPED, Fault.CONDITION): (
        ONLY,
        [
            *["/sign only if you drop point 3", "/sign Ada, unless you drop it", "/petition goal 5\n/sign only if"],
            *["/sign Ada\nonly if you drop it", f"/sign if you drop it\n\n{MAIL}> Please sign.", "/sign 除非改变"],
        ],
    ),
    (Reason.MISTYPED, Fault.WORDS): (
        ONLY,
        [
            *["/sign No way!", "/sign does this work?", "/sign Ada?", "/sign me maybe", "/sign Ada (maybe)"],
            "/sign不同意",
        ],
    ),
    (Reason.MISTYPED, Fault.WITHDRAWAL): (another, ["/unsing", "`/unsign`", "- /unsign", "\\unsign", "/usign"]),
}  # fmt: skip
CASES: Final = [(why, body, follow) for why, (follow, bodies) in TABLE.items() for body in bodies]


@pytest.mark.parametrize(("why", "body", "follow"), CASES)
def test_advice_fits_the_comment_and_following_it_counts(
    why: tuple[Reason, str], body: str, follow: Callable[[str], tuple[str, ...]]
) -> None:
    found = uncounted(body)
    assert found is not None
    assert (found.reason, found.fault) == why
    told = NotCounted("ada", found.reason, 1, REPOSITORY, 7, 1, found.fault, found.has_orders)
    _, advice = advise(told, 0.0, translator(ENGLISH), is_closed=False)
    if "begins with `/sign`" in advice and "empty line" not in advice:
        assert not re.search(r"(?m)^/sign\b", body)
    if found.has_orders:
        assert "edit your comment so" not in advice
    assert uncounted(*(another if found.has_orders else follow)(body)) is None


def test_all_that_a_text_may_be_told_is_tried() -> None:
    told = {(reason, "") for reason in _NOT_COUNTED} | set(_FAULTS)
    not_of_the_text = {Reason.HIDDEN, Reason.LATE, Reason.REMOVED, Reason.YOUNG, Reason.WAITING}
    # Without a fault it is the text of a release that did not look for it.
    assert {one for one in told if one[0] not in not_of_the_text} - {(Reason.MISTYPED, "")} == set(TABLE)
    assert {fault for reason, fault in TABLE if reason is Reason.MISTYPED} == set(Fault)
