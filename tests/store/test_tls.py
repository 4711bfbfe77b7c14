"""A PostgreSQL that takes nobody in the clear, and has a certificate that nobody else has signed, as Heroku's."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.store import Store
from tests.store.scene import Scene

WANTS_TLS = struct.pack("!ii", 8, 80877103)
"""How a client asks: https://www.postgresql.org/docs/current/protocol-message-formats.html (SSLRequest)"""


class Front:
    """Stands before a server on a Unix socket, speaks TLS with callers, and sends away who does not ask for it."""

    def __init__(self, socket: str, certificate: ssl.SSLContext) -> None:
        self.encrypted = self.sent_away = 0
        self._socket = socket
        self._certificate = certificate
        self._open: set[asyncio.StreamWriter] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(8) != WANTS_TLS:
            self.sent_away += 1
            writer.close()
            return
        writer.write(b"S")
        await writer.start_tls(self._certificate)
        self.encrypted += 1
        theirs, mine = await asyncio.open_unix_connection(self._socket)
        self._open |= {writer, mine}
        async with asyncio.TaskGroup() as group:
            group.create_task(_pour(reader, mine))
            group.create_task(_pour(theirs, writer))
        self._open -= {writer, mine}

    async def close(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        while self._open:  # noqa: ASYNC110 - they end in the tasks of their callers
            await asyncio.sleep(0.01)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def front(postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[Front, str]]:
    """The server behind TLS, and its address as Heroku would write it."""
    parts = urlsplit(postgres_url)
    (folder,) = parse_qs(parts.query)["host"]
    found = Front(f"{folder}/.s.PGSQL.5432", _certificate(tmp_path))
    server = await asyncio.start_server(found.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield found, f"postgres://postgres@127.0.0.1:{port}{parts.path}"
    await found.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("query", ["", "?sslmode=require"])
async def test_what_is_said_to_the_server_is_encrypted(front: tuple[Front, str], query: str) -> None:
    found, url = front
    scene = Scene(await Store.open(url + query))
    await scene.label()
    await scene.sign("ada")
    assert await scene.count() == 1
    await scene.store.close()
    assert found.encrypted > 0
    assert found.sent_away == 0


def _certificate(folder: Path) -> ssl.SSLContext:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody knows me")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context
