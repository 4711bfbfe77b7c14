"""`export`, `handover` and `verify --pack`, as an organizer types them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from bot.cli.petition_commands import FORMATS
from bot.export.json_csv_and_atom import BYTE_ORDER_MARK
from tests.whole.command_line import credentials, run
from tests.whole.scene import Scene


async def test_an_organizer_takes_a_petition_away_and_anybody_checks_it(stage: Scene, tmp_path: Path) -> None:
    petition = stage.petition(title="Read what you sign")
    stage.sign(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    stage.sign(petition, "mariam", "/sign مريم الحسيني")
    await stage.shows(petition, 2)
    name = f"{petition.repository.full_name}#{petition.number}"
    database = {"DATABASE_URL": stage.database_url, "GITHUB_API_URL": stage.sandbox.api_url}

    code, out, _ = await run("export", name, **database)
    assert code == 0
    assert [row["login"] for row in csv.DictReader(io.StringIO(out.removeprefix(BYTE_ORDER_MARK), newline=""))] == [
        "ada",
        "mariam",
    ]

    folder = tmp_path / "pack"
    code, out, _ = await run("handover", name, "--out", str(folder), **database)
    assert (code, str(folder) in out) == (0, True)
    code, out, _ = await run("verify", "--pack", str(folder))
    assert (code, "2 signatures" in out) == (0, True)

    code, _, err = await run("handover", name, "--out", str(folder), **database)
    assert (code, "is not empty" in err) == (2, True)
    (folder / "signatures.csv").write_text("nobody")
    code, out, _ = await run("verify", "--pack", str(folder))
    assert (code, "signatures.csv does not match its checksum" in out) == (1, True)


async def test_who_asked_not_to_be_listed_is_in_nothing_that_is_taken_away(stage: Scene, tmp_path: Path) -> None:
    petition = stage.petition(title="Read what you sign")
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    stage.sign(petition, "grace", "/sign unlisted Grace Hopper")
    await stage.shows(petition, 2)
    name = f"{petition.repository.full_name}#{petition.number}"
    database = {"DATABASE_URL": stage.database_url, "GITHUB_API_URL": stage.sandbox.api_url}

    for form in FORMATS:
        code, out, _ = await run("export", name, "--format", form, **database)
        assert (code, "grace" in out.lower()) == (0, False), form
    folder = tmp_path / "pack"
    code, _, _ = await run("handover", name, "--out", str(folder), **database)
    assert code == 0
    assert all("grace" not in path.read_text(encoding="utf-8").lower() for path in folder.iterdir())
    code, out, _ = await run("verify", "--pack", str(folder))
    assert (code, "1 person who signed asked not to be listed." in out) == (0, True)
    code, out, _ = await run("verify", name, **credentials(stage.sandbox, DATABASE_URL=stage.database_url))
    assert (code, "the comments contain 2 signatures, and the issue shows the same" in out) == (0, True)
    code, out, _ = await run("verify", "--database", **database)
    assert (code, "2 signatures" in out) == (0, True)


async def test_what_is_not_there_is_said(stage: Scene, tmp_path: Path) -> None:
    code, _, err = await run("export", "acme/letters#9", DATABASE_URL=stage.database_url)
    assert (code, "acme/letters#9: this database has no such petition" in err) == (1, True)
    code, _, err = await run("verify", "--pack", str(tmp_path))
    assert (code, "does not contain a pack" in err) == (2, True)
