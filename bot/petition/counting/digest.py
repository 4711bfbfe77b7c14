"""Identify a tally by a digest that takes the same short time to bring up to date, however many have signed.

Each signature is a number: SHAKE-256 of the text `user_id:comment_id`, 512 bytes of it, little-endian. The digest
is SHA-256 of the sum of these numbers modulo 2**4096, again as 512 bytes, little-endian. docs/RECOUNT.md says it in
a few lines of Python.

A sum, because a hash over the sorted list of all signatures would be computed from its beginning again whenever one
more person signs; to a sum one number is added, in any order, and a withdrawal subtracts it. So long a sum, because
it must be as hard to find two tallies of one digest as with a hash over the list. For a sum of hashes modulo 2**n
(AdHash: Bellare and Micciancio, 1997) the best attack that is known, Wagner's generalized birthday (2002), takes
about 2**(2 * sqrt(n)) steps: 2**128 here, as for SHA-256. A sum of 256 bits would hold out for 2**32 steps only,
and an exclusive or for none worth counting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ALGORITHM: Final = "adhash4096"
"""Stands before every digest, so that another way of making it could be told from this one."""

Pair = tuple[int, int]
"""A user id and a comment id."""

_BYTES: Final = 512
_MODULUS: Final = 1 << (8 * _BYTES)


@dataclass(frozen=True, slots=True)
class DigestSum:
    """What a tally comes to; nobody's is 0."""

    number: int = 0

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> DigestSum:
        """Add up a tally from nothing."""
        return cls().plus(pairs)

    @classmethod
    def from_bytes(cls, kept: bytes) -> DigestSum:
        """Read what `to_bytes` gave; no bytes are nobody's sum."""
        return cls(int.from_bytes(kept, "little"))

    def to_bytes(self) -> bytes:
        """Return it as bytes to be kept."""
        return self.number.to_bytes(_BYTES, "little")

    def plus(self, pairs: Iterable[Pair]) -> DigestSum:
        """Count signatures in."""
        return DigestSum((self.number + sum(map(_number, pairs))) % _MODULUS)

    def minus(self, pairs: Iterable[Pair]) -> DigestSum:
        """Count signatures out."""
        return DigestSum((self.number - sum(map(_number, pairs))) % _MODULUS)

    @property
    def digest(self) -> str:
        """Return the digest as it stands in the block."""
        return f"{ALGORITHM}:{hashlib.sha256(self.to_bytes()).hexdigest()}"


def digest(pairs: Iterable[Pair]) -> str:
    """Identify a tally, counted from nothing."""
    return DigestSum.of(pairs).digest


def _number(pair: Pair) -> int:
    return int.from_bytes(hashlib.shake_256(b"%d:%d" % pair).digest(_BYTES), "little")
