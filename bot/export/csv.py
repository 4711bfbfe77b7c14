"""Signatures as CSV in UTF-8. No spreadsheet reads a cell as a formula, at whatever character it splits.

The table begins with a byte order mark, by which Excel knows the encoding; Python reads it as `utf-8-sig`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import astuple

from bot.export.schemas import SignatureRecord

COLUMNS: Final = SignatureRecord.__struct_fields__
BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
HEADER: Final = BYTE_ORDER_MARK + ",".join(COLUMNS) + "\r\n"


def rows(signatures: Iterable[SignatureRecord]) -> str:
    """Return a line for each signature."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(neutralize, astuple(one)) for one in signatures)
    return text.getvalue()


def neutralize(value: object) -> str:
    """Format a cell; what a spreadsheet would read as a formula gets an apostrophe in front.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = _neutralize_start(value).replace("\r\n", "\n")
    return _INNER_FORMULA.sub(r"\1'", _NOT_IN_A_CELL.sub(" ", text))


def is_neutralized(cell: str | None, value: object) -> bool:
    """Return whether a cell holds a value as `neutralize` writes it, or as 0.1.0 did."""
    return cell in (neutralize(value), _neutralize_start(value))


def _neutralize_start(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")

_NOT_IN_A_CELL: Final = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters at which a program may split lines or cells, or which it drops; the line feed may stay."""

_INNER_FORMULA: Final = re.compile(r"""(^["\s]+|[;,|\n]["\s]*)(?=[=+\-@＝＋－＠])""")
"""Where a cell begins for a program that splits at another character or reads each line by itself."""
