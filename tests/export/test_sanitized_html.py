"""A letter is shown as it was meant, and nothing in it is live but links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.export.sanitized_html import render
from tests.effort import effort
from tests.web.html import Read

REL = 'rel="noopener noreferrer nofollow ugc"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dear *all*", "<p>Dear <em>all</em></p>"),
        ("# Title\n## Part", "<h3>Title</h3>\n<h4>Part</h4>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>"),
        ("<b>bold</b> <script>x</script>", "<p><b>bold</b> </p>"),
        ("<style>p {}</style>", ""),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](/settings)", f"<p><a {REL}>a</a></p>"),
        ('<a href="https://e.org" onclick="x">a</a>', f'<p><a href="https://e.org" {REL}>a</a></p>'),
        ("![Ada](https://e.org/a.png)", f'<p><a href="https://e.org/a.png" {REL}>🖼 Ada</a></p>'),
        ("[![Ada](https://e.org/a.png)](https://e.org)", f'<p><a href="https://e.org" {REL}>🖼 Ada</a></p>'),
        ("| a |\n| --: |\n| b |", '<th align="right">a</th>'),
    ],
)  # fmt: skip
def test_markdown_is_shown(text: str, shown: str) -> None:
    assert shown in render(text)


PIECES = ("<", ">", "script", '"', " onload=", "a", "![", "](", ")", "`", "\n", "<!--", "svg", "- [ ] ", "http://")


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_letter_brings_a_script_a_picture_or_an_attribute(text: str) -> None:
    page = Read(render(text))
    assert not {"script", "style", "img", "iframe", "svg", "form", "input", "base", "meta", "object"} & set(
        page.tags
    )
    allowed = ("href", "rel", "title", "dir", "lang", "align", "start", "open", "colspan", "rowspan", "scope")
    assert all(name.split()[1] in allowed for name in page.attributes)
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in page.links)


@pytest.mark.parametrize("tag", ["b title={}", "I/title={}", "strong\ntitle={}"])
def test_what_a_letter_leaves_open_does_not_make_a_thousand_letters_of_it(tag: str) -> None:
    text = "<div>" + "".join(f"<{tag.format(number)}><p>" for number in range(1_000))
    shown = render(text)
    assert len(shown) < 10 * len(text)
    assert "&lt;" in shown


def test_what_a_letter_forgets_to_close_is_opened_again_as_in_any_browser() -> None:
    text = f"<p><b>{'<p>x' * 1_000}"
    assert render(text).count("<b>x") == 1_000
    assert "&lt;" not in render("<p><kbd>a</kbd> <sub>b</sub> <b>c</b> <i>d</i> " * 500)


@pytest.mark.parametrize("piece", ["![a](b)", "> > > > > > > > > > > > > > > > > > > > > a\n"])
def test_a_letter_twice_as_long_takes_twice_the_time(piece: str) -> None:
    # What was shown before is remembered.
    assert effort(lambda: render(piece * 400)) < 3 * effort(lambda: render(piece * 200))


def test_quotes_in_quotes_are_shown_and_read_again_a_few_times_only() -> None:
    assert render("> " * 5 + "a").count("<blockquote>") == 5
    below = "`a`\n" + "a\n" * 400
    assert effort(lambda: render("> " * 19 + below)) < 4 * effort(lambda: render("> " + below))


def test_a_letter_may_end_in_html_that_stays_open_in_a_list_in_a_quote() -> None:
    assert "<ul>" in render("> - <!--\n>")
