"""A bot as operators run it, with two petitions or before it is set up, which strangers may ask."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.deliveries import Template, make_template, request
from benchmarks.servers import bot_environment, complaints, end, port_of, start
from bot.web.setup.auth import Guard
from fuzz.web.answer import Line, Sent
from fuzz.web.question import Question

PEOPLE: Final = 60
"""Who have signed each of the petitions: more than a page shows."""


class Broken(Exception):
    """The bot did not end as it should, or its log tells of mistakes of ours."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(complaints))


@dataclass(frozen=True, slots=True)
class House:
    """A running bot; `known` are questions that it answers with a page."""

    port: int
    known: tuple[Question, ...]


@contextmanager
def open_house() -> Iterator[House]:
    """Run a bot with two petitions until the context ends. Raises Broken."""
    with tempfile.TemporaryDirectory(prefix="undersigned-fuzz-") as folder:
        database = Path(folder, "house.db")
        sign_in = {"GITHUB_CLIENT_ID": "Iv1", "GITHUB_CLIENT_SECRET": "0" * 40}
        with _serving(bot_environment(f"sqlite:///{database}", SECRET_KEY=_KEY, **sign_in)) as port:
            yield House(port, _move_in(port, database))


@contextmanager
def open_setup() -> Iterator[House]:
    """Run a bot that has no App yet until the context ends. Raises Broken."""
    cookie = (b"Cookie", f"undersigned-setup={Guard(_KEY, time.time).open_session()}".encode())
    review = b"/setup/review?name=Petitions&public_url=https://petitions.example.org"
    known = tuple(Question(b"GET", target, (cookie,)) for target in (b"/setup", review))
    with tempfile.TemporaryDirectory(prefix="undersigned-fuzz-") as folder:
        environment = bot_environment(f"sqlite:///{folder}/house.db", SECRET_KEY=_KEY)
        app = ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET")
        with _serving({name: value for name, value in environment.items() if name not in app}) as port:
            yield House(port, known)


_KEY: Final = "0" * 64


@contextmanager
def _serving(environment: Mapping[str, str]) -> Iterator[int]:
    """Run a bot, and give its port. Each question tells of another caller, so that no limit is in the way."""
    with tempfile.TemporaryFile() as log:
        process = start("-m", "bot", "serve", environment={**environment, "TRUSTED_PROXIES": "1"}, log=log.fileno())
        try:
            yield port_of(process, log.fileno())
        finally:
            end(process)
        log.seek(0)
        found = complaints(log.read().decode("utf-8", "replace"))
        if process.returncode != 0:
            found.append(f"the bot ended with {process.returncode}")
        if found:
            raise Broken(found)


def _move_in(port: int, database: Path) -> tuple[Question, ...]:
    """Let people sign a public petition and a private one."""
    template, line = _template(), Line(port)
    public = [template.payload_of(number) for number in range(PEOPLE)]
    private = [_hidden(template.payload_of(PEOPLE + number, 1)) for number in range(PEOPLE)]
    with line:
        for answer in line.ask_all([Sent(request(payload), b"POST") for payload in (*public, *private)]):
            if answer is None or answer.status != 200:
                raise RuntimeError(f"a signature was not taken: {answer}")
    with closing(sqlite3.connect(database)) as rows:
        ((key,),) = rows.execute(
            "SELECT page_key FROM petitions WHERE repository_id = ?", (_repository(private[0])["id"],)
        )
    open_page, hidden_page = _page(public[0]), _page(private[0])
    return (Question(b"GET", open_page), Question(b"GET", hidden_page + b"?key=" + str(key).encode()))


@cache
def _template() -> Template:
    return make_template(2_000)


def _hidden(payload: bytes) -> bytes:
    told = json.loads(payload)
    repository = told["repository"]
    repository.update(id=repository["id"] + 1, name="secret", full_name="lovelace/secret", private=True)
    return json.dumps(told).encode()


def _repository(payload: bytes) -> dict[str, int]:
    found: dict[str, int] = json.loads(payload)["repository"]
    return found


def _page(payload: bytes) -> bytes:
    told = json.loads(payload)
    return f"/petitions/{told['repository']['full_name']}/{told['issue']['number']}".encode()
