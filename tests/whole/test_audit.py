"""Organizers look at who signed: `audit OWNER/REPO#N`, from GitHub alone."""

from __future__ import annotations

import json
import time

from tests.whole.command_line import run
from tests.whole.scene import Scene

DAY = 86_400


async def test_young_and_empty_accounts_are_shown_and_nothing_is_done_about_them(stage: Scene) -> None:
    petition = stage.petition()
    for number, login in enumerate(("sock-1", "sock-2", "sock-3", "grace")):
        person = stage.sandbox.user(login)
        person.created_at = int(time.time()) - (400 if login == "grace" else 2) * DAY
        person.followers = 7 * (number == 3)
        stage.sign(petition, login)
    gone = stage.sandbox.user("gone")
    stage.sign(petition, "gone")
    await stage.shows(petition, 5)
    stage.sandbox.accounts.delete(gone)
    robot = stage.sandbox.user("helper[bot]", "Bot")
    stage.sandbox.comments.create(petition, robot, "/sign")
    environment = {"GITHUB_TOKEN": stage.sandbox.token_of("reader"), "GITHUB_API_URL": stage.sandbox.api_url}
    code, out, err = await run("audit", "lovelace/letters#1", **environment)
    assert code == 0, err
    assert out.startswith("lovelace/letters#1: 4 signatures.")
    assert "0 up to 1 day, 3 up to 7 days, 3 up to 30 days, of 4 whose age is known" in out
    assert "Accounts without followers, repositories, name and description: 3." in out
    assert "Similar logins: 3, such as sock-1, sock-2, sock-3" in out
    code, out, _ = await run("audit", "lovelace/letters#1", "--json", **environment)
    assert (code, json.loads(out)["empty"]) == (0, 3)
    assert json.loads(out)["petition"] == "lovelace/letters#1"
