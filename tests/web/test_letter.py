"""A letter is shown as it was meant, and nothing in it is live but links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.letter import show
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
    assert shown in show(text)


PIECES = ("<", ">", "script", '"', " onload=", "a", "![", "](", ")", "`", "\n", "<!--", "svg", "- [ ] ", "http://")


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_letter_brings_a_script_a_picture_or_an_attribute(text: str) -> None:
    page = Read(show(text))
    assert not {"script", "style", "img", "iframe", "svg", "form", "input", "base", "meta", "object"} & set(
        page.tags
    )
    allowed = ("href", "rel", "title", "dir", "lang", "align", "start", "open", "colspan", "rowspan", "scope")
    assert all(name.split()[1] in allowed for name in page.attributes)
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in page.links)
