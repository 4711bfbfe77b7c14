"""Whatever an earlier version left comes to this one by itself, with nothing lost; what fails undoes itself."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import Connection, text

from bot.store import DatabaseUnavailable, RosterQuery, SortOrder, Store
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.migrations import HEAD
from bot.store.migrations.upgrading import SCRIPTS, upgrade
from tests.store.releases import Release, digest_of, live, put, read, released, revisions, take, write
from tests.store.scene import LETTER, Scene, rows

PAST = released()


@pytest.fixture
async def present(tmp_path: Path) -> Release:
    """What this version leaves; as soon as it is released, it is the past."""
    return await live(f"sqlite:///{tmp_path}/present.db")


def test_a_migration_that_was_released_stays_as_it_is() -> None:
    assert {one.revision: one.digest for one in PAST} == {one.revision: digest_of(one.revision) for one in PAST}


def test_every_version_but_the_newest_has_left_something() -> None:
    # The newest may still change, until it is released: python -m tests.store.releases
    assert set(revisions()) - {HEAD} <= {one.revision for one in PAST}
    assert revisions()[-1] == HEAD


def test_what_is_written_down_is_what_was_left(present: Release) -> None:
    assert read(write(present)) == present
    assert {name for name, left in present.rows.items() if left} >= {
        "petitions",
        "comments",
        "signatures",
        "sealed",
    }


@pytest.mark.parametrize("revision", [*(one.revision for one in PAST), "the present one"])
async def test_what_a_version_left_comes_to_this_one(new_url: str, present: Release, revision: str) -> None:
    release = next((one for one in PAST if one.revision == revision), present)
    database = connect(read_address(new_url))
    await database.alter(partial(upgrade, target=release.revision), 60)
    await database.alter(partial(put, rows=release.rows), 60)
    await database.close()
    store = await Store.open(new_url)
    assert await rows(store, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    snapshot = await store.petitions.get_snapshot(LETTER.id, 10)
    assert {one.login for one in snapshot.newest} == {"ada", "edsger"}
    assert (snapshot.unlisted, await rows(store, "SELECT 1 FROM signatures WHERE unlisted")) == (0, [])
    assert snapshot.count == 2
    audit = await store.consistency.inspect(LETTER.id)
    assert audit is not None
    assert audit.discrepancies == ()
    assert await store.credentials.get() == "sealed"
    await store.close()


async def test_names_that_an_earlier_version_left_are_found_and_sorted_at_once(new_url: str) -> None:
    (release,) = (one for one in PAST if one.revision == "0001")
    signatures = [
        one | {"name": {"ada": "Zoë Müller", "edsger": "Élan"}[one["login"]]} for one in release.rows["signatures"]
    ]
    database = connect(read_address(new_url))
    await database.alter(partial(upgrade, target=release.revision), 60)
    await database.alter(partial(put, rows={**release.rows, "signatures": signatures}), 60)
    await database.close()
    store = await Store.open(new_url)
    # Signatures and pages do not wait until the old ones are prepared.
    await Scene(store, clock=1_000, next_comment=6_000_000_000).sign("alan", "Eva")
    assert sorted(await found(store)) == ["ada", "alan", "edsger"]
    assert await found(store, "MÜLLER") == ["ada"]
    while await store.fill_roster_keys():
        pass
    assert await found(store) == ["edsger", "alan", "ada"]
    assert await found(store, "mueller") == await found(store, "zoe") == ["ada"]
    assert await rows(store, "SELECT 1 FROM signatures WHERE sort_key IS NULL") == []
    await store.close()


async def test_a_first_settings_file_with_mistakes_is_read_again_as_it_may_hide_people(new_url: str) -> None:
    (release,) = (one for one in PAST if one.revision == "0001")
    files = [
        {
            "repository_id": number,
            "text": applied,
            "digest": "d",
            "mistakes": mistakes,
            "readable": True,
            "read_at": 9,
        }
        for number, applied, mistakes in [(1, "", '["line 1"]'), (2, "goal: 5", '["line 1"]'), (3, "", "[]")]
    ]
    database = connect(read_address(new_url))
    await database.alter(partial(upgrade, target=release.revision), 60)
    await database.alter(partial(put, rows={**release.rows, "settings": files}), 60)
    await database.close()
    store = await Store.open(new_url)
    known = [await store.settings.get(number) for number in (1, 2, 3)]
    assert [(one.is_read, one.digest) for one in known] == [(False, ""), (True, "d"), (True, "d")]
    await store.close()


async def found(store: Store, text: str = "") -> list[str]:
    """Return the logins of a roster by name."""
    details = await store.rosters.get_details(LETTER.id, RosterQuery(SortOrder.NAME, text))
    assert details is not None
    return [entry.signature.login for entry in details.page.entries]


# A version that is yet to come


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The migrations with one more, which adds a column and turns rows into others."""
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    write_version(scripts, "op.execute(\"UPDATE threads SET title = title || '!'\")")
    return scripts


def write_version(scripts: Path, last: str) -> None:
    script = f"""
        import sqlalchemy as sa
        from alembic import op
        revision, down_revision = "next", "{HEAD}"
        def upgrade():
            op.add_column("petitions", sa.Column("mood", sa.Text, nullable=False, server_default="hopeful"))
            {last}
    """
    (scripts / "versions" / "next.py").write_text(dedent(script))


async def test_a_later_version_keeps_what_is_there(new_url: str, present: Release, next_version: Path) -> None:
    database = connect(read_address(new_url))
    await database.alter(upgrade, 60)
    await database.alter(partial(put, rows=present.rows), 60)
    await database.alter(partial(upgrade, scripts=next_version), 60)
    after = await database.alter(take, 60)
    assert [(one["mood"], one["count"]) for one in after["petitions"]] == [("hopeful", 2)]
    assert [one["title"] for one in after["threads"]] == ["Open the archive!"]
    assert after["comments"] == present.rows["comments"]
    assert after["signatures"] == present.rows["signatures"]
    await database.close()


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    new_url: str, present: Release, next_version: Path
) -> None:
    write_version(next_version, 'op.execute("UPDATE threads SET nowhere = 1")')
    database = connect(read_address(new_url))
    await database.alter(upgrade, 60)
    await database.alter(partial(put, rows=present.rows), 60)
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        await database.alter(partial(upgrade, scripts=next_version), 60)
    assert await database.alter(take, 60) == present.rows
    assert await database.alter(version, 60) == HEAD
    await database.close()


def version(connection: Connection) -> object:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
