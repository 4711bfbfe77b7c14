"""The pack as a ZIP file for organizers: made in a thread, one at a time, sent as fast as the client reads it."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from typing import IO, Final

from aiohttp import web
from aiohttp.hdrs import METH_HEAD
from msgspec import Struct, field

from bot.export import pack
from bot.links import Pages
from bot.store import PetitionExport
from bot.time_types import WholeEpochSeconds
from bot.web.context import PagesContext
from bot.web.petition_requests import RequestedPetition, require_visible

MAX_SIGNATURES: Final = 100_000
"""Signatures of a petition whose pack is made while the bot runs; that of a larger one takes too much memory."""

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of a ZIP file that are not on disk."""

CHUNK: Final = 256 * 1024


class PackDownload(Struct, frozen=True):
    """Makes and sends packs."""

    context: PagesContext
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def respond(self, request: web.Request, requested: RequestedPetition) -> web.StreamResponse:
        """Send the pack of a petition; raises HTTPNotFound and HTTPServiceUnavailable."""
        ref = requested.ref
        if ref.count > MAX_SIGNATURES:
            raise web.HTTPServiceUnavailable(text=TOO_LARGE)
        folder = f"{ref.repository.owner}-{ref.repository.name}-{ref.number}"
        response = web.StreamResponse()
        response.content_type = "application/zip"
        response.headers["Content-Disposition"] = f'attachment; filename="{folder}.zip"'
        # The client may have left.
        with suppress(ConnectionResetError):
            if request.method == METH_HEAD:
                await response.prepare(request)
            else:
                with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
                    await self._make(requested, file, folder)
                    await response.prepare(request)
                    while chunk := await asyncio.to_thread(file.read, CHUNK):
                        await response.write(chunk)
            await response.write_eof()
        return response

    async def _make(self, requested: RequestedPetition, file: IO[bytes], folder: str) -> None:
        context = self.context
        async with self._turn:
            async with context.long_read:
                whole = await context.rosters.get_export(requested.ref.petition_id)
            require_visible(whole.details if whole else None, requested)
            assert whole is not None  # noqa: S101 - there are details
            await asyncio.to_thread(self._write, whole, requested.pages, file, folder, int(context.now()))

    def _write(
        self, whole: PetitionExport, pages: Pages, file: IO[bytes], folder: str, made_at: WholeEpochSeconds
    ) -> None:
        pack.write_zip(pack.make_files(whole, pages, self.context.site, made_at), file, folder, made_at)
        file.seek(0)


TOO_LARGE: Final = (
    f"The petition has more than {MAX_SIGNATURES:,} signatures. Create its pack on the command line:"
    " python -m bot handover OWNER/REPO#N --out DIR"
)
