"""Find where a comment begins to repeat the mail that it answers, by the structure of what mail programs write.

That is an attribution (when, who, an address, and a colon or dashes at its end, on one to four lines), the header
of a mail (short lines `Word: …`), or a divider. Words help where they are known. What structure alone does not
settle is a doubt, which GitHub can end: it knows which comments came by mail.

The time is in proportion to the length of the text: of each line a bounded part is looked at, a bounded number of
times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from bot.petition.comments.word_lists import (
    CARD,
    HEADER_FIELDS,
    LEADS,
    MESSAGE,
    ORIGINAL,
    PROSE,
    REPLY,
    WROTE,
    any_of,
)


class Tail(NamedTuple):
    """The lines where a mail's tail begins for certain, and where one may begin: the end if there is none."""

    certain: int
    doubtful: int


def find_tail(lines: Sequence[str], foreign: Sequence[int]) -> Tail:
    """Find where a mail begins to repeat what it answers, or its footer, outside of code and HTML."""
    end = doubtful = len(lines)
    for number, is_certain in _tails(lines, foreign):
        doubtful = min(doubtful, number)
        if is_certain:
            # A line that divides belongs to the header below it.
            is_near = not any(lines[between].strip() for between in range(doubtful + 1, number))
            return Tail(doubtful if is_near else number, doubtful)
    return Tail(end, doubtful)


def _tails(lines: Sequence[str], foreign: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Return beginnings of tails in order, and whether each is certain."""
    fields_end = 0
    for number, line in enumerate(lines):
        if foreign[number] == _UNREADABLE or not MARKS.search(line):
            continue
        found: tuple[int, bool] | None = None
        is_indented = _INDENTED.match(line) is not None
        if number >= fields_end and len(line) <= _LONGEST_LINE:
            found, fields_end = _header(lines, number)
            found = None if is_indented and found is not None and not found[1] else found
        found = found or _divider(line, number) or _header_on_a_line(line, number) or _attribution(lines, number)
        if found is not None:
            start, is_certain = found
            # What is indented that far may be an example that somebody shows.
            yield start, is_certain and not is_indented


# Every beginning has one of these; most lines of most comments have none.
MARKS: Final = re.compile(r"[:：|@]|[-–—_=]{2}|view it on GitHub|[Qq]uoting ")
_UNREADABLE: Final = 1
_INDENTED: Final = re.compile(r" {4}| {0,3}\t")
_LONGEST_LINE: Final = 1_000
_LONGEST: Final = 400
_IGNORED: Final = re.compile(r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES: Final = re.compile(r"(?:&nbsp;|[\s\u00a0\u202f\u3000])+")


def _plain(text: str) -> str:
    """Return text in lower case with plain blanks and digits, without what only directs writing."""
    text = _SPACES.sub(" ", _IGNORED.sub("", text)).strip().lower()
    return re.sub(r"\d", lambda digit: str(unicodedata.digit(digit[0])), text)


# --- attributions: when, who, an address, and a colon or dashes at the end


_GITHUBS: Final = (
    r"\*{0,3}@(?:\*{3})?\.\*{3}|(?:notifications|no-?reply)@github\.com|@(?:[\w-]+\.)?(?:no)?reply\.github\.com"
)
_MASKED: Final = re.compile(_GITHUBS)
"""An address as GitHub masks it in comments that came by mail, or its own."""
_ADDRESS: Final = re.compile(
    rf"[<(\[«＜（]\s?(?:mailto:)?[^\s<>()\[\]@]{{1,80}}@[^\s<>()\[\]@]{{1,80}}\s?[>)\]»＞）]|{_GITHUBS}"
)
_ANY_ADDRESS: Final = re.compile(r"[<(\[]?[^\s<>()\[\]@]{0,80}@[^\s<>()\[\]@]{1,80}[>)\]]?")
_DATE: Final = re.compile(
    r"(?<!\d)\d{4} ?[-./年년] ?\d{1,2} ?[-./月월] ?\d{1,2}|(?<!\d)\d{1,2} ?[-./] ?\d{1,2} ?[-./] ?\d{2,4}(?!\d)"
)
_YEAR: Final = re.compile(r"(?<![\d.,:])(?:19|20|25|14)\d\d(?!\d|:\d)")
_DAY: Final = re.compile(r"(?<![\d.,:+-])[0-3]?\d(?!\d|:\d)")
_TIME: Final = re.compile(
    r"(?<![\d.,/-])\d{1,2}[:.h：] ?\d{2}(?:[:.]\d{2})?(?![.:]?\d)(?!\.\d|/)|\d{1,2} ?(?:uhr|[ap]\.?m\b)"
    r"|\d{1,2} ?[時时点點시]"
)
_WHEN_OR_WHO: Final = re.compile(r"[\d@]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_END: Final = re.compile(r"[:：︰][\s*_>]*$|(?<=\S)\s?[-–—]{2,}[\s*_]*$")
_DASHES: Final = re.compile(r"[\s*_]*[-–—]{2,}")
_SENTENCE_END: Final = re.compile(r"(?:[!?:。！？]|[^\W\d_]{4}\.)$")
"""The end of a sentence, unlike that of `Mar.` and `B.`."""
_LONGEST_END: Final = 20
_MOST_WORDS: Final = 18
_FEWEST_WORDS: Final = 2
_MOST_WORDS_OF_A_NAME: Final = 5
_LINES: Final = 4


def _attribution(lines: Sequence[str], last: int) -> tuple[int, bool] | None:
    """Find the start of `On … wrote:` that ends on a line; mail programs break it over up to four."""
    ending = _ending(lines[last])
    if ending is None:
        return None
    text, found = "", None
    for start in range(last, max(-1, last - _LINES), -1):
        line = lines[start]
        if not line.strip() or len(line) + len(text) > _LONGEST or line.lstrip().startswith((">", "/")):
            break
        if start < last and _SENTENCE_END.search(line[-_LONGEST_END:].rstrip()):
            break
        text = f"{line} {text}" if start < last else ending
        is_certain = _is_attribution(text)
        if is_certain or (is_certain is not None and found is None):
            found = start, is_certain
        if is_certain:
            break
    if found is None:
        return None
    is_marked, is_answered = _quotes_below(lines, last + 1)
    return None if is_answered else (_first_line(lines, found[0], last), found[1] or is_marked)


def _ending(line: str) -> str | None:
    """Return the line up to where an attribution may end on it; None where none can."""
    if len(line) > _LONGEST_LINE:
        return None
    plain = _IGNORED.sub("", line).rstrip()
    if _END.search(plain[-40:]):
        return plain if len(plain) <= _LONGEST else None
    if _DATED_QUOTING.match(plain.lower(), 0, _LONGEST):
        return f"{plain}:"
    # Some programs let the quoted text follow on the same line, or forget the colon.
    masked = _MASKED.search(plain, 0, _LONGEST)
    if masked is None:
        return None
    rest = plain[masked.end() : masked.end() + 60]
    colon = re.search(r"[:：]", rest)
    if colon is not None:
        return plain[: masked.end() + colon.end()]
    wrote = WROTE.search(rest.lower())
    return plain if wrote is not None and len(plain) <= _LONGEST else None


def _is_attribution(text: str) -> bool | None:
    """Return whether a text announces a quotation for certain, or may do so; None where it does not."""
    plain = _plain(text)
    if _WHEN_OR_WHO.search(plain) is None and LEADS.match(plain) is None:
        # `Ben Low writes:`
        is_brief = _FEWEST_WORDS <= _count_words(plain) <= _MOST_WORDS_OF_A_NAME and not PROSE.search(plain)
        return False if is_brief and _ENDS_IN_WROTE.search(plain) else None
    is_masked, has_address = _MASKED.search(plain) is not None, _ADDRESS.search(plain) is not None
    is_ended = _END.search(plain) is not None
    if plain.startswith(("http:", "https:", "/")) or not (is_ended or is_masked):
        return None
    if is_ended and not plain.endswith((":", "：", "︰", "*", "_", ">")) and not _DASHES.match(plain):
        return None
    rest = _ANY_ADDRESS.sub(" ", plain)
    numeric, timed = _DATE.search(rest) is not None, _TIME.search(rest) is not None
    year = _YEAR.search(rest)
    dated = numeric or (year is not None and _DAY.search(rest.replace(year[0], " ", 1)) is not None)
    return _judge(rest, has_address=has_address, is_masked=is_masked, dated=dated, timed=timed)


def _count_words(text: str) -> int:
    return sum(any(map(str.isalpha, part)) for part in text.split())


def _judge(rest: str, *, has_address: bool, is_masked: bool, dated: bool, timed: bool) -> bool | None:
    words = _count_words(rest)
    if words > _MOST_WORDS:
        return None
    wrote = WROTE.search(rest) is not None
    prose = len(set(PROSE.findall(rest)))
    when, exactly = dated or timed, dated and timed
    if prose > 1:
        return False if wrote and (has_address or exactly) else None
    if is_masked and (wrote or when):
        return True
    if (has_address and when and wrote) or (exactly and (wrote or has_address)):
        # One word of prose may be of another language; where anything else is missing, it leaves a doubt.
        return not prose or (has_address and exactly and wrote)
    # In English the day alone may say when: `On Monday Ada wrote:`.
    is_english = rest.startswith("on ") and words > _FEWEST_WORDS and _ENDS_IN_WROTE.search(rest)
    is_likely = (
        is_masked
        or (has_address and (wrote or when or _QUOTING.match(rest)))
        or (exactly and words >= _FEWEST_WORDS)
        or (wrote and (when or is_english))
    )
    return False if is_likely else None


_QUOTING: Final = re.compile(r"(?:quoting|zitat von|citando|citat|citation de|цитирую)\b")
_DATED_QUOTING: Final = re.compile(r"\s*(?:quoting|citando|citat|zitat von)\s[^()]{1,80}\([^()]*\d[^()]*\)\s*$")
_ENDS_IN_WROTE: Final = re.compile(rf"(?:{WROTE.pattern})\W*$")


def _first_line(lines: Sequence[str], start: int, last: int) -> int:
    """Return where an attribution begins whose last lines are enough to know it by."""
    for before in range(start - 1, max(-1, last - _LINES), -1):
        plain = _plain(lines[before][:_LONGEST])
        words = _count_words(plain)
        has_time = any(pattern.search(plain) for pattern in (_YEAR, _DATE, _TIME))
        # Its beginning without the time, or the name before the address.
        is_begun = LEADS.match(plain) is not None or lines[start].lstrip(" *_").startswith(("<", "(", "@", "["))
        has_time = has_time or (words < _MOST_WORDS // 4 and is_begun)
        if not plain or _SENTENCE_END.search(plain[-_LONGEST_END:]) or plain.startswith((">", "/")) or not has_time:
            break
        if words > _MOST_WORDS or len(set(PROSE.findall(plain))) > 1:
            break
        start = before
    return start


def _quotes_below(lines: Sequence[str], number: int) -> tuple[bool, bool]:
    """Return whether marked quotes follow, and whether after them the author answers."""
    following = filter(None, (lines[below].strip() for below in range(number, len(lines))))
    is_marked = next(following, "").startswith(">")
    return is_marked, is_marked and not all(line.startswith(">") for line in following)


# --- the header of a mail: short lines `Word: …`


_FIELD: Final = re.compile(
    r"[ \t]*\|?[ \t]*[*_]{0,3}([^\W\d_][^:：|\n@<>/]{0,28}?)[*_]{0,3}[ \t\u00a0]?"
    r"(?:[:：][*_]{0,3}|\|)[ \t\u00a0*_]*(?!//)(.*)$"
)
_RULE_OF_TABLE: Final = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t:-]*)+$")
_MOST_HEADER_LINES: Final = 20
_SUBJECT: Final = re.compile(r"\[[\w.-]+/[\w.-]+\]|\((?:issue|pr|discussion) #\d+\)")
_MOST_LABEL_WORDS: Final = 3
_FEWEST_APART: Final = 2


class _Fields:
    """What lines `Word: …` that follow one another show."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.first_known = -1
        self.count = 0
        self.addressed = self.answers = self.moment = self.dated = self.is_card = False

    def add(self, number: int, label: str, value: str) -> None:
        """Look at one of them."""
        kind = HEADER_FIELDS.get(label)
        self.count += 1
        if kind is not None:
            self.kinds.add(kind)
            self.first_known = number if self.first_known < 0 else self.first_known
        elif label in CARD:
            self.is_card = True
            return
        found = _ANY_ADDRESS.search(value) if kind in ("from", "to") else _ADDRESS.search(value)
        self.addressed |= found is not None
        self.answers |= REPLY.match(value) is not None or _SUBJECT.search(value) is not None
        year = _YEAR.search(value)
        dated = _DATE.search(value) is not None or (year is not None and kind == "date")
        self.dated |= dated
        self.moment |= (dated or year is not None) and _TIME.search(value) is not None

    @property
    def shows(self) -> bool:
        """Return whether one has an address, the time, or the subject of an answer."""
        return self.addressed or self.answers or self.moment

    def judge(self) -> bool | None:
        """Return whether this is the header of a quoted mail, for certain or perhaps; None where it is none."""
        has_both, has_more = {"from", "date"} <= self.kinds, len(self.kinds) > 2
        if has_both and has_more and (self.shows or self.dated):
            return True
        if self.count < 2 or (self.is_card and not has_more):
            return None
        is_mail = self.addressed or self.answers
        if has_both and is_mail:
            return True
        is_timed = self.moment and (self.count > 2 or len(self.kinds) > 1)
        return False if has_more or is_mail or is_timed else None


def _header(lines: Sequence[str], start: int) -> tuple[tuple[int, bool] | None, int]:
    """Find the header of a quoted mail among the lines `Word: …` that begin here, and where these end."""
    fields, end, has_gaps = _Fields(), start, False
    for number in range(start, min(len(lines), start + _MOST_HEADER_LINES)):
        line = lines[number]
        is_first = number == start
        if not is_first and not line.strip() and lines[number - 1].strip():
            # Some programs leave a line empty between two fields.
            continue
        if not is_first and (_RULE_OF_TABLE.match(line) or _goes_on(lines[number - 1], line)):
            end = number + 1
            continue
        found = _FIELD.match(line) if len(line) <= _LONGEST_LINE else None
        label = "" if found is None else _plain(found[1].strip("*_ |"))
        is_apart = number > end
        if found is None or label.count(" ") >= _MOST_LABEL_WORDS:
            break
        if is_apart and label not in HEADER_FIELDS and not fields.shows:
            break
        has_gaps |= is_apart
        fields.add(number, label, _plain(found[2][:_LONGEST]))
        end = number + 1
    is_certain = fields.judge()
    if has_gaps and not is_certain and not (fields.shows and fields.count > _FEWEST_APART):
        is_certain = None
    first = fields.first_known if fields.first_known >= 0 else start
    return (None if is_certain is None else (first, is_certain)), max(end, start + 1)


def _goes_on(before: str, line: str) -> bool:
    """Return whether a line goes on with the list of addresses of the one before."""
    return before.rstrip().endswith((",", ";")) and "@" in line and len(line) <= _LONGEST_LINE


_FROM = r"(?:from|von|de|da|van|fra|från|od|от|发件人|寄件者|差出人|보낸\ 사람)"
_STARTS_WITH_FROM: Final = re.compile(rf"[ *_]{{0,8}}{_FROM}[ *_]{{0,4}}\s?[:：]", re.IGNORECASE | re.VERBOSE)
_NAMED: Final = re.compile(rf"(?:^|\s)[*_]{{0,3}}({any_of(HEADER_FIELDS)})[*_]{{0,3}}\s?[:：]")
_LONGEST_HEADER: Final = 4_000


def _header_on_a_line(line: str, number: int) -> tuple[int, bool] | None:
    """Find a header whose fields stand on one line, and none like `From: Berlin`."""
    if not _STARTS_WITH_FROM.match(line):
        return None
    plain = _plain(line[:_LONGEST_HEADER])
    kinds = {HEADER_FIELDS[name] for name in _NAMED.findall(plain)} - {"from"}
    if len(kinds) < 2:
        return None
    return number, _ADDRESS.search(plain) is not None or _DATE.search(plain) is not None


# --- dividers


_DIVIDER: Final = re.compile(r"[\s*_]{0,12}?([-–—_=]{3,})\s?(?:begin\s)?([^-–—_=].{0,60}?)\s?([-–—_=]*)[\s*_]*$")
_FOOTER: Final = re.compile(r"--[ \xa0]$|\s{0,8}_{8,}\s*$")
_FORWARDED: Final = re.compile(
    r"\s{0,8}(?:begin forwarded message\s?:|reply to this e-?mail directly,? (?:or )?view it on github)",
    re.IGNORECASE,
)
_MOST_DIVIDER_WORDS: Final = 5
_LONG_DASHES: Final = 4
_VERY_LONG_DASHES: Final = 8


def _divider(line: str, number: int) -> tuple[int, bool] | None:
    """Find a footer's mark, or a line like `----- Original Message -----`."""
    if _FORWARDED.match(line):
        return number, True
    # `-- ` with its blank marks a mail's footer (RFC 3676, 4.3); `--` and `---` are what people type to divide.
    if _FOOTER.match(line):
        return number, False
    found = _DIVIDER.match(line) if len(line) <= _LONGEST else None
    if found is None:
        return None
    words = _plain(found[2])
    said = _WORD.findall(words)
    if not said or len(said) > _MOST_DIVIDER_WORDS or WROTE.search(words) or "pgp" in said:
        return None
    is_named, is_original = MESSAGE.search(words) is not None, ORIGINAL.search(words) is not None
    dashes = min(len(found[1]), len(found[3]))
    is_bare = is_original and len(said) == 1
    if (is_named and is_original) or (is_bare and dashes >= _VERY_LONG_DASHES):
        return number, True
    is_likely = is_named or not words.isascii()
    return (number, False) if (is_bare and dashes) or (is_likely and dashes >= _LONG_DASHES) else None
