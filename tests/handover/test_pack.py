"""The pack: everything is in it, and whoever changes anything is found out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from bot.cli import main
from bot.handover import pack as packing
from bot.handover.checking import NoPack, check
from bot.handover.files import PAPER, RECORD, SUMS, TABLE, sums
from bot.petition.addresses import Site
from bot.store import PetitionExport
from tests.handover.conftest import AT, NAMES, PAGES

SIGNED = '0005",\n      "letter": "sha256:'


def seal(folder: Path) -> None:
    """Write fitting check sums, as somebody would who changes a pack."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != SUMS}
    (folder / SUMS).write_text(sums(files))


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_a_pack_has_the_paper_the_data_and_their_check_sums(pack: Path) -> None:
    assert {path.name for path in pack.iterdir()} == {PAPER, RECORD, TABLE, SUMS}
    found = check(pack)
    assert found.agrees
    assert found.lines()[0] == "Open the archive: 5 signatures. Files, count, digest and letter agree."


def test_the_check_sums_are_written_as_sha256sum_reads_them(pack: Path) -> None:
    for line in (pack / SUMS).read_text().splitlines():
        total, name = line.split("  ")
        assert hashlib.sha256((pack / name).read_bytes()).hexdigest() == total


def test_the_paper_holds_letter_numbers_method_and_names(pack: Path) -> None:
    reader = PdfReader(pack / PAPER)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "Open the archive", "Please open it.", "#strong[x] $y$", "withdrawn by /unsign", "How this was counted",
        "Ada Lovelace", "李娜", "=1+1", "it is *time*.", "Page 1 of",
    ):  # fmt: skip
        assert words in text, words
    assert reader.metadata is not None
    assert reader.metadata.title == "Open the archive"


def test_the_paper_can_be_read_aloud_and_brings_its_fonts(pack: Path) -> None:
    raw = (pack / PAPER).read_bytes()
    assert b"/Marked true" in raw
    assert b"/Lang" in raw
    for script in ("", "Arabic", "Hebrew", "Devanagari", "CJK"):
        assert re.search(rf"/BaseFont\s*/[A-Z]{{6}}\+NotoSans{script}".encode(), raw), script


@pytest.mark.parametrize(
    "text",
    [
        "**a *b " * 1_500 + "the end" + " c* d**" * 1_500,
        "> " * 19 + "**a *b " * 30 + "the end" + " c* d**" * 30,
        "- " * 9 + "[" * 90 + "the end" + "](https://example.org)" * 90,
        "-\n-\n\n1.\n\n||\n|-|\n||\n\n>\n\n###\n\nthe end",
    ],
    ids=["deep", "deep in quotes", "deep in lists", "empty"],
)
def test_a_paper_is_set_however_its_letter_is_made(whole: PetitionExport, text: str) -> None:
    *before, last = whole.details.letters
    odd = replace(whole, details=replace(whole.details, letters=[*before, replace(last, text=text)]))
    paper = PdfReader(io.BytesIO(packing.make_files(odd, PAGES, Site(), AT)[PAPER]))
    assert "the end" in " ".join(" ".join(page.extract_text() for page in paper.pages).split())


def test_the_same_petition_gives_the_same_bytes(whole: PetitionExport) -> None:
    assert packing.make_files(whole, PAGES, Site(), AT) == packing.make_files(whole, PAGES, Site(), AT)


def test_json_says_who_signed_who_withdrew_and_the_letters_versions(pack: Path) -> None:
    record = json.loads((pack / RECORD).read_text(encoding="utf-8"))
    assert [one["name"] for one in record["signatures"]] == list(NAMES.values())[:-1]
    assert (record["petition"]["count"], record["withdrawn"]) == (5, 1)
    assert record["letters"][-1]["text"].startswith("# To the archive")
    assert record["days"] == [{"day": "2026-11-17", "signatures": 5}]


@pytest.mark.parametrize("name", [PAPER, RECORD, TABLE])
def test_a_changed_file_is_found_out(pack: Path, name: str) -> None:
    (pack / name).write_bytes((pack / name).read_bytes() + b"\n")
    assert f"{name} is not the file whose check sum is in {SUMS}" in check(pack).faults


@pytest.mark.parametrize("name", [PAPER, TABLE, SUMS])
def test_a_missing_file_is_found_out(pack: Path, name: str) -> None:
    (pack / name).unlink()
    assert f"{name} is missing" in check(pack).faults


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        (RECORD, '"count": 5', '"count": 6', "it says 6 signatures and lists 5"),
        (RECORD, '"comment_id": 5', '"comment_id": 6', "the digest does not follow from the signatures listed"),
        (RECORD, '"user_id": 2', '"user_id": 1', "the person 1 is listed 2 times"),
        (RECORD, '"signatures": 5', '"signatures": 4', "the signatures of each day do not add up to the count"),
        (RECORD, "Please **open**", "Please **close**", "is not the one of its check sum"),
        (RECORD, SIGNED, f"{SIGNED}0", "somebody signed a letter that is not among its versions"),
        (TABLE, "Ada Lovelace", "Ada Byron", f"{TABLE} does not list the same signatures as {RECORD}"),
        (RECORD, '"version": 2', '"version": "two"', f"{RECORD} cannot be read"),
    ],
)
def test_a_changed_number_or_name_is_found_out_even_with_fitting_check_sums(
    pack: Path, name: str, old: str, new: str, fault: str
) -> None:
    change(pack, name, old, new)
    seal(pack)
    assert any(fault in found for found in check(pack).faults), check(pack).faults


def test_a_pack_of_the_first_release_is_still_in_order(pack: Path) -> None:
    """It did not say which of the letter's versions somebody had signed."""
    record = json.loads((pack / RECORD).read_text(encoding="utf-8"))
    record["version"] = 1
    for one in record["signatures"]:
        del one["letter"]
    (pack / RECORD).write_text(json.dumps(record), encoding="utf-8")
    with (pack / TABLE).open(encoding="utf-8", newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    with (pack / TABLE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    seal(pack)
    assert check(pack).faults == ()


def test_a_title_does_not_steer_the_terminal_on_which_a_pack_is_checked(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    title = re.search(r'"title": "', (pack / RECORD).read_text(encoding="utf-8"))
    assert title
    change(pack, RECORD, title[0], f"{title[0]}\\u001b]0;owned\\u0007\\n\\u009b2J")
    seal(pack)
    main(["verify", "--pack", str(pack)])
    out = capsys.readouterr().out
    assert "\\u001b]0;owned\\u0007\\u000a\\u009b2J" in out
    assert not set(out) & set("\x1b\x07\x9b")


def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoPack):
            check(folder)


def test_a_pack_never_mixes_with_what_is_there(whole: PetitionExport, pack: Path) -> None:
    with pytest.raises(packing.NotEmpty):
        packing.write({}, pack)
