"""Logs are for people on a terminal and for machines elsewhere, and never show a secret."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot import logs

SECRET = "ghs_" + "not-for-logs"


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


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


KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAinvented\nsecondline+of/it==\n-----END RSA PRIVATE KEY-----\n"
)
SECRETS = ('hook "secret" \u00e9', KEY, "p@ss/word", "operator-key-operator-key")


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize(
    "said",
    [
        *SECRETS,
        "secondline+of/it==",
        "postgresql://bot:p%40ss%2Fword@host/db",
        f"Authorization: Bearer {SECRET}-0123456789",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMiJ9.c2lnbmF0dXJlLWlu",
        "github_pat_11ABCDEFG0123456789abcd",
        "https://somebody:012345678@host/path",
    ],
)
def test_a_secret_is_blotted_out_wherever_it_is_said(format_: str, said: str) -> None:
    stream = io.StringIO()
    logs.configure("info", format_, stream, SECRETS)
    log = structlog.get_logger("story")
    log.info(f"it is {said}!", said=said, within={"deep": [said]})
    logging.getLogger("library").error("%s", said)
    log.error("stumbled", exc_info=ValueError(said))
    shown = stream.getvalue()
    assert shown.count("[secret]") >= 5
    for part in ("MIIEow", "secondline", "ss/word", "ss%2Fword", "operator-key", "012345678", "c2lnb", "hook"):
        assert part not in shown
    assert "story" not in said
    assert "stumbled" in shown


def test_what_is_learned_later_is_concealed_as_well() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logs.conceal(["made in the browser"])
    structlog.get_logger("story").info("it is made in the browser")
    assert json.loads(stream.getvalue())["event"] == "it is [secret]"


def test_short_secrets_leave_the_words_alone() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream, ["s", ""])
    structlog.get_logger("story").info("this is so")
    assert json.loads(stream.getvalue())["event"] == "this is so"


def test_what_libraries_log_is_of_the_same_form_and_they_whisper_not_even_at_debug() -> None:
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    logging.getLogger("markdown_it.rules_block").debug("entering paragraph: /sign Ada")
    logging.getLogger("asyncpg").info("connected")
    logging.getLogger("aiohttp.server").error("could not be read")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["level"], line["logger"]) for line in lines] == [
        ("could not be read", "error", "aiohttp.server")
    ]


CRASHES = """
import sys, threading
from bot import logs
logs.configure("info", "json", secrets=[sys.argv[1]])
logs.catch_crashes()
class Unlucky:
    def __del__(self):
        raise ValueError("at the end: " + sys.argv[1])
Unlucky()
thread = threading.Thread(target=lambda: 1 / len(sys.argv[1:0]) if sys.argv else None)
thread.start()
thread.join()
raise ValueError("in the middle: " + sys.argv[1])
"""


def test_a_crash_betrays_nothing() -> None:
    secret = "the secret of a process"
    line = [sys.executable, "-c", CRASHES, secret]
    crashed = subprocess.run(line, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert crashed.returncode == 1
    told = [json.loads(line)["exception"][0] for line in crashed.stderr.splitlines()]
    assert [one["exc_type"] for one in told] == ["ValueError", "ZeroDivisionError", "ValueError"]
    assert [one["exc_value"] for one in told[::2]] == ["at the end: [secret]", "in the middle: [secret]"]
    assert secret not in crashed.stdout + crashed.stderr
