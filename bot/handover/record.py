"""What the pack's JSON file holds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from bot.roster.record import DayRecord, PetitionRecord, SignatureRecord, Time


class LetterRecord(Struct, frozen=True, kw_only=True):
    """A version of the letter; `signed` is how many had signed when it was first seen."""

    digest: str
    seen_at: Time
    signed: int
    text: str | None


class PackRecord(Struct, frozen=True, kw_only=True):
    """Everything that is handed over; `version` goes up when it is written in another way.

    2: each signature says which of the letter's versions it was given to.
    """

    version: int = 2
    made_at: Time
    petition: PetitionRecord
    withdrawn: int
    withheld: int
    letters: Sequence[LetterRecord]
    days: Sequence[DayRecord]
    signatures: Sequence[SignatureRecord]
