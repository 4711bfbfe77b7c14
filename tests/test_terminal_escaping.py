"""No text of strangers steers the terminal on which it is shown."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.cli.command_base import complain, say
from bot.terminal_escaping import harmless, one_line

NASTY = st.text(st.characters() | st.sampled_from("\x1b\x9b\x07\x08\r\n\t\x7f\u202e\u2066\u200f\u2028\ud800[]0;m"))
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def whole(text: str) -> str:
    """Drop halves of characters."""
    return text.encode("utf-8", "ignore").decode()


def steers(text: str) -> bool:
    return any(
        unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(one) in TURNING
        for one in text
    )


@given(NASTY)
def test_what_is_shown_holds_no_control_character_but_line_breaks_of_ours(text: str) -> None:
    assert not steers(harmless(text).replace("\n", ""))
    assert not steers(one_line(text))
    one_line(text).encode()


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert one_line(text) == text


@given(st.dictionaries(NASTY.map(whole), NASTY.map(whole)))
def test_json_stays_the_json_it_was(value: dict[str, str]) -> None:
    assert json.loads(harmless(json.dumps(value, ensure_ascii=False))) == value


def test_the_joiners_of_scripts_and_emoji_stay() -> None:
    assert one_line("क्‍ष 👩‍🔬 می‌خواهم") == "क्‍ष 👩‍🔬 می‌خواهم"


TITLE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\nAll agree."


def test_commands_say_and_complain_without_steering(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"one: {TITLE}", "two")
    complain(TITLE, "two")
    out, err = capsys.readouterr()
    assert not steers((out + err).replace("\n", ""))
    assert len(out.splitlines()) == 2
    assert len(err.splitlines()) == 2


@given(text=NASTY)
def test_log_lines_hold_nothing_that_steers(text: str) -> None:
    for form in ("text", "json"):
        stream = io.StringIO()
        logs.configure("debug", form, stream)
        try:
            log = structlog.get_logger("test")
            log.info(text, title=text, titles=[text], error=ValueError(text))
            try:
                int(f"x{text}")
            except ValueError:
                log.exception("failed")
        finally:
            structlog.reset_defaults()
        assert not steers(stream.getvalue().replace("\n", ""))
