"""Keep out of XML what it has no way to say."""

from __future__ import annotations

import re


def wellformed(text: str) -> str:
    """Drop the characters that are none in XML 1.0, escaped or not: https://www.w3.org/TR/xml/#charsets ."""
    return _NO_XML.sub("", text)


_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
