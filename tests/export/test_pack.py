"""The pack: everything is in it, and whoever changes anything is found out."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.cli import main
from bot.export import handover_pack as packing
from bot.export.handover_pack import (
    CHECKSUMS,
    PAPER,
    PDF,
    RECORD,
    TABLE,
    NotAPack,
    check_pack,
    format_checksums,
    make_files,
    write_zip,
)
from bot.links import Site
from bot.store import PetitionExport
from tests.export.conftest import AT, NAMES, PAGES, signed

SIGNED = '0005",\n      "letter": "sha256:'


def seal(folder: Path) -> None:
    """Write fitting checksums, as somebody would who changes a pack."""
    files = [path for path in folder.iterdir() if path.name != CHECKSUMS]
    (folder / CHECKSUMS).write_text(format_checksums({path.name: sha256(path) for path in files}))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")


def test_a_pack_has_the_paper_the_data_and_their_checksums(pack: Path) -> None:
    assert {path.name for path in pack.iterdir()} == {PAPER, RECORD, TABLE, CHECKSUMS}
    found = check_pack(pack)
    assert found.agrees
    assert found.lines()[0] == "Open the archive: 5 signatures. Files, count, digest and letter agree."


def test_the_checksums_are_written_as_sha256sum_reads_them(pack: Path) -> None:
    for line in (pack / CHECKSUMS).read_text().splitlines():
        total, name = line.split("  ")
        assert sha256(pack / name) == total


def test_the_same_petition_gives_the_same_bytes(whole: PetitionExport, pack: Path, tmp_path: Path) -> None:
    packing.write(packing.make_files(whole, PAGES, Site(), AT), tmp_path / "again")
    for name in (PAPER, RECORD, TABLE, CHECKSUMS):
        assert (pack / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_json_says_who_signed_who_withdrew_and_the_letters_versions(pack: Path) -> None:
    record = json.loads((pack / RECORD).read_text(encoding="utf-8"))
    assert [one["name"] for one in record["signatures"]] == list(NAMES.values())[:-1]
    assert (record["petition"]["count"], record["withdrawn"]) == (5, 1)
    assert record["letters"][-1]["text"].startswith("# To the archive")
    assert record["days"] == [{"day": "2026-11-17", "signatures": 5}]


@pytest.mark.parametrize("name", [PAPER, RECORD, TABLE])
def test_a_changed_file_is_found_out(pack: Path, name: str) -> None:
    (pack / name).write_bytes((pack / name).read_bytes() + b"\n")
    assert f"{name} does not match its checksum in {CHECKSUMS}" in check_pack(pack).faults


@pytest.mark.parametrize("name", [PAPER, TABLE])
def test_a_missing_file_is_found_out_even_with_fitting_checksums(pack: Path, name: str) -> None:
    (pack / name).unlink()
    seal(pack)
    assert check_pack(pack).faults == (f"{name} is missing",)


@pytest.mark.parametrize("name", [PAPER, TABLE, CHECKSUMS])
def test_a_missing_file_is_found_out(pack: Path, name: str) -> None:
    (pack / name).unlink()
    assert f"{name} is missing" in check_pack(pack).faults


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        (RECORD, '"count": 5', '"count": 6', "its count is 6, but its list has 5"),
        (RECORD, '"comment_id": 5', '"comment_id": 6', "the digest does not match the listed signatures"),
        (RECORD, '"user_id": 2', '"user_id": 1', "account 1 is listed 2 times"),
        (RECORD, '"signatures": 5', '"signatures": 4', "the signatures of each day do not add up to the count"),
        (RECORD, "Please **open**", "Please **close**", "does not match its checksum"),
        (RECORD, SIGNED, f"{SIGNED}0", "a signature is for a version of the letter that is missing"),
        (TABLE, "Ada Lovelace", "Ada Byron", f"{TABLE} does not list the same signatures as {RECORD}"),
        (RECORD, '"version": 3', '"version": "two"', f"{RECORD} cannot be read"),
    ],
)
def test_a_changed_number_or_name_is_found_out_even_with_fitting_checksums(
    pack: Path, name: str, old: str, new: str, fault: str
) -> None:
    change(pack, name, old, new)
    seal(pack)
    assert any(fault in found for found in check_pack(pack).faults), check_pack(pack).faults


@pytest.fixture
async def partly_unlisted(sqlite_url: str, tmp_path: Path) -> Path:
    whole = await signed(sqlite_url, mae="Mae Jemison", sally="Sally Ride")
    packing.write(packing.make_files(whole, PAGES, Site(), AT), tmp_path / "pack")
    return tmp_path / "pack"


def test_a_pack_counts_who_asked_not_to_be_listed_without_naming_them(partly_unlisted: Path) -> None:
    found = check_pack(partly_unlisted)
    assert found.lines()[:2] == [
        "Open the archive: 7 signatures. Files, count, digest and letter agree.",
        "2 people who signed asked not to be listed.",
    ]
    record = json.loads((partly_unlisted / RECORD).read_text(encoding="utf-8"))
    assert (record["petition"]["count"], record["petition"]["unlisted"], len(record["signatures"])) == (7, 2, 5)
    assert [one.keys() for one in record["unlisted"]] == [{"user_id", "comment_id"}] * 2
    numbers = [str(number) for one in record["unlisted"] for number in one.values()]
    for name in (PAPER, RECORD, TABLE):
        text = (partly_unlisted / name).read_text(encoding="utf-8")
        for word in ("Mae", "Sally", "mae", "sally", *(numbers if name != RECORD else ())):
            assert re.search(rf"\b{word}\b", text) is None, (name, word)
    paper = (partly_unlisted / PAPER).read_text(encoding="utf-8")
    assert "2 people who signed asked not to be listed." in paper
    assert "Of these, not listed</dt><dd>2</dd>" in paper


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"unlisted": 2', '"unlisted": 1', "it says that 1 are not listed, but has the account numbers of 2"),
        ('"count": 7', '"count": 8', "its count is 8, but its list has 5, and 2 are not listed"),
    ],
)
def test_whoever_changes_the_numbers_of_who_is_not_listed_is_found_out(
    partly_unlisted: Path, old: str, new: str, fault: str
) -> None:
    change(partly_unlisted, RECORD, old, new)
    seal(partly_unlisted)
    assert fault in check_pack(partly_unlisted).faults


def test_nobody_is_put_in_the_place_of_who_is_not_listed_nor_listed_too(partly_unlisted: Path) -> None:
    record = json.loads((partly_unlisted / RECORD).read_text(encoding="utf-8"))
    record["unlisted"][0] = {key: record["signatures"][0][key] for key in ("user_id", "comment_id")}
    (partly_unlisted / RECORD).write_text(json.dumps(record), encoding="utf-8")
    seal(partly_unlisted)
    faults = check_pack(partly_unlisted).faults
    assert "account 1 is listed 2 times" in faults
    assert "the digest does not match the listed signatures" in faults


def test_as_a_zip_file_it_has_the_same_bytes_in_one_folder(
    whole: PetitionExport, pack: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pack.zip"
    with file.open("wb") as target:
        write_zip(make_files(whole, PAGES, Site(), AT), target, "acme-letters-7", AT)
    with ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "there")
        assert archive.infolist()[0].date_time == (2026, 11, 18, 11, 6, 40)
    (folder,) = (tmp_path / "there").iterdir()
    assert folder.name == "acme-letters-7"
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {
        one.name: one.read_bytes() for one in pack.iterdir()
    }


def make_old(folder: Path) -> None:
    """Make it a pack of 0.1.1, whose paper was a PDF."""
    (folder / PAPER).unlink()
    (folder / PDF).write_bytes(b"%PDF-1.7\n")
    # Its table had no byte order mark.
    (folder / TABLE).write_text((folder / TABLE).read_text(encoding="utf-8-sig"), encoding="utf-8", newline="")
    seal(folder)


def make_oldest(folder: Path) -> None:
    """Make it a pack of 0.1.0, which did not say which of the letter's versions somebody had signed."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    record["version"] = 1
    for one in record["signatures"]:
        del one["letter"]
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    with (folder / TABLE).open(encoding="utf-8-sig", newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    make_old(folder)


@pytest.mark.parametrize("age", [make_old, make_oldest])
def test_a_pack_of_an_earlier_release_is_still_checked(pack: Path, age: Callable[[Path], None]) -> None:
    age(pack)
    assert {path.name for path in pack.iterdir()} == {"petition.pdf", RECORD, TABLE, CHECKSUMS}
    assert check_pack(pack).faults == ()
    (pack / PDF).write_bytes(b"%PDF-1.7\nanother")
    assert check_pack(pack).faults == (f"petition.pdf does not match its checksum in {CHECKSUMS}",)
    (pack / PDF).unlink()
    assert check_pack(pack).faults == ("petition.pdf is missing",)


@pytest.mark.parametrize("name", [PAPER, PDF])
def test_a_second_paper_does_not_slip_in(pack: Path, name: str) -> None:
    if name == PAPER:
        make_old(pack)
    (pack / name).write_bytes(b"Another paper")
    assert check_pack(pack).faults == (f"{name} does not match its checksum in {CHECKSUMS}",)


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
        with pytest.raises(NotAPack):
            check_pack(folder)


def test_a_pack_never_mixes_with_what_is_there(whole: PetitionExport, pack: Path) -> None:
    with pytest.raises(packing.NotEmpty):
        packing.write({}, pack)
