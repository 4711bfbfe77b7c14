"""Set up structured logs: one event a line, readable on a terminal, JSON elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from typing import TextIO

import structlog


def configure(level: str, format_: str | None, stream: TextIO | None = None) -> None:
    """Send logs to `stream`, standard error unless told; without a format, text on a terminal and else JSON."""
    stream = stream or sys.stderr
    text = format_ == "text" or (format_ is None and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if text
        else [_TRACEBACKS, structlog.processors.JSONRenderer(serializer=_json)]
    )
    structlog.configure(
        processors=shared + last,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=stream, format="%(levelname)s %(name)s %(message)s"
    )


# One for all lines: `json.dumps` would make a new one for each, as there are things in them that it does not know.
_ENCODER = json.JSONEncoder(default=repr)


def _json(event: structlog.typing.EventDict, **_: object) -> str:
    return _ENCODER.encode(event)


# Both renderers would by default show local variables, and among those are tokens.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
