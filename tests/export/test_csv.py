"""No spreadsheet takes what somebody wrote for a formula, at whatever it splits the lines."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.export.json_csv_and_atom import CSV_HEADER, SignatureRecord, csv_rows, is_neutralized, neutralize

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
NASTY = st.sampled_from("=+-@＝＋－＠;,\t\r\n\"' ab\0\x0b\x85\u2028\xa0")
TEXTS = st.text(NASTY, max_size=12) | st.text(max_size=12)


def signed(name: str, affiliation: str, reason: str) -> SignatureRecord:
    return SignatureRecord(
        user_id=1, login="ada", name=name, affiliation=affiliation, reason=reason,
        signed_at="2026-03-02T10:00:00Z", comment_id=5, comment="https://github.com/x", letter="abc",
    )  # fmt: skip


@given(TEXTS, TEXTS, TEXTS)
@example("x;=1+1", 'x;"=1+1', "x\n=1+1")
@example('x;""\t=1+1', 'x";\t\r=1', ";")
@example(' x; \n "=1', '"=', '";"=1')
def test_no_cell_begins_a_formula(name: str, affiliation: str, reason: str) -> None:
    text = CSV_HEADER + csv_rows([signed(name, affiliation, reason)] * 2)
    for delimiter in (",", ";", "\t", "|"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
            cells = [cell for line in lines for cell in line]
            assert not [cell for cell in cells if cell.lstrip('"').startswith(FORMULA)]


def without_mark(text: str) -> str:
    return text.encode().decode("utf-8-sig")


def test_a_table_begins_with_the_mark_by_which_excel_knows_its_encoding() -> None:
    assert CSV_HEADER.encode().startswith(b"\xef\xbb\xbfuser_id,login,")
    assert without_mark(CSV_HEADER).startswith("user_id,login,")


@given(TEXTS, TEXTS, TEXTS)
def test_the_lines_are_read_back(name: str, affiliation: str, reason: str) -> None:
    text = without_mark(CSV_HEADER) + csv_rows([signed(name, affiliation, reason)])
    (row,) = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert (row["name"], row["affiliation"]) == (neutralize(name), neutralize(affiliation))
    assert row["reason"] == neutralize(reason)
    assert is_neutralized(row["name"], name)


@pytest.mark.parametrize(
    "text", ["Ada Lovelace", "a-b; c, d", "1 + 1 = 2", "é;ü", "Ada's", 'Ada "Countess" L.', "a\nb"]
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert neutralize(text) == text


@pytest.mark.parametrize("text", ["=1", "a;=1", "a\r\nb", "\t=1", "'x"])
def test_what_0_1_0_wrote_is_known_again(text: str) -> None:
    before = f"'{text}" if text[0] in "=\t'" else text
    assert is_neutralized(before, text)
    assert not is_neutralized(before, f"{text}x")
