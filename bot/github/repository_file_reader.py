"""Read text files of a repository: its settings, and the translations of letters."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from bot.github.errors import NotFound
from bot.github.installation_client import InstallationClient, named
from bot.github.models.rest import CommitResponse, EntryModel, FileResponse, epoch, expect
from bot.petition.letter_versions_and_translations import SIZE_LIMIT, TranslationFault, TranslationRead, read_text
from bot.time_types import WholeEpochSeconds

_MOST_LISTED: Final = 1_000
"""Entries of a folder that GitHub lists at most.

https://docs.github.com/en/rest/repos/contents#get-repository-content
"""


class RepositoryFiles:
    """The text files of one repository's default branch; each folder is listed once. Raises `bot.github.errors`.

    That a file is missing costs a call each time, and that a list lacks it costs none where it is cached. A list
    also says what a link is, of which GitHub would show the file that it leads to.
    """

    def __init__(self, client: InstallationClient, repo: str) -> None:
        self._client = client
        self._repo = repo
        self._folders: dict[str, list[EntryModel]] = {}

    async def read_text(self, path: str) -> str | None:
        """Read a text file; None where there is none."""
        found = await self._get_file(path)
        return None if found is None else found.text()

    async def list_files(self, folder: str) -> list[str]:
        """List the paths of the files in a folder; none where there is no such folder."""
        return [one.path for one in await self._list(folder) if one.type == "file"]

    async def is_listed(self, path: str) -> bool:
        """Return whether there is something under a path, by the lists of its folders, which can be cached."""
        return await self._look_up(path) is not TranslationFault.MISSING

    async def read_translation(self, path: str) -> TranslationRead | TranslationFault:
        """Read a translation and when it was last committed, or why its file is none that can be shown."""
        fault = await self._look_up(path)
        if fault is not None:
            return fault
        found = await self._get_file(path)
        if found is None:
            return TranslationFault.MISSING
        content = found.decoded()
        text = TranslationFault.NOT_TEXT if content is None else read_text(content)
        if isinstance(text, TranslationFault):
            return text
        committed_at = await self._read_last_commit(path)
        return TranslationFault.UNREADABLE if committed_at is None else TranslationRead(text, committed_at)

    async def _look_up(self, path: str) -> TranslationFault | None:
        """Return what the lists of a file's folders say against it."""
        parts = path.split("/")
        for depth in range(len(parts)):
            entries = await self._list("/".join(parts[:depth]))
            found = next((one for one in entries if one.path == "/".join(parts[: depth + 1])), None)
            if found is None:
                return TranslationFault.MISSING if len(entries) < _MOST_LISTED else None
            if found.type != ("dir" if depth + 1 < len(parts) else "file"):
                return TranslationFault.NOT_TEXT
            if found.size > SIZE_LIMIT:
                return TranslationFault.TOO_LARGE
        return None

    async def _list(self, folder: str) -> list[EntryModel]:
        if folder not in self._folders:
            try:
                data = await self._get(f"contents/{quote(folder)}")
            except NotFound:
                data = []
            self._folders[folder] = expect(list[EntryModel], data) if isinstance(data, list) else []
        return self._folders[folder]

    async def _get_file(self, path: str) -> FileResponse | None:
        """Return a file, with another type where it is something else; None where there is nothing."""
        try:
            data = await self._get(f"contents/{quote(path)}")
        except NotFound:
            return None
        return FileResponse(type="dir") if isinstance(data, list) else expect(FileResponse, data)

    async def _read_last_commit(self, path: str) -> WholeEpochSeconds | None:
        """Return when the last commit that changed a file was made; None where GitHub shows none.

        https://docs.github.com/en/rest/commits/commits#list-commits
        """
        data = await self._get(f"commits?path={quote(path, safe='')}&per_page=1")
        commits = expect(list[CommitResponse], data)
        committer = commits[0].commit.committer if commits else None
        return None if committer is None else epoch(committer.date)

    async def _get(self, what: str) -> object:
        response = await self._client.session.request("GET", f"/repos/{{owner}}/{{name}}/{what}", named(self._repo))
        return response.data
