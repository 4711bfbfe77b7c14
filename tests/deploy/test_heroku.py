"""The bot is deployed as Heroku's button and buildpack do it, started from its Procfile, and set up from there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot import config
from tests.deploy.bare import NEEDED, install, plain_environment, push
from tests.whole.command_line import read_until

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))
SCHEMA = json.loads(Path(__file__).with_name("heroku.schema.json").read_text(encoding="utf-8"))


@cache
def validator() -> Draft7Validator:
    # It compiles grammars for a second, in every process that collects tests.
    from jsonschema import Draft7Validator  # noqa: PLC0415

    Draft7Validator.check_schema(SCHEMA)
    return Draft7Validator(SCHEMA)


def test_app_json_is_as_heroku_wants_it() -> None:
    assert list(validator().iter_errors(MANIFEST)) == []
    assert any(addon.startswith("heroku-postgresql:") for addon in MANIFEST["addons"])
    assert MANIFEST["success_url"] == "/setup"


@pytest.mark.parametrize(
    "wrong",
    [
        {"environment": {}},
        {"name": "N" * 31},
        {"env": {"secret": "x"}},
        {"env": {"SECRET": {"generator": "secret", "value": "x"}}},
        {"env": {"SECRET": {"default": "x"}}},
        {"formation": {"web": {"size": "basic"}}},
        {"formation": {"web": {"quantity": 1, "size": "free"}}},
        {"addons": "heroku-postgresql"},
        {"buildpacks": ["heroku/python"]},
        {"stack": "heroku-16"},
        {"success_url": "setup"},
    ],
)
def test_the_schema_sees_what_heroku_would_refuse(wrong: dict[str, object]) -> None:
    assert not validator().is_valid(MANIFEST | wrong)


def test_the_button_asks_for_nothing_that_its_presser_cannot_know() -> None:
    assert set(MANIFEST["env"]) <= config.VARIABLES.keys()
    given = {name: entry["value"] for name, entry in MANIFEST["env"].items() if "value" in entry}
    made_up = {name: "0" * 64 for name, entry in MANIFEST["env"].items() if "generator" in entry}
    assert made_up
    required = {name for name, entry in MANIFEST["env"].items() if entry.get("required", True)}
    assert required <= given.keys() | made_up.keys()
    assert not config.read(given | made_up).has_credentials


def test_the_slug_is_the_bot_and_nothing_for_developers() -> None:
    lines = (ROOT / ".slugignore").read_text(encoding="utf-8").splitlines()
    removed = {line.removeprefix("/") for line in lines if line.startswith("/")}
    assert len(removed) == len(lines) - 1
    folders = git("ls-tree", "-d", "--name-only", "HEAD")
    assert removed == folders - {"bot"}
    assert not removed & {*NEEDED, "app.json"}


def git(*words: str) -> set[str]:
    done = subprocess.run(["/usr/bin/env", "git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.timeout(400)  # the package index and a busy machine may take their time
async def test_a_fresh_deployment_migrates_serves_and_waits_for_its_set_up(
    new_postgres_url: str, tmp_path: Path
) -> None:
    slug, environment = await asyncio.to_thread(build, tmp_path)
    environment |= {
        "DATABASE_URL": new_postgres_url.replace("postgresql://", "postgres://"),
        "SECRET_KEY": "0" * 64,
        "PORT": "0",
        "HOST": "127.0.0.1",
        "LOG_FORMAT": "json",
    }
    release = await honcho(slug, environment, "release")
    out, _ = await release.communicate()
    assert (release.returncode, b"The database is up to date" in out) == (0, True), out.decode()
    web = await honcho(slug, environment, "web")
    try:
        port = await read_until(web.stdout, r'"port": (\d+)')
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}{MANIFEST['success_url']}") as reply:
                assert (reply.status, "Set-up token" in await reply.text()) == (200, True)
            async with session.get(f"http://127.0.0.1:{port}/healthz") as reply:
                assert reply.status == 200
    finally:
        web.terminate()
        out, _ = await web.communicate()
    assert b"Traceback" not in out, out.decode()


def build(folder: Path) -> tuple[Path, dict[str, str]]:
    """Do what the buildpack does: the pushed files, and an environment that has only what is required."""
    slug, environment = folder / "app", folder / "python"
    push(slug)
    install(slug, environment)
    return slug, plain_environment() | {"PATH": f"{environment}/bin:{os.environ['PATH']}"}


async def honcho(slug: Path, environment: dict[str, str], process: str) -> Process:
    """Start one line of the Procfile; Python finds its modules in the slug and in the bare environment only."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "honcho", "-f", str(slug / "Procfile"), "-d", str(slug), "start", process,
        cwd=slug, env=environment, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
