"""What the operator wants the App to be, as typed into the form; pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LONGEST_NAME: Final = 34
_ORGANIZATION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


class NotLikeThis(Exception):
    """A wish that cannot be fulfilled; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """An App's name, whose it is to be (empty: one's own), and the addresses of the bot."""

    name: str
    organization: str
    public_url: str
    hook_url: str
    public: bool

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether GitHub cannot deliver there, because the address means something else over there."""
        host = urlsplit(self.hook_url).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return host == "localhost" or "." not in host


def read_wishes(form: Mapping[str, str]) -> Wishes:
    """Read the form; raises NotLikeThis."""
    name, organization = form.get("name", "").strip(), form.get("organization", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise NotLikeThis(f"Give the App a name of 1 to {LONGEST_NAME} characters.")
    if organization and not _ORGANIZATION.fullmatch(organization):
        raise NotLikeThis(
            f"{organization!r} is not the name of an organization as it stands in its address on GitHub."
        )
    public_url = _address(form.get("public_url", ""))
    hook = form.get("hook_url", "").strip()
    hook_url = _address(hook) if hook else f"{public_url}/webhook"
    return Wishes(name, organization, public_url, hook_url, public="public" in form)


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good:
        raise NotLikeThis(f"{text!r} is not an address; it has to look like https://petitions.example.org .")
    return address
