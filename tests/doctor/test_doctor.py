"""Each thing that can be wrong is broken in turn, and the doctor finds that one and says what to do."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace

from bot import app
from bot.config import Config
from bot.doctor import checks
from bot.doctor.fact_collection import ClientFacts, Facts
from bot.doctor.findings import Finding, Level, are_fine
from bot.encryption_and_derived_tokens import operator_token
from bot.github.http_exchange import Reply
from bot.reconcile.app_wide_loop import AppWideLoop
from bot.store import State, Store, check_health
from bot.web.server import listen
from sandbox.models import Installation
from sandbox.server import Sandbox
from tests.store.scene import rows
from tests.whole.recorded_calls import quiet_tokens, state_of
from tests.whole.scene import Scene, scene

__all__ = ["quiet_tokens"]

NOWHERE = "http://127.0.0.1:9"
OTHER_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    .decode()
)
SECRET_KEY = "a key that only this test knows, of some length"


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    """A bot that nothing is wrong with."""
    async with scene(sqlite_url) as found:
        await found.shows(found.petition(), 0)
        yield found


def configured(stage: Scene, **changes: object) -> Config:
    assert stage.bot is not None
    config = dataclasses.replace(
        stage.config(),
        public_url=f"http://127.0.0.1:{stage.bot.port}",
        secret_key=SECRET_KEY,
        client_id=stage.sandbox.client_id,
        client_secret=stage.sandbox.client_secret,
    )
    return dataclasses.replace(config, **changes)  # type: ignore[arg-type]  # the names are the story's to get right


async def examined(stage: Scene, **changes: object) -> list[Finding]:
    await stage.sandbox.settled()
    return await checks.examine(configured(stage, **changes))


async def problems(stage: Scene, **changes: object) -> dict[str, Finding]:
    """Examine, and give the problems by their topics."""
    findings = [one for one in await examined(stage, **changes) if one.level is Level.PROBLEM]
    assert all(one.what and one.do for one in findings)
    assert all("\n" not in str(one) for one in findings)
    return {one.topic: one for one in findings}


def installation_of(stage: Scene) -> Installation:
    return next(one for one in stage.sandbox.world.installations.values() if not one.deleted)


async def test_nothing_is_wrong_with_a_bot_that_works(stage: Scene) -> None:
    findings = await examined(stage)
    assert [str(one) for one in findings if one.level is not Level.FINE] == []
    assert are_fine(findings)
    assert [one.topic for one in findings] == [
        "credentials", "clock", "permissions", "installations", "label", "webhook", "deliveries", "delivery",
        "callers", "public address", "organizers", "database", "petitions",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["client_secret", "secret_key"])
async def test_organizers_who_cannot_sign_in(stage: Scene, missing: str) -> None:
    (found,) = [one for one in await examined(stage, **{missing: ""}) if one.topic == "organizers"]
    assert found.level is Level.NOTE
    assert "GITHUB_CLIENT_SECRET" in found.do
    assert f"http://127.0.0.1:{stage.bot.port if stage.bot else 0}/organizers/signed-in" in found.do
    assert "python -m bot audit" in found.why


NEAR, FAR = (
    ClientFacts("10.0.0.1", True, 1, None, "203.0.113.9"),
    ClientFacts("203.0.113.9", False, 0, None, "203.0.113.9"),
)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (NEAR, None),
        (FAR, None),
        (replace(NEAR, proxies=1), None),
        (replace(FAR, proxies=0), None),
        (replace(NEAR, forwarded=2), "set TRUSTED_PROXIES to 2"),
        (replace(NEAR, forwarded=0), "Configure the proxy to write X-Forwarded-For"),
        (replace(NEAR, proxies=0), "set TRUSTED_PROXIES to 1"),
        (replace(FAR, forwarded=1), "set TRUSTED_PROXIES to 1"),
        (replace(NEAR, proxies=2), "set TRUSTED_PROXIES to 1"),
    ],
)
async def test_whom_the_bot_sees_behind_which_proxies(
    stage: Scene, monkeypatch: pytest.MonkeyPatch, seen: ClientFacts, said: str | None
) -> None:
    def check(facts: Facts) -> list[Finding]:
        config = dataclasses.replace(facts.config, public_url="https://petitions.example.org")
        answer = Reply(200, msgspec.json.encode({"caller": seen}).decode())
        return list(checks._callers(replace(facts, config=config, delivered=answer)))

    monkeypatch.setattr(checks, "check", check)
    (found,) = await examined(stage)
    assert found.level is (Level.FINE if said is None else Level.NOTE)
    assert said is None or said in found.do
    assert f"came from {seen.peer}" in found.what


async def test_the_running_bot_tells_the_doctor_as_whom_it_sees_it(stage: Scene) -> None:
    (found,) = [one for one in await examined(stage) if one.topic == "callers"]
    assert found.level is Level.FINE
    assert "came from 127.0.0.1: it has no X-Forwarded-For, and TRUSTED_PROXIES is not set" in found.what


async def test_an_app_id_that_is_another_one(stage: Scene) -> None:
    found = await problems(stage, app_id="1")
    assert set(found) == {"credentials"}
    assert f"{stage.sandbox.web_url}/settings/apps" in found["credentials"].do


async def test_a_key_that_is_another_one(stage: Scene) -> None:
    assert set(await problems(stage, private_key=OTHER_KEY)) == {"credentials"}


async def test_a_github_that_is_not_there(stage: Scene) -> None:
    found = await problems(stage, api_url=NOWHERE)
    assert set(found) == {"credentials"}
    assert "GITHUB_API_URL" in found["credentials"].do


@pytest.mark.parametrize(("seconds", "said"), [(-45, "45 seconds ahead of"), (45, "45 seconds behind")])
async def test_a_clock_that_is_off(sqlite_url: str, seconds: int, said: str) -> None:
    sandbox = Sandbox(now=lambda: time.time() + seconds)
    async with scene(sqlite_url, sandbox=sandbox) as stage:
        await stage.shows(stage.petition(), 0)
        found = await problems(stage)
    assert set(found) == {"clock"}
    assert said in found["clock"].what


@pytest.mark.parametrize(
    ("permissions", "events", "said"),
    [
        ({"issues": "read"}, [], "permission issues: write"),
        ({"contents": "none"}, [], "permission contents: read"),
        ({}, ["issues", "issue_comment"], "event repository"),
    ],
)
async def test_an_app_that_asks_for_too_little(
    stage: Scene, permissions: dict[str, str], events: list[str], said: str
) -> None:
    stage.sandbox.world.app.permissions |= permissions
    stage.sandbox.world.app.events = events or stage.sandbox.world.app.events
    found = await problems(stage)
    assert set(found) == {"permissions"}
    assert said in found["permissions"].what


async def test_an_app_that_asks_for_too_much(stage: Scene) -> None:
    stage.sandbox.world.app.permissions["actions"] = "write"
    findings = await examined(stage)
    assert [(one.topic, one.level) for one in findings if "actions" in one.what] == [("permissions", Level.NOTE)]
    assert are_fine(findings)


async def test_an_app_that_is_not_told_of_pushes_is_well_all_the_same(stage: Scene) -> None:
    stage.sandbox.world.app.events.remove("push")
    installation = installation_of(stage)
    stage.sandbox.installations.grant(installation, installation.permissions, stage.sandbox.world.app.events)
    findings = await examined(stage)
    assert [one.level for one in findings if "push events" in one.what] == [Level.NOTE]
    assert are_fine(findings)


async def test_an_installation_that_has_not_accepted_everything(stage: Scene) -> None:
    installation = installation_of(stage)
    stage.sandbox.installations.grant(
        installation, installation.permissions | {"contents": "none"}, ["issues", "issue_comment"]
    )
    found = await problems(stage)
    assert set(found) == {"installations"}
    assert "permission contents: read, event repository" in found["installations"].what


async def test_an_installation_that_is_suspended(stage: Scene) -> None:
    stage.sandbox.installations.suspend(installation_of(stage))
    found = await problems(stage)
    assert "suspended" in found["installations"].what
    assert "/settings/installations/" in found["installations"].do


async def test_an_app_that_nobody_has_installed(stage: Scene, quiet_tokens: None) -> None:
    stage.sandbox.installations.delete(installation_of(stage))
    found = await problems(stage)
    assert "/installations/new" in found["installations"].do


async def test_a_webhook_that_leads_nowhere(stage: Scene) -> None:
    stage.sandbox.deliveries.url = None
    assert set(await problems(stage)) == {"webhook"}


async def test_a_webhook_that_leads_elsewhere(stage: Scene) -> None:
    stage.sandbox.deliveries.url = f"{NOWHERE}/webhook"
    found = await problems(stage)
    assert set(found) == {"webhook"}
    assert f"{NOWHERE}/webhook" in found["webhook"].what


async def test_a_webhook_without_a_secret(stage: Scene) -> None:
    secrets = stage.config().webhook_secrets
    stage.sandbox.deliveries.secret = None
    found = await problems(stage, webhook_secrets=secrets)
    assert set(found) == {"webhook"}
    assert "GITHUB_WEBHOOK_SECRET" in found["webhook"].do


async def test_a_webhook_whose_certificate_nobody_checks(stage: Scene) -> None:
    stage.sandbox.deliveries.insecure_ssl = True
    assert set(await problems(stage)) == {"webhook"}


async def test_a_secret_that_github_has_wrong(stage: Scene) -> None:
    secrets = stage.config().webhook_secrets
    stage.sandbox.deliveries.secret = "another"
    stage.sign(stage.petition(), "ada")
    assert set(await problems(stage, webhook_secrets=secrets)) == {"secret", "deliveries"}


async def test_a_secret_that_the_running_bot_has_wrong(stage: Scene) -> None:
    assert set(await problems(stage, webhook_secrets=("another",))) == {"delivery"}


async def missed_deliveries(stage: Scene) -> str | None:
    """Have GitHub deliver nowhere for a while; give the right address."""
    there = stage.sandbox.deliveries.url
    stage.sandbox.deliveries.url = f"{NOWHERE}/webhook"
    stage.sign(stage.petition(), "ada")
    await stage.sandbox.settled()
    return there


async def test_deliveries_that_have_not_arrived(stage: Scene) -> None:
    await missed_deliveries(stage)
    found = await problems(stage)
    assert set(found) == {"webhook", "deliveries"}
    assert "failed to connect to host" in found["deliveries"].what


async def test_a_webhook_that_is_mended_is_no_problem_any_more_and_what_was_missed_is_mentioned(
    stage: Scene,
) -> None:
    stage.sandbox.deliveries.url = await missed_deliveries(stage)
    (found,) = [one for one in await examined(stage) if one.topic == "deliveries"]
    assert found.level is Level.NOTE
    assert re.search(r"2 deliveries of the last three days did not arrive, but the newest one did\.", found.what)
    assert repeated(stage) == 1
    assert await problems(stage) == {}


async def test_monitoring_that_asks_all_the_time_has_github_try_nothing(stage: Scene) -> None:
    stage.sandbox.deliveries.url = await missed_deliveries(stage)
    config = configured(stage, client_secret="wrong")
    findings = await checks.examine(config, has_trials=False)
    assert {one.topic for one in findings if one.level is Level.PROBLEM} == {"deliveries"}
    assert repeated(stage) == 0


def repeated(stage: Scene) -> int:
    """Give how many deliveries GitHub has tried more than once."""
    tried = Counter(one.delivery.guid for one in stage.sandbox.deliveries.log.attempts())
    return sum(times > 1 for times in tried.values())


async def test_a_secret_that_is_right_again_is_no_problem_any_more(stage: Scene) -> None:
    secrets, right = stage.config().webhook_secrets, stage.sandbox.deliveries.secret
    stage.sandbox.deliveries.secret = "another"
    stage.sign(stage.petition(), "ada")
    await stage.sandbox.settled()
    stage.sandbox.deliveries.secret = right
    assert await problems(stage, webhook_secrets=secrets) == {}


async def test_another_address_that_the_set_up_was_given_for_deliveries_is_right(stage: Scene) -> None:
    real = configured(stage).public_url

    async def hand_on(request: web.Request) -> web.Response:
        async with (
            ClientSession() as session,
            session.post(f"{real}/webhook", data=await request.read(), headers=request.headers) as reply,
        ):
            return web.Response(status=reply.status, body=await reply.read())

    proxy = web.Application()
    proxy.router.add_post("/channel", hand_on)
    async with listen(proxy, "127.0.0.1", 0) as port:
        stage.sandbox.deliveries.url = address = f"http://127.0.0.1:{port}/channel"
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        assert set(await problems(stage)) == {"webhook"}
        assert await problems(stage, hook_url=address) == {}
        stage.sandbox.deliveries.url = f"{real}/webhook"
        assert await problems(stage, hook_url=address) == {}
        stage.sandbox.deliveries.url = f"{NOWHERE}/webhook"
        assert set(await problems(stage, hook_url=address)) == {"webhook"}


async def test_a_client_secret_that_github_refuses(stage: Scene) -> None:
    found = await problems(stage, client_secret="of yesterday")
    assert set(found) == {"organizers"}
    assert "incorrect_client_credentials" in found["organizers"].what
    assert "import-app --replace" in found["organizers"].do
    assert set(await problems(stage, client_id="Iv23another")) == {"organizers"}


async def test_a_stored_app_is_not_told_to_set_half_of_another_one(stage: Scene) -> None:
    secrets, page = stage.config().webhook_secrets, f"{stage.sandbox.web_url}/apps/undersigned"
    wrong: list[dict[str, object]] = [{"webhook_secrets": ("another",)}, {"private_key": OTHER_KEY}]
    for changes in wrong:
        (found,) = (await problems(stage, app_page=page, **changes)).values()
        assert "Set the same GITHUB" not in found.do
        assert "set both GITHUB" not in found.do
    stage.sandbox.deliveries.secret = "another"
    stage.sign(stage.petition(), "ada")
    found = (await problems(stage, app_page=page, webhook_secrets=secrets))["secret"]
    assert "GITHUB_WEBHOOK_SECRET=NEW-SECRET python -m bot import-app --replace ." in found.do
    stage.sandbox.deliveries.secret = None
    found = (await problems(stage, app_page=page, webhook_secrets=secrets))["webhook"]
    assert "GITHUB_WEBHOOK_SECRET=NEW-SECRET python -m bot import-app --replace ." in found.do


async def test_what_failed_long_ago_is_not_told_any_more(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    there = stage.sandbox.deliveries.url
    stage.sandbox.deliveries.url = f"{NOWHERE}/webhook"
    stage.sign(stage.petition(), "ada")
    await stage.sandbox.settled()
    stage.sandbox.deliveries.url = there
    monkeypatch.setattr("bot.doctor.fact_collection.REACH", -5)
    assert await problems(stage) == {}


async def test_a_label_that_nobody_has_made(stage: Scene) -> None:
    for repository in stage.sandbox.world.repositories.values():
        repository.labels.pop("petition")
    found = await problems(stage)
    assert set(found) == {"label"}
    assert "init-repo lovelace/" in found["label"].do


async def test_a_label_in_one_of_many_repositories_is_not_looked_for_without_end(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.fact_collection.MAX_REPOSITORIES", 1)
    for repository in stage.sandbox.world.repositories.values():
        repository.labels.pop("petition")
    stage.sandbox.petition(repository=stage.sandbox.repository("lovelace/other"))
    findings = await examined(stage)
    assert [one.level for one in findings if one.topic == "label"] == [Level.NOTE]


async def test_a_public_address_that_leads_nowhere(stage: Scene) -> None:
    assert set(await problems(stage, public_url=NOWHERE)) == {"public address", "delivery", "webhook"}


async def test_a_public_address_that_is_not_the_bots(stage: Scene) -> None:
    found = await problems(stage, public_url=stage.sandbox.web_url)
    assert set(found) == {"public address", "delivery", "webhook"}
    assert "Another server than this bot" in found["delivery"].what


async def test_a_public_address_that_sends_callers_on(stage: Scene) -> None:
    real = configured(stage).public_url

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{real}{request.path}"})

    proxy = web.Application()
    proxy.router.add_route("*", "/{tail:.*}", elsewhere)
    async with listen(proxy, "127.0.0.1", 0) as port:
        found = await problems(stage, public_url=f"http://127.0.0.1:{port}")
    # GitHub follows nobody, and counts this as a failure.
    assert set(found) == {"public address", "delivery", "webhook"}
    assert "307" in found["delivery"].what


async def test_without_a_public_address_deliveries_are_tried_where_github_sends_them(stage: Scene) -> None:
    findings = await examined(stage, public_url=None)
    levels = {one.topic: one.level for one in findings}
    assert (levels["public address"], levels["delivery"]) == (Level.NOTE, Level.FINE)
    assert are_fine(findings)


async def test_a_petition_that_is_not_kept(stage: Scene) -> None:
    petition = stage.petition()
    await stage.shows(petition, 0)
    stage.sandbox.repositories.archive(petition.repository, petition.repository.owner)
    await stage.sandbox.settled()
    assert await state_of(stage, petition) is State.ARCHIVED
    found = await problems(stage)
    assert set(found) == {"petitions"}
    assert "Unarchive it" in found["petitions"].do


# The database


@pytest.mark.parametrize(("version", "problem"), [("9999", True), ("0000", False)])
async def test_a_database_of_another_version(
    stage: Scene, sqlite_template: Path, tmp_path: Path, version: str, problem: bool
) -> None:
    other = tmp_path / "other.db"
    shutil.copy(sqlite_template, other)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    findings = await examined(stage, database_url=f"sqlite:///{other}")
    (found,) = (one for one in findings if one.topic == "database")
    assert (version in found.what, found.level is Level.PROBLEM, are_fine(findings)) == (True, problem, not problem)


async def test_a_database_that_does_not_answer(stage: Scene) -> None:
    found = await problems(stage, database_url="postgresql://nobody@127.0.0.1:9/nothing")
    assert set(found) == {"database"}
    assert "DATABASE_URL" in found["database"].do


async def test_a_database_that_cannot_be_written(stage: Scene, postgres_url: str) -> None:
    sign = "&" if "?" in postgres_url else "?"
    found = await problems(stage, database_url=f"{postgres_url}{sign}default_transaction_read_only=on")
    assert set(found) == {"database"}
    assert "cannot be written" in found["database"].what


async def test_a_database_that_is_not_there_yet(stage: Scene, tmp_path: Path) -> None:
    findings = await examined(stage, database_url=f"sqlite:///{tmp_path}/none.db")
    assert [one.level for one in findings if one.topic == "database"] == [Level.NOTE]
    assert not (tmp_path / "none.db").exists()
    found = await problems(stage, database_url=f"sqlite:///{tmp_path}/no/folder/none.db")
    assert set(found) == {"database"}


async def test_looking_a_database_over_leaves_no_trace(database_url: str) -> None:
    before = await check_health(database_url)
    assert (before.problem, before.is_newer, before.is_older) == ("", False, False)
    store = await Store.open(database_url)
    left = await rows(store, "SELECT name FROM marks WHERE name = 'tried'")
    await store.close()
    assert left == []


async def test_a_task_that_fails(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AppWideLoop, "_sync_if_due", fail)
    assert stage.bot is not None
    stage.bot.app_sync.request_sync()
    found: dict[str, Finding] = {}
    while "tasks" not in found:
        found = await problems(stage)
    assert found.keys() == {"tasks"}
    assert "app_wide_loop" in found["tasks"].what


# At /readyz


async def test_strangers_learn_from_readyz_only_whether_it_works(stage: Scene) -> None:
    config = configured(stage, secret_key=SECRET_KEY)
    async with app.running(config, stage.rates) as bot, ClientSession() as session:
        url = f"http://127.0.0.1:{bot.port}/readyz"
        async with session.get(url) as reply:
            assert set(await reply.json()) == {"status", "parts"}
        async with session.get(url, headers={"Authorization": "Bearer guess"}) as reply:
            assert (reply.status, "findings" in await reply.text()) == (401, False)
        headers = {"Authorization": f"Bearer {operator_token(config.secret_key)}"}
        async with session.get(url, headers=headers) as reply:
            assert {one["topic"] for one in (await reply.json())["findings"]} >= {"credentials", "database"}


async def test_without_a_key_nothing_opens_the_details(stage: Scene) -> None:
    assert operator_token("") is None
    async with ClientSession() as session:
        url = f"{configured(stage).public_url}/readyz"
        for guess in ("Bearer ", "Bearer None", ""):
            async with session.get(url, headers={"Authorization": guess}) as reply:
                assert reply.status == 401
