from __future__ import annotations

import pytest

from bot.petition.block.body import splice
from bot.petition.machine_readable_lines import (
    Continues,
    read_continues,
    split_name,
)
from bot.reconcile.continuation_issues import continuation_body, continuation_title, is_full

FIRST = Continues(3_600_000_001, "acme/letters.2#7")
BODY = continuation_body("Open *the* archive", "https://github.com/acme/letters.2/issues/7", FIRST)


def test_an_issue_is_full_at_the_organizers_number_and_at_the_latest_at_githubs() -> None:
    assert [is_full(comments, 250) for comments in (0, 249, 250, 251)] == [False, False, True, True]
    assert is_full(2_500, 1_000_000)


def test_what_is_written_is_read_again() -> None:
    assert read_continues(BODY) == FIRST
    assert split_name(FIRST.name) == ("acme/letters.2", 7)


def test_it_is_read_through_a_browser_and_below_a_blank_line_and_beside_the_block() -> None:
    assert read_continues("\r\n" + BODY.replace("\n", "\r\n")) == FIRST
    block = "<!-- undersigned:begin -->\n3 people\n<!-- undersigned:end -->"
    assert splice(BODY, block) == f"{BODY}\n\n{block}"
    assert read_continues(splice(BODY, block)) == FIRST


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        f"See:\n{FIRST}",
        f"> {FIRST}",
        str(FIRST).replace("{", "["),
        str(FIRST).replace("3600000001", '"1"'),
        str(FIRST).replace("3600000001", "true"),
        str(FIRST).replace("#7", ""),
        str(FIRST).replace("acme/", "../../acme/"),
        str(FIRST).replace('{"issue":3600000001,"name":"acme/letters.2#7"}', "{}"),
        str(FIRST).replace('{"issue":3600000001,"name":"acme/letters.2#7"}', '{"issue":' + "[" * 50_000 + "}"),
    ],
)
def test_what_is_said_elsewhere_or_makes_no_sense_continues_nothing(body: str | None) -> None:
    assert read_continues(body) is None


def test_a_title_keeps_its_number_within_githubs_limit() -> None:
    assert continuation_title("A letter", 2) == "A letter (2)"
    assert continuation_title("x" * 256, 12) == "x" * 251 + " (12)"


def test_a_title_cannot_write_markdown_into_the_continuation() -> None:
    body = continuation_body("[a](javascript:b) @everybody", "https://example.org", FIRST)
    assert "[a](" not in body
    assert " @everybody" not in body
