"""Where the App's credentials come from: the environment first, then the database, and else from the set-up."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import app, setup_server, stored_app_credentials, supervisor
from bot.config import Config
from bot.encryption_and_derived_tokens import WrongKey, encrypt
from bot.github.errors import Unauthorized
from bot.store import DatabaseUnavailable, Store
from bot.store.credentials import CredentialStore
from bot.stored_app_credentials import NotSetUp, SetUpAlready
from bot.web.server import bind, listen
from bot.web.setup.wizard import COOKIE, SetupAuth
from tests.whole.command_line import credentials, run
from tests.whole.scene import FAST, Scene, scene

KEY = "a key of more than thirty-two characters"


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url, start=False) as found:
        yield found


def empty(stage: Scene) -> Config:
    """Give the configuration of somebody who has set nothing but a key."""
    whole = stage.config()
    return replace(whole, app_id="", private_key="", webhook_secrets=(), secret_key=KEY)


def known(stage: Scene) -> Config:
    return replace(stage.config(), secret_key=KEY)


async def test_an_app_that_was_brought_along_is_found_with_the_key_alone(stage: Scene) -> None:
    with pytest.raises(NotSetUp, match="/setup"):
        await stored_app_credentials.with_app(empty(stage))
    rotating = replace(known(stage), webhook_secrets=("new", stage.sandbox.webhook_secret))
    assert await stored_app_credentials.import_app(rotating, replacing=False) == "Undersigned"
    found = await stored_app_credentials.with_app(empty(stage))
    assert (found.app_id, found.private_key) == (known(stage).app_id, known(stage).private_key)
    assert found.webhook_secrets == rotating.webhook_secrets
    with pytest.raises(WrongKey):
        await stored_app_credentials.with_app(replace(empty(stage), secret_key="another" * 8))


async def test_the_environment_goes_before_what_is_stored(stage: Scene) -> None:
    await stored_app_credentials.import_app(known(stage), replacing=False)
    other = replace(known(stage), app_id="of the environment", secret_key="another" * 8)
    assert await stored_app_credentials.with_app(other) == other


async def test_what_organizers_sign_in_with_is_stored_too_and_the_environment_goes_before_it(stage: Scene) -> None:
    client = {"client_id": "Iv23stored", "client_secret": "a stored secret"}
    await stored_app_credentials.import_app(replace(known(stage), **client), replacing=False)  # type: ignore[arg-type] # names
    found = await stored_app_credentials.with_app(empty(stage))
    assert (found.client_id, found.client_secret, found.lets_sign_in) == ("Iv23stored", "a stored secret", True)
    assert "a stored secret" in found.secrets()
    given = replace(empty(stage), client_id="Iv23given", client_secret="a given secret")
    assert (await stored_app_credentials.with_app(given)).client_id == "Iv23given"


async def test_with_another_webhook_secret_the_same_app_keeps_its_address_and_what_organizers_sign_in_with(
    stage: Scene,
) -> None:
    client = {"client_id": "Iv23stored", "client_secret": "a stored secret", "public_url": "https://x.example"}
    await stored_app_credentials.import_app(replace(known(stage), **client), replacing=False)  # type: ignore[arg-type] # names
    await stored_app_credentials.import_app(replace(known(stage), webhook_secrets=("later",)), replacing=True)
    found = await stored_app_credentials.with_app(empty(stage))
    assert (found.webhook_secrets, found.client_secret) == (("later",), "a stored secret")
    assert found.public_url == "https://x.example"
    lost = replace(known(stage), secret_key="another" * 8)
    await stored_app_credentials.import_app(lost, replacing=True)
    found = await stored_app_credentials.with_app(replace(empty(stage), secret_key=lost.secret_key))
    assert not found.lets_sign_in


async def test_an_app_that_the_first_version_stored_is_found_and_organizers_cannot_sign_in_yet(
    stage: Scene, sqlite_url: str
) -> None:
    by_0_1_0 = {
        "app_id": str(stage.sandbox.app_id),
        "private_key": stage.sandbox.private_key,
        "webhook_secret": "one,two",
        "html_url": "https://github.com/apps/undersigned",
        "public_url": "https://petitions.example.org",
    }
    store = await Store.open(sqlite_url)
    await store.credentials.add(encrypt(json.dumps(by_0_1_0), KEY, 5.0), 5)
    await store.close()
    found = await stored_app_credentials.with_app(empty(stage))
    assert (found.app_id, found.webhook_secrets) == (str(stage.sandbox.app_id), ("one", "two"))
    assert not found.lets_sign_in


async def test_a_new_secret_alone_replaces_the_secret_of_the_stored_app(stage: Scene, sqlite_url: str) -> None:
    stored = replace(known(stage), client_id="Iv23stored", client_secret="a stored secret")
    await stored_app_credentials.import_app(stored, replacing=False)
    alone = {"SECRET_KEY": KEY, "DATABASE_URL": sqlite_url, "GITHUB_API_URL": stage.sandbox.api_url}
    code, out, err = await run("import-app", "--replace", **alone, GITHUB_WEBHOOK_SECRET="new,old")
    assert (code, "is stored" in out) == (0, True), err
    found = await stored_app_credentials.with_app(empty(stage))
    assert (found.webhook_secrets, found.private_key) == (("new", "old"), stored.private_key)
    assert found.client_secret == "a stored secret"
    code, _, err = await run("import-app", **alone, GITHUB_WEBHOOK_SECRET="new")
    assert (code, "GITHUB_PRIVATE_KEY" in err) == (2, True)
    code, _, err = await run("import-app", "--replace", **alone, GITHUB_APP_ID="1")
    assert (code, "Traceback" in err) == (2, False)
    assert (await stored_app_credentials.with_app(empty(stage))).app_id == stored.app_id
    lost = alone | {"SECRET_KEY": "another" * 8}
    code, _, err = await run("import-app", "--replace", **lost, GITHUB_WEBHOOK_SECRET="new")
    assert (code, "GITHUB_PRIVATE_KEY" in err) == (2, True)
    code, _, err = await run("serve", **alone, GITHUB_WEBHOOK_SECRET="new")
    assert (code, "import-app --replace" in err) == (2, True)


async def test_a_stored_app_is_replaced_only_on_purpose(stage: Scene) -> None:
    await stored_app_credentials.import_app(known(stage), replacing=False)
    later = replace(known(stage), webhook_secrets=("later",))
    with pytest.raises(SetUpAlready, match="--replace"):
        await stored_app_credentials.import_app(later, replacing=False)
    await stored_app_credentials.import_app(later, replacing=True)
    assert (await stored_app_credentials.with_app(empty(stage))).webhook_secrets == ("later",)


async def test_an_app_that_github_does_not_know_is_not_stored(stage: Scene) -> None:
    with pytest.raises(Unauthorized):
        await stored_app_credentials.import_app(replace(known(stage), app_id="1"), replacing=False)
    assert await stored_app_credentials.find_app(empty(stage)) is None


async def test_the_command_stores_the_app_and_says_what_may_go(stage: Scene, sqlite_url: str) -> None:
    environment = credentials(stage.sandbox, DATABASE_URL=sqlite_url)
    code, _, err = await run("import-app", **environment)
    assert (code, "SECRET_KEY" in err) == (2, True)
    code, out, err = await run("import-app", **environment, SECRET_KEY=KEY)
    assert (code, "Undersigned is stored" in out) == (0, True), err
    code, _, err = await run("import-app", **environment, SECRET_KEY=KEY)
    assert (code, "--replace" in err) == (2, True)
    alone = {"SECRET_KEY": KEY, "DATABASE_URL": sqlite_url, "GITHUB_API_URL": stage.sandbox.api_url}
    code, out, _ = await run("doctor", **alone)
    assert "✓ credentials" in out
    code, _, err = await run("doctor", **alone | {"SECRET_KEY": "another" * 8})
    assert (code, "SECRET_KEY" in err, "Traceback" in err) == (2, True, False)
    lost = alone | {"SECRET_KEY": "another" * 8}
    code, out, _ = await run("drop-app", "--yes", **lost)
    assert (code, "The next start begins the set-up" in out) == (0, True)
    code, out, _ = await run("drop-app", "--yes", **lost)
    assert (code, "No App is stored" in out) == (1, True)
    code, _, err = await run("doctor", **alone)
    assert (code, "There is no App yet" in err) == (2, True)
    code, _, err = await run("serve", **alone, GITHUB_APP_ID="12")
    assert (code, "GITHUB_PRIVATE_KEY" in err, "GITHUB_WEBHOOK_SECRET" in err) == (2, True, True)


async def test_every_command_that_asks_github_knows_a_stored_app(stage: Scene, tmp_path: Path) -> None:
    """As `doctor` and `resync` do, and those that take a petition away know the address that is stored with it."""
    stored = replace(known(stage), public_url="https://petitions.example.org")
    await stored_app_credentials.import_app(stored, replacing=False)
    async with app.running(stored, FAST) as bot:
        stage.sandbox.deliveries.url = f"http://127.0.0.1:{bot.port}/webhook"
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
    name = f"{petition.repository.full_name}#{petition.number}"
    alone = {"SECRET_KEY": KEY, "DATABASE_URL": stage.database_url, "GITHUB_API_URL": stage.sandbox.api_url}
    for words in (["verify", name], ["audit", name], ["resync", name], ["verify", "--database"]):
        code, out, err = await run(*words, **alone)
        assert (code, name in out) == (0, True), (words, err)
    page = "https://petitions.example.org/petitions/lovelace/letters/"
    code, out, err = await run("export", name, "--format", "atom", **alone)
    assert (code, page in out, "localhost" in out) == (0, True, False), err
    code, out, err = await run("handover", name, "--out", str(tmp_path / "pack"), **alone)
    pack = b"".join(file.read_bytes() for file in (tmp_path / "pack").iterdir())
    assert (code, page.encode() in pack, b"localhost" in pack) == (0, True, False), err
    for words in (["verify", name], ["audit", name], ["export", name]):
        code, _, err = await run(*words, **alone | {"SECRET_KEY": "another" * 8})
        assert (code, "encrypted with another SECRET_KEY" in err, err.count("\n")) == (2, True, 1)
    code, _, err = await run("verify", name, **alone | {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"})
    assert (code, "GITHUB_TOKEN is not set" in err) == (2, True)


async def test_a_set_up_that_waits_goes_on_when_another_process_has_stored_the_app(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_server, "POLL_INTERVAL", 0.05)
    stop = asyncio.Event()
    with bind("127.0.0.1", 0) as address:
        waiting = asyncio.create_task(setup_server.set_up(empty(stage), address, stop))
        await stored_app_credentials.import_app(known(stage), replacing=False)
        async with asyncio.timeout(60):
            found = await waiting
    assert found is not None
    assert found.app_id == known(stage).app_id


@pytest.mark.parametrize("error", [DatabaseUnavailable("locked"), ZeroDivisionError()], ids=repr)
async def test_a_set_up_goes_on_when_the_database_is_back(
    stage: Scene, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(setup_server, "POLL_INTERVAL", 0.01)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    read, failures = CredentialStore.get, 0

    async def fail(self: CredentialStore) -> str | None:
        nonlocal failures
        failures += 1
        if 1 < failures < 4:
            raise error
        return await read(self)

    with bind("127.0.0.1", 0) as address, capture_logs() as told:
        monkeypatch.setattr(CredentialStore, "get", fail)
        waiting = asyncio.create_task(setup_server.set_up(empty(stage), address, asyncio.Event()))
        async with asyncio.timeout(60):
            while failures < 4:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
            await stored_app_credentials.import_app(known(stage), replacing=False)
            assert await waiting is not None
    assert [one["log_level"] for one in told if one["event"] != "set up"] == [
        "warning" if isinstance(error, DatabaseUnavailable) else "error"
    ] * 2


async def test_a_set_up_ends_when_the_process_is_to_stop(stage: Scene) -> None:
    stop = asyncio.Event()
    with bind("127.0.0.1", 0) as address:
        waiting = asyncio.create_task(setup_server.set_up(empty(stage), address, stop))
        stop.set()
        async with asyncio.timeout(60):
            assert await waiting is None


async def test_the_last_page_is_for_the_browser_of_the_set_up_alone_and_a_restart_closes_it(stage: Scene) -> None:
    store = await Store.open(stage.database_url)
    await store.close()
    config = replace(known(stage), app_page=f"{stage.sandbox.web_url}/apps/undersigned")
    cookie = {"Cookie": f"{COOKIE}={SetupAuth(KEY, time.time).create_session()}"}
    async with app.running(config, FAST) as bot, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{bot.port}/setup"
        assert [await status(session, url), await status(session, f"{url}/status")] == [404, 404]
        assert await status(session, url, cookie) == 200
        async with session.get(f"{url}/status", headers=cookie) as reply:
            assert (await reply.json())["delivered"] is False
        stage.sandbox.deliveries.url = f"http://127.0.0.1:{bot.port}/webhook"
        stage.sandbox.deliveries.ping()
        await stage.sandbox.settled()
        assert await status(session, url, cookie) == 200
        stage.petition()
        await stage.sandbox.settled()
        for path in (url, f"{url}/status"):
            assert [await status(session, path), await status(session, path, cookie)] == [404, 200]
        async with session.get(url, headers=cookie) as reply:
            assert "It works" in await reply.text()
    async with app.running(config, FAST) as bot, aiohttp.ClientSession() as session:
        for path in ("setup", "setup/status"):
            assert await status(session, f"http://127.0.0.1:{bot.port}/{path}", cookie) == 404


async def status(session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> int:
    async with session.get(url, headers=headers) as reply:
        return reply.status


async def test_whoever_calls_between_two_applications_waits_for_the_second() -> None:
    with bind("127.0.0.1", 0) as address:
        async with listen(saying("first"), "", 0, address) as port, aiohttp.ClientSession() as session:
            assert await text(session, port) == "first"
        async with aiohttp.ClientSession() as session:
            with socket.create_connection(("127.0.0.1", port)):  # somebody is let in by nobody yet
                asking = asyncio.create_task(text(session, port))
                async with listen(saying("second"), "", 0, address):
                    async with asyncio.timeout(60):
                        assert await asking == "second"


def saying(words: str) -> web.Application:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=words)

    application = web.Application()
    application.router.add_get("/", answer)
    return application


async def text(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/") as reply:
        return await reply.text()


async def test_an_address_that_is_taken_is_explained(stage: Scene, sqlite_url: str) -> None:
    port = stage.sandbox.web_url.rpartition(":")[2]
    environment = {"HOST": "127.0.0.1", "PORT": port, "DATABASE_URL": sqlite_url, "SECRET_KEY": KEY}
    code, _, err = await run("serve", **environment)
    assert (code, f"port {port}" in err, "Traceback" in err) == (1, True, False)


async def test_without_credentials_and_key_the_key_is_named(tmp_path: Path) -> None:
    code, _, err = await run("serve", DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert (code, "SECRET_KEY" in err) == (2, True)
    assert not (tmp_path / "new.db").exists()
