"""Whoever lacks a module is told in one line what to install: an extra, the virtual environment, or a clone."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tomllib
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

import pytest

from bot.cli import COMMANDS
from sandbox.server import Sandbox
from tests.deploy.bare import plain_environment
from tests.whole.command_line import credentials, read_until

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]

DISTINCT = {"graphql-core": "graphql"}
"""Packages whose module has another name."""

ON_A_DATABASE = {
    "serve": [],
    "import-app": [],
    "drop-app": ["--yes"],
    "resync": ["o/r#1"],
    "verify": ["--database"],
    "export": ["o/r#1"],
    "handover": ["o/r#1", "--out", "nowhere"],
    "doctor": [],
    "sync": ["o/r"],
    "site": ["--out", "nowhere"],
    "forget": ["ada"],
    "migrate": [],
}
"""The commands that open the database, and how they are typed."""

ON_FILES = {"backup", "restore", "recover"}
"""They have nothing to do with PostgreSQL, and say so."""

WITHOUT_A_DATABASE = {"init-repo", "demo", "deliver", "audit", "rehearse"}

POSTGRES = "postgresql://u:secret@127.0.0.1:1/d"


def modules(extra: str) -> list[str]:
    names = [re.split("[<>=]", requirement)[0] for requirement in EXTRAS[extra]]
    return [DISTINCT.get(name, name) for name in names]


def program(missing: Collection[str], *words: str, script: bool = True) -> list[str]:
    """Return the command line of a Python that lacks these modules: by the entry point, or by `python -m bot`."""
    start = "raise SystemExit(__import__('bot.cli').cli.main())"
    if not script:
        start = "__import__('runpy').run_module('bot', run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", f"import sys; sys.modules.update(dict.fromkeys({[*missing]})); {start}", *words]


def environment(**more: str) -> dict[str, str]:
    return plain_environment() | {"SECRET_KEY": "0" * 64, "GITHUB_API_URL": "http://127.0.0.1:1"} | more


def complaint(line: list[str], variables: Mapping[str, str], folder: Path = ROOT) -> str:
    """Return the one line that it says before it ends with 2."""
    done = subprocess.run(line, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    found = Sandbox()
    await found.start()
    yield found
    await found.stop()


def test_it_is_known_of_each_command_whether_it_opens_the_database() -> None:
    assert {word.name for word in COMMANDS} == ON_A_DATABASE.keys() | ON_FILES | WITHOUT_A_DATABASE


@pytest.mark.parametrize("command", ON_A_DATABASE)
async def test_without_the_driver_each_command_says_what_postgresql_needs(command: str, sandbox: Sandbox) -> None:
    line, variables = program(["asyncpg"], command, *ON_A_DATABASE[command]), credentials(sandbox)
    said = await asyncio.to_thread(complaint, line, environment(**variables, DATABASE_URL=POSTGRES))
    assert said.startswith(f"PostgreSQL needs asyncpg, which is not installed for {sys.executable}. ")
    assert ".venv/bin/pip install -r requirements.txt && " in said
    assert "secret" not in said


@pytest.mark.parametrize("script", [True, False])
def test_without_greenlet_it_says_so_before_sqlalchemy_does(script: bool) -> None:
    said = complaint(program(["greenlet"], "migrate", script=script), environment(DATABASE_URL=POSTGRES))
    assert said.startswith("PostgreSQL needs greenlet, which is not installed for ")


@pytest.mark.parametrize("module", modules("demo"))
def test_the_demo_says_what_it_needs(module: str) -> None:
    said = complaint(program([module], "demo", "--signers", "1"), environment())
    assert re.match(f"`demo` needs {module}, which is not installed for ", said)
    assert ".venv/bin/pip install -r sandbox/requirements.txt && .venv/bin/python -m bot demo\n" in said


def test_the_demo_says_that_only_a_clone_has_the_sandbox() -> None:
    said = complaint(program(["sandbox", "rich"], "demo"), environment())
    assert said.startswith(
        "`demo` needs the sandbox, which is in the project's repository and not in the package. "
    )
    assert "Clone the repository" in said


def test_outside_the_virtual_environment_it_says_what_to_do() -> None:
    said = complaint([sys.executable, "-S", "-m", "bot", "serve"], environment())
    assert said.startswith("`serve` needs ")
    assert "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python -m bot" in said


@pytest.mark.parametrize("module", ["bot.store.store", "sqlite3"])
def test_a_missing_module_of_ours_or_of_pythons_is_no_matter_of_installing(module: str) -> None:
    done = subprocess.run(
        program([module], "migrate"), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"ModuleNotFoundError: import of {module} halted" in done.stderr
    assert "pip install" not in done.stderr


async def test_a_server_on_sqlite_needs_no_extra(tmp_path: Path) -> None:
    # They are taken away, not looked for among the loaded: structlog loads rich and greenlet where it finds them.
    missing = {*modules("postgres"), *modules("demo"), "sandbox"} - {"multidict"}
    process = await asyncio.create_subprocess_exec(
        *program(missing, "serve"),
        cwd=ROOT,
        env=environment(DATABASE_URL=f"sqlite:///{tmp_path}/bot.db", HOST="127.0.0.1", PORT="0", LOG_FORMAT="json"),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert await read_until(process.stderr, r'"port": (\d+)')
    process.terminate()
    _, err = await process.communicate()
    assert (process.returncode, b"Traceback" in err) == (0, False), err.decode()


def test_sqlite_is_migrated_without_what_postgresql_needs(tmp_path: Path) -> None:
    # SQLAlchemy's asynchronous half wants greenlet; whether it then fails depends on what was loaded before it.
    code = "import sys; from bot.cli import main; main(['migrate']); print(*sys.modules)"
    variables = environment(DATABASE_URL=f"sqlite:///{tmp_path}/bot.db")
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=variables, text=True).split()
    assert "sqlalchemy" in loaded
    assert not {"asyncpg", "sqlalchemy.ext.asyncio"} & {*loaded}
