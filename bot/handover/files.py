"""The files of a pack, and their checksums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PAPER: Final = "petition.html"
PDF: Final = "petition.pdf"
"""What the paper was until 0.1.1."""
RECORD: Final = "petition.json"
TABLE: Final = "signatures.csv"
SUMS: Final = "SHA256SUMS"


def sum_lines(sums: Mapping[str, str]) -> str:
    """List the SHA-256 of each file as `sha256sum` does, which can check them too."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
