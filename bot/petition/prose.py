"""Tell a comment's own words from what it quotes, shows as code, hides, or drags along as the tail of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from bot.petition.shallow import shallow


def passages(lines: Sequence[str]) -> list[range]:
    """Give the ranges of lines that are the author's own running text, in order: paragraphs, list items, headings.

    Left out are quotes (with the lines Markdown adds to a quote), code, HTML, link definitions and a mail's tail.
    """
    text = "\n".join(lines)
    if _STRUCTURE.search(text) is None:
        return [range(_tail(lines, bytes(len(lines))))]
    own, foreign = _read(text, len(lines))
    end = _tail(lines, foreign)
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


def lines_begun_in_text(passage: Sequence[str]) -> set[int]:
    """Find the lines of a passage, by number, that begin as text: not in a code span, a tag or a link's target."""
    text = "\n".join(passage)
    if _SPANS.search(text) is None:
        return set(range(len(passage)))
    beginnings, offset = {}, 0
    for number, line in enumerate(passage):
        beginnings[offset + len(line) - len(line.lstrip(" \t"))] = number
        offset += len(line) + 1
    # The first line of a passage can only begin as text.
    begun = {0}
    _INLINE.inline.parse(text, _INLINE, {"text": text, "beginnings": beginnings, "begun": begun}, [])
    return begun


# What else there is in Markdown cannot change what a line is. Without any of these, the parser need not be asked.
_STRUCTURE = re.compile(r"[`<>\[]|~~~")
_SPANS = re.compile(r"[`<\[]")

# The default nesting of 20 would make everything after a line of eleven list markers disappear.
_BLOCKS = MarkdownIt("commonmark", {"maxNesting": 100}).disable(["inline", "text_join"])

_FOREIGN = {"fence", "code_block", "html_block"}
_HTML_QUOTE = re.compile(r"(?i)<(/?)(?:blockquote|pre|code)\b")


def _read(text: str, length: int) -> tuple[list[range], bytearray]:
    """Find the lines of running text, and mark those of code and HTML."""
    own: list[range] = []
    foreign = bytearray(length)
    quotes = html_quotes = 0
    for token in _BLOCKS.parse(shallow(text)):
        if token.type == "blockquote_close":
            quotes -= 1
        if token.map is None:
            continue
        if token.type == "inline" and not quotes and not html_quotes:
            own.append(range(*token.map))
        elif token.type in _FOREIGN:
            foreign[slice(*token.map)] = b"\1" * (token.map[1] - token.map[0])
        if token.type == "blockquote_open":
            quotes += 1
        elif token.type == "html_block" and not token.content.startswith("<!--"):
            for closing in _HTML_QUOTE.findall(token.content):
                html_quotes = max(0, html_quotes + (-1 if closing else 1))
    return own, foreign


def _note_beginning(state: StateInline, silent: bool) -> bool:
    """Note where the parser starts to read a line as text; as a rule of the parser, never take anything."""
    # The words that describe an image are parsed apart, as a text of their own; they are not shown.
    if not silent and state.src is state.env["text"] and state.pos in state.env["beginnings"]:
        state.env["begun"].add(state.env["beginnings"][state.pos])
    return False


def _inline_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").disable(["emphasis", "entity"])
    parser.inline.ruler.before("text", "note_beginning", _note_beginning)
    return parser


_INLINE = _inline_parser()


def _tail(lines: Sequence[str], foreign: Sequence[int]) -> int:
    """Find the line where a mail begins to repeat what it answers, or its footer; the end if there is none."""
    return next((number for number in _tails(lines) if not foreign[number]), len(lines))


def _tails(lines: Sequence[str]) -> Iterator[int]:
    for number, line in enumerate(lines):
        if _SEPARATOR.match(line) or (_HEADER.match(line) and _has_fields(lines[number : number + _HEADER_LINES])):
            yield number
        elif line.rstrip().endswith(_COLONS):
            yield from _attributions(lines, number + 1)


# `-- ` with its blank marks a mail's footer (RFC 3676, 4.3); `--` and `---` are what people type to divide.
_SEPARATOR = re.compile(
    r"""(?ix)
    --[ \xa0] $
  | _{8,} \s* $
  | [ *]* -{3,} \s* (?: begin \s )? (?:
        original \s (?:message | appointment) | forwarded \s message | reply \s message
      | (?:ursprüngliche | weitergeleitete) \s nachricht | message \s (?:d['’]origine | original | transféré)
      | mensaje \s (?:original | reenviado) | mensagem \s original | messaggio \s (?:originale | inoltrato)
      | oorspronkelijk \s bericht | исходное \s сообщение | пересылаемое \s сообщение | 原始邮件 | 转发邮件
    ) \s* -*
  | begin \s forwarded \s message \s* :
    """
)

_FROM = r"(?:from|von|de|da|van|fra|från|od|от|发件人|寄件者|差出人|보낸\ 사람)"
_FIELD_NAMES = r"""
    sent|date|to|cc|subject | gesendet|datum|an|betreff | envoyé|date|à|objet | enviado|fecha|para|asunto|assunto
  | inviato|data|a|oggetto | verzonden|aan|onderwerp | sendt|skickat|till?|emne|ämne | wysłano|do|temat
  | отправлено|дата|кому|тема | 发送时间|日期|收件人|抄送|主题 | 寄件日期|收件者|主旨 | 送信日時|宛先|件名
  | 보낸\ 날짜|받는\ 사람|제목
"""
_HEADER = re.compile(rf"(?ix) [ *_]* {_FROM} [ *_]* \s? [:：]")
_FIELD = re.compile(rf"(?ix) (?:^|\s) [*_]* ({_FIELD_NAMES}) [*_]* \s? [:：]", re.MULTILINE)
_HEADER_LINES = 6
_FIELDS_OF_A_HEADER = 2

_COLONS = (":", "：")
_ATTRIBUTION = re.compile(
    r"""(?ix)
    on \b .{4,} \b wrote $
  | (?= .* \d ) (?:am | le | el | il | op | em | den | dnia | w\ dniu | dne) \b .* \b
    (?:schrieb | a\ écrit | escribió | ha\ scritto | schreef | escreveu | skrev | napsal\w* | napisał\w* | pisze) \b
  | (?= .* \d ) .* <[^<>@\s]+@[^<>\s]+> [^<>]{0,40} $
  | (?= .* \d ) .* (?: пишет | написал\w* (?:\(а\))? | 写道 | 寫道 ) $
    """
)
_ATTRIBUTION_LINES = 3
_ATTRIBUTION_LENGTH = 400


def _has_fields(header: Sequence[str]) -> bool:
    """Tell the header of a quoted mail, whether on many lines or on one, from a line like `From: Berlin`."""
    fields = _FIELD.findall("\n".join(takewhile(str.strip, header)))
    return len({field.lower() for field in fields}) >= _FIELDS_OF_A_HEADER


def _attributions(lines: Sequence[str], end: int) -> Iterator[int]:
    """Find the start of `On … wrote:`, which mail programs break over up to three lines.

    Where the author answers below marked quotes, it announces only these.
    """
    for start in range(end - 1, max(-1, end - 1 - _ATTRIBUTION_LINES), -1):
        attribution = " ".join(lines[start:end]).rstrip(" \xa0:：")
        if len(attribution) <= _ATTRIBUTION_LENGTH and _ATTRIBUTION.match(attribution):
            if not _author_answers_below(lines, end):
                yield start
            return


def _author_answers_below(lines: Sequence[str], number: int) -> bool:
    """Tell whether marked quotes follow, and then something else."""
    following = filter(None, (lines[below].strip() for below in range(number, len(lines))))
    return next(following, "").startswith(">") and not all(line.startswith(">") for line in following)
