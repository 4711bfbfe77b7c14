"""The store's answers as the records that JSON, tables, feeds and the pack are made of."""

from __future__ import annotations

from bot.petition.addresses import Pages, Site
from bot.roster.record import PetitionRecord, SignatureRecord, iso, iso_or_none
from bot.store import Entry, Snapshot


def record_petition(snapshot: Snapshot, pages: Pages, site: Site) -> PetitionRecord:
    """Say what is to be known of a petition."""
    return PetitionRecord(
        repository=snapshot.repository.full_name,
        number=pages.number,
        title=snapshot.title,
        issue=site.issue(pages.repository, pages.number),
        page=pages.roster,
        count=snapshot.count,
        goal=None,
        digest=snapshot.digest,
        counting=snapshot.labelled and snapshot.closed_at is None,
        closed_at=iso_or_none(snapshot.closed_at),
        deadline=None,
        letter=snapshot.letters[-1].digest if snapshot.letters else None,
        letter_changed_at=iso_or_none(snapshot.letter_changed[0] if snapshot.letter_changed else None),
    )


def record_signature(entry: Entry, site: Site) -> SignatureRecord:
    """Say who has signed."""
    signature = entry.signature
    return SignatureRecord(
        user_id=signature.user_id,
        login=signature.login,
        name=signature.name,
        affiliation=signature.affiliation,
        reason=signature.reason,
        signed_at=iso(signature.signed_at),
        comment_id=signature.comment_id,
        comment=site.comment(entry.repository, entry.number, signature.comment_id),
    )
