"""A roster as a table: CSV in UTF-8, whose cells a spreadsheet takes for text and never for a formula.

Neither does one that splits lines at semicolons or tabs, as Excel does in half of Europe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from bot.roster.record import SignatureRecord

COLUMNS: Final = (
    "user_id",
    "login",
    "name",
    "affiliation",
    "reason",
    "signed_at",
    "comment_id",
    "comment",
    "letter",
)


def head() -> str:
    """Return the line that names the columns."""
    return _lines([COLUMNS])


def rows(signatures: Iterable[SignatureRecord]) -> str:
    """Return a line for each signature."""
    return _lines([neutral(getattr(one, name)) for name in COLUMNS] for one in signatures)


def neutral(value: object) -> str:
    """Write a cell; an apostrophe goes before what a spreadsheet would calculate.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _neutral_within(_neutral_at_the_start("" if value is None else str(value)))


def is_neutral(cell: str | None, value: object) -> bool:
    """Return whether a cell holds a value as it is written, or as 0.1.0 wrote it."""
    return cell in (neutral(value), _neutral_at_the_start("" if value is None else str(value)))


def _neutral_at_the_start(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _neutral_within(text: str) -> str:
    return _INNER_FORMULA.sub(r"\1'", _NOT_IN_A_CELL.sub(" ", text.replace("\r\n", "\n")))


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")

_NOT_IN_A_CELL: Final = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters at which a program may split lines or cells, or which it drops; the line feed may stay."""

_INNER_FORMULA: Final = re.compile(r"""(^["\s]+|[;,|\n]["\s]*)(?=[=+\-@＝＋－＠])""")
"""Where a cell begins for a program that splits at something else or looks at each line by itself."""


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
