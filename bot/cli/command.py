"""What every command of the line has: its place in `--help`, the configuration, the loop, and its exit codes."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, TypeVar

from bot import app, config, logs, setting_up

T = TypeVar("T")

OK, FAILED, MISUSED = 0, 1, 2

ENVIRONMENT: Final = os.environ
"""Read here and nowhere else."""


@dataclass(frozen=True, slots=True)
class Command:
    """A word of the command line; `run` gives the exit code."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None


def configured(*, credentials: bool) -> config.Config:
    """Read the configuration and begin to log; raises ConfigError."""
    settings = config.read(ENVIRONMENT, credentials=credentials)
    set_up_logs(settings)
    return settings


def with_app() -> config.Config:
    """Read the configuration with the App, from the environment or from where it is stored."""
    return run(setting_up.with_app(configured(credentials=True)))


def set_up_logs(settings: config.Config) -> None:
    """Log as configured, and nothing that is secret."""
    secrets = [*settings.secrets(), app.operator_token(settings) or ""]
    logs.configure(settings.log_level, settings.log_format, secrets=secrets)
    logs.catch_crashes()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on the faster loop where there is one."""
    if find_spec("uvloop"):
        import uvloop  # noqa: PLC0415 - there is none on Windows

        return uvloop.run(main)
    return asyncio.run(main)


def complain(*lines: str) -> None:
    """Say what is wrong where errors go."""
    print("\n  ".join(lines), file=sys.stderr)
