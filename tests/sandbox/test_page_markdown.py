"""Markdown in the sandbox: what a body shows is what GitHub's own Markdown and sanitizer would show of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import cmarkgfm
import nh3
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from sandbox.markdown import render


class Seen(HTMLParser):
    """What a reader sees of HTML: the words, links as `[words](address)`, and the elements that matter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"\s*(<[^<>]*>)\s*", r"\1", "".join(self.parts))).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("class") not in {"mention", "reference"}:
            self.parts.append("[")
            self._open.append(f"]({unquote(given.get('href') or '')})")
        elif tag == "a":
            self._open.append("")
        else:
            self.parts.append("<s>" if tag == "del" else f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(self._open.pop() if tag == "a" else "</s>" if tag == "del" else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("<", "‹").replace(">", "›"))


def ours(text: str) -> str:
    return Seen(render(text, "lovelace/letters")).text


def githubs(text: str) -> str:
    html = cmarkgfm.github_flavored_markdown_to_html(
        text, options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
    )
    return Seen(nh3.clean(html, tags=nh3.ALLOWED_TAGS | {"input"}, attributes={"a": {"href"}})).text


def check(text: str, html: str) -> None:
    assert render(text, "lovelace/letters").strip() == html


def test_the_parts_of_a_block() -> None:
    check("### 1 *person* has ~~not~~ signed", "<h3>1 <em>person</em> has <del>not</del> signed</h3>")
    check("`████░░` **62 %**", "<p><code>████░░</code> <strong>62 %</strong></p>")
    check("<sub>Counted</sub>", "<p><sub>Counted</sub></p>")
    check("above\n<!-- undersigned:begin -->", "<p>above</p>")
    check("a\\|b &lt;b&gt; \\*c\\*", "<p>a|b &lt;b&gt; *c*</p>")
    assert 'align="right"' in render("| a |\n| --: |\n| b |", "a/b")
    assert "<summary>more</summary>" in render("<details>\n<summary>more</summary>\n\n- one\n\n</details>", "a/b")


def test_line_ends_break_lines_in_issues() -> None:
    check("a\nb", "<p>a<br>\nb</p>")
    check("a\r\nb", "<p>a<br>\nb</p>")


def test_tasks_and_notes() -> None:
    done = render("- [x] read\n- [ ] sign", "a/b")
    assert 'type="checkbox"' in done
    assert 'aria-label="Done"' in done
    assert 'aria-label="To do"' in done
    assert "markdown-alert-note" in render("> [!NOTE]\n> mind this", "a/b")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("@ada", '<p><a class="mention" href="/ada">@ada</a></p>'),
        ("(@ada-lovelace)", '<p>(<a class="mention" href="/ada-lovelace">@ada-lovelace</a>)</p>'),
        ("\\@ada", '<p><a class="mention" href="/ada">@ada</a></p>'),
        ("@the/team", '<p><a class="mention" href="/the/team">@the/team</a></p>'),
        ("#7", '<p><a class="reference" href="/lovelace/letters/issues/7">#7</a></p>'),
        ("&#35;7", '<p><a class="reference" href="/lovelace/letters/issues/7">#7</a></p>'),
        ("a/b#7", '<p><a class="reference" href="/a/b/issues/7">a/b#7</a></p>'),
        ("GH-7", '<p><a class="reference" href="/lovelace/letters/issues/7">GH-7</a></p>'),
        ("a" * 40, f'<p><a class="reference" href="/lovelace/letters/commit/{"a" * 40}">{"a" * 40}</a></p>'),
        ("<b>@ada</b>", '<p><b><a class="mention" href="/ada">@ada</a></b></p>'),
    ],
)
def test_what_would_notify_or_refer_is_marked(text: str, html: str) -> None:
    check(text, html)


@pytest.mark.parametrize("text", ["`@ada #7`", "a@b", "x#7", "@\u2060ada", "@-ada", "#seven", "&#64;", "2026#"])
def test_what_would_not_is_not(text: str) -> None:
    assert "<a" not in render(text, "lovelace/letters")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>x</b>",
        "[x](javascript:alert(1))",
        "<a href='javascript:alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        "<iframe src=//x.org></iframe>",
        "<form action=//x.org><input name=a><button>x</button></form>",
        "<svg onload=alert(1)>",
        "<p style=color:red id=main>x",
        "<input type=text autofocus onfocus=alert(1)>",
        "<textarea>",
        "<meta http-equiv=refresh content=0>",
        "<a id=x class=y>",
        '<a href="data:text/html,x">x</a>',
        "<base href=//x.org>",
        "<math><mi//xlink:href='data:x,<script>'>",
    ],
)
def test_nothing_gets_out_of_its_box(text: str) -> None:
    html = render(f"{text}\n\n**after**", "a/b")
    tags = re.findall(r"<(\w+)([^>]*)>", html)
    assert not {tag for tag, _ in tags} & {
        "script",
        "style",
        "iframe",
        "form",
        "button",
        "svg",
        "textarea",
        "meta",
        "base",
    }
    assert not re.search(r"\b(on\w+|style|id|name|src|autofocus|formaction)=", " ".join(rest for _, rest in tags))
    assert not re.search(r'href="(javascript|data)', html)
    assert "after" in html


@pytest.mark.parametrize("tag", ["title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "script"])
def test_some_tags_are_shown_as_they_were_typed(tag: str) -> None:
    text = f"before <{tag}>inside</{tag}> **after**"
    assert ours(text) == githubs(text) == f"<p>before ‹{tag}›inside‹/{tag}›<strong>after</strong></p>"


def test_github_is_here_and_pictures_are_links() -> None:
    check("[ada](https://github.com/ada)", '<p><a href="/ada" rel="noopener noreferrer">ada</a></p>')
    outside = '<a class="picture" href="https://x.org/a.png" rel="noopener noreferrer">🖼 seal</a>'
    check("![seal](https://x.org/a.png)", f"<p>{outside}</p>")
    check("[![seal](https://x.org/a.png)](/ada)", '<p><a href="/ada" rel="noopener noreferrer">🖼 seal</a></p>')


@pytest.mark.parametrize(
    "text",
    [
        "https://x.org",
        "see http://x.org/a_b_c.",
        "(https://x.org/a(b))",
        "www.x.org/a, and",
        "www.x_y.org",
        "xwww.x.org",
        "*www.x.org*",
        "https://x.org/?a=b&amp;c;",
        "https://x.org&lt;b",
        "https\\://x.org",
        "https://",
        "httpss://x.org",
        "x.org",
        "ada@x.org.",
        "mailto:ada@x.org",
        "ada@x",
        "-ada@x.org",
        "ada@x.org_",
        "<https://x.org>",
        "<ada@x.org>",
        "ftp://x.org/a",
        "[https://x.org](https://y.org)",
        "`https://x.org`",
        "HTTPS://X.org",
        "https://x.org<br>b",
        "ada\\@x.org",
        "https&#58;//x.org",
        "www\\.x.org",
        "https://x.org'",
        'https://x.org"',
        "https://x.org)",
    ],
)
def test_addresses_become_links_where_they_do_on_github(text: str) -> None:
    assert ours(text) == githubs(text)


BODY = """Dear all,
<!-- mark -->

---
### 1 person has signed
`███░░` **62 %**

| newest | |
| --- | ---: |
| **{name}** · [ada](https://x.org/ada) | {name} |

<sub>{name}</sub>
"""
WORDS = r"@ada #1 https://x.org www.x.org a@x.org <b> </table> ![a](b) `x` *a* ~~b~~ &amp; | \| <!--"
NAMES = st.sampled_from(WORDS.split()) | st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=8
)


@given(st.lists(NAMES, max_size=6).map(" ".join))
def test_names_of_any_kind_look_as_on_github(name: str) -> None:
    for spelt in (re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", name), re.sub(r"[\W_]", lambda c: f"&#{ord(c[0])};", name)):
        body = BODY.format(name=spelt)
        assert ours(body) == githubs(body)
