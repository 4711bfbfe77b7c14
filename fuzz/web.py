"""`python -m fuzz web`: a bot with a petition that people have signed, and schemathesis's own command run on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from http import HTTPStatus

import requests

from benchmarks.deliveries import SECRET
from benchmarks.load import generator
from benchmarks.servers import ROOT, bot_environment, serving
from fuzz import hooks

SIGNERS = 60
"""More than a page shows."""

CHECKS = (
    "not_a_server_error", "content_type_conformance", "response_schema_conformance", "status_code_conformance",
    "response_headers_conformance", "unsupported_method", "sealed",
)  # fmt: skip


def run(options: Sequence[str]) -> int:
    """Run schemathesis with these options on a bot; 1 where it finds a mistake, or the bot's log tells of one."""
    with tempfile.TemporaryDirectory(prefix="undersigned-fuzz-") as folder:
        environment = bot_environment(
            f"sqlite:///{folder}/fuzz.db", SECRET_KEY="0" * 64, GITHUB_CLIENT_ID="Iv1",
            GITHUB_CLIENT_SECRET="0" * 40, TRUSTED_PROXIES="1",
        )  # fmt: skip
        with serving("-m", "bot", "serve", environment=environment) as bot:
            base = f"http://127.0.0.1:{bot.port}"
            with generator(2_000) as load:
                assert load.send(bot.port, 1, SIGNERS).refused == 0
            found = ask(base, options)
            after = requests.get(f"{base}/petitions/lovelace/letters/1.json", timeout=30).status_code
    mistakes = [f"LOGGED {line}" for line in bot.complaints]
    if bot.process.returncode != 0:
        mistakes.append(f"the bot ended with {bot.process.returncode}")
    if after != HTTPStatus.OK:
        mistakes.append(f"afterwards the petition was answered with {after}")
    print("\n".join(mistakes))
    return 1 if found or mistakes else 0


def ask(base: str, options: Sequence[str]) -> int:
    """Run schemathesis on the document that a server has; returns its exit code."""
    more = {"SCHEMATHESIS_HOOKS": "fuzz.hooks", "PYTHONPATH": str(ROOT), hooks.SECRET: SECRET}
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json", "--request-timeout=30"]
    command += [f"--checks={','.join(CHECKS)}", "--warnings=off", *options]
    with tempfile.TemporaryDirectory() as folder:  # it keeps a cache where it runs
        return subprocess.run(command, cwd=folder, env=os.environ | more, check=False).returncode  # noqa: S603
