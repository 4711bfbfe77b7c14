"""The three containers of deploy/compose.yaml fit together, as far as that shows without an engine."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from bot import config
from bot.store.engine.url import PostgresServer, read_address

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy/compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GUIDE = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
GIVEN = {"SITE": "petitions.example.org", "SECRET_KEY": "0" * 64, "POSTGRES_PASSWORD": "1" * 64}

_VARIABLE = re.compile(r"\$\{(\w+):\?([^}]+)\}")


@cache
def validator() -> Draft7Validator:
    # It compiles grammars for a second, in every process that collects tests.
    from jsonschema import Draft7Validator  # noqa: PLC0415

    schema = json.loads(Path(__file__).with_name("compose.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def filled(value: Any) -> Any:
    """Put the values of `.env` in, as Compose does."""
    if isinstance(value, dict):
        return {key: filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one) for one in value]
    return _VARIABLE.sub(lambda found: GIVEN[found[1]], value) if isinstance(value, str) else value


def test_it_is_a_compose_file_before_and_after_its_variables_are_filled_in() -> None:
    assert list(validator().iter_errors(COMPOSE)) == []
    assert list(validator().iter_errors(filled(COMPOSE))) == []


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        ("bot", {"environmnt": {}}),
        ("bot", {"environment": {"TRUSTED_PROXIES": True}}),
        ("bot", {"depends_on": {"database": {"condition": "healthy"}}}),
        ("bot", {"stop_grace_period": 20}),
        ("database", {"image": "postgres"}),
        ("database", {"healthcheck": {"test": "pg_isready"}}),
        ("web", {"ports": [80]}),
        ("web", {"volumes": ["/data"]}),
        ("web", {"restart": True}),
    ],
)
def test_the_schema_sees_what_an_engine_would_refuse(service: str, wrong: dict[str, object]) -> None:
    broken = copy.deepcopy(COMPOSE)
    broken["services"][service] |= wrong
    assert not validator().is_valid(broken)


def test_every_value_that_it_needs_is_asked_for_and_the_guide_makes_them_all() -> None:
    assert {name for name, _ in _VARIABLE.findall(TEXT)} == set(GIVEN)
    assert len(re.findall(r"\$", TEXT)) == len(_VARIABLE.findall(TEXT)), "one without :? would be empty in silence"
    (line,) = re.findall(r"^\(umask 077; printf .* > deploy/\.env\)$", GUIDE, re.MULTILINE)
    made = subprocess.run(
        ["/usr/bin/env", "bash", "-c", line.removesuffix(" > deploy/.env)") + ")"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    values = dict(one.split("=", 1) for one in made.splitlines())
    assert values.keys() == GIVEN.keys()
    assert values["SITE"] == GIVEN["SITE"]
    assert all(re.fullmatch("[0-9a-f]{64}", values[name]) for name in ("SECRET_KEY", "POSTGRES_PASSWORD"))
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored


def test_the_bot_gets_what_it_reads_and_finds_the_database() -> None:
    given = filled(SERVICES["bot"]["environment"])
    assert set(given) <= config.VARIABLES.keys()
    read = config.read(given)
    assert (read.public_url, read.trusted_proxies, read.has_credentials) == (f"https://{GIVEN['SITE']}", 1, False)
    address = read_address(read.database_url)
    assert isinstance(address, PostgresServer)
    parts, database = urlsplit(address.dsn), filled(SERVICES["database"]["environment"])
    assert (parts.hostname in SERVICES, parts.port) == (True, 5432)
    assert (parts.username, parts.password, parts.path) == (
        database["POSTGRES_USER"], database["POSTGRES_PASSWORD"], f"/{database['POSTGRES_DB']}",
    )  # fmt: skip
    assert database["POSTGRES_USER"] in " ".join(SERVICES["database"]["healthcheck"]["test"])


def test_the_web_server_leads_to_the_bot_and_nothing_else_can_be_reached() -> None:
    command = filled(SERVICES["web"]["command"])
    assert command[command.index("--from") + 1] == GIVEN["SITE"]
    host, _, port = command[command.index("--to") + 1].partition(":")
    default = config.VARIABLES["PORT"]
    assert (host, port) == ("bot", default)
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["80:80", "443:443"]


def test_what_it_names_is_there() -> None:
    build = SERVICES["bot"]["build"]
    assert (ROOT / "deploy" / build["context"] / build["dockerfile"]).samefile(ROOT / "deploy/Containerfile")
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= set(SERVICES)
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= set(COMPOSE["volumes"])
        assert service["restart"] == "unless-stopped"
    assert SERVICES["bot"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    # The image's first start runs a server for a while that listens on its socket alone.
    assert "--host=127.0.0.1" in SERVICES["database"]["healthcheck"]["test"]
    (seconds,) = re.findall(r"^(\d+)s$", SERVICES["bot"]["stop_grace_period"])
    assert int(seconds) > 10
