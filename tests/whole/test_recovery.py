"""From a damaged database file to a bot that counts everybody: `recover`, `restore`, start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from tests.chance import noise
from tests.store.damage import damage
from tests.whole.command_line import credentials, run
from tests.whole.scene import Scene, scene

KEY = "a key of thirty-two characters or more"

EVERYTHING = [
    *(
        "header",
        "installations",
        "repositories",
        "petitions",
        "threads",
        "comments",
        "signatures",
        "days",
        "letters",
    ),
    *("letter_texts", "bodies", "writes", "settings", "organizers", "audit", "marks", "accounts", "named"),
]


@pytest.mark.parametrize(
    "tables",
    [
        *(
            [name]
            for name in ("schema", "header", "installations", "repositories", "petitions", "threads", "comments")
        ),
        ["signatures", "days"],
        EVERYTHING,
    ],
    ids="+".join,
)
async def test_everybody_is_counted_again_and_who_was_forgotten_is_not_named(
    sqlite_url: str, tmp_path: Path, tables: list[str]
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with scene(sqlite_url) as stage:
        stage.secret_key = KEY
        stored = credentials(stage.sandbox, DATABASE_URL=sqlite_url, SECRET_KEY=KEY)
        assert (await run("import-app", **stored))[0] == 0
        petition = stage.petition()
        stage.sign(petition, "ada", "/sign Ada Byron, Engines")
        stage.sign(petition, "alan", "/sign Alan")
        await stage.shows(petition, 2)
        assert (await run("forget", "@ada", DATABASE_URL=sqlite_url))[0] == 0
        await stage.until(lambda: "Ada Byron" not in (petition.body or ""))
        await stage.stop_bot()
        # Page 1 last: the others' places stand there.
        for table in sorted(tables, key=["header", "schema"].__contains__):
            damage(path, table)
        stage.sign(petition, "grace", "/sign Grace")

        new = tmp_path / "new.db"
        code, out, err = await run("recover", str(new), DATABASE_URL=sqlite_url, SECRET_KEY=KEY)
        assert (code, err) == (0, ""), out
        assert "The App's credentials were saved, and SECRET_KEY can decrypt them." in out
        assert f"python -m bot restore {new}" in out
        move_away(path)
        code, _, err = await run("restore", str(new), DATABASE_URL=sqlite_url)
        assert code == 0, err
        await stage.start_bot()
        assert "Alan" in await stage.shows(petition, 3)
        assert "Ada Byron" not in (petition.body or "")
        assert "*not named*" in (petition.body or "")
        found = await verify(IssueName(petition.repository.full_name, petition.number), stage.config())
        assert found.recount.agrees
        await settled(stage)
        code, out, err = await run("verify", "--database", DATABASE_URL=sqlite_url)
        assert (code, err) == (0, ""), out


def move_away(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.rename(path.parent / f"damaged-{file.name}")


async def settled(stage: Scene) -> None:
    await asyncio.wait_for(stage.sandbox.settled(), 60)


async def test_what_was_lost_is_said_and_what_to_do_about_it(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with scene(sqlite_url) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
    for table in ("sealed", "forgotten"):
        damage(path, table)
    code, out, err = await run("recover", str(tmp_path / "new.db"), DATABASE_URL=sqlite_url)
    assert (code, err) == (0, "")
    assert "  sealed: 0 rows; part of the table could not be read" in out
    assert "were stored, they could NOT be saved" in out
    assert "python -m bot import-app" in out
    assert "python -m bot forget LOGIN" in out
    assert "comments:" not in out


@pytest.mark.parametrize("content", [b"", b"This is no database. " * 500, noise(50_000)], ids=range(3))
async def test_where_nothing_can_be_saved_it_ends_with_1_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    file, new = tmp_path / "bot.db", tmp_path / "new.db"
    file.write_bytes(content)
    code, out, err = await run("recover", str(new), DATABASE_URL=f"sqlite:///{file}")
    assert (code, out) == (1, "")
    assert "signatures from GitHub again" in err
    assert "Traceback" not in err
    assert [one.name for one in (file, new) if one.exists()] == ["bot.db"]


async def test_another_key_than_the_one_that_encrypted_is_noticed(sqlite_url: str, tmp_path: Path) -> None:
    async with scene(sqlite_url, start=False) as stage:
        stored = credentials(stage.sandbox, DATABASE_URL=sqlite_url, SECRET_KEY=KEY)
        assert (await run("import-app", **stored))[0] == 0
    new = str(tmp_path / "new.db")
    code, out, _ = await run("recover", new, DATABASE_URL=sqlite_url, SECRET_KEY="another" * 6)
    assert (code, "this SECRET_KEY cannot decrypt them" in out) == (0, True)
    assert "All rows could be read." in out
    code, _, err = await run("recover", new, DATABASE_URL=sqlite_url)
    assert (code, "already exists" in err) == (1, True)
