"""Documents that can be wrong: what README, ARCHITECTURE and app.json say is compared with the code."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from bot import config
from bot.export.json_csv_and_atom import BYTE_ORDER_MARK
from bot.github.manifest import NEEDS
from bot.links import Addresses
from bot.petition import settings, settings_file
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand, Sign, Unsign
from bot.petition.i18n import LANGUAGES
from bot.petition.organizer_commands import INSTRUCTIONS, understand
from bot.petition.tally import digest
from bot.store import Rosters
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.web.monitoring import Monitoring
from bot.web.petition_requests import PagesContext
from bot.web.server import create_app
from tests.web.scene import ready
from tests.whole.command_line import run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs/REFERENCE.md").read_text(encoding="utf-8")
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (".", "docs", "benchmarks")
    for path in (ROOT / folder).glob("*.md")
)


# The tables of the reference, and of the guides


def test_the_environment_table_is_what_config_reads() -> None:
    rows = table(REFERENCE, "## Environment")
    assert all(meaning for _, _, meaning in rows)
    listed = [(code(name), code(default)) for name, default, _ in rows]
    assert listed == [(name, default or "–") for name, default in config.VARIABLES.items()]


def test_config_asks_for_the_listed_variables_and_no_others() -> None:
    environment = Listening()
    config.read(environment, credentials=False)
    assert environment.asked == config.VARIABLES.keys()


def test_the_command_table_is_what_the_command_line_offers() -> None:
    assert [(code(command), does) for command, does in table(REFERENCE, "## Commands")] == list(commands().items())


@pytest.mark.parametrize("document", [*DOCUMENTS, "Procfile"])
def test_every_command_that_a_document_mentions_exists(document: str) -> None:
    mentioned = set(re.findall(r"-m bot ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8")))
    assert mentioned <= set(commands())


def test_the_options_that_the_reference_mentions_exist() -> None:
    spans = [span for line in REFERENCE.splitlines() for span in re.findall(r"`([^`]+)`", line)]
    used = [(word, option) for span in spans for word, option in re.findall(r"\b([a-z]+)\b[^-]* (--[a-z-]+)", span)]
    assert ("demo", "--signers") in used
    for command, option in used:
        if command in commands():
            assert option in output(command, "--help")


def test_the_http_table_is_what_the_server_routes() -> None:
    async def record(facts: object) -> None: ...

    context = PagesContext(
        Rosters(connect(read_address("sqlite:///nowhere.db")), lambda: 0.0), Addresses(), lambda: 0.0
    )
    application = create_app(record=record, secrets=["s"], monitoring=Monitoring(ready), context=context)
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert {code(path) for path, _ in table(REFERENCE, "## HTTP")} == routes | {"GET /setup"}


def test_the_app_is_registered_with_what_the_bot_needs() -> None:
    rows = dict(table(REFERENCE, "## Register the App by hand"))
    for permission, level in NEEDS.permissions.items():
        assert re.search(
            rf"\*{permission}\*: read{' and write' if level == 'write' else '-only'}",
            rows["Repository permissions"],
            re.IGNORECASE,
        )
    events = {event.lower().replace(" ", "_") for event in re.findall(r"\*(.+?)\*", rows["Events"])}
    assert events == set(NEEDS.events)


def test_the_organizers_page_has_every_command_and_each_is_understood() -> None:
    usages = re.findall(r"^\| `/petition ([^`]+)` \|", _page("ORGANIZERS"), re.MULTILINE)
    assert usages == [one.usage for one in INSTRUCTIONS.values()]
    for text in re.findall(r"`(/petition [^`]+)`", _page("ORGANIZERS")):
        command = parse(text)
        assert isinstance(command, OrganizerCommand)
        understand(command)


def test_the_settings_table_has_every_key_with_its_default_and_an_example_that_changes_it() -> None:
    rows = table(_page("ORGANIZERS"), "## Settings")
    assert [code(key) for key, *_ in rows] == list(settings.KEYS)
    for key, example, default, _ in rows:
        changed = settings_file.read(f"{code(key)}: {code(example)}")
        assert isinstance(changed, settings.Settings), key
        assert changed != settings.DEFAULTS, key
        if default == "–":
            assert getattr(settings.DEFAULTS, settings.KEYS[code(key)].setting or code(key)) in ((), None), key
        else:
            assert settings_file.read(f"{code(key)}: {code(default)}") == settings.DEFAULTS, key


def test_each_example_of_a_settings_file_is_one() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", _page("ORGANIZERS"), re.DOTALL)
    assert len(examples) > 1
    for example in examples:
        assert isinstance(settings_file.read(example), settings.Settings)


def test_the_signers_page_and_the_readme_say_the_same() -> None:
    readme, page = (dict(_commands(text)) for text in (README, _page("SIGNERS")))
    assert readme.keys() <= page.keys()
    assert all(page[command].startswith(what) for command, what in readme.items())


def _commands(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| ([^|]*`/[^|]+?) \| (.*?) \|$", text, re.MULTILINE)


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_what_signers_are_told_to_type_means_what_they_are_told() -> None:
    rows = table(README, "## Sign a petition")
    typed = [code(row[0]) for row in rows if row[0].startswith("`/")]
    assert [parse(body) for body in typed[:3]] == [
        Sign(),
        Sign(name="Ada Lovelace"),
        Sign(name="Ada Lovelace", affiliation="Analytical Engines"),
    ]
    assert parse("/sign Ada Lovelace - Analytical Engines") == parse(typed[2])
    assert parse("/sign Ada Lovelace (Analytical Engines)") == parse(typed[2])
    assert parse("/sign Ada\nbecause it matters") == Sign(name="Ada", reason="because it matters")
    assert parse(typed[-1]) == Unsign()


@pytest.mark.parametrize("beginning", [BYTE_ORDER_MARK, ""])
def test_the_recount_that_the_documents_explain_gives_the_digest(tmp_path: Path, beginning: str) -> None:
    program = re.findall(r"```python\n(.*?)```", (ROOT / "docs/RECOUNT.md").read_text(encoding="utf-8"), re.DOTALL)
    table = f"{beginning}user_id,login,comment_id\n1,ada,5000000001\n2,grace,5000000002\n"
    (tmp_path / "signatures.csv").write_text(table, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", program[0]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == digest([(2, 5_000_000_002), (1, 5_000_000_001)])


# The lines to type


@pytest.mark.parametrize(
    ("heading", "pins"), [("## Try it", "sandbox/requirements.txt"), ("## Test it", "tests/requirements.txt")]
)
def test_a_heading_has_one_line_to_type_that_installs_the_pins(heading: str, pins: str) -> None:
    (line,) = fenced(section(README, heading))
    environment, install, run = line.split(" && ")
    assert environment == "python3 -m venv .venv"
    assert install == f".venv/bin/pip install -q -r {pins}"
    assert run.startswith(".venv/bin/python -m ")


def test_the_gate_types_the_line_of_the_readme() -> None:
    gate = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "readme_line 'Test it'" in gate
    assert "pip install" not in gate
    assert "pytest" not in gate


def test_the_accessibility_page_names_the_tests_that_look_for_barriers() -> None:
    checking = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"await barriers\(", path.read_text(encoding="utf-8"))
    }
    told = table(_page("ACCESSIBILITY"), "## What is tested")[0][-1]
    assert set(re.findall(r"`(\S+)`", told)) == checking


def test_the_gate_makes_every_quick_check_that_contributors_are_told_of() -> None:
    gate = (ROOT / ".ci/run").read_text(encoding="utf-8")
    rows = table((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), "## Set up and check")
    told = {tool for command, _ in rows for tool in re.findall(r"\.venv/bin/(?!python)[\w-]+", command)}
    assert len(told) == 4
    assert told == set(re.findall(r"\.venv/bin/(?!python)[\w-]+", gate))


def test_the_workflow_runs_the_gate_with_pinned_actions_on_every_python_that_is_promised() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "run: .ci/run\n" in workflow
    actions = re.findall(r"uses: (.*)", workflow)
    assert all(re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in actions)
    (pythons,) = re.findall(r"python: (\[.*\])", workflow)
    herokus = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert json.loads(pythons)[0] == PROJECT["project"]["requires-python"].removeprefix(">=")
    assert herokus in json.loads(pythons)


def test_the_languages_that_organizers_can_choose_are_those_that_there_are() -> None:
    (meaning,) = [
        meaning for key, _, _, meaning in table(_page("ORGANIZERS"), "## Settings") if key == "`language`"
    ]
    assert "(LANGUAGES.md)" in meaning
    assert {code for _, code, _ in table(_page("LANGUAGES"), "# Languages")} == {f"`{one}`" for one in LANGUAGES}


# The threats


def test_every_threat_names_tests_that_exist() -> None:
    written = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    rows = table((ROOT / "SECURITY.md").read_text(encoding="utf-8"), "## What it is safe from, and what shows it")
    assert len(rows) > 15
    for who, what, shown in rows:
        named = re.findall(r"`(test_\w+)`", shown)
        assert who
        assert what
        assert named
        assert set(named) <= written, who


# The map


def test_the_map_has_every_room() -> None:
    rooms = {path.name for path in (ROOT / "bot").iterdir() if path.is_dir() and path.name != "__pycache__"}
    rows = table(MAP, "## Packages")
    assert {code(room) for room, _, _ in rows} == {f"bot/{room}/" for room in rooms} | {"sandbox/"}
    single = {path.name for path in (ROOT / "bot").glob("*.py") if not path.name.startswith("__")}
    assert set(re.findall(r"`bot/(\w+\.py)`", MAP)) == single
    for room, _, first in rows:
        for file in re.findall(r"`(.+?)`", first):
            assert (ROOT / code(room) / file).is_file()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_paths_of_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link}
    paths = set(re.findall(r"`((?:bot|tests|docs|deploy|benchmarks|\.ci|\.github)/[\w./-]*)`", text))
    missing = [path for path in links if not (ROOT / document).parent.joinpath(path).exists()]
    # The settings file is in the organizers' repositories.
    missing += [path for path in paths - {settings.PATH} if not (ROOT / path).exists()]
    assert missing == []


# What the map says is not there, where imports alone cannot show it


@pytest.mark.parametrize(
    ("names", "homes"),
    [
        ({"os.environ", "os.getenv", "environ", "getenv"}, {"bot/cli/command_base.py"}),
        ({"Conductor()", "make_application()"}, {"bot/app.py"}),
        ({"Store.open()"}, {"bot/app.py", "bot/store_and_github_from_config.py"}),
        ({"GitHub()"}, {"bot/store_and_github_from_config.py"}),
        (
            {"aiohttp.ClientSession()", "ClientSession()"},
            {
                "bot/app.py",
                "bot/store_and_github_from_config.py",
                "bot/rehearsal/rehearse.py",
                "bot/setup_server.py",
                "bot/doctor/fact_collection.py",
                "bot/repository_sync.py",
            },
        ),
        (
            {"time.time()", "datetime.now()", "datetime.datetime.now()", "date.today()"},
            {
                "bot/cli/database_commands.py",
                "bot/cli/petition_commands.py",
                "bot/setup_server.py",
                "bot/stored_app_credentials.py",
            },
        ),
    ],
)
def test_only_these_files_name(names: set[str], homes: set[str]) -> None:
    found = {file for file, used in named().items() if used & names}
    assert found <= homes


# Heroku


def test_heroku_runs_commands_of_ours() -> None:
    assert processes() == {"web": "python -m bot serve", "release": "python -m bot migrate"}


# How to read them


def section(text: str, heading: str) -> str:
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def table(text: str, heading: str) -> list[list[str]]:
    """Give the cells of the first table under a heading, without its head."""
    lines = re.search(r"(?:^\|.*\n)+", section(text, heading), re.MULTILINE)
    assert lines, f"no table under {heading!r}"
    rows = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines[0].splitlines()[2:]]
    return [[cell.strip().replace(r"\|", "|") for cell in row] for row in rows]


def fenced(text: str) -> list[str]:
    return [
        line
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]


def code(cell: str) -> str:
    found = re.match(r"`(.+?)`", cell)
    return found[1] if found else cell


@cache
def commands() -> dict[str, str]:
    """Give each command and its help, as `--help` prints them."""
    shown = output("--help").partition("\ncommands:")[2]
    # Before 3.13 `argparse` puts the help of a long name on the next line.
    return dict(re.findall(r"^    ([\w-]+)\s+(\S.*)$", shown, re.MULTILINE))


@cache
def output(*arguments: str) -> str:
    code, out, err = asyncio.run(run(*arguments, COLUMNS="200", NO_COLOR="1"))
    assert code == 0, err
    return out


@cache
def named() -> dict[str, set[str]]:
    """Give for each file of the bot the dotted names it uses; those it calls, with parentheses as well."""
    used: dict[str, set[str]] = {}
    for path in (ROOT / "bot").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
        names = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute | ast.Name)}
        names |= {f"{ast.unparse(node.func)}()" for node in nodes if isinstance(node, ast.Call)}
        used[path.relative_to(ROOT).as_posix()] = names
    return used


def processes() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return {name: command for name, _, command in (line.partition(": ") for line in lines)}


class Listening(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]  # dict's is overloaded
        self.asked.add(key)
        return default
