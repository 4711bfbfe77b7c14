"""What only organizers see of their petition, beside the records that the template reads itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.links import Pages
from bot.petition.abuse_signals import assess
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.i18n import ENGLISH
from bot.petition.organizer_commands import CommandStatus, write_remark, write_removals
from bot.petition.rules_in_force import Rules
from bot.petition.settings import PATH, Detail, Settings
from bot.petition.tally import Reason
from bot.store import NotCounted, PetitionDetails, State
from bot.time_types import WholeEpochSeconds
from bot.web.organizers.cached_signature_reviews import PetitionRecords, SignatureReview
from bot.web.petition_requests import PagesContext
from bot.web.rendering import moment

MAX_COMMANDS: Final = 200
"""Commands that are shown, the newest."""

MAX_UNCOUNTED: Final = 100
"""People who tried to sign and are not counted, of whom the last are shown."""

MAX_ATTEMPTS: Final = 20
"""People who gave commands without being organizers, of whom the last are shown."""


def view_organizers(
    details: PetitionDetails,
    pages: Pages,
    context: PagesContext,
    review: SignatureReview,
    records: PetitionRecords,
) -> dict[str, Any]:
    """Return the values for the template of the page; `link` lets others see a private petition."""
    snapshot = details.snapshot
    found = review.found if snapshot.anonymised_at is None else assess([], {})
    first, *findings = _findings(snapshot.anonymised_at, review)
    return {
        "petition": snapshot,
        "numbers": list(_numbers(details, review, context.today)),
        "uncounted": [(one, why_not_counted(one)) for one in review.uncounted[:MAX_UNCOUNTED]],
        "uncounted_more": max(len(review.uncounted) - MAX_UNCOUNTED, 0),
        "are_all_uncounted": review.are_all_uncounted,
        "headline": first,
        "remarks": list(_remarks(snapshot.state, records)),
        "findings": findings,
        "shares": found.shares(),
        "aged": f"{found.aged:,}",
        "waiting": found.waiting,
        "groups": [(one, str(one), write_removals(one.logins)) for one in found.alike],
        "reviewed_at": review.at,
        "counting": [("Counted", _counted(details, review)), *_rules(details, context)],
        "results": _RESULTS,
        "commands": records.audit[: -MAX_COMMANDS - 1 : -1],
        "older": max(len(records.audit) - MAX_COMMANDS, 0),
        "attempts": records.attempts[:MAX_ATTEMPTS],
        "others": max(len(records.attempts) - MAX_ATTEMPTS, 0),
        "is_public": details.is_public,
        "link": pages.roster if pages.key else None,
    }


def _numbers(details: PetitionDetails, review: SignatureReview, today: int) -> Iterator[tuple[str, str, str]]:
    """Return what is counted, how many there are, and the part of the page that lists them."""
    rules, least = details.snapshot.rules, "" if review.are_all_uncounted else "at least "
    yield "signed", f"{details.snapshot.count:,}", ""
    yield "today", f"{sum(number for day, number in details.days if day == today):,}", ""
    yield "in the last 7 days", f"{sum(number for day, number in details.days if day > today - 7):,}", ""
    yield "withdrawn", f"{review.withdrawn:,}", ""
    yield "hidden", f"{least}{review.hidden:,}", ""
    yield "removed", f"{len(rules.removals):,}", "counting" if rules.removals else ""
    yield "not listed", f"{details.snapshot.unlisted:,}", ""
    attempts = len(review.uncounted)
    what = "attempt" if attempts == 1 else "attempts"
    yield f"{what} that did not count", f"{least}{attempts:,}", "uncounted" if attempts else ""


def why_not_counted(one: NotCounted) -> str:
    """Format why an attempt to sign does not count."""
    return _FAULTS.get(one.fault, _REASONS[one.reason]) if one.reason is Reason.MISTYPED else _REASONS[one.reason]


_REASONS: Final[Mapping[Reason, str]] = {
    Reason.MISTYPED: "the command was not understood",
    Reason.CUT_OFF: "the command is below text that looks like a quoted email",
    Reason.LATE: "after the petition closed",
    Reason.YOUNG: "the account was too new",
    Reason.WAITING: "not decided until GitHub says who wrote it, whether it came by email, or how old the"
    " account is",
}

_FAULTS: Final[Mapping[str, str]] = {
    Fault.SPELLING: "the command is misspelt",
    Fault.SLASH: "the / is missing before the command",
    Fault.CODE: "the command is formatted as code",
    Fault.MARKS: "there are formatting marks around the command",
    Fault.PLACE: "there is other text before the command on its line",
    Fault.GLUED: "the command is directly below a quotation or HTML, without an empty line",
    Fault.JOINED: "there is no space after the command",
    Fault.CONDITION: "the signature has a condition",
    Fault.WORDS: "the words after the command do not make clear whether it signs",
}

_RESULTS: Final = {"obeyed": "applied", "misunderstood": "not understood", "taken back": "withdrawn"}
"""The words for stored results."""


def _findings(erased_at: WholeEpochSeconds | None, review: SignatureReview) -> Iterator[str]:
    if erased_at is not None:
        yield f"The names were erased on {moment(erased_at)} UTC, according to the settings."
        return
    yield from review.found.lines_without_ages()
    if not review.is_complete:
        yield "Older signatures were not reviewed."


def _remarks(state: State, records: PetitionRecords) -> Iterator[str]:
    """Format what is wrong in this page's language, whatever the petition's is."""
    if state is State.OVERWRITTEN:
        yield state.advice
    if not records.settings.readable:
        yield (
            f"{PATH} cannot be read: the App lacks the permission Contents: read-only. The last"
            " settings still apply."
        )
    yield from records.settings.remarks(ENGLISH)
    last = {(one.comment_id, one.position): one for one in records.audit}
    for one in last.values():
        if one.answer == CommandStatus.NOT_UNDERSTOOD:
            yield write_remark(one.login, one.text, one.note, ENGLISH)


def _people_have(count: int) -> str:
    return "1 person has" if count == 1 else f"{count:,} people have"


def _counted(details: PetitionDetails, review: SignatureReview) -> str:
    snapshot = details.snapshot
    doubtful = f"; {snapshot.doubtful:,} undecided until GitHub says who wrote them" if snapshot.doubtful else ""
    signed = f"{_people_have(snapshot.count)} signed" if snapshot.count else "nobody has signed"
    unlisted = f", {snapshot.unlisted:,} of them not listed" if snapshot.unlisted else ""
    withdrawn = f"{_people_have(review.withdrawn)} withdrawn" if review.withdrawn else "nobody has withdrawn"
    return f"{signed}{unlisted}, {withdrawn}{doubtful}"


def _what_signs(settings: Settings) -> str:
    if settings.also_accept is None:
        return "/sign"
    phrases = "".join(f", “{one}”" for one in settings.also_accept)
    return f"/sign, or a comment that only says “I sign”{phrases}"


def _rules(details: PetitionDetails, context: PagesContext) -> Iterator[tuple[str, str]]:
    rules, closed_at = details.snapshot.rules, details.snapshot.closed_at
    settings, end = rules.settings, rules.ends_at(closed_at)
    yield "What signs", _what_signs(settings)
    days = f"{settings.minimum_account_age:,} days old or more when they sign"
    yield "Accounts", days if rules.asks_for_age else "of any age"
    yield "Goal", ", then ".join(f"{goal:,}" for goal in settings.goals) or "none"
    if end is None:
        yield "Until", "the issue is closed"
    else:
        yield "Until", f"{moment(end)} UTC" + (" (ended)" if end <= context.now() else "")
    yield "Shown", _shown(rules)


def _shown(rules: Rules) -> str:
    details = [one.value for one in Detail if one in rules.settings.show]
    if not details:
        return "only the count"
    where = "on the page and in the issue" if rules.settings.public_roster else "only the newest, in the issue"
    return f"{', '.join(details)}; {where}"
