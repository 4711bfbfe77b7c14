"""Find a comment's own words among what it quotes, shows as code, hides, or drags along as the tail of a mail.

The time is in proportion to the length of the text, whatever it says: no part is read again for each of the marks
before it, and a search that has failed once is not repeated.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import takewhile

import regex

from bot.petition.markdown import CLOSE_TAG, OPEN_TAG, end_of, read_blocks, target_end, title_end


def passages(lines: Sequence[str]) -> list[range]:
    """Return the ranges of lines that are the author's own text, in order: paragraphs, list items, headings.

    Left out are quotes (with the lines Markdown adds to a quote), code, HTML, link definitions and a mail's tail.
    """
    if _STRUCTURE.search("\n".join(lines)) is None:
        return [range(_tail(lines, bytes(len(lines))))]
    own, foreign = read_blocks(lines)
    end = _tail(lines, foreign)
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


def lines_begun_in_text(passage: Sequence[str]) -> set[int]:
    """Find the lines of a passage, by number, that begin as text: not in a code span, a tag or a link's target."""
    text = "\n".join(passage)
    if _SPANS.search(text) is None:
        return set(range(len(passage)))
    beginnings, offset = [], 0
    for line in passage:
        beginnings.append(offset + len(line) - len(line.lstrip(" \t")))
        offset += len(line) + 1
    begun = set(range(len(passage)))
    for start, end in _Scanner(text).swallowed():
        begun.difference_update(range(bisect_left(beginnings, start + 1), bisect_left(beginnings, end)))
    # The first line of a passage can only begin as text.
    return begun | {0}


def end_of_own_text(lines: Sequence[str]) -> int:
    """Return the line where a mail begins to repeat what it answers, or its footer; the end if there is none."""
    has_structure = _STRUCTURE.search("\n".join(lines)) is not None
    return _tail(lines, read_blocks(lines)[1] if has_structure else bytes(len(lines)))


# What else there is in Markdown cannot change what a line is. Without any of these, the parser need not be asked.
_STRUCTURE = re.compile(r"[`<>\[]|~~~")


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
_HEADER_LENGTH = 4_000
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
    """Return whether this is the header of a quoted mail, on one line or many, and no line like `From: Berlin`."""
    fields = _FIELD.findall("\n".join(takewhile(str.strip, header))[:_HEADER_LENGTH])
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
    """Return whether marked quotes follow, and then something else."""
    following = filter(None, (lines[below].strip() for below in range(number, len(lines))))
    return next(following, "").startswith(">") and not all(line.startswith(">") for line in following)


# Possessive quantifiers give nothing back, so that no text is tried in more than one way.
_SPANS = regex.compile(r"[`<\[]")
_SPECIAL = regex.compile(r"!?\[|[\]`<\\]")
_BACKTICKS = regex.compile(r"`++")
_SPACE = regex.compile(r"[ \t\n]*+")
_TAG = regex.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_LONGEST_TAG = 4_096
_AUTOLINK = regex.compile(
    r"<(?:[a-zA-Z][a-zA-Z0-9+.-]{1,31}+:[^<>\x00-\x20]*+|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]++@[a-zA-Z0-9.-]++)>"
)
_DECLARATION = regex.compile(r"<![A-Za-z]")


class _Scanner:
    """Reads a paragraph once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lacking: set[str] = set()
        """Terminators that do not come any more."""
        self._runs: defaultdict[int, deque[int]] = defaultdict(deque)
        for run in _BACKTICKS.finditer(text):
            self._runs[len(run[0])].append(run.start())

    def swallowed(self) -> Iterator[tuple[int, int]]:
        """Return the ranges that are no text: from the first character of each up to its end."""
        text, at = self._text, 0
        openers: list[int] = []
        # A link's words hold no other link: openers before it open images only.
        links_from = 0
        while special := _SPECIAL.search(text, at):
            start, mark, at = special.start(), special[0], special.end()
            if mark == "\\":
                at += 1
            elif mark in "`<":
                at, is_span = self._code(start) if mark == "`" else self._markup(start)
                if is_span:
                    yield start, at
            elif mark != "]":
                openers.append(start)
            elif openers:
                opener = openers.pop()
                is_image = text[opener] == "!"
                end = self._link_end(at) if is_image or len(openers) >= links_from else -1
                if end >= 0:
                    yield (opener if is_image else start), end
                    at = end
                is_link = end >= 0 and not is_image
                links_from = len(openers) if is_link else min(links_from, len(openers))

    def _code(self, start: int) -> tuple[int, bool]:
        end = end_of(_BACKTICKS, self._text, start)
        closers = self._runs[end - start]
        while closers and closers[0] < end:
            closers.popleft()
        return (closers[0] + end - start, True) if closers else (end, False)

    def _markup(self, start: int) -> tuple[int, bool]:
        text = self._text
        if text.startswith("<!--", start):
            # `<!-->` and `<!--->` are comments too.
            short = next((end for end in (start + 5, start + 6) if text[end - 3 : end] == "-->"), 0)
            return (short, True) if short else self._up_to("-->", start, 4)
        if text.startswith("<?", start):
            return self._up_to("?>", start, 2)
        if text.startswith("<![CDATA[", start):
            return self._up_to("]]>", start, 9)
        if _DECLARATION.match(text, start):
            return self._up_to(">", start, 3)
        tag = _TAG.match(text, start, start + _LONGEST_TAG) or _AUTOLINK.match(text, start)
        return (tag.end(), True) if tag else (start + 1, False)

    def _up_to(self, terminator: str, start: int, least: int) -> tuple[int, bool]:
        end = -1 if terminator in self._lacking else self._text.find(terminator, start + least)
        if end < 0:
            self._lacking.add(terminator)
            return start + 1, False
        return end + len(terminator), True

    def _link_end(self, start: int) -> int:
        """Return where `(target "title")` ends that starts there; -1 where there is none."""
        text = self._text
        if not text.startswith("(", start):
            return -1
        at = end_of(_SPACE, text, start + 1)
        end = target_end(text, at)
        if end >= 0:
            at = end_of(_SPACE, text, end)
            titled = title_end(text, at) if at > end else -1
            if titled >= 0:
                at = end_of(_SPACE, text, titled)
        return at + 1 if text.startswith(")", at) else -1
