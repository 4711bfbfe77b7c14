"""A roster as a table: CSV in UTF-8, whose cells a spreadsheet takes for text and never for a formula."""

from __future__ import annotations

import csv
import io
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
    """Give the line that names the columns."""
    return _lines([COLUMNS])


def rows(signatures: Iterable[SignatureRecord]) -> str:
    """Give a line for each signature."""
    return _lines([neutral(getattr(one, name)) for name in COLUMNS] for one in signatures)


def neutral(value: object) -> str:
    """Write a cell; an apostrophe goes before what a spreadsheet would calculate.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
