"""Send questions to a bot over one connection, and take its answers."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from itertools import takewhile
from types import TracebackType
from typing import Final, Self, cast

PATIENCE: Final = 30.0
"""Seconds for which nothing may come; a machine can be busy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    version: int = 11
    """Of HTTP, as Python's own client has it."""

    def header(self, name: str) -> str:
        """Give a header, empty where there is none."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), "")

    @property
    def kind(self) -> str:
        """Give the media type."""
        return self.header("Content-Type").partition(";")[0]


class Silent(Exception):
    """Nothing came, or no HTTP; `answers` came before that."""

    def __init__(self, reason: str, answers: Sequence[Answer]) -> None:
        self.answers = answers
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it goes out.

    One that is `alone` has a connection of its own. After one that is `last` we say that nothing more will follow,
    and the bot may hang up at once.
    """

    wire: bytes
    method: bytes
    alone: bool = False
    last: bool = False


class Line:
    """Asks several things at a time on one connection; opens another one whenever the last one was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._stream = _Stream()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def ask(self, sent: Sent) -> Answer | None:
        """Send a request; None where the bot hangs up instead of an answer. Raises Silent."""
        self.hang_up()
        answers = self._ask([sent])
        return answers[0] if answers else None

    def ask_all(self, several: Sequence[Sent]) -> Iterator[Answer | None]:
        """Send requests one after the other without waiting in between; gives what `ask` gives. Raises Silent."""
        done = 0
        while done < len(several):
            answers = self._ask(list(takewhile(lambda sent: not sent.alone, several[done:])))
            yield from answers
            if not answers:
                yield self.ask(several[done])
            done += len(answers) or 1

    def hang_up(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._stream.end()
            self._socket.close()
            self._socket = None

    def _ask(self, several: Sequence[Sent]) -> list[Answer]:
        """Give the answers until the bot hangs up."""
        if not several:
            return []
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._stream = _Stream(self._socket)
        answers: list[Answer] = []
        try:
            self._socket.sendall(b"".join(sent.wire for sent in several))
            if several[0].last:
                self._socket.shutdown(socket.SHUT_WR)
            for sent in several:
                answer, stays = self._stream.read(sent.method)
                answers.append(answer)
                if not stays or sent.alone:
                    self.hang_up()
                    break
        except ConnectionError:
            self.hang_up()
        except TimeoutError as error:
            self.hang_up()
            raise Silent(f"no answer in {PATIENCE:.0f} s", answers) from error
        except HTTPException as error:
            self.hang_up()
            if several[0].last:
                return answers
            raise Silent(f"no HTTP: {error!r}", answers) from error
        return answers


class _Stream:
    """What comes in on a connection; one answer ends where the next one begins."""

    def __init__(self, connection: socket.socket | None = None) -> None:
        self._file = None if connection is None else _KeptOpen(socket.SocketIO(connection, "r"))

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Be as much of a socket as an HTTPResponse needs."""
        assert self._file is not None
        return self._file

    def read(self, method: bytes) -> tuple[Answer, bool]:
        """Read an answer, and whether the connection stays open."""
        response = HTTPResponse(cast("socket.socket", self), method=method.decode("latin-1"))
        response.begin()
        headers, lasting = tuple(response.getheaders()), response.getheader("Content-Type") == "text/event-stream"
        body = b"" if lasting else response.read()
        return Answer(response.status, headers, body, response.version), not (lasting or response.will_close)

    def end(self) -> None:
        """Let go of the connection."""
        if self._file is not None:
            io.BufferedReader.close(self._file)


class _KeptOpen(io.BufferedReader):
    """A file that an HTTPResponse cannot close."""

    def close(self) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing, even after the end."""
