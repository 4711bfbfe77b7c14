"""A petition and its signatures as JSON; the shapes are the ones that the OpenAPI document tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="A time in UTC.")]
Number = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(description="Identifies the tally: the block in the issue has it too.")]


class SignatureRecord(Struct, frozen=True, kw_only=True):
    """One person's standing signature."""

    user_id: Annotated[int, Meta(description="GitHub's number for the person; logins change.")]
    login: str
    name: str | None
    affiliation: str | None
    reason: str | None
    signed_at: Time
    comment_id: int
    comment: Annotated[str, Meta(description="Where the comment is on GitHub.")]
    letter: Annotated[str | None, Meta(description="The SHA-256 of the words of the letter that was signed.")] = (
        None
    )


class ResponseRecord(Struct, frozen=True, kw_only=True):
    """The official answer to a petition."""

    text: str
    login: str
    given_at: Time


class PetitionRecord(Struct, frozen=True, kw_only=True):
    """What is to be known of a petition, names aside."""

    repository: str
    number: int
    title: str
    issue: Annotated[str, Meta(description="Where the issue is on GitHub.")]
    page: str
    count: Number
    goal: Number | None
    digest: Digest
    counting: Annotated[bool, Meta(description="Whether new signatures count: it is open and has its label.")]
    closed_at: Time | None
    deadline: Time | None
    response: ResponseRecord | None
    letter: Annotated[str | None, Meta(description="The SHA-256 of the letter's words, as it stands now.")]
    letter_changed_at: Annotated[Time | None, Meta(description="When it last changed after people had signed.")]


class RosterRecord(Struct, frozen=True, kw_only=True):
    """A petition with a part of its roster."""

    petition: PetitionRecord
    public: Annotated[bool, Meta(description="Whether the organizers show who has signed, or only how many.")]
    signatures: Sequence[SignatureRecord]
    next: Annotated[str | None, Meta(description="Where the signatures that follow are.")]
    previous: Annotated[str | None, Meta(description="Where the signatures before these are.")]


class DayRecord(Struct, frozen=True):
    """How many signed on a day."""

    day: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    signatures: Number


class ShieldRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """The count for shields.io: https://shields.io/badges/endpoint-badge ."""

    schema_version: Annotated[int, Meta(ge=1, le=1)] = 1
    label: str
    message: str
    color: str


class EmbedRecord(Struct, frozen=True, kw_only=True):
    """What a page that links to a petition may say of it: https://oembed.com ."""

    version: str = "1.0"
    type: str = "link"
    title: str
    provider_name: str = "Undersigned"
    provider_url: str
    cache_age: int = 300


class ProblemRecord(Struct, frozen=True):
    """Why a request was refused, and what to do about it."""

    message: str


def iso(at: int) -> str:
    """Write UTC epoch seconds."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_or_none(at: int | None) -> str | None:
    """Write UTC epoch seconds, where there are any."""
    return None if at is None else iso(at)
