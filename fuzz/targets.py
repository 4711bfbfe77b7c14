"""What is fuzzed: functions of bytes that end well, or raise what they must never raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from bot.github import webhooks
from bot.petition import organizer_commands, settings_file
from bot.petition.block.body import BEGIN, END, NOTE, letter, machine_line, splice
from bot.petition.comments.command_and_phrase_parser import parse, phrases
from bot.petition.comments.commands import OrganizerCommand, Sign
from bot.petition.machine_readable_lines import MachineLine
from bot.petition.untrusted_text import AFFILIATION_LIMIT, NAME_LIMIT, REASON_LIMIT, inline

ROUTES: Final = webhooks._ROUTES  # noqa: SLF001 - the events that we act on, and what they look like
EVENTS: Final = (*ROUTES, "ping", "")
TYPES: Final = ("application/json", "application/x-www-form-urlencoded", "text/plain", "")
SECRET: Final = "a secret"  # noqa: S105 - nobody's
BLOCK, NEWER_BLOCK = (
    f"{BEGIN}\n{MachineLine(count, 'sha256:' + '0' * 64, 1_790_000_000)}\n\n**{count}**\n{NOTE}\n{END}"
    for count in (1, 22)
)


def read_comment(data: bytes) -> None:
    """Read a comment: whatever it says, what is shown of it is short, and makes a cell of a table."""
    text = data.decode("utf-8", "replace")
    command = parse(text)
    match command:
        case Sign():
            shown_texts = (command.name, command.affiliation, command.reason)
            for shown, limit in zip(shown_texts, (NAME_LIMIT, AFFILIATION_LIMIT, REASON_LIMIT), strict=True):
                assert shown is None or 0 < len(shown) <= limit
                assert "\n" not in inline(shown or "")
        case OrganizerCommand():
            with suppress(organizer_commands.NotUnderstood):
                organizer_commands.understand(command)
    assert parse(text) == command
    phrases((text,))
    settings_file.read(text)


def splice_body(data: bytes) -> None:
    """Put a block into a body: the letter stays, and doing it again changes nothing."""
    body = data.decode("utf-8", "replace")
    once = splice(body, BLOCK)
    assert letter(once) == letter(body)
    assert splice(once, BLOCK) == once
    again = splice(once, NEWER_BLOCK)
    assert letter(again) == letter(body)
    found = machine_line(again)
    assert found is not None
    assert found.count == 22


def read_delivery(data: bytes) -> None:
    """Read a delivery, the first byte says which event of which type: facts, or one of two errors."""
    choice, body = (data[0], data[1:]) if data else (0, b"")
    event, content_type = EVENTS[choice % len(EVENTS)], TYPES[choice // len(EVENTS) % len(TYPES)]
    try:
        payload = webhooks.payload_of(content_type, body)
        delivery = webhooks.read(event, payload)
    except (webhooks.Malformed, webhooks.UnsupportedMediaType) as error:
        assert str(error)
    else:
        assert webhooks.read(event, payload) == delivery
    assert not webhooks.verify(body, body[:71].decode("latin-1"), [SECRET])


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "comment": read_comment,
    "body": splice_body,
    "delivery": read_delivery,
}
