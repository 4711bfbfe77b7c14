"""The files of a pack, and their check sums."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

PAPER: Final = "petition.pdf"
RECORD: Final = "petition.json"
TABLE: Final = "signatures.csv"
SUMS: Final = "SHA256SUMS"


def sums(files: Mapping[str, bytes]) -> str:
    """List check sums as `sha256sum` does, which can check them too."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
