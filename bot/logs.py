"""Set up structured logs: one event a line, readable on a terminal, JSON elsewhere, and never with a secret."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Final, TextIO
from urllib.parse import quote, unquote

import structlog

from bot.terminal_escaping import harmless, one_line

LOUD = ("asyncpg", "markdown_it", "aiosqlite", "alembic", "gidgethub", "hpack")
"""Libraries that have much to tell at `debug`, and some of it is what people wrote."""


def configure(level: str, format_: str | None, stream: TextIO | None = None, secrets: Iterable[str] = ()) -> None:
    """Send logs to `stream`, standard error unless told; without a format, text on a terminal and else JSON.

    `secrets` are concealed wherever they would show, and so is what looks like a token or a key.
    """
    stream = stream or sys.stderr
    text = format_ == "text" or (format_ is None and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [_spell_out, structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=_traceback)]
        if text
        else [_TRACEBACKS, structlog.processors.JSONRenderer(serializer=_json)]
    )
    conceal(secrets)
    last.append(_blot)
    structlog.configure(
        processors=shared + last,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _take_over_the_libraries(max(number, logging.WARNING), stream, shared, last)


def conceal(secrets: Iterable[str]) -> None:
    """Blot these out from now on."""
    _REDACTION.learn(secrets)


def concealed(text: str) -> str:
    """Return a text as it may be shown."""
    return _REDACTION(text)


def catch_crashes() -> None:
    """Log what nobody has caught, in any thread, and warnings, instead of printing them as they are."""
    logging.captureWarnings(capture=True)
    log = structlog.get_logger("crash")

    def crashed(error: BaseException | None) -> None:
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            log.critical("nobody caught this", exc_info=error)

    sys.excepthook = lambda _, error, __: crashed(error)
    sys.unraisablehook = lambda unraisable: crashed(unraisable.exc_value)
    threading.excepthook = lambda arguments: crashed(arguments.exc_value)


def _take_over_the_libraries(
    level: int,
    stream: TextIO,
    shared: list[structlog.typing.Processor],
    last: list[structlog.typing.Processor],
) -> None:
    """Write what libraries log in the same way."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


def _blot(_logger: object, _method: str, rendered: object) -> str:
    return _REDACTION(str(rendered))


# One for all lines: `json.dumps` would make a new one for each, as there are things in them that it does not know.
_ENCODER = json.JSONEncoder(default=repr)


def _json(event: structlog.typing.EventDict, **_: object) -> str:
    return harmless(_ENCODER.encode(event))


def _spell_out(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Make harmless what is shown, before the colours come, which steer a terminal as well."""
    return {key: _spelled_out(key, value) for key, value in event.items()}


def _spelled_out(key: str, value: object) -> object:
    if key == "exc_info" or value is None or isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return harmless(text) if key in ("exception", "stack") else one_line(text)


def _traceback(stream: TextIO, error: structlog.typing.ExcInfo) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, error)
    stream.write(harmless(text.getvalue()))


# Both renderers would by default show local variables, and among those are tokens.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


# Secrets

BLOT: Final = "[secret]"

LEAST: Final = 6
"""Letters from which on a text is taken for a secret; shorter ones would blot out ordinary words."""


class Redaction:
    """Knows the operator's secrets, and the looks of those that GitHub hands out while we run."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self.learn(())

    def learn(self, secrets: Iterable[str]) -> None:
        """Blot out these as well."""
        self._known |= {spelling for secret in secrets for spelling in _spellings(secret)}
        # The longest first, because one secret may begin like another.
        words = sorted((word for word in self._known if len(word) >= LEAST), key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, words), *_LOOKS]))

    def __call__(self, text: str) -> str:
        """Return the text with a blot in the place of each secret."""
        return self._pattern.sub(BLOT, text)


def _spellings(secret: str) -> Iterator[str]:
    """Return the ways in which a secret may be written; one of several lines also comes line by line."""
    for line in [secret, *secret.split()] if "\n" in secret else [secret]:
        if line.startswith("-----"):
            continue
        yield line
        yield json.dumps(line)[1:-1]
        yield repr(line)[1:-1]
        yield quote(line, safe="")
        yield unquote(line)


_LOOKS: Final = (
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
    r"\b(?:gh[oprsu]_[\w.-]{16,}|github_pat_\w{16,})",
    # A JWT: three parts in base64, of which the first begins with `{"`.
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
    # What stands before the host of an address, which some write into it.
    r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)

_REDACTION = Redaction()
"""Of the whole process: a secret that one part has learned, another must not show."""
