"""Where people meet GitHub, beside the API that programs talk to."""

from __future__ import annotations

from urllib.parse import urlsplit


def web_url_of(api_url: str) -> str:
    """Return the site beside an API: https://HOST/api/v3 has its pages at https://HOST ."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if parts.path in ("", "/") else parts.netloc
    return f"{parts.scheme}://{host}"
