"""The command line as people meet it: a process of its own, its words, and its exit code."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

import aiohttp
import psutil
import pytest

from bot.cli import COMMANDS, CommandSpec
from sandbox.server import Sandbox
from tests.emissions import searched
from tests.whole.command_line import ROOT, SHUTDOWN, credentials, finish, read_until, run, start
from tests.whole.scene import Scene, said, scene


async def test_without_configuration_every_missing_variable_is_named() -> None:
    code, _, err = await run("serve")
    assert code == 2
    assert all(name in err for name in ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"))
    assert "Traceback" not in err


async def test_a_wrong_command_shows_what_there_is() -> None:
    code, _, err = await run("sevre")
    assert code == 2
    assert "serve" in err


@pytest.mark.parametrize("line", ["doctor --jsn", "export a/b#1"])
async def test_a_forked_command_does_what_a_fresh_one_does(tmp_path: Path, line: str) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}
    assert await run(*line.split(), **environment) == await finish(await start(*line.split(), **environment))


async def test_help_tells_newcomers_where_to_begin() -> None:
    code, out, _ = await run("--help")
    assert code == 0
    assert "python -m bot demo" in out


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite:////nowhere/at/all/undersigned.db"])
async def test_a_database_that_cannot_be_used_is_explained(url: str) -> None:
    code, _, err = await run("migrate", DATABASE_URL=url)
    assert code in (1, 2)
    assert err.strip()
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor", "resync a/b#1"])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "sqlite:////nowhere/x.db",
            "/nowhere/x.db cannot be opened: the folder /nowhere does not exist. DATABASE_URL must",
        ),
        ("sqlite:///{folder}", "{folder} cannot be opened: it is a folder. DATABASE_URL must name a file"),
        ("sqlite:///{folder}/text.db", "text.db is damaged (file is not a database). Save what can be read"),
        ("postgresql://u:{secret}@127.0.0.1:9/x", "127.0.0.1:9/x cannot be opened: "),
    ],
)
async def test_a_database_that_cannot_be_opened_is_one_line_with_path_reason_and_remedy(
    tmp_path: Path, command: str, url: str, said: str
) -> None:
    (tmp_path / "text.db").write_text(
        "This is no database, but a text that is long enough to be taken for one. " * 9
    )
    environment = {"DATABASE_URL": url.format(folder=tmp_path, secret=SECRET), "SECRET_KEY": "s" * 32}
    code, out, err = await run(*command.split(), **environment)
    if "nowhere" in url and command in ("doctor", "resync a/b#1"):
        said, wanted = "There is no App yet. ", 2
        assert "the database /nowhere/x.db does not exist; set DATABASE_URL" in err
    else:
        wanted = 1
    assert (code, out, err.count("\n"), said.format(folder=tmp_path) in err) == (wanted, "", 1, True), err
    assert SECRET not in err


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}])
async def test_what_the_output_cannot_show_is_replaced(
    sqlite_url: str, tmp_path: Path, locale: dict[str, str]
) -> None:
    async with scene(sqlite_url) as stage:
        environment = credentials(stage.sandbox, DATABASE_URL=sqlite_url, PYTHONUTF8="0", **locale)
        petition = stage.petition()
        stage.sandbox.comment(petition, "ada", "/sign Ада Лавлейс")
        await stage.shows(petition, 1)
        name = f"{petition.repository.full_name}#{petition.number}"
        for words, code, said in [
            (["doctor"], 0, "? credentials: GitHub knows the App as Undersigned"),
            (["audit", name], 0, name),
            (["handover", name, "--out", f"{tmp_path}/ö"], 0, "verify --pack"),
            (["deliver", "ö.json", "--event", "ping"], 1, ".json: No such file"),
            (["import-app", "--help"], 0, "SECRET_KEY"),
            (["export", name], 0, "Ада Лавлейс"),  # a file is UTF-8, wherever it is written
        ]:
            found, out, err = await finish(await start(*words, **environment))
            assert (found, said in out + err) == (code, True), (words, out, err)


async def test_the_demo_shows_what_it_can_where_the_output_is_ascii() -> None:
    process = await start(
        "demo", "--signers", "3", "--no-browser", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C"
    )
    code, out, err = await finish(process)
    assert (code, "3 people signed" in out) == (0, True), err


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
async def test_a_port_that_there_is_not_is_refused(port: str) -> None:
    code, _, err = await run("demo", "--no-browser", "--port", port)
    assert (code, "--port" in err.splitlines()[-1]) == (2, True)
    code, _, err = await run("serve", PORT=port, SECRET_KEY="s" * 32)
    assert (code, "PORT must be a whole number from 0 to 65535" in err) == (2, True)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgresql://u:{0}@127.0.0.1:port/x"),
        ("DATABASE_URL", "postgresql://u:{0}/1@127.0.0.1:1/x"),
        ("DATABASE_URL", "postgresql://u:{0}@127.0.0.1:1/x?sslmode=odd"),
        ("DATABASE_URL", "postgresql://u@127.0.0.1:1/x?password={0}"),
        ("DATABASE_URL", "mysql://u:{0}@h/x"),
        ("PUBLIC_URL", "ftp://u:{0}@h/x"),
        ("PORT", "ghp_{0}"),
        ("SECRET_KEY", "{0}"),
    ],
)
async def test_what_is_wrong_is_said_without_the_secret_in_it(variable: str, value: str) -> None:
    code, out, err = await run("migrate", **{"DATABASE_URL": "sqlite:///", variable: value.format(SECRET)})
    assert code in (1, 2)
    assert err.strip()
    assert "Traceback" not in out + err
    assert "nobody caught this" not in out + err
    assert SECRET not in out + err


SECRET = "swordfish0123456789"


@pytest.mark.parametrize("line", ["export a/b#1", "forget ada", "backup copy"])
async def test_a_database_that_is_not_there_is_not_made_by_who_only_asks_it(tmp_path: Path, line: str) -> None:
    file = tmp_path / "mistyped.db"
    code, _, err = await run(*line.split(), DATABASE_URL=f"sqlite:///{file}")
    assert (code, f"the database {file} does not exist; set DATABASE_URL" in err) == (1, True)
    assert not file.exists()


async def test_what_helps_against_a_mistake_is_not_said_of_another(tmp_path: Path) -> None:
    _, _, err = await run("serve")
    assert "To create an App, set only SECRET_KEY" in err
    _, _, err = await run("migrate", PORT="abc")
    assert "PORT must be a whole number" in err
    assert "To create an App" not in err


async def test_migrate_makes_the_database(tmp_path: Path) -> None:
    file = tmp_path / "undersigned.db"
    code, out, err = await run("migrate", DATABASE_URL=f"sqlite:///{file}")
    assert (code, "up to date" in out) == (0, True), err
    assert file.exists()


@pytest.mark.parametrize("command", ["serve", "migrate"])
async def test_a_database_of_a_newer_version_is_left_alone(sandbox: Sandbox, sqlite_url: str, command: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    code, _, err = await run(command, **credentials(sandbox, DATABASE_URL=sqlite_url))
    assert (code, "version 9999, which is newer than this program; upgrade the program" in err) == (1, True)
    assert "Traceback" not in err


async def test_the_doctor_says_what_to_do_and_ends_with_1(sandbox: Sandbox, sqlite_url: str) -> None:
    code, out, err = await run("doctor", **credentials(sandbox, DATABASE_URL=sqlite_url))
    assert (code, err) == (1, "")
    assert "✓ credentials: GitHub knows the App as Undersigned" in out
    assert "✗ installations: The App is not installed anywhere." in out
    code, out, _ = await run("doctor", "--json", **credentials(sandbox, DATABASE_URL=sqlite_url))
    found = json.loads(out)
    assert (code, found["fine"]) == (1, False)
    assert {"topic", "level", "what", "why", "do"} == set(found["findings"][0])


async def test_the_doctor_tells_the_operators_token_only_where_there_is_a_key(sandbox: Sandbox) -> None:
    code, _, err = await run("doctor", "--bearer", **credentials(sandbox))
    assert (code, "SECRET_KEY" in err) == (2, True)
    code, out, _ = await run("doctor", "--bearer", **credentials(sandbox, SECRET_KEY="s" * 32))
    assert (code, len(out.strip())) == (0, 32)


async def test_a_port_that_is_taken_is_explained(sandbox: Sandbox, sqlite_url: str) -> None:
    port = sandbox.web_url.rpartition(":")[2]
    code, _, err = await run("serve", **credentials(sandbox, PORT=port, DATABASE_URL=sqlite_url))
    why = "another program is listening there. Stop it, or set another PORT."
    said = f"cannot listen on 127.0.0.1 port {port}: {why}\n"
    assert (code, err.splitlines(keepends=True)[-1]) == (1, said)
    code, _, err = await run("demo", "--no-browser", "--port", port)
    assert (code, err) == (1, said.replace("set another PORT", "choose another --port"))
    nowhere = credentials(sandbox, DATABASE_URL=sqlite_url) | {"HOST": "203.0.113.1"}
    code, _, err = await run("serve", **nowhere, SECRET_KEY="s" * 32)
    assert (code, "HOST must be an address of this machine" in err, "Traceback" in err) == (1, True, False)


async def test_the_demo_signs_people_up_and_shows_the_body() -> None:
    code, out, err = await run("demo", "--signers", "12", "--no-browser")
    assert code == 0, err
    assert "12 people have signed" in out
    assert '"count":12' in out


async def test_the_demo_replays_a_letter_from_label_to_closing() -> None:
    code, out, err = await run("demo", "--replay", "2018", "--speed", "1000000000", "--port", "0")
    assert code == 0, err
    assert "**Closed on 28 Apr 2021, " in out
    assert "with 401 signatures.** New signatures do not count." in out
    assert '"count":401' in out


async def test_the_demo_comes_out_right_on_a_bad_day_of_githubs() -> None:
    code, out, err = await run("demo", "--signers", "12", "--faults", "3", "--no-browser", "--port", "0")
    assert code == 0, err
    assert "The simulated GitHub has faults" in out
    assert '"count":12' in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_demo_ends_in_good_order(number: signal.Signals) -> None:
    process = await start("demo", "--no-browser", "--port", "0")
    address = await read_until(process.stdout, r"(http://\S+)")
    async with aiohttp.ClientSession() as session, session.get(address) as page:
        assert "/sign" in await page.text()
    process.send_signal(number)
    async with asyncio.timeout(SHUTDOWN):
        code, _, err = await finish(process)
    assert code == 0, err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_stop_in_the_middle_of_a_storm_loses_nothing(
    sandbox: Sandbox, sqlite_url: str, number: signal.Signals
) -> None:
    process = await start("serve", **credentials(sandbox, DATABASE_URL=sqlite_url))
    port = await read_until(process.stderr, r'"port": (\d+)')
    sandbox.deliveries.url = f"http://127.0.0.1:{port}/webhook"
    searched(" ".join(psutil.Process(process.pid).cmdline()))
    petition = sandbox.petition()
    for signer in range(100):
        sandbox.comment(petition, f"signer-{signer}")
    await read_until(process.stderr, r'"github_event": "(issue_comment)"')
    process.send_signal(number)
    async with asyncio.timeout(SHUTDOWN):
        code, _, err = await finish(process)
    assert code == 0, err
    assert "Traceback" not in err
    await sandbox.settled()
    told = [one for one in sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
    stored = sum(one.status == "OK" for one in told)
    assert stored > 0
    stage = Scene(sandbox, sqlite_url)
    await stage.start_bot()
    try:
        await stage.until(lambda: (said(petition) or 0) >= stored)
    finally:
        await stage.stop_bot()


async def test_who_makes_the_tables_does_not_keep_what_that_took(sandbox: Sandbox, tmp_path: Path) -> None:
    server = await start("serve", **credentials(sandbox, DATABASE_URL=f"sqlite:///{tmp_path}/new.db"))
    await read_until(server.stderr, r'"port": ?(\d+)')
    loaded = " ".join(one.path for one in psutil.Process(server.pid).memory_maps())
    server.terminate()
    assert (await finish(server))[0] == 0
    assert "_sqlite3" in loaded
    assert "sqlalchemy" not in loaded


@pytest.mark.parametrize("word", COMMANDS, ids=lambda word: word.name)
def test_every_word_leads_to_its_command(word: CommandSpec) -> None:
    parser = argparse.ArgumentParser()
    word.load().add_arguments(parser)
    assert gc.isenabled()


async def test_a_server_loads_nothing_that_it_does_not_serve_with() -> None:
    code = "from bot.cli import COMMANDS; COMMANDS[0].load(); import sys; print(COMMANDS[0].name, *sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    _, out, err = await finish(process)
    name, *loaded = out.split()
    assert (name, err) == ("serve", "")
    assert not {
        "bot.cli.demo",
        "sandbox",
        "bot.cli.verify",
        "bot.cli.init_repo",
        "bot.repository_sync",
    } & {*loaded}
    assert not {"alembic", "sqlalchemy", "graphql", "aiosqlite"} & {*loaded}
