"""Logs are for people on a terminal and for machines elsewhere, and never show a secret."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

SECRET = "ghs_" + "not-for-logs"


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def written(format_: str | None, level: str = "info") -> str:
    """Log a story, a whisper and an accident; give what was written."""
    stream = io.StringIO()
    logs.configure(level, format_, stream)
    log = structlog.get_logger("story")
    log.info("told", petition=1)
    log.debug("whispered")
    try:
        stumble(SECRET)
    except ZeroDivisionError:
        log.exception("stumbled")
    return stream.getvalue()


def stumble(token: str) -> float:
    return len(token) / 0


def test_machines_get_one_object_a_line() -> None:
    lines = [json.loads(line) for line in written(None).splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("told", "info"), ("stumbled", "error")]
    assert lines[0]["petition"] == 1
    assert lines[1]["exception"][0]["exc_type"] == "ZeroDivisionError"


def test_people_get_text() -> None:
    assert "told" in written("text")
    assert "whispered" not in written("text")
    assert "whispered" in written("text", "debug")


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_traceback_does_not_show_what_variables_held(format_: str) -> None:
    shown = written(format_)
    assert "ZeroDivisionError" in shown
    assert SECRET not in shown
