"""Set up a repository for its first petition: files and a label."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

import msgspec

from bot.github.errors import NotFound
from bot.github.installation_client import named
from bot.github.models.rest import expect
from bot.github.transport import Api, Credentials

COLOR: Final = "3d4fb5"
DESCRIPTION: Final = "People sign this by commenting /sign"
"""Of the label that makes an issue a petition."""


class StoredFile(msgspec.Struct):
    """A file in the default branch; `sha` has to be sent with its next version."""

    content: str
    sha: str

    @property
    def text(self) -> str:
        """Return the file's text."""
        return base64.b64decode(self.content).decode(errors="replace")


_CONTENTS = "/repos/{owner}/{name}/contents/{+path}"
_LABELS = "/repos/{owner}/{name}/labels"


@dataclass(frozen=True, slots=True)
class RepositorySetup:
    """Writes into repositories; raises `bot.github.errors`."""

    api: Api = field(repr=False)
    credentials: Credentials = field(repr=False)

    async def read_file(self, repo: str, path: str) -> StoredFile | None:
        """Read a file; None where there is none."""
        try:
            response = await self.api.request("GET", _CONTENTS, named(repo) | {"path": path}, self.credentials)
        except NotFound:
            return None
        return expect(StoredFile, response.data)

    async def write_file(self, repo: str, path: str, text: str, over: StoredFile | None) -> None:
        """Commit a file to the default branch, `over` the version that was read."""
        data = {
            "message": f"Add {path}" if over is None else f"Update {path}",
            "content": base64.b64encode(text.encode()).decode(),
        }
        if over is not None:
            data["sha"] = over.sha
        await self.api.request("PUT", _CONTENTS, named(repo) | {"path": path}, self.credentials, data=data)

    async def create_label(self, repo: str, name: str) -> bool:
        """Create a label; returns False where it exists."""
        try:
            await self.api.request("GET", f"{_LABELS}/{{label}}", named(repo) | {"label": name}, self.credentials)
        except NotFound:
            data = {"name": name, "color": COLOR, "description": DESCRIPTION}
            await self.api.request("POST", _LABELS, named(repo), self.credentials, data=data)
            return True
        return False
