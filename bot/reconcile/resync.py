"""Make the rows agree with GitHub: read a thread's comments again, in the background or because somebody asks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import structlog
from msgspec import Struct
from msgspec.structs import replace

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError, Gone, NotFound
from bot.github.installation_client import InstallationClient
from bot.github.models.graphql import MAX_NODES, Revision
from bot.github.models.rest import CommentsRead
from bot.github.transport import PAGE_SIZE
from bot.petition.facts_from_github import IssueFact
from bot.petition.i18n import counted
from bot.reconcile.errors_and_retries import NameReused, ends_all, retry_at
from bot.reconcile.letter_history_and_translations import MOST_PAGES
from bot.store import Clarification, DoubtfulComment, LastBodies, ListingOutcome, Store, ThreadToRead
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

log = structlog.get_logger("resync")

COMPLETE_EVERY: Final[Seconds] = 6 * 3600.0
"""Time after which a long thread is read completely, even where nothing seems to have changed."""

CALLS_ABOUT_MAIL: Final = 10
"""Calls in an hour by which it is asked for one petition which comments came by mail."""

LIMITED_FOR: Final[Seconds] = 3600.0

OVERLAP = 60
"""Seconds that are read twice of what changed of late: GitHub's clocks and ours differ."""


class ThreadRead(Struct, frozen=True):
    """What was read of a thread; comments that are `doubtful` in the outcome do not sign until checked."""

    listed: int
    outcome: ListingOutcome


class ThreadResync(Struct, frozen=True):
    """Read the comments of one thread at a time `now`."""

    thread: ThreadToRead
    store: Store
    client: InstallationClient
    now: EpochSeconds

    async def read_all(self, *, asks_at_once: bool = False) -> ThreadRead:
        """Read all comments and record them; a listing that fails half-way changes nothing.

        Who wrote the text of an edited comment is asked for where no delivery has told. What GitHub does not tell,
        or what is still ambiguous, is asked for again later, unless `asks_at_once`; such a comment does not sign.
        Raises NameReused where the thread's name is another issue's by now, and `bot.github.errors`.
        """
        thread, listing = self.thread, await self._list_comments()
        await self._check_place(listing)
        # First of those that are known: nobody who counts must have to wait for it.
        await self._ask_for_ages(listing)
        # The request to read the thread is answered below, when the doubtful comments are recorded.
        outcome = await self.store.record_listing(
            thread.issue_id, listing.started_at, listing.comments, complete=True, reread=_UNANSWERED
        )
        if outcome.repaired:
            log.error("rows did not match the comments and were corrected", petition=self._name)
        await self.store.threads.mark_checked(thread.issue_id, self.now)
        await self._ask_for_ages(listing)
        await self._check_writes()
        read = await self._finish(listing, outcome, math.inf if asks_at_once else self.now)
        await self.store.threads.record_known(thread.issue_id, listing.started_at)
        return read

    async def check(self, shown: tuple[int, WholeEpochSeconds]) -> None:
        """Check whether anything changed, with one call if nothing did.

        `shown` is how many comments GitHub says there are, and when. A long thread is read only as far as it
        changed, unless comments are missing or the last complete listing was long ago.
        """
        thread = self.thread
        is_short = max(thread.comments, shown[0]) <= PAGE_SIZE
        # What a release asks for can wait until there are calls in plenty.
        is_asked = thread.asked and not self.client.low_priority_spacing()
        if is_short or is_asked or thread.listed_at < self.now - COMPLETE_EVERY:
            await self.read_all()
            return
        listing = await self._list_comments(since=thread.changes_since - OVERLAP)
        outcome = await self.store.record_listing(
            thread.issue_id, listing.started_at, listing.comments, complete=False
        )
        await self.store.threads.mark_checked(thread.issue_id, self.now, _next_since(listing))
        await self._ask_for_ages(listing)
        await self._check_writes()
        if thread.gap not in await self._list_gaps(*shown):
            await self.read_all()
            gaps = await self._list_gaps(*shown)
            await self.store.threads.record_gap(thread.issue_id, thread.gap if thread.gap in gaps else gaps[0])
            return
        if any(comment in listing.node_ids for comment in outcome.doubtful):
            await self._finish(listing, outcome, self.now)
        await self.store.threads.record_known(thread.issue_id, listing.started_at)

    async def catch_up(self) -> None:
        """Read the comments that came of late, so that all until now are known, whatever deliveries did not come.

        That takes one call, which is free where nothing changed. Nothing is read before the first listing.
        """
        thread = self.thread
        if not thread.listed_at:
            return
        listing = await self._list_comments(since=thread.changes_since - OVERLAP)
        # The deliveries of the newest ones are on their way.
        comments = [one for one in listing.comments if one.created_at <= listing.started_at]
        outcome = await self.store.record_listing(thread.issue_id, listing.started_at, comments, complete=False)
        await self._ask_for_ages(listing)
        await self._request_clarification(listing, outcome)
        await self.store.threads.record_known(thread.issue_id, listing.started_at, _next_since(listing))

    async def clarify(self, until: EpochSeconds | None = None) -> ListingOutcome | None:
        """Ask who wrote the doubtful comments whose turn it is; return None where GitHub does not say.

        It is the turn of those that wait until now at most, or `until` a later time. What stays in doubt is asked
        for again later, each comment by itself. Raises what concerns the whole installation.
        """
        comments = self.store.doubtful_comments
        doubts = await comments.list_doubtful(self.thread.issue_id, self.now if until is None else until)
        doubts = await self._within_limit(doubts) if until != math.inf else doubts
        if not doubts:
            return None
        outcome, failure = None, None
        known = await self.store.threads.get_known_texts([one.comment_id for one in doubts])
        try:
            histories = await self.client.get_comment_histories([one.node_id for one in doubts], known)
            outcome = await self.store.record_listing(
                self.thread.issue_id, int(self.now), histories, complete=False
            )
        except GitHubError as error:
            if ends_all(error):
                raise
            # Not the error itself: with its traceback it would hold this frame, and the frame all that was read.
            failure = str(error)
            waits = [retry_at(error, one.asked, self.now) for one in doubts]
        else:
            waits = [retry_at(None, one.asked, self.now) for one in doubts]
        left = {one.comment_id for one in doubts} if outcome is None else set(outcome.doubtful)
        answers = [
            Clarification(one, one.comment_id not in left, wait) for one, wait in zip(doubts, waits, strict=True)
        ]
        await comments.record_clarifications(answers)
        if waiting := sum(not one.is_clear for one in answers):
            event = "comments do not sign until it is known who wrote them, or how"
            log.info(event, petition=self._name, comments=waiting, error=failure)
        return outcome

    async def _within_limit(self, doubts: list[DoubtfulComment]) -> list[DoubtfulComment]:
        """Return the comments to ask for now; of those that may have come by mail, the others wait for their turn.

        Anybody can write texts that leave this open, as many as they like.
        """
        comments, petition_id = self.store.doubtful_comments, self.thread.petition_id
        edited, mailed = ([one for one in doubts if bool(one.about_mail) is kind] for kind in (False, True))
        before = await comments.list_lookups(petition_id, self.now - LIMITED_FOR) if mailed else []
        calls = math.ceil(len(edited) / MAX_NODES)
        room = max(0, CALLS_ABOUT_MAIL - len(before) - calls) * MAX_NODES + calls * MAX_NODES - len(edited)
        if mailed[room:]:
            again = before[0] + LIMITED_FOR if before else self.now + LIMITED_FOR
            await comments.postpone_doubts(mailed[room:], again)
        asked = edited + mailed[:room]
        if mailed[:room]:
            await comments.record_lookups(petition_id, math.ceil(len(asked) / MAX_NODES), self.now)
        return asked

    async def _list_comments(self, since: WholeEpochSeconds | None = None) -> CommentsRead:
        return await self.client.list_comments(
            self.thread.repository.full_name,
            self.thread.number,
            since=since,
            count=self.thread.comments,
            recall=self.store.threads.get_known_texts,
        )

    async def _check_place(self, listing: CommentsRead) -> None:
        """Check that a listing is of this issue, unless it has what is known; raises NameReused where it is not.

        Where the repository was renamed and nobody has told, another one may have its name, with an issue of the
        same number. Where nothing is known although all was read before, any comment may be of such an issue.
        """
        thread, listed = self.thread, listing.node_ids.keys()
        known = await self.store.threads.list_present(thread.issue_id, int(self.now) + 1)
        if known <= listed and (known or not listed or not thread.listed_at):
            return
        read = await self.client.get_issue(thread.repository.full_name, thread.number)
        # One that was transferred is the same one: its comments have gone along.
        if read.issue.id != thread.issue_id and read.is_at(thread.repository, thread.number):
            raise NameReused(f"{self._name} is another issue now")

    async def _finish(self, listing: CommentsRead, outcome: ListingOutcome, until: EpochSeconds) -> ThreadRead:
        """End the reading, and ask who wrote what is in doubt; what stays in doubt waits alone."""
        is_doubtful = await self._request_clarification(listing, outcome)
        await self.store.threads.mark_read(self.thread)
        clarified = await self.clarify(until) if is_doubtful else None
        if clarified is not None:
            outcome = replace(outcome, count=clarified.count, doubtful=clarified.doubtful)
        return ThreadRead(len(listing.comments), outcome)

    async def _request_clarification(self, listing: CommentsRead, outcome: ListingOutcome) -> bool:
        nodes = {one: listing.node_ids[one] for one in outcome.doubtful if one in listing.node_ids}
        await self.store.doubtful_comments.request_clarification(nodes, self.now, outcome.about_mail)
        return bool(nodes)

    async def _ask_for_ages(self, listing: CommentsRead) -> None:
        """Ask how old signers' accounts are, where the organizers want to know; until then they wait."""
        unknown = await self.store.signer_accounts.list_comments_of_unknown_age(self.thread.issue_id)
        nodes = [listing.node_ids[one] for one in unknown if one in listing.node_ids]
        if nodes:
            accounts = await self.client.get_accounts(nodes)
            await self.store.signer_accounts.record_ages(self.thread.issue_id, accounts.values())

    async def _check_writes(self) -> None:
        """Check whether our writes replaced somebody's edit of a body, where no delivery has told for sure."""
        before = int(self.now) - OVERLAP
        if not await self.store.bodies.count_unconfirmed_writes(self.thread.issue_id, before):
            return
        try:
            found = await _read_last_bodies(self.thread, self.client)
        except GitHubError as error:
            if ends_all(error):
                raise
            return
        if found is not None and await self.store.bodies.record_history(self.thread.issue_id, found, before):
            await self.store.petitions.request_publishing([self.thread.petition_id])

    async def _list_gaps(self, count: int, at: WholeEpochSeconds) -> range:
        """Return how many more comments there may be, as GitHub shows, than are known: those that it hides.

        Comments of the very second `at` which GitHub gave the count may be in it or not.
        """
        issue_id, present = self.thread.issue_id, self.store.threads.list_present
        return range(count - len(await present(issue_id, at + 1)), count - len(await present(issue_id, at)) + 1)

    @property
    def _name(self) -> str:
        return f"{self.thread.repository.full_name}#{self.thread.number}"


_UNANSWERED = 0
"""The number of a request to read that was never made."""


def _next_since(listing: CommentsRead) -> WholeEpochSeconds:
    # The address stays the same while the answer fits a page, so that it can be remembered.
    return listing.started_at if len(listing.comments) >= PAGE_SIZE else 0


async def _read_last_bodies(thread: ThreadToRead, client: InstallationClient) -> LastBodies | None:
    """Read what a body says, if we wrote it, and what somebody else saved last; None where the issue has moved."""
    us, where = await client.get_login(), (thread.repository.full_name, thread.number, thread.issue_id)
    newest: list[Revision] = []
    more: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_revisions(*where, after=more)
        if page is None:
            return None
        newest = newest or [*page.revisions[:1]]
        theirs = [one for one in page.revisions if not one.is_by(us)][:1]
        if theirs:
            texts = await client.get_revision_texts([one.id for one in newest + theirs])
            return LastBodies(None if newest == theirs else texts.get(newest[0].id), texts.get(theirs[0].id))
        more = page.more
        if more is None:
            break
    return LastBodies()


class UnknownPetition(Exception):
    """There is no petition of that name; the message says what is missing."""


class ResyncReport(Struct, frozen=True):
    """What was found under a name, and how many had signed before; None where the petition was not known."""

    name: str
    found: ThreadRead
    before: int | None

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is left in doubt."""
        return not self.found.outcome.doubtful

    def lines(self) -> Iterator[str]:
        """Return the report, line by line."""
        outcome, listed = self.found.outcome, self.found.listed
        if self.before is None:
            yield f"{self.name} is new to this database."
        yield f"{self.name}: {counted(listed, 'comment')} read, {counted(outcome.changed, 'comment')} changed."
        if outcome.missing:
            yield f"  {counted(outcome.missing, 'known comment')} {_were(outcome.missing)} deleted."
        if outcome.repaired:
            rows = counted(outcome.repaired, "row")
            were = _were(outcome.repaired)
            yield f"  {rows} did not match the comments, and {were} corrected. Please report it."
        if outcome.doubtful:
            left = counted(len(outcome.doubtful), "comment")
            yield f"  {left} cannot be counted until GitHub says who wrote the text."
        was = "" if self.before in (None, outcome.count) else f" ({self.before:,} before)"
        yield f"  {counted(outcome.count, 'signature')}{was}."


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


async def resync_by_hand(
    repository: str, number: int, store: Store, github: GitHub, label: str, now: EpochSeconds
) -> ResyncReport:
    """Read all of a petition's comments again; raises UnknownPetition, `bot.github.errors`, the store's errors."""
    try:
        installation_id = await github.find_installation(repository)
    except NotFound:
        raise UnknownPetition(f"{repository} does not exist, or the App is not installed on it") from None
    client = github.installation(installation_id)
    try:
        read = await client.get_issue(repository, number)
    except (NotFound, Gone) as error:
        raise UnknownPetition(f"{repository}#{number} does not exist ({error})") from None
    name = f"{read.repository.full_name}#{read.issue.number}"
    if read.issue.is_pull_request or label.lower() not in read.issue.labels:
        raise UnknownPetition(f"{name} is not a petition: it does not have the label `{label}`")
    known = await store.threads.get(read.issue.id)
    before = None if known is None else (await store.petitions.get_snapshot(known.petition_id, newest=0)).count
    await store.record([IssueFact(installation_id, read.repository, read.issue, as_of=read.read_at)])
    thread = await store.threads.get(read.issue.id)
    if thread is None:
        raise UnknownPetition(f"{name} was deleted, according to an earlier delivery")
    found = await ThreadResync(thread, store, client, now).read_all(asks_at_once=True)
    # Not known any more, so that the bot asks again what the letter said before.
    await store.letters.postpone_history(thread.petition_id, 0)
    return ResyncReport(name, found, before)
