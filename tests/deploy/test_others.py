"""A server of one's own and a container start the bot by the same line as Heroku does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bot import config

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy/undersigned.service").read_text(encoding="utf-8")
CONTAINER = (ROOT / "deploy/Containerfile").read_text(encoding="utf-8")


def test_all_start_by_the_same_line() -> None:
    web = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()[0].partition(": ")[2]
    (unit,) = re.findall(r"^ExecStart=\S+/bin/(.*)$", UNIT, re.MULTILINE)
    (container,) = re.findall(r"^CMD (\[.*\])$", CONTAINER, re.MULTILINE)
    assert (unit, " ".join(json.loads(container))) == (web, web)


def test_what_they_set_is_what_the_bot_reads() -> None:
    known = {variable.name for variable in config.VARIABLES}
    (line,) = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    given = dict(pair.split("=", 1) for pair in line.split())
    assert set(given) <= known
    config.read(given, credentials=False)
    assert re.findall(r"DATABASE_URL=(\S+)", CONTAINER) == ["sqlite:////data/undersigned.db"]


def test_the_container_is_of_the_python_that_heroku_takes_and_of_the_pins() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert f"python:{version}-slim" in CONTAINER
    assert "pip install --no-cache-dir -r requirements.txt" in CONTAINER


def test_what_the_bot_may_not_write_beside_its_files_is_compiled_before() -> None:
    guide = (ROOT / "docs/DEPLOYING.md").read_text(encoding="utf-8")
    assert "ProtectSystem=strict" in UNIT
    assert re.search(r"requirements\.txt && \S+python -m compileall -q bot$", guide, re.MULTILINE)
    before, _, after = CONTAINER.partition("RUN python -m compileall -q bot\n")
    assert "COPY bot bot\n" in before
    assert "USER undersigned\n" in after


def test_the_unit_gives_a_stop_the_time_that_it_takes() -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(seconds) > 10
