"""Comments without a command: what is a phrase and says nothing else, and what clearly was meant as a command."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence

from bot.petition.comments import prose_words
from bot.petition.comments.mail_tail import Tail
from bot.petition.comments.mistyped_organizer_command import is_near
from bot.petition.comments.name_or_prose import is_filler, looks_like_a_name
from bot.petition.comments.own_text import lines_begun_in_text, read_own_text
from bot.petition.comments.signature_details import ends_letter, is_footer
from bot.petition.untrusted_text import fold

KnownLines = dict[int, tuple[list[range], Tail]]
"""What was read of a text already: its own passages and its tail, by how many of its last lines that is of."""


def whole_phrase(text: str, known: KnownLines, *, by_mail: bool) -> str:
    """Return the line that is all a comment says, apart from a mail's tail; empty where there is more, or code.

    Where a tail may begin or not, it does where the comment came by mail.
    """
    if _NO_PHRASE.match(text):
        return ""
    first, _, rest = text.strip().partition("\n")
    if len(first) > _LONGEST_LINE or len(rest) > _LONGEST_TAIL:
        return ""
    return first.strip() if not rest.strip() or _is_tail(rest.split("\n"), known, by_mail=by_mail) else ""


def fold_phrase(text: str) -> str:
    """Reduce a phrase to what counts: no case, no marks around it, no full stop, one spelling of an emoji."""
    said = _SKIN_TONES.sub("", fold(text))
    said = _SHORT_CODES.sub(lambda code: _EMOJI.get(code[1], code[0]), said).strip(" \t\ufe0f")
    for _ in range(_MOST_MARKS):
        emphasis = _EMPHASIS.fullmatch(said)
        if emphasis is None:
            break
        said = emphasis[2].strip()
    return said.rstrip(_ENDS)


def is_bare_command(said: str) -> bool:
    """Return whether a folded phrase is the command without its slash, or with another mark."""
    return _BARE.fullmatch(said) is not None


def tries_to_command(text: str, known: KnownLines, *, by_mail: bool) -> bool:
    """Return whether a line of a comment without a command clearly was meant as one.

    What a list explains, both commands one after the other, is prose about them.
    """
    if len(text) > _LONGEST_TAIL or _HINT.search(text) is None or (_SIGN.search(text) and _UNSIGN.search(text)):
        return False
    lines = text.split("\n")
    is_whole = "\n" not in text.strip()
    tried = [number for number, line in enumerate(lines) if _tries(line, is_whole=is_whole)]
    if not tried:
        return False
    return (is_whole and _is_in_marks(text.strip())) or _has_begun(tried, lines, known, by_mail=by_mail)


# --- phrases -----------------------------------------------------------------------------------------------------

_LONGEST_LINE = 200
_LONGEST_TAIL = 65_536
_MOST_MARKS = 3
_ENDS = " .,:;!?…。，！？؟۔।、"
_NO_PHRASE = re.compile(r"(?:[ \t]*\n)*(?: {4}| {0,3}(?:\t|[>`<~]))")
_MARKUP = re.compile(r" {4}| {0,3}(?:\t|[>`<~\[])")
_EMPHASIS = re.compile(r"([*_]{1,3})(?=\S)(.*[^\s*_].*)(?<=\S)\1[ .!]*", re.DOTALL)
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff\ufe0f]")
_SHORT_CODES = re.compile(r":([a-z0-9_+-]{1,32}):")
_EMOJI = {
    **dict.fromkeys(["+1", "thumbsup", "thumbs_up"], "👍"),
    **dict.fromkeys(["-1", "thumbsdown"], "👎"),
    **dict.fromkeys(["heart", "red_heart"], "❤"),
    **dict.fromkeys(["tada", "hooray"], "🎉"),
    **dict.fromkeys(["raised_hand", "hand"], "✋"),
    **dict.fromkeys(["fist", "fist_raised"], "✊"),
    **dict.fromkeys(["facepunch", "punch", "fist_oncoming"], "👊"),
    "raising_hand": "🙋",
    "rocket": "🚀",
    "white_check_mark": "✅",
    "heavy_check_mark": "✔",
    "ballot_box_with_check": "☑",
    "writing_hand": "✍",
    "clap": "👏",
    "pray": "🙏",
    "muscle": "💪",
    "ok_hand": "👌",
    "handshake": "🤝",
    "raised_hands": "🙌",
    "100": "💯",
    "eyes": "👀",
    "fire": "🔥",
    "star": "⭐",
    "memo": "📝",
    "pencil": "📝",
    "sparkles": "✨",
    "v": "✌",
    "wave": "👋",
}


def _is_tail(lines: Sequence[str], known: KnownLines, *, by_mail: bool) -> bool:
    """Return whether lines are the end of a letter or a mail: its closing words, its footer, or what it answers."""
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        if not line or is_footer(line):
            at += 1
        elif ends_letter(line) or _FOOTER_MARK.fullmatch(line):
            at += 1
            while at < len(lines) and lines[at].strip() and looks_like_a_name(lines[at].strip()):
                at += 1
        else:
            break
    if at == len(lines):
        return True
    # Below a line that is running text for Markdown, only a mail's tail is none of the author's own.
    return _MARKUP.match(lines[at]) is None and not _own_passages(lines[at:], known, by_mail=by_mail)


def _own_passages(lines: Sequence[str], known: KnownLines, *, by_mail: bool) -> list[range]:
    """Return the author's own text above the tail of a mail."""
    if len(lines) not in known:
        known[len(lines)] = read_own_text(lines)
    own, tail = known[len(lines)]
    end = tail.doubtful if by_mail else tail.certain
    return [range(passage.start, min(passage.stop, end)) for passage in own if passage.start < end]


_FOOTER_MARK = re.compile(r"--|[-_]{2,}")

# --- attempts ----------------------------------------------------------------------------------------------------

_BARE = re.compile(r"(?:un)?sign(?:ed)?[/\\]?|[!#.](?:un)?sign")
_WORD = r"(?:(?:un|co)[-\s])?[a-zı]{3,12}(?:[-_ ](?:me|up|sign)(?![a-z]))?"
_MARK = r"[*_~\"'“”„«»‘’(\[{`]"
_HINT = re.compile(r"[/\\|／]|(?:sign|signed|unsign)[ ,:：–—-]", re.IGNORECASE)
_TRY = re.compile(
    rf"""
    \s* (?: (?:[-+*•]|[0-9]{{1,3}}[.)]|\#{{1,6}}) \s+ ){{0,3}} (?:\[[ x]\]\s+)?
    (?P<tag> (?:<[a-z][a-z0-9]{{0,9}}(?:\s[^<>]{{0,60}})?>\s*){{0,3}} )
    (?P<marks> {_MARK}{{0,4}} )
    (?P<before> (?: [^\s/\\|／]{{1,40}} \s+ ){{0,5}} )
    (?P<inner> {_MARK}{{0,3}} )
    (?P<slash> [/\\|／]{{1,2}} \s? ) (?P<word> {_WORD} | 签名|簽名 )
    (?P<rest> (?![^\W_]|/|[-.](?-i:[^\WA-Z])) .* )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SIGN = re.compile(r"/sign\b", re.IGNORECASE)
_UNSIGN = re.compile(r"/unsign\b", re.IGNORECASE)
_INDENTED = re.compile(r" {4}| {0,3}\t")
_COLON = re.compile(
    r"[*_]{0,3}(?P<word>(?:un)?sign(?:ed)?)[*_]{0,3}\s?(?P<mark>[:：,]|\s[-–—])\s*(?P<rest>\S.*)", re.IGNORECASE
)
_PREFIXED = re.compile(r"[!#.](?:un)?sign\s+(\S.*)", re.IGNORECASE)
"""How other bots are commanded."""
_AFTER = re.compile(rf"{_MARK}{{0,4}}[\s.,:;!?…。，：；！？–—-]*|(?:[*_\"'“”»’)\]}}`]{{1,4}})")
_CLOSERS = re.compile(r"(?:[\s*_~\"'“”„«»‘’)\]}`.!,]|</[a-z0-9]{1,10}>|<br\s?/?>)+$", re.IGNORECASE)
_TYPOS = re.compile(
    r"""
    (?: un[-\s]?)? (?: s+[iı]+g+n+(?: e?d|s|e|ing|ature)? | sing(?: ed)?
      | sgin | isgn | sgn | sig | signin | signup )
      | usign | nusign | signed | co[-\s]?sign(?: ed)? | undersign(?: ed)?
    """,
    re.VERBOSE,
)
_COURTESIES = prose_words.COURTESIES | prose_words.FILLER | prose_words.TRAILING
_NO_FILLER_BEFORE = frozenset(["this", "it", "that"])


def _tries(line: str, *, is_whole: bool) -> bool:
    """Return whether a line was meant as a command; False where that is not clear."""
    if len(line) > _LONGEST_LINE or "~~" in line or _INDENTED.match(line):
        return False
    line = line.strip()
    if is_whole and (prefixed := _PREFIXED.fullmatch(line)):
        return looks_like_a_name(prefixed[1])
    if is_whole and (colon := _COLON.fullmatch(line)):
        is_small = colon["rest"][0].islower() and colon["mark"] == ","
        return not is_small and looks_like_a_name(colon["rest"])
    found = _TRY.fullmatch(line)
    if found is None:
        return False
    word = fold(found["word"])
    marks = found["marks"] + found["inner"]
    if not is_whole and set(marks) - set("*_("):
        # In longer texts, what stands in quotation or code marks is told about.
        return False
    if not _is_nearly(word):
        return False
    before = [fold(one).strip(" ,.!?:;*_…，！。") for one in found["before"].split()]
    if not all(one in _COURTESIES or one.startswith("@") or not any(map(str.isalpha, one)) for one in before):
        return False
    rest = _CLOSERS.sub("", found["rest"])
    rest = rest[_AFTER.match(rest).end() :].strip()  # type: ignore[union-attr]  # it may match nothing
    if rest[:1].islower() and ("`" in marks or word == "sig"):
        # Something is said about it.
        return False
    is_call = before and before[-1] in ("please", "pls") and fold(rest).split(" ")[0] in _NO_FILLER_BEFORE
    return not is_call and (not rest or is_filler(rest) or looks_like_a_name(rest))


def _is_nearly(word: str) -> bool:
    word = word.replace("-", " ").replace("_", " ")
    if word in prose_words.REAL_WORDS:
        return False
    if word in ("签名", "簽名") or _TYPOS.fullmatch(word):
        return True
    bare = word.removesuffix(" me").removesuffix(" up")
    return bare == "signme" or is_near(bare, "sign", 1) or is_near(bare, "unsign", 1)


def _is_in_marks(line: str) -> bool:
    """Return whether a whole comment begins with the marks of code, or with HTML."""
    return line.startswith(("`", "<")) and _HIDING_TAG.search(line.lower()) is None


_HIDING_TAG = re.compile(r"<(?:!|\?|(?:pre|code|kbd|script|style|textarea|blockquote|del|s|strike)\b)")


def _has_begun(tried: Sequence[int], lines: Sequence[str], known: KnownLines, *, by_mail: bool) -> bool:
    """Return whether one of the lines, which ascend, begins in the author's own text, or is glued to a quote."""
    for passage in _own_passages(lines, known, by_mail=by_mail):
        inside = tried[bisect_left(tried, passage.start) : bisect_left(tried, passage.stop)]
        if inside:
            begun = lines_begun_in_text(lines[passage.start : passage.stop])
            if any(number - passage.start in begun for number in inside):
                return True
    return _is_glued(frozenset(tried), lines)


def _is_glued(tried: Collection[int], lines: Sequence[str]) -> bool:
    """Return whether Markdown takes one of the lines for the end of a quote or HTML above, as hardly was meant."""
    is_below_quote = is_found = False
    for number, line in enumerate(lines):
        if "```" in line or "~~~" in line or _HIDING_TAG.search(line):
            return False
        is_plain = _PLAIN_LINE.match(line) is not None
        is_found |= is_below_quote and is_plain and number in tried
        is_below_quote = _QUOTE.match(line) is not None or (is_below_quote and is_plain)
    return is_found


_PLAIN_LINE = re.compile(r" {0,3}[^\s>`~#-]")
_QUOTE = re.compile(r" {0,3}(?:>\s*[^\s>]|</?(?:br|hr|p|div|span|center|b|i|em|strong|h[1-6]|sub|sup)\b)")
