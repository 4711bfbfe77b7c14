"""Find a comment's own words among what it quotes, shows as code, hides, or drags along as the tail of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from bot.petition.markdown.blocks import read_blocks


def passages(lines: Sequence[str]) -> list[range]:
    """Return the ranges of lines that are the author's own text, in order: paragraphs, list items, headings.

    Left out are quotes (with the lines Markdown adds to a quote), code, HTML, link definitions and a mail's tail.
    """
    if _STRUCTURE.search("\n".join(lines)) is None:
        return [range(_tail(lines, bytes(len(lines))))]
    own, foreign = read_blocks(lines)
    end = _tail(lines, foreign)
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


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
