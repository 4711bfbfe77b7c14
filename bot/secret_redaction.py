"""Blot secrets out of a text that is about to leave the process, wherever they came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

BLOT: Final = "[secret]"

LEAST: Final = 6
"""Letters from which on a text is taken for a secret; shorter ones would blot out ordinary words."""


class Redaction:
    """Knows the operator's secrets, and the looks of those that GitHub hands out while we run."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Blot out these as well."""
        self._known |= {spelling for secret in secrets for spelling in _spellings(secret)}
        # The longest first, because one secret may begin like another.
        words = sorted((word for word in self._known if len(word) >= LEAST), key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, words), *_LOOKS]))

    def __call__(self, text: str) -> str:
        """Return the text with a blot in the place of each secret."""
        return self._pattern.sub(BLOT, text)


def password_of(url: str) -> str:
    """Return the password in a database's URL, wherever it stands there, or an empty text."""
    try:
        parts = urlsplit(url)
        return parts.password or dict(parse_qsl(parts.query)).get("password", "")
    except ValueError:
        return ""


_LOOKS: Final = (
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
    r"\b(?:gh[oprsu]_[\w.-]{16,}|github_pat_\w{16,})",
    # A JWT: three parts in base64, of which the first begins with `{"`.
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
    # What stands before the host of an address, which some write into it.
    r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)


def _spellings(secret: str) -> Iterator[str]:
    """Return the ways in which a secret may be written; one of several lines also comes line by line."""
    for line in [secret, *secret.split()] if "\n" in secret else [secret]:
        if line.startswith("-----"):
            continue
        yield line
        yield json.dumps(line)[1:-1]
        yield repr(line)[1:-1]
        yield quote(line, safe="")
        yield unquote(line)
