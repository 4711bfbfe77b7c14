"""The form of the set-up: what it asks for, and what is wrong with an answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from bot.github.manifest import MAX_NAME_LENGTH

_ORGANIZATION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


class InvalidForm(Exception):
    """A value that is not valid; the message is for the person who entered it."""


class AppForm(Struct, frozen=True):
    """An App's name, the organization that owns it (empty: one's own account), and the addresses of the bot."""

    name: str
    organization: str
    public_url: str
    hook_url: str
    public: bool

    @property
    def is_local(self) -> bool:
        """Return whether GitHub cannot deliver to the address, because it is a local one."""
        host = urlsplit(self.hook_url).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return host == "localhost" or "." not in host


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise InvalidForm(f"{text!r} is not a web address. Enter one such as https://petitions.example.org")
    return address


def read_form(form: Mapping[str, str]) -> AppForm:
    """Read the form; raises InvalidForm."""
    name, organization = form.get("name", "").strip(), form.get("organization", "").strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InvalidForm(f"Enter a name of 1 to {MAX_NAME_LENGTH} characters.")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise InvalidForm(
            f"{organization!r} cannot be the name of an organization on GitHub. Enter the name from its address."
        )
    public_url = _address(form.get("public_url", ""))
    hook = form.get("hook_url", "").strip()
    hook_url = _address(hook) if hook else f"{public_url}/webhook"
    return AppForm(name, organization, public_url, hook_url, public="public" in form)
