"""The App's manifest: the permissions and events that it needs, its form, and the code exchanged for credentials.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import Struct

from bot.github.api_urls import web_url_of
from bot.github.models.rest import expect
from bot.github.transport import Credentials, make_api
from bot.links import SIGNED_IN
from bot.time_types import EpochSeconds


class RequiredAccess(Struct, frozen=True):
    """Permissions with their levels, and events; GitHub sends those of installations to every App."""

    permissions: Mapping[str, str]
    events: tuple[str, ...]


NEEDS: Final = RequiredAccess(
    {"issues": "write", "contents": "read", "metadata": "read"}, ("issues", "issue_comment", "repository", "push")
)
"""What the App asks for."""

VITAL: Final = RequiredAccess({"issues": "write", "metadata": "read"}, ("issues", "issue_comment"))
"""What no petition can be counted without."""

OPTIONAL_EVENT: Final = "push"
"""It only saves waiting; without it, the bot sees a change a few minutes later."""

REASONS: Final = {
    "issues": "to read petitions and their comments, to write the count into the issue, to add reactions, and to"
    " create the label when you ask for it",
    "contents": "to read a repository's settings in .github/petition.yml, and to find such a file in a wrong place",
    "metadata": "because GitHub requires it of every App",
}
"""Why the App requests each permission."""


def lacking(
    permissions: Mapping[str, str], events: Collection[str], needs: RequiredAccess = NEEDS
) -> Iterator[str]:
    """Return the permissions and events that are needed and not among these.

    They are not granted by installing the App, if the App asked for them only later:
    https://docs.github.com/en/apps/maintaining-github-apps/modifying-a-github-app-registration
    """
    for name, level in needs.permissions.items():
        granted = permissions.get(name, "none")
        if _LEVELS.index(granted if granted in _LEVELS else "none") < _LEVELS.index(level):
            yield f"permission {name}: {level}"
    for event in needs.events:
        if event not in events:
            yield f"event {event}"


_LEVELS: Final = ("none", "read", "write", "admin")

MAX_NAME_LENGTH: Final = 34
"""Characters of an App's name; it must be one that nobody on GitHub has taken."""


class Registration(msgspec.Struct, frozen=True):
    """A registered App as it is kept, with its credentials and its public URL."""

    app_id: str
    private_key: str
    webhook_secret: str
    html_url: str = ""
    public_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    """With these two people sign in; Apps that were registered by 0.1.0 have none."""
    hook_url: str = ""
    """Where GitHub delivers, if not below the public URL: to a webhook proxy."""

    def __repr__(self) -> str:
        """Return which App it is, and no secrets."""
        return f"Registration({self.app_id!r}, {self.html_url!r})"

    def text(self) -> str:
        """Return it as one text, to be encrypted."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> Registration:
        """Read what `text` returned."""
        return msgspec.json.decode(text, type=cls)


def manifest(name: str, public_url: str, hook_url: str, *, public: bool = False) -> dict[str, object]:
    """Return the manifest, with the least that the bot needs; a `public` App can be installed by other accounts."""
    return {
        "name": name,
        "url": public_url,
        "description": "Counts /sign comments on petition issues and keeps the tally in the issue's body.",
        "hook_attributes": {"url": hook_url, "active": True},
        "redirect_url": f"{public_url}/setup/made",
        "setup_url": f"{public_url}/setup",
        "callback_urls": [f"{public_url}{SIGNED_IN}"],
        "public": public,
        "default_permissions": dict(NEEDS.permissions),
        "default_events": list(NEEDS.events),
    }


def form_url(api_url: str, organization: str, state: str) -> str:
    """Return the URL that the browser posts the manifest to; without an organization the person owns the App."""
    whose = f"organizations/{quote(organization, safe='')}/" if organization else ""
    return f"{web_url_of(api_url)}/{whose}settings/apps/new?state={quote(state, safe='')}"


async def convert(
    session: aiohttp.ClientSession, api_url: str, code: str, public_url: str, now: Callable[[], EpochSeconds]
) -> Registration:
    """Exchange a code for the App with its credentials; a code can be used once, within an hour.

    The App's homepage is the public address that its manifest gave; `public_url` is for an App without one.

    Raises `bot.github.errors`; NotFound for a code that has expired.
    """
    api = make_api(session, api_url, now)
    response = await api.request("POST", "/app-manifests/{code}/conversions", {"code": code}, Credentials())
    made = expect(_Made, response.data)
    return Registration(
        str(made.id),
        made.pem,
        made.webhook_secret,
        made.html_url,
        made.external_url or public_url,
        made.client_id,
        made.client_secret,
    )


class _Made(msgspec.Struct):
    id: int
    html_url: str
    pem: str
    webhook_secret: str
    client_id: str = ""
    client_secret: str = ""
    external_url: str | None = None
