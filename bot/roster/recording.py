"""The store's answers as the records that JSON, tables, feeds and the pack are made of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.petition.letter import Letter, given_to
from bot.petition.organizers.rules import next_goal
from bot.roster.chart import Days, Growth
from bot.roster.record import PetitionRecord, ResponseRecord, SignatureRecord, iso, iso_or_none
from bot.store import Entry, Snapshot
from bot.urls import Pages, Site


def record_petition(snapshot: Snapshot, pages: Pages, site: Site) -> PetitionRecord:
    """Return what is to be known of a petition."""
    settings = snapshot.rules.settings
    return PetitionRecord(
        repository=snapshot.repository.full_name,
        number=pages.number,
        title=snapshot.title,
        issue=site.issue(pages.repository, pages.number),
        page=pages.roster,
        count=snapshot.count,
        goal=next_goal(settings.goals, snapshot.count),
        digest=snapshot.digest,
        counting=snapshot.labelled and snapshot.shut_at is None,
        closed_at=iso_or_none(snapshot.shut_at),
        deadline=iso_or_none(settings.deadline),
        response=_response(snapshot),
        letter=snapshot.letters[-1].digest if snapshot.letters else None,
        letter_changed_at=iso_or_none(snapshot.letter_changed[0] if snapshot.letter_changed else None),
    )


def growth_of(snapshot: Snapshot, days: Days, today: int) -> Growth:
    """Return a petition's curve, which ends when it does."""
    end = snapshot.rules.ends_at(snapshot.closed_at)
    goal = next_goal(snapshot.rules.settings.goals, snapshot.count)
    return Growth(days, today if end is None else min(today, end // 86_400), goal)


def record_signature(entry: Entry, letters: Sequence[Letter], site: Site) -> SignatureRecord:
    """Return who has signed, and which of the letter's versions."""
    signature = entry.signature
    letter = letters[given_to(letters, signature.signed_at)].digest if letters else None
    return SignatureRecord(
        user_id=signature.user_id,
        login=signature.login,
        name=signature.name,
        affiliation=signature.affiliation,
        reason=signature.reason,
        signed_at=iso(signature.signed_at),
        comment_id=signature.comment_id,
        comment=site.comment(entry.repository, entry.number, signature.comment_id),
        letter=letter,
    )


def _response(snapshot: Snapshot) -> ResponseRecord | None:
    given = snapshot.rules.response
    return None if given is None else ResponseRecord(text=given.text, login=given.login, given_at=iso(given.at))
