"""What signatures are sorted and searched by: keys of the Unicode Collation Algorithm, and folded spellings.

Both are kept with a signature, so that reading a page compares bytes, and the collation table, which takes some
13 MB, is loaded only where somebody signs. What changes here has to be filled again by a migration.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from struct import pack
from typing import Final

from pyuca.collator import Collator_10_0_0

KEY_LENGTH: Final = 240
"""Bytes of a key, more than nearly all names need: indexes take no long ones."""


def roster_keys(login: str, name: str | None, affiliation: str | None) -> tuple[bytes, str | None, str | None]:
    """Return what a signature is sorted by, and all spellings of its name and affiliation, one a line."""
    name_spellings, affiliation_spellings = (one and "\n".join(spellings(one)) for one in (name, affiliation))
    return sort_key(name or login), name_spellings, affiliation_spellings


def sort_key(text: str) -> bytes:
    """Return bytes that compare as https://www.unicode.org/reports/tr10/ has texts: letters, accents, then case."""
    # Of Latin letters only this dot forms a unit with what stands before it.
    is_plain = text.isascii() or (max(text) < "\u0250" and "·" not in text)
    levels = [_weights_of_letter(letter) for letter in text] if is_plain else [_weights(text)]
    primary, secondary, tertiary = map(b"".join, zip(*levels, _NO_WEIGHTS, strict=True))
    # What all letters have is left out at the end of a level: the shorter comes first there as well.
    return b"".join((primary, b"\0\0", secondary.rstrip(b"\x01"), b"\0", tertiary.rstrip(b"\x02")))[:KEY_LENGTH]


_NO_WEIGHTS: Final = (b"", b"", b"")


def _weights(text: str) -> tuple[bytes, bytes, bytes]:
    """Return the weights on each level: the first from 0x0200 on in two bytes, the second from 0x20 to 0x115."""
    elements = _collator().collation_elements(unicodedata.normalize("NFD", text))
    primary, secondary, tertiary = ([one[level] for one in elements if one[level]] for level in range(3))
    return pack(f">{len(primary)}H", *primary), bytes(weight - 0x1F for weight in secondary), bytes(tertiary)


_weights_of_letter: Final = lru_cache(1_000)(_weights)


@lru_cache(1)
def _collator() -> Collator_10_0_0:
    return Collator_10_0_0()


def spellings(text: str) -> tuple[str, ...]:
    """Return a text without accents, case and width, in each of the ways in which people type it.

    Of `Åse Müller` these are `ase muller`, `ase mueller`, `aase muller` and `aase mueller`, of `Ёлкин` `елкин`,
    `elkin` and `yolkin`. A text is found where one of its spellings is in one of those of a name.
    """
    if text.isascii():
        letters = text.lower().replace("-", " ").translate(_DROPPED)
        return (" ".join(letters.split()) or text,)
    letters = unicodedata.normalize("NFKC", text.translate(_DROPPED)).casefold()
    # Case folding takes some letters apart.
    columns = dict.fromkeys(zip(*map(_ways_to_type, unicodedata.normalize("NFC", letters)), strict=True))
    found = [" ".join("".join(column).split()) for column in columns]
    found += [_LONG_ENDING.sub("y", one) for one in found if one.isascii()]
    return tuple(dict.fromkeys(filter(None, found))) or (letters or text.casefold(),)


@lru_cache(4_096)
def _ways_to_type(letter: str) -> tuple[str, ...]:
    """Return a letter without accent, as a digraph, by three ways in Latin, and the first two with `å` as `aa`."""
    plain = _plain(letter)
    digraph = _DIGRAPHS.get(letter, plain)
    latin = "".join(_LATIN.get(one, one) for one in plain)
    ways = (plain, digraph, latin, _LATIN.get(letter, latin), _LATIN_ELSEWHERE.get(letter, latin))
    return (*ways, "aa", "aa") if letter == "å" else (*ways, plain, digraph)


def _plain(letter: str) -> str:
    if letter in _LETTERS or ord(letter) in _DROPPED:
        return _LETTERS.get(letter, "")
    if letter == "・" or unicodedata.category(letter) in _BLANK:
        return " "
    parts = unicodedata.normalize("NFKD", letter)
    # Of Japanese and Indic letters the mark makes another letter.
    kept = (one for one in parts if unicodedata.combining(one) in _MARKS_THAT_STAY and _is_seen(one))
    plain = unicodedata.normalize("NFC", "".join(map(_without_stroke, kept)))
    return "".join(_LETTERS.get(one, one) for one in plain)


def _is_seen(letter: str) -> bool:
    is_variation = "\ufe00" <= letter <= "\ufe0f"
    return not is_variation and unicodedata.category(letter) != "Cf"


def _without_stroke(letter: str) -> str:
    """Return the letter that one with a stroke, a hook or a tail was made from: it does not decompose."""
    found = _WITH_MORE.match(unicodedata.name(letter, ""))
    try:
        return unicodedata.lookup(found[1]) if found else letter
    except KeyError:
        return letter


_WITH_MORE: Final = re.compile("((?:LATIN|CYRILLIC|GREEK) SMALL LETTER .+?) WITH ")

_MARKS_THAT_STAY: Final = {0, 8, 9}
"""Canonical combining classes: no mark, kana voicing, virama."""

_BLANK: Final = {"Zs", "Pd", "Cc", "Zl", "Zp"}
"""Categories of blanks and dashes: who types a name does not tell them apart."""

_DROPPED: Final = dict.fromkeys(map(ord, "'`´‘’‛′ʹʻʼʽˈʾʿꞌ՚׳＇·"), "")
"""What stands for an apostrophe, and the dot in Catalan: people leave it out, or type it in other ways."""


def _table(pairs: str) -> dict[str, str]:
    return {letter: typed for letter, _, typed in (pair.partition("=") for pair in pairs.split())}


_LETTERS: Final = {
    # Katakana, as hiragana.
    **{chr(code): chr(code - 0x60) for code in range(0x30A1, 0x30F7)},
    # Arabic: what keyboards for Persian and Urdu have instead, and what only makes words longer.
    **dict(zip("یىکةەہھٱـ", ["ي", "ي", "ك", "ه", "ه", "ه", "ه", "ا", ""], strict=True)),
    **_table("æ=ae œ=oe þ=th ð=d ı=i ȷ=j ə=e ǝ=e ɛ=e ɔ=o ŋ=n ĸ=k ɩ=i ʊ=u ƿ=w"),
}
"""Letters that have no accent to be taken off, by those that people type instead."""

_DIGRAPHS: Final = _table("ä=ae ö=oe ü=ue ø=oe ő=oe ű=ue đ=dj ð=dh ə=a")

_LATIN: Final = _table(
    "а=a б=b в=v г=g ґ=g д=d ђ=dj е=e ё=yo є=ye ж=zh з=z ѕ=dz и=i і=i ї=yi й=y ј=j к=k л=l љ=lj м=m н=n њ=nj о=o"
    " п=p р=r с=s т=t ћ=c у=u ў=u ф=f х=kh ц=ts ч=ch џ=dz ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya ѓ=g ќ=k"
    " α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
)
"""Cyrillic and Greek letters as they are mostly written in passports."""

_LATIN_ELSEWHERE: Final = _table("г=h и=y ї=i й=i є=ie ю=iu я=ia х=h ц=c υ=u ύ=u")
"""The letters that are written otherwise in Ukraine, or beside other letters."""

_LONG_ENDING: Final = re.compile(r"i[iy]\b")
"""What Russian names end in, which mostly is shortened."""
