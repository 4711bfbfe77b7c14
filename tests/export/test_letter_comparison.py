"""Versions of a letter are compared as people read them: rendered, and what was changed is marked in its place."""

from __future__ import annotations

import random
import re

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.export.letter_comparison import Budget, Common, Comparison, common_runs, compare
from bot.export.sanitized_html import render
from tests.effort import effort

LABEL = re.compile('<span class="unseen" dir="ltr">(added|removed): </span>')


def short(comparison: Comparison) -> str:
    """Return what is shown, with [+…] and [-…] for what is marked."""
    html = LABEL.sub("", comparison.html)
    for mark, tag in (("+", "ins"), ("-", "del")):
        html = re.sub(f'<{tag} class="(?:added|removed)">(.*?)</{tag}>', rf"[{mark}\1]", html, flags=re.DOTALL)
    return html.replace("\n", "")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("Open the archive.", "Open the archive.", "<p>Open the archive.</p>"),
        ("Open the archive.", "Open the whole archive.", "<p>Open the [+whole] archive.</p>"),
        ("Open the whole archive.", "Open the archive.", "<p>Open the [-whole] archive.</p>"),
        ("Open the archive.", "Close the archive.", "<p>[-Open] [+Close] the archive.</p>"),
        ("Open it now", "Open it", "<p>Open it [-now]</p>"),
        ("Open it\nnow", "Open it", "<p>Open it [-now]</p>"),
        ("Open it.", "Open it.\n\nPlease.", "<p>Open it.</p><p>[+Please.]</p>"),
        ("Dear all,\n\nopen it.", "open it.", "<p>[-Dear all,]</p><p>open it.</p>"),
        # What is formatted or linked otherwise is shown as changed.
        ("Open **it**.", "Open _it_.", "<p>Open <em>[-it][+it]</em>.</p>"),
        ("- one\n- two", "- two\n- three", "<ul><li>[-one]</li><li>two</li><li>[+three]</li></ul>"),
        ("> a b c", "> a b d", "<blockquote><p>a b [-c][+d]</p></blockquote>"),
        ("# Open", "## Open", "<h3>[-Open]</h3><h4>[+Open]</h4>"),
        ("a\n\n---\n\nb", "a\n\nb", "<p>a</p><p>b</p>"),
        ("请打开档案。", "请关闭档案。", "<p>请[-打开][+关闭]档案。</p>"),
        ("a < b & c", "a > b & c", "<p>a [-&lt;][+&gt;] b &amp; c</p>"),
        ("", "Open it.", "<p>[+Open it.]</p>"),
        ("Open it.", "", "<p>[-Open it.]</p>"),
    ],
)  # fmt: skip
def test_what_was_changed_is_marked_where_it_stands(before: str, after: str, shown: str) -> None:
    assert short(compare(before, after)).replace("] [", "][") == shown.replace("] [", "][")


def test_a_link_that_leads_elsewhere_is_shown_as_changed() -> None:
    found = compare("See [the plan](https://e.org/a).", "See [the plan](https://e.org/b).")
    assert 'href="https://e.org/b"' in found.html
    assert (found.added, found.removed) == (1, 1)


def test_a_cell_is_compared_with_the_cell_in_its_place() -> None:
    found = short(compare("| a | b |\n| - | - |\n| 1 | 2 |", "| a | b |\n| - | - |\n| 1 | 3 |"))
    assert found.endswith("<tr><td>1</td><td>[-2] [+3]</td></tr></tbody></table>")


def test_what_is_marked_says_so_to_those_who_listen() -> None:
    html = compare("Open the archive.", "Close the archive.").html
    assert '<del class="removed"><span class="unseen" dir="ltr">removed: </span>Open</del>' in html
    assert '<ins class="added"><span class="unseen" dir="ltr">added: </span>Close</ins>' in html
    # Once for a passage, and not for each of its words and formats.
    assert len(LABEL.findall(compare("", "Dear **all**, open *it*.").html)) == 1


def test_the_same_letter_and_the_same_words_are_told_apart() -> None:
    assert compare("Open it.", "Open  it.<!-- soon -->").is_same
    other = compare("a\n\nb", "a\n\n---\n\nb")
    assert (other.is_same, other.added, other.removed) == (False, 0, 0)


def test_a_letter_cannot_mark_anything_as_changed_itself() -> None:
    letter = 'Open <ins class="added">it</ins> <del class="removed">soon</del> now.'
    html = compare(letter, f"{letter}\n\nPlease.").html
    assert html == (
        "<p>Open <ins>it</ins> <del>soon</del> now.</p>"
        '<p><ins class="added"><span class="unseen" dir="ltr">added: </span>Please.</ins></p>'
    )


def test_what_was_changed_behind_a_summary_is_shown_open() -> None:
    before = "<details><summary>More</summary>\n\nOpen it.\n\n</details>"
    assert "<details open>" in compare(before, before.replace("Open", "Close")).html


def test_what_is_the_same_by_chance_does_not_break_a_new_sentence_into_pieces() -> None:
    before = "We want that you open all of the doors of the archive"
    after = "Nobody may ever enter any part of a building without our permission"
    assert short(compare(before, after)) == f"<p>[-{before}] [+{after}]</p>"


PIECES = (
    "open", "the", "archive", " ", "  ", "\n", "\n\n", "- ", "> ", "**", "`", "# ", "1. ",
    "| a | b |\n| - | - |\n", "| 1 | 2 |\n", "<b>", "</b>", "<div>", "</div>", "<p>",
    "[x](https://e.org)", "<del>", "&", "<td>", "<details>", "é😀", "山",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=30)
CHECKED = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | {"section", "u", "input"},
    attributes={"*": {"dir", "lang", "title", "class"}, "a": {"href"}, "ol": {"start"}, "details": {"open"},
                "td": {"align"}, "th": {"align"}},
    link_rel="noopener noreferrer nofollow ugc",
)  # fmt: skip


def words(html: str, without: str) -> str:
    """Return the words that are shown, without the blanks, but for those that have been added or removed."""
    html = LABEL.sub("", re.sub(f'<(ins|del) class="{without}">.*?</\\1>', " ", html, flags=re.DOTALL))
    return "".join(re.sub("<[^>]*>", " ", html).split())


@given(TEXTS, TEXTS)
@example("| a | b |\n| - | - |\n| 1 | 2 |", "- a\n\n| a | b |\n| - | - |\n| 2 | 3 |")
def test_without_what_was_removed_it_is_the_later_letter_and_without_what_was_added_the_earlier(
    before: str, after: str
) -> None:
    found = compare(before, after)
    assert words(found.html, "removed") == words(render(after), "removed")
    assert words(found.html, "added") == words(render(before), "removed")


@given(TEXTS, TEXTS)
def test_a_browser_reads_the_tags_as_they_stand(before: str, after: str) -> None:
    html = str(compare(before, after).html).replace("<details open>", '<details open="">')
    assert CHECKED.clean(html) == html


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_as_much_as_possible_is_the_same(old: list[int], new: list[int]) -> None:
    runs = common_runs(old, new, Budget())
    for one in runs:
        assert old[one.old : one.old + one.size] == new[one.new : one.new + one.size]
    places = [(one.old, one.new) for one in runs]
    assert places == sorted(places)
    assert sum(one.size for one in runs) == longest(tuple(old), tuple(new))


def longest(old: tuple[int, ...], new: tuple[int, ...]) -> int:
    """Return the length of the longest common subsequence, as the textbook does."""
    row = [0] * (len(new) + 1)
    for one in old:
        before = row[:]
        for place, other in enumerate(new, 1):
            row[place] = before[place - 1] + 1 if one == other else max(before[place], row[place - 1])
    return row[-1]


def test_when_the_budget_is_spent_what_differs_is_different_altogether() -> None:
    assert common_runs("abcdefgh", "ahgfedch", Budget(3)) == [Common(0, 0, 1), Common(7, 7, 1)]


def long_letters() -> list[tuple[str, str]]:
    """Return pairs of letters as long as GitHub lets them be, that are hard to compare."""
    many = [f"w{number % 1_500}" for number in range(12_000)]
    mixed = random.Random(1).sample(many, len(many))  # noqa: S311 - the same each time
    joints = (" ", "\n\n", "\n- ", "\n\n> ", " | ")
    pairs = [(joint.join(many), joint.join(mixed)) for joint in joints]
    pairs += [("a b " * 16_000, "b a " * 16_000), ("<b>" * 20_000 + "x", "<i>" * 20_000 + "y")]
    pairs += [("<div>" * 12_000 + "x", "<div>" * 12_000 + "y"), ("x\n\n" * 20_000, "y\n\n" * 20_000)]
    return [(before[:65_536], after[:65_536]) for before, after in pairs]


@pytest.mark.parametrize("pair", range(9))
def test_the_longest_letters_are_compared_in_a_bounded_time(pair: int) -> None:
    before, after = long_letters()[pair]
    # Of what is shown already: a second or two on a busy machine.
    for one in (before, after):
        render(one)
    assert effort(lambda: compare.__wrapped__(before, after)) < 3_000_000
