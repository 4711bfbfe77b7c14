from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from cmarkgfm import cmark
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.block import (
    BODY_LIMIT,
    BlockContent,
    compose,
    has_room,
    letter,
    machine_line,
    render_block,
    same_but_for_time,
    splice,
)
from bot.petition.block.sections import SECTIONS, Section
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Sign, Unsign
from bot.petition.machine_readable_lines import Coverage
from bot.petition.rules_in_force import Response
from bot.petition.tally import Signature
from bot.petition.untrusted_text import AFFILIATION_LIMIT, JOINER, NAME_LIMIT, clean

NOW = 1795347607  # 22 Nov 2026, 11:40:07 UTC
DIGEST = "adhash4096:" + "0a" * 32
LETTER = "# Open the archive\n\nWe ask the library to open it."
WEB = "https://sign.example.org/petitions/ada/letters/1"


def facts(count: int = 1234, **more: Any) -> BlockContent:
    return BlockContent(count=count, digest=DIGEST, as_of=NOW, **more)


def signed(login: str, name: str | None = None, affiliation: str | None = None, at: int = NOW) -> Signature:
    return Signature(hash(login), login, hash(login), at, name, affiliation)


def crowd(number: int) -> list[Signature]:
    return [signed(f"user{n}", f"Person {n}", "Somewhere", NOW - 60 * n) for n in range(number)]


@pytest.mark.parametrize("more", [{}, {"roster_url": WEB, "csv_url": f"{WEB}.csv"}])
def test_who_asked_not_to_be_listed_is_counted_apart_from_who_is_listed_elsewhere(more: dict[str, str]) -> None:
    text = render_block(facts(5, newest=crowd(2), unlisted=2, **more))
    assert "5 people have signed" in text
    assert "…and 1 more" in text
    assert "\n\n2 people who signed asked not to be listed.\n\n" in text
    text = render_block(facts(3, newest=crowd(2), unlisted=1, **more))
    assert "more" not in text
    assert "1 person who signed asked not to be listed." in text
    assert "listed" not in render_block(facts(3, newest=crowd(2), **more))


class Page(HTMLParser):
    """What a reader sees of Markdown rendered by GitHub's own library."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.links: list[str] = []
        self.strong: list[str] = []
        self.cells: list[str] = []
        self._open: list[str] = []
        options = cmark.Options.CMARK_OPT_UNSAFE | cmark.Options.CMARK_OPT_FOOTNOTES
        extensions = ["table", "autolink", "strikethrough", "tagfilter"]
        self.html = cmark.markdown_to_html_with_extensions(markdown, options=options, extensions=extensions)
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag == "strong":
            self.strong.append("")
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        data = data.replace(JOINER, "")
        self.text += data
        if "strong" in self._open:
            self.strong[-1] += data
        if "td" in self._open:
            self.cells[-1] += data


def shown(block: BlockContent) -> str:
    return Page(render_block(block)).text


class TestCount:
    @pytest.mark.parametrize(
        ("count", "heading"),
        [
            (0, "Be the first to sign"),
            (1, "1 person has signed"),
            (2, "2 people have signed"),
            (1234, "1,234 people have signed"),
            (1_000_000, "1,000,000 people have signed"),
        ],
    )
    def test_it_reads_well_for_any_number(self, count: int, heading: str) -> None:
        assert f"✍️ {heading}\n" in shown(facts(count))

    def test_nobody_is_invited_to_a_closed_petition(self) -> None:
        assert "Nobody has signed" in shown(facts(0, closed_at=NOW))

    def test_machines_read_it_right_after_the_begin_marker(self) -> None:
        begin, machine, *_ = render_block(facts(1234)).splitlines()
        assert begin == "<!-- undersigned:begin -->"
        assert machine == (
            f'<!-- undersigned {{"v":1,"count":1234,"digest":"{DIGEST}","as_of":"2026-11-22T11:40:07Z"}} -->'
        )
        assert render_block(facts()).endswith("\n<!-- undersigned:end -->")


class TestProgress:
    @pytest.mark.parametrize(
        ("count", "goal", "line"),
        [
            (0, 500, "░░░░░░░░░░░░░░░░░░░░ 0% of the goal of 500"),
            (1, 5000, "█░░░░░░░░░░░░░░░░░░░ 1% of the goal of 5,000"),
            (1234, 2000, "████████████░░░░░░░░ 61% of the goal of 2,000"),
            (1999, 2000, "███████████████████░ 99% of the goal of 2,000"),
            (2000, 2000, "████████████████████ The goal of 2,000 is reached 🎉"),
            (9999, 2000, "████████████████████ The goal of 2,000 is reached 🎉"),
        ],
    )
    def test_only_a_goal_that_is_reached_looks_reached(self, count: int, goal: int, line: str) -> None:
        assert line in shown(facts(count, goal=goal))

    @pytest.mark.parametrize("goal", [None, 0, -1])
    def test_without_a_goal_there_is_no_bar(self, goal: int | None) -> None:
        assert "goal" not in shown(facts(goal=goal))


class TestState:
    def test_an_open_petition_says_how_to_sign_and_to_withdraw(self) -> None:
        text = shown(facts())
        assert "To sign, comment /sign" in text
        assert "To withdraw, comment /unsign or delete your comment." in text

    def test_who_signs_is_told_what_the_answer_means_and_where_to_look(self) -> None:
        assert "The bot adds 👍 to comments that count and 😕 to comments that do not." in shown(facts())
        assert "Was I counted?" not in shown(facts())
        search: dict[str, Any] = {"search_url": "https://example.org/petitions/a/b/1?key=k#roster"}
        link = "[Was I counted?](https://example.org/petitions/a/b/1?key=k#roster)"
        assert f"\n\n{link}\n\n" in render_block(facts(**search))
        assert f"\n\n**Every comment up to 22 Nov 2026, 11:40:02 UTC is counted.** {link}\n\n" in render_block(
            facts(**search, coverage=Coverage(NOW - 5))
        )

    def test_everybody_is_told_up_to_when_comments_are_counted(self) -> None:
        said = "Every comment up to 22 Nov 2026, 11:39:07 UTC is counted"
        for coverage, more in (
            (Coverage(NOW - 60), "."),
            (Coverage(NOW - 60, later=1), ", and 1 signature since."),
            (Coverage(NOW - 60, later=2_000), ", and 2,000 signatures since."),
            (Coverage(NOW - 60, waiting=1), ". 1 comment is waiting for data from GitHub."),
            (Coverage(NOW - 60, 0, 3), ". 3 comments are waiting for data from GitHub."),
        ):
            assert f"{said}{more}\n" in shown(facts(coverage=coverage))
        assert "Every comment" not in shown(facts())
        assert "Every comment" not in shown(facts(coverage=Coverage(NOW), labelled=False))

    def test_what_was_written_after_the_end_is_not_said_to_be_counted(self) -> None:
        ended = facts(coverage=Coverage(NOW - 60, later=3), closed_at=NOW - 3600)
        assert "Every comment up to 22 Nov 2026, 10:40:07 UTC is counted.\n" in shown(ended)
        ending = facts(coverage=Coverage(NOW - 60, later=3), closed_at=NOW - 5)
        assert "Every comment up to 22 Nov 2026, 11:39:07 UTC is counted, and 3 signatures since." in shown(ending)

    def test_which_comments_are_counted_is_told_to_machines_and_is_no_reason_to_write(self) -> None:
        body = compose(LETTER, facts(coverage=Coverage(NOW, 3, 1)))
        line = machine_line(body)
        assert line is not None
        assert line.coverage == Coverage(NOW, 3, 1)
        assert '"counted_to":"2026-11-22T11:40:07Z","later":3,"waiting":1}' in str(line)
        for coverage in (Coverage(NOW), Coverage(NOW + 9), None):
            assert compose(body, facts(coverage=coverage)) is None
        assert compose(compose(LETTER, facts()), facts(coverage=Coverage(NOW))) is None
        assert "11:40:16 UTC is counted.**" in (compose(body, facts(1235, coverage=Coverage(NOW + 9))) or "")

    @pytest.mark.parametrize("forged", ["12:00:00", "**no comment**"])
    def test_what_somebody_wrote_into_it_is_put_right(self, forged: str) -> None:
        body = compose(LETTER, facts(coverage=Coverage(NOW))) or ""
        assert compose(body.replace("11:40:07 UTC", forged), facts(coverage=Coverage(NOW + 9))) is not None

    def test_in_too_little_room_its_length_is_no_reason_to_write_either(self) -> None:
        for spare in range(600, 900, 7):
            letter_ = "x" * (BODY_LIMIT - spare)
            content = facts(newest=crowd(3), coverage=Coverage(NOW, 3_000, 20))
            body = compose(letter_, content)
            assert compose(body, replace(content, coverage=Coverage(NOW + 60))) is None

    def test_what_people_are_told_to_type_means_what_they_are_told(self) -> None:
        typed = re.findall("`(/[^`]+)`", render_block(facts()))
        assert [parse(body) for body in typed] == [Sign(), Sign(), Unsign()]

    def test_a_closed_petition_says_since_when_and_how_to_withdraw_still(self) -> None:
        text = shown(facts(closed_at=NOW - 3600))
        assert "Closed on 22 Nov 2026, 10:40 UTC. New signatures do not count." in text
        assert "To sign" not in text
        assert "To withdraw" in text

    def test_a_deadline_is_announced(self) -> None:
        assert "Open until 31 Dec 2026, 23:59 UTC." in shown(facts(deadline=1798761540))

    def test_a_deadline_that_has_come_closes(self) -> None:
        assert "Closed on 22 Nov 2026, 11:40 UTC." in shown(facts(deadline=NOW - 1))

    def test_the_earlier_end_counts(self) -> None:
        assert facts(deadline=NOW - 9, closed_at=NOW - 5).ended_at == NOW - 9
        assert facts(deadline=NOW + 9, closed_at=NOW + 5).ended_at == NOW + 5
        assert facts(deadline=NOW + 9).ended_at is None

    def test_without_its_label_the_petition_says_that_it_pauses(self) -> None:
        text = shown(facts(labelled=False, label="open `letter`"))
        assert "Counting is paused because this issue does not have the label open letter." in text

    def test_a_change_of_the_letter_is_said_with_what_it_means(self) -> None:
        changed = "The letter was changed on 22 Nov 2026, 11:40 UTC."
        again = "To sign this text, comment /sign again."
        assert f"{changed} 34 people signed this text, 1,200 an earlier one. {again}\n" in shown(
            facts(letter_changed=(NOW, 1200))
        )
        assert "1 person signed this text, 1,233 an earlier one." in shown(facts(letter_changed=(NOW, 1233)))
        assert "0 people signed this text, 1,234 an earlier one." in shown(facts(letter_changed=(NOW, 1234)))
        block = render_block(facts(letter_changed=(NOW, 9), versions_url="https://example.org/letter"))
        assert "comment `/sign` again. [What was changed](https://example.org/letter)\n" in block
        for elsewhere in ({"closed_at": NOW}, {"threads": ("a/b#1", "a/b#2")}):
            assert again not in shown(facts(letter_changed=(NOW, 9), **elsewhere))

    def test_it_says_when_it_was_counted_and_how_to_recount(self) -> None:
        page = Page(render_block(facts(verify_url="https://example.org/verify (me)")))
        assert "Counted from the comments on 22 Nov 2026, 11:40 UTC · anybody can recount" in page.text
        assert page.links == ["https://example.org/verify%20%28me%29"]


class TestNames:
    def test_a_signatory_is_shown_with_a_link_and_without_a_mention(self) -> None:
        page = Page(render_block(facts(newest=[signed("ada", "Ada Lovelace", "Analytical Engines")])))
        assert page.cells == ["Ada Lovelace, Analytical Engines\xa0· ada", "22\xa0Nov,\xa011:40"]
        assert page.links == ["https://github.com/ada"]
        assert "Ada Lovelace" in page.strong
        assert "@" not in page.text

    def test_a_login_can_be_copied_as_it_is(self) -> None:
        assert "[ada-l-20](https://github.com/ada-l-20)" in render_block(facts(newest=[signed("ada-l-20")]))
        assert "[ada\\_l](https://github.com/ada_l)" in render_block(facts(newest=[signed("ada_l")]))

    def test_without_a_name_the_login_stands_for_it(self) -> None:
        newest = [signed("ada"), signed("bob", affiliation="Engines"), signed("eve_corp", "Eve")]
        page = Page(render_block(facts(newest=newest)))
        assert page.cells[::2] == ["ada", "bob, Engines", "Eve\xa0· eve_corp"]

    def test_signatures_of_another_year_show_the_year(self) -> None:
        page = Page(render_block(facts(newest=[signed("ada", at=0)])))
        assert page.cells[1] == "1\xa0Jan\xa01970"

    def test_on_an_enterprise_server_links_lead_there(self) -> None:
        page = Page(render_block(facts(newest=[signed("ada")], site_url="https://ghe.example.org")))
        assert page.links == ["https://ghe.example.org/ada"]

    def test_who_is_not_shown_is_counted(self) -> None:
        assert "…and 1,214 more in the comments below." in shown(facts(newest=crowd(20)))
        assert "more" not in shown(facts(20, newest=crowd(20)))

    def test_the_web_pages_are_linked_where_there_are_any(self) -> None:
        urls: dict[str, Any] = {"roster_url": WEB, "csv_url": f"{WEB}.csv?key=a-b", "json_url": f"{WEB}.json"}
        page = Page(render_block(facts(newest=crowd(20), **urls)))
        assert "…and 1,214 more: all signatures · CSV · JSON" in page.text
        assert page.links[-3:] == list(urls.values())
        assert "\nall signatures · CSV · JSON\n" in shown(facts(20, newest=crowd(20), **urls))
        assert "CSV" not in shown(facts(0, **urls))

    def test_a_page_that_shows_nobody_is_not_called_all_signatures(self) -> None:
        text = shown(facts(roster_url=WEB, json_url=f"{WEB}.json"))
        assert "the petition's page · JSON" in text
        assert "all signatures" not in text


HARMLESS = {
    "h1",
    "h3",
    "p",
    "hr",
    "strong",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "a",
    "sub",
    "span",
}
FRAGMENTS = r"""
    @ada @org/team #1 o/r#1 GH-1 ada@0123456789abcdef deadbeefcafe :tada: $x$
    ![x](http://a.example/x.png) [a](b) ]( [ ) https://a.example www.a.example a@b.example <https://a.example>
    <b> <img src=x> <br> </td> <!-- --> <!--undersigned:end--> &amp; &#124;
    | \| \ ` ``` * ** __ ~~ --- # > - 1. [^1] [^1]: é ﷽
"""
HOSTILE = st.lists(
    st.one_of(st.sampled_from([*FRAGMENTS.split(), " ", "\n", "\u2066", "\u200b"]), st.text(max_size=8)), max_size=6
).map("".join)


@given(HOSTILE, HOSTILE)
def test_strangers_see_their_text_and_nothing_of_it_lives(name: str, affiliation: str) -> None:
    name, affiliation = clean(name, NAME_LIMIT), clean(affiliation, AFFILIATION_LIMIT)
    body = splice(LETTER, render_block(facts(newest=[signed("ada", name or None, affiliation or None)])))
    page = Page(body)
    seen = f"{name}, {affiliation}" if name and affiliation else name or affiliation
    expected = f"{seen}\xa0· ada" if name else f"ada, {seen}" if seen else "ada"
    assert page.cells[0] == expected.replace("\n", " ")
    assert page.links == ["https://github.com/ada"]
    assert set(page.tags) <= HARMLESS
    assert letter(body) == LETTER


@given(HOSTILE)
def test_a_strangers_text_changes_nothing_around_it(text: str) -> None:
    text = clean(text, NAME_LIMIT)
    plain = Page(render_block(facts(newest=[signed("ada", "Ada", "Engines")])))
    hostile = Page(render_block(facts(newest=[signed("ada", text or None, text or None)])))
    assert around_the_name(plain) == around_the_name(hostile)


def around_the_name(page: Page) -> tuple[list[str], list[str], list[str], str]:
    """Return what a page holds besides the first cell of its table, which is bold or not."""
    tags = [tag for tag in page.tags if tag not in ("strong", "span")]
    return tags, page.links, page.cells[1:], page.text.replace(page.cells[0], "", 1)


def full() -> BlockContent:
    return facts(
        goal=2000,
        newest=crowd(20),
        deadline=NOW + 9,
        letter_changed=(NOW, 9),
        coverage=Coverage(NOW),
        roster_url=WEB,
        csv_url=WEB,
        json_url=WEB,
        verify_url=WEB,
    )


SIGHTS: Mapping[str, str] = {
    "oldest name": "Person 19",
    "newest name": "Person 0",
    "roster": "all signatures",
    "instructions": "To withdraw",
    "coverage": "Every comment up to",
    "footer": "Counted",
    "goal": "of the goal",
    "letter": "The letter was changed",
    "state": "Open until",
    "count": "1,234 people have signed",
    "machine": '"count":1234',
}


def sights(budget: int) -> list[str]:
    block = render_block(full(), budget)
    return [sight for sight, text in SIGHTS.items() if text in block]


class TestBudget:
    def test_with_all_room_everything_is_there(self) -> None:
        assert sights(BODY_LIMIT) == list(SIGHTS)

    def test_things_go_in_order_names_first_and_the_count_last(self) -> None:
        gone: list[str] = []
        for budget in range(len(render_block(full())), 0, -3):
            left = sights(budget)
            gone += [sight for sight in SIGHTS if sight not in (*gone, *left)]
        assert gone == list(SIGHTS)

    def test_who_is_cut_is_among_those_who_are_more(self) -> None:
        block = render_block(full(), len(render_block(full())) - 1)
        assert "Person 18" in block
        assert "Person 19" not in block
        assert "…and 1,215 more" in block

    def test_where_the_machine_line_does_not_fit_the_count_may(self) -> None:
        assert render_block(full(), 100) == (
            "<!-- undersigned:begin -->\n\n### ✍️ 1,234 people have signed\n\n<!-- undersigned:end -->"
        )

    @pytest.mark.parametrize("budget", [-9, 0, 1, 50])
    def test_where_nothing_fits_there_is_nothing(self, budget: int) -> None:
        assert render_block(full(), budget) == ""


@given(st.integers(0, 3000), st.integers(0, 30), st.lists(HOSTILE, max_size=4), st.booleans())
def test_the_budget_is_kept(budget: int, number: int, names: list[str], closed: bool) -> None:
    newest = crowd(number) + [signed("ada", clean(name, NAME_LIMIT) or None) for name in names]
    block = render_block(replace(full(), newest=newest, closed_at=NOW if closed else None), budget)
    assert len(block) <= budget
    if block:
        assert block.startswith("<!-- undersigned:begin -->")
        assert block.endswith("<!-- undersigned:end -->")
    if budget >= 300:
        assert machine_line(block) is not None
    # Had one more name fitted, it would be there.
    rows = block.count("github.com")
    more = render_block(replace(full(), newest=newest, closed_at=NOW if closed else None))
    assert rows == more.count("github.com") or len(block) + 250 + max(map(len, more.splitlines())) > budget


class TestSameButForTime:
    def test_the_time_of_counting_is_no_difference(self) -> None:
        later = replace(full(), as_of=NOW + 7, deadline=NOW + 9)
        assert render_block(later) != render_block(full())
        assert same_but_for_time(render_block(full()), render_block(later))

    def test_line_ends_are_no_difference(self) -> None:
        assert same_but_for_time(render_block(full()).replace("\n", "\r\n"), render_block(full()))

    @pytest.mark.parametrize(
        "other",
        [
            facts(1235),
            facts(letter_changed=(NOW, 1)),
            facts(newest=[signed("ada", "Ada")]),
            replace(facts(), digest="adhash4096:00"),
            facts(closed_at=NOW),
        ],
    )
    def test_anything_else_is(self, other: BlockContent) -> None:
        assert not same_but_for_time(render_block(facts()), render_block(other))

    def test_a_time_elsewhere_in_the_block_is_not_the_time_of_counting(self) -> None:
        before = facts(letter_changed=(NOW, 1))
        after = replace(before, as_of=NOW + 60, letter_changed=(NOW + 60, 1))
        assert not same_but_for_time(render_block(before), render_block(after))

    def test_a_block_without_machine_line_is_the_same_only_as_itself(self) -> None:
        assert same_but_for_time("a\r\nb", "a\nb")
        assert not same_but_for_time("a", render_block(facts()))


class TestCompose:
    def test_a_letter_gets_its_block(self) -> None:
        assert compose(LETTER, facts()) == splice(LETTER, render_block(facts()))

    def test_later_there_is_nothing_to_write(self) -> None:
        body = compose(LETTER, facts())
        assert compose(body, replace(facts(), as_of=NOW + 99)) is None

    def test_nor_is_there_when_somebody_saved_it_in_a_browser(self) -> None:
        body = (compose(LETTER, facts()) or "").replace("\n", "\r\n")
        assert compose(body, replace(facts(), as_of=NOW + 99)) is None

    def test_another_count_is_written(self) -> None:
        body = compose(LETTER, facts(1))
        assert compose(body, facts(2)) == splice(LETTER, render_block(facts(2)))

    def test_a_doubled_block_is_repaired_though_the_count_is_right(self) -> None:
        body = compose(LETTER, facts()) or ""
        assert compose(f"{body}\n{render_block(facts())}", facts()) == f"{body}\n"

    def test_an_edited_block_is_repaired(self) -> None:
        body = compose(LETTER, facts()) or ""
        assert compose(body.replace("1,234 people", "9,999 people"), facts()) == body

    def test_an_empty_body_becomes_the_block(self) -> None:
        assert compose(None, facts()) == render_block(facts())

    def test_a_letter_that_fills_the_limit_stays_alone(self) -> None:
        assert compose("x" * BODY_LIMIT, facts()) is None
        assert not has_room("x" * BODY_LIMIT, facts())
        assert has_room(LETTER, facts())

    def test_a_letter_that_leaves_no_room_any_more_loses_the_block_and_no_word(self) -> None:
        tight = "x" * (BODY_LIMIT - 60)
        assert compose(f"{tight}\n\n<!-- undersigned:begin -->\n<!-- undersigned:end -->", full()) == tight


@given(st.integers(250, 3000), st.sampled_from(["no begin", "no end", "swapped"]))
def test_a_block_that_is_short_of_room_is_known_again_when_a_marker_is_lost(budget: int, damage: str) -> None:
    begin, end = "<!-- undersigned:begin -->", "<!-- undersigned:end -->"
    block = render_block(full(), budget)
    damaged = {
        "no begin": block.replace(f"{begin}\n", ""),
        "no end": block.replace(f"\n{end}", ""),
        "swapped": block.replace(begin, "§").replace(end, begin).replace("§", end),
    }[damage]
    assert letter(f"{LETTER}\n\n{damaged}").strip() == LETTER


@given(
    st.integers(0, 3000), st.sampled_from(["x", "é", "😀", "\n", "\r\n", "\r"]), st.sampled_from(["", "\n", "\r\n"])
)
def test_the_body_limit_is_kept_and_so_is_the_letter(room: int, filling: str, ending: str) -> None:
    text = "We ask.\r\n" + filling * ((BODY_LIMIT - room) // len(filling)) + ending
    text = text[-BODY_LIMIT:]
    body = compose(text, full())
    if body is None:
        assert not has_room(text, full())
        return
    assert body.startswith(text)
    assert len(body) <= BODY_LIMIT
    assert re.search("<!-- undersigned:end -->$", body)
    assert letter(body) == text
    assert compose(body, full()) is None


class TestThreads:
    NAMES = ("ada/letters#1", "ada/letters#7", "ada/letters#9")

    def test_a_full_issue_says_where_to_sign_and_how_to_withdraw(self) -> None:
        block = render_block(facts(threads=self.NAMES))
        link = "[ada/letters#9](https://github.com/ada/letters/issues/9)"
        assert f"➡️ **This issue has reached its limit of comments. Please sign in {link}.**" in block
        assert "To sign, comment" not in block
        assert "To withdraw, comment `/unsign`" in block

    def test_the_last_issue_says_what_it_continues(self) -> None:
        block = render_block(facts(threads=self.NAMES, position=3))
        assert (
            "This issue continues [ada/letters#1](https://github.com/ada/letters/issues/1) and [ada/letters#7]("
            in block
        )
        assert "To sign, comment" in block

    def test_a_closed_petition_sends_nobody_on(self) -> None:
        assert "Please sign" not in render_block(facts(threads=self.NAMES, closed_at=NOW))

    def test_all_of_them_are_named_for_machines(self) -> None:
        line = machine_line(render_block(facts(threads=self.NAMES, position=2)))
        assert line is not None
        assert line.threads == self.NAMES
        alone = machine_line(render_block(facts()))
        assert alone is not None
        assert alone.threads == ()
        assert "threads" not in str(alone)

    def test_names_that_are_none_make_no_tally(self) -> None:
        block = render_block(facts(threads=self.NAMES))
        for forged in ('["a"]', '"ada/letters#1"', "[1]", '["ada/../letters#1"]', "{}"):
            names = machine_line(block.replace('["ada/letters#1","ada/letters#7","ada/letters#9"]', forged))
            assert names is None or names.threads == ()


def test_a_chart_is_drawn_where_it_is_wanted_and_the_number_stays_a_text() -> None:
    text = render_block(facts(count=6, days=((20_000, 1), (20_002, 2), (20_003, 3))))
    assert '    x-axis ["4 Oct 2024", "5 Oct 2024", "6 Oct 2024", "7 Oct 2024"]\n' in text
    assert "    y-axis 0 --> 6\n    line [1, 1, 3, 6]\n```" in text
    assert "6 people have signed" in text
    assert "mermaid" not in render_block(facts(count=6))


def test_a_long_chart_has_room_for_its_days() -> None:
    text = render_block(facts(days=tuple((20_000 + day, 2) for day in range(400))))
    (line,) = re.findall(r"line \[(.*)\]", text)
    assert [int(total) for total in line.split(", ")][::7] == [2, 800]


class TestFirstSignatories:
    ADA, GRACE, ALAN = (Signature(number, f"login-{number}", number, NOW - number) for number in (1, 2, 3))

    def test_they_stand_above_the_newest_in_the_order_that_was_asked_for(self) -> None:
        text = render_block(facts(count=5, first=[self.GRACE, self.ADA], newest=[self.ALAN]))
        places = [text.index(words) for words in ("First signatories", "login-2", "login-1", "Newest", "login-3")]
        assert places == sorted(places)
        assert "…and 2 more" in text

    def test_without_any_nothing_is_said_of_them(self) -> None:
        assert "First signatories" not in render_block(facts(newest=[self.ALAN]))

    def test_they_are_left_out_after_the_newest_and_before_anything_else(self) -> None:
        content = facts(count=5, first=[self.GRACE], newest=[self.ALAN], days=[(1, 2), (3, 4)])
        whole = render_block(content)
        short = render_block(content, len(whole) - 1)
        assert ("login-2" in short, "login-3" in short) == (True, False)
        shorter = render_block(content, len(render_block(replace(content, newest=()))) - 1)
        assert ("First" in shorter, "mermaid" in shorter) == (False, True)


class TestRemarks:
    def test_organizers_are_told_what_is_wrong_what_helps_and_what_holds_meanwhile(self) -> None:
        text = shown(facts(remarks=["line 1, goal: found “10k”"]))
        assert "For the organizers: 1 remark" in text
        assert "line 1, goal: found “10k”" in text
        assert "delete the comment. Until then, the earlier rules apply." in text
        assert "more" not in text

    def test_of_many_remarks_the_others_are_counted(self) -> None:
        text = shown(facts(remarks=[f"mistake {number}" for number in range(14)]))
        assert "mistake 9" in text
        assert "mistake 10" not in text
        assert "…and 4 more" in text

    def test_where_organizers_have_a_page_others_read_only_how_many_remarks_there_are(self) -> None:
        text = render_block(facts(remarks=["line 1", "line 2"], organizers_url=f"{WEB}/organizers"))
        assert f"[For the organizers: 2 remarks]({WEB}/organizers)" in text
        assert "line 1" not in text
        assert "For the organizers" not in shown(facts(organizers_url=f"{WEB}/organizers"))


class TestSections:
    def test_a_new_line_is_an_entry_of_the_table_and_gives_way_when_its_turn_comes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = replace(full(), newest=(), helps=False)
        before = render_block(content)
        line = Section(lambda content, tr: tr.translate("{number} in all", number=tr.number(content.count)), 5)
        monkeypatch.setattr("bot.petition.block.render.SECTIONS", (*SECTIONS[:4], line, *SECTIONS[4:]))
        assert "\n\n1,234 in all\n\n" in render_block(content)
        assert render_block(content, len(render_block(content)) - 1) == before

    def test_no_two_sections_give_way_at_once(self) -> None:
        ranks = [section.gives_way for section in SECTIONS]
        assert len(set(ranks)) == len(ranks)


def test_a_long_response_is_cut_only_where_a_page_shows_all_of_it() -> None:
    text = "First.\n\nSecond line\nand third.\n\n" + "word " * 700 + "end."
    content = BlockContent(0, "", 0, response=Response(text, "grace", 0))
    whole = render_block(content)
    assert "> First.\n>\n> Second line<br>and third.\n>\n> word" in whole
    assert "end." in whole
    cut = render_block(replace(content, roster_url="https://e.org/p"))
    assert "…\n>\n> […](https://e.org/p)" in cut
    assert "end." not in cut
    short = render_block(replace(content, roster_url="https://e.org/p", response=Response("Yes.", "grace", 0)))
    assert "> Yes.\n" in short
    assert "[…]" not in short
