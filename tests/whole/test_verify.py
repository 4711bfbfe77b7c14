"""Anybody counts again from GitHub's API alone, and is told where block and comments differ."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from bot.cli.verify import Verification, verify
from bot.github.petition_and_rules_reader import IssueName
from bot.petition import block
from bot.petition.machine_readable_lines import Continues
from bot.reconcile.continuation_issues import continuation_body
from sandbox.models import Comment, Issue
from tests.whole.command_line import credentials, run
from tests.whole.scene import Scene


async def check(stage: Scene, petition: Issue) -> Verification:
    return await verify(IssueName(petition.repository.full_name, petition.number), stage.config())


def forge(petition: Issue, stage: Scene, **changes: Any) -> None:
    """Put another line for machines into the block."""
    line = block.machine_line(petition.body)
    assert line is not None
    assert petition.body is not None
    body = petition.body.replace(str(line), str(replace(line, **changes)))
    stage.sandbox.issues.edit(petition, stage.organizer(), body)


async def petition_with(stage: Scene, *signers: str) -> tuple[Issue, list[Comment]]:
    petition = stage.petition()
    comments = [stage.sign(petition, login) for login in signers]
    await stage.shows(petition, len(signers))
    await stage.stop_bot()
    return petition, comments


async def test_a_right_tally_is_confirmed(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada", "grace")
    found = await check(stage, petition)
    assert found.recount.agrees
    assert found.lines() == ["lovelace/letters#1: the comments contain 2 signatures, and the issue shows the same."]


async def test_a_signature_that_the_block_lacks_is_named(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada", "grace")
    missed = stage.sign(petition, "alan")
    found = await check(stage, petition)
    assert not found.recount.agrees
    assert any(line.endswith(f"/lovelace/letters/issues/1#issuecomment-{missed.id}") for line in found.lines())


async def test_a_withdrawal_that_the_block_missed_is_named(stage: Scene) -> None:
    petition, (ada, _) = await petition_with(stage, "ada", "grace")
    stage.sandbox.comments.edit(ada, ada.user, "Not any more.")
    found = await check(stage, petition)
    assert any(f"#issuecomment-{ada.id}" in line for line in found.lines())


async def test_a_hidden_comment_that_is_counted_is_named(stage: Scene) -> None:
    petition, (ada, _) = await petition_with(stage, "ada", "grace")
    stage.sandbox.comments.hide(ada, stage.organizer())
    found = await check(stage, petition)
    assert any(f"#issuecomment-{ada.id}" in line and "hidden" in line for line in found.lines())


async def test_an_edit_by_somebody_else_does_not_count(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada")
    said = stage.sign(petition, "alan", "I disagree.")
    stage.sandbox.comments.edit(said, stage.organizer(), "/sign")
    assert (await check(stage, petition)).recount.agrees


async def test_a_forged_count_is_found_out(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada")
    forge(petition, stage, count=9_000)
    found = await check(stage, petition)
    assert "the issue shows 9,000 signatures; the comments contain 1" in "\n".join(found.lines())


async def test_an_issue_without_a_block_is_a_difference(stage: Scene) -> None:
    issue = stage.sandbox.petition("A letter", "Dear all,", label="")
    found = await check(stage, issue)
    assert "shows no count" in "\n".join(found.lines())


async def test_the_command_needs_no_database_and_no_app(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada")
    environment = {"GITHUB_TOKEN": stage.sandbox.token_of("reader"), "GITHUB_API_URL": stage.sandbox.api_url}
    code, out, err = await run("verify", "lovelace/letters#1", "--json", **environment)
    assert code == 0, err
    assert json.loads(out)["agrees"] is True
    stage.sign(petition, "grace")
    code, out, _ = await run("verify", "lovelace/letters#1", "--json", **environment)
    assert (code, json.loads(out)["comments"]["count"], json.loads(out)["block"]["count"]) == (1, 2, 1)


async def test_what_the_database_keeps_is_checked_against_its_comments(stage: Scene) -> None:
    _, (ada, _) = await petition_with(stage, "ada", "grace")
    code, out, err = await run("verify", "--database", DATABASE_URL=stage.database_url)
    assert (code, out) == (
        0,
        "lovelace/letters#1: 2 signatures. The stored data matches the comments.\n",
    ), err
    with closing(sqlite3.connect(urlsplit(stage.database_url).path)) as database:
        database.execute("DELETE FROM signatures WHERE comment_id = ?", [ada.id])
        database.commit()
    named = ("verify", "lovelace/letters#1", "--database", "--json")
    code, out, err = await run(*named, DATABASE_URL=stage.database_url)
    (found,) = json.loads(out)["petitions"]
    assert (code, found["comments"]["count"]) == (1, 2), err
    assert [(one["text"], one["url"].partition("#")[2]) for one in found["differences"]] == [
        ("ada's signature is not stored", f"issuecomment-{ada.id}")
    ]
    resync = credentials(stage.sandbox, DATABASE_URL=stage.database_url)
    code, out, err = await run("resync", "lovelace/letters#1", **resync)
    assert (code, "1 row did not match the comments" in out) == (0, True), err + out
    code, out, err = await run(*named, DATABASE_URL=stage.database_url)
    assert (code, json.loads(out)["agrees"]) == (0, True), err


async def test_a_petition_that_the_database_lacks_is_no_agreement(sqlite_url: str) -> None:
    code, _, err = await run("verify", "lovelace/letters#9", "--database", DATABASE_URL=sqlite_url)
    assert (code, "lovelace/letters#9: this database has no such petition." in err) == (2, True)
    code, out, _ = await run("verify", "--database", DATABASE_URL=sqlite_url)
    assert (code, out) == (0, "The database has no petition yet.\n")


async def test_the_command_also_works_as_the_app(stage: Scene) -> None:
    await petition_with(stage, "ada")
    code, out, err = await run("verify", "lovelace/letters#1", **credentials(stage.sandbox))
    assert (code, "1 signature" in out) == (0, True), err


async def test_what_cannot_be_checked_is_explained(stage: Scene) -> None:
    environment = {"GITHUB_TOKEN": stage.sandbox.token_of("reader"), "GITHUB_API_URL": stage.sandbox.api_url}
    for name in ("lovelace/nothing#1", "lovelace/letters#99", "letters", "lovelace/letters#0"):
        code, _, err = await run("verify", name, **environment)
        assert code == 2, name
        assert err.strip()
        assert "Traceback" not in err
    code, _, err = await run(
        "verify", "lovelace/letters#1", **environment | {"GITHUB_API_URL": "http://127.0.0.1:1"}
    )
    assert (code, "Try again later" in err) == (2, True)
    code, _, err = await run("verify", "lovelace/letters#1", **environment | {"GITHUB_TOKEN": "ghp_unknown"})
    assert (code, "Check the token" in err) == (2, True)
    code, _, err = await run("verify", **environment)
    assert (code, "OWNER/REPO#NUMBER" in err) == (2, True)
    code, _, err = await run("verify", "lovelace/letters#1")
    assert (code, "GITHUB_TOKEN" in err) == (2, True)


async def test_an_issue_of_somebody_elses_repository_and_app_does_not_count(stage: Scene) -> None:
    petition, _ = await petition_with(stage, "ada")
    robot, elsewhere = (
        stage.sandbox.user("mine[bot]", "Bot"),
        stage.sandbox.repositories.get_or_create("mallory/ballots"),
    )
    body = continuation_body("A letter", "https://example.org", Continues(petition.id, "lovelace/letters#1"))
    stuffed = stage.sandbox.issues.open(elsewhere, robot, "A letter (2)", body, web=False)
    stage.sign(stuffed, "mallory")
    forge(petition, stage, count=2, threads=("lovelace/letters#1", "mallory/ballots#1"))
    found = await check(stage, petition)
    assert (found.recount.count, found.recount.agrees) == (1, False)


async def test_a_statement_that_cannot_be_written_is_told(stage: Scene, tmp_path: Path) -> None:
    await petition_with(stage, "ada")
    environment = {"GITHUB_TOKEN": stage.sandbox.token_of("reader"), "GITHUB_API_URL": stage.sandbox.api_url}
    (tmp_path / "taken").write_text("")
    code, _, err = await run("verify", "lovelace/letters#1", "--out", str(tmp_path / "taken"), **environment)
    assert (code, err) == (1, f"{tmp_path / 'taken'} cannot be written: File exists\n")
    code, _, err = await run("verify", "--database", "--out", str(tmp_path), **environment)
    assert (code, err) == (2, "--out goes with a recount from GitHub, not with --database or --pack.\n")
