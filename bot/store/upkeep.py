"""The part of the store that serves to keep rows and GitHub in agreement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from bot.petition.comments.comment import KnownText
from bot.petition.facts import Repository
from bot.store import upkeep_statements as sql
from bot.store.account_ages import read_unaged, record_ages
from bot.store.bodies import (
    KnownBody,
    LastBodies,
    count_unheard_writes,
    has_written,
    is_untouched_since,
    note_found,
    note_left,
    note_write,
    read_body,
    record_body_history,
)
from bot.store.conditions import Condition, read_conditions, read_new_conditions, take_conditions
from bot.store.deliveries import FailedDelivery, read_failed_deliveries, read_swept_until, record_sweep
from bot.store.doubtful_comments import Asked, Doubt, note_doubts, read_doubtful_thread, read_doubts, record_asked
from bot.store.engine.database import Database
from bot.store.engine.dialect import Statement
from bot.store.installations import (
    KnownPetition,
    KnownRepository,
    SeenInstallation,
    SurveyMark,
    read_petitions_in,
    read_repositories,
    read_repositories_with_petitions,
    read_survey,
    read_surveys,
    record_access,
    record_roll_call,
)
from bot.store.known_texts import read_known_texts
from bot.store.letters import NEVER, put_off_past, record_past
from bot.store.petitions import ThreadToRead, read_letter_to_trace, read_thread, read_thread_to_look_at
from bot.store.privacy import (
    Forgotten,
    ToAnonymise,
    people_called,
    read_to_anonymise,
    record_anonymity,
    record_forgotten,
    strip_thread,
)
from bot.store.recording.consistency import Inspection, find_petitions, inspect, list_petitions
from bot.store.states import State


class Upkeep:
    """Surveys, bodies, failed deliveries and states; `announce` lets everybody know that something changed.

    `asked_for_delivery` hears of each delivery that was asked for once more.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], float],
        announce: Callable[[], None],
        asked_for_delivery: Callable[[], None],
    ) -> None:
        self._database = database
        self._now = now
        self._announce = announce
        self._asked_for_delivery = asked_for_delivery

    # Installations and what they may see

    async def roll_call(self, seen: Iterable[SeenInstallation], as_of: int) -> None:
        """Take over a complete list of the App's installations; what it lacks has ended."""
        work = partial(record_roll_call, seen=list(seen), as_of=as_of, now=int(self._now()))
        if await self._database.write(work):
            self._announce()

    async def accounts(self) -> list[str]:
        """List the accounts on which the App is installed."""
        rows = await self._database.read(lambda work: work.fetch(sql.ACCOUNTS))
        return [row.account for row in rows]

    async def surveys(self, ended: float, began: float = 0.0) -> list[SurveyMark]:
        """List installations that have a survey asked for, or whose last one ended, or began, before a time."""
        return await self._database.read(partial(read_surveys, ended=ended, began=began))

    async def survey(self, installation_id: int) -> SurveyMark | None:
        """Return when an installation was last surveyed; None where it is not usable."""
        return await self._database.read(partial(read_survey, installation_id=installation_id))

    async def ask_for_survey(self, installation_id: int) -> None:
        """Have an installation surveyed soon."""
        await self._execute(sql.ASK_FOR_SURVEY, installation_id)

    async def surveyed(self, installation_id: int, asked: int, at: float, began: float = 0.0) -> None:
        """Record that a survey has ended; `asked` is from the mark that it began with."""
        await self._execute(sql.SURVEYED, installation_id, asked, at, began)

    async def surveyed_known(self, installation_id: int, at: float, began: float, *, works: bool) -> None:
        """Record that a survey has seen all that was known before; `works` tells whether GitHub let it see any."""
        await self._execute(sql.SURVEYED_KNOWN, installation_id, at, began, works)

    async def repositories_with_petitions(self, installation_id: int) -> list[Repository]:
        """List an installation's repositories that have petitions, and may be seen, as we know them."""
        work = partial(read_repositories_with_petitions, installation_id=installation_id)
        return await self._database.read(work)

    async def note_trouble(self, installation_id: int, state: State) -> None:
        """Record what keeps us from working for an installation; a survey, which is asked for, takes that back."""
        await self._execute(sql.SET_INSTALLATION_STATE, installation_id, state.value)

    async def repositories(self, installation_id: int, ids: Collection[int]) -> dict[int, KnownRepository]:
        """Return what is known of an installation's repositories, and of these ids wherever they are, by id."""
        return await self._database.read(partial(read_repositories, installation_id=installation_id, ids=ids))

    async def note_access(self, added: Sequence[int], removed: Sequence[int], as_of: int) -> None:
        """Record which repositories the App may see and which it may not, as of a listing."""
        work = partial(record_access, added=added, removed=removed, as_of=as_of, now=int(self._now()))
        await self._database.write(work)
        self._announce()

    async def petitions_in(self, repository_id: int) -> list[KnownPetition]:
        """List the petitions of a repository that have not ended."""
        return await self._database.read(partial(read_petitions_in, repository_id=repository_id))

    async def look_at(self, petition_ids: Sequence[int]) -> None:
        """Have petitions published, which looks at their issues; one that was postponed stays so."""
        if petition_ids:
            await self._execute(sql.LOOK_AT_PETITIONS, petition_ids, int(self._now()))

    async def wake(self, petition_ids: Sequence[int]) -> None:
        """Have postponed petitions tried again at once."""
        if petition_ids:
            await self._execute(sql.WAKE_PETITIONS, petition_ids)

    # Reading threads

    async def thread_to_look_at(self, installation_id: int, now: float, before: float) -> ThreadToRead | None:
        """Return the thread that nobody has looked at for the longest time; None where all were since `before`."""
        read = partial(read_thread_to_look_at, installation_id=installation_id, now=now, before=before)
        return await self._database.read(read)

    async def thread(self, issue_id: int) -> ThreadToRead | None:
        """Return the thread that an issue is, whether it is to be read or not; None where it is none."""
        return await self._database.read(partial(read_thread, issue_id=issue_id))

    async def looked_at(self, issue_id: int, at: float, changes_since: int = 0) -> None:
        """Record a look at a thread, and from when on the next one must ask for changes, where that is known."""
        await self._execute(sql.LOOKED_AT, issue_id, at, changes_since)

    async def read(self, thread: ThreadToRead) -> None:
        """Record that a thread was read, in answer to the request that came with it."""
        await self._execute(sql.READ_DONE, thread.issue_id, thread.reread)

    async def note_doubts(self, nodes: Mapping[int, str], now: float) -> None:
        """Have comments asked for, given as node ids by comment id; who was asked for of late waits."""
        if nodes:
            await self._database.write(partial(note_doubts, nodes=nodes, now=now))

    async def doubtful_thread(self, installation_id: int, now: float) -> ThreadToRead | None:
        """Return a thread of an installation that has comments to ask for now; None where there is none."""
        return await self._database.read(partial(read_doubtful_thread, installation_id=installation_id, now=now))

    async def doubts(self, issue_id: int, now: float) -> list[Doubt]:
        """Return the comments of a thread to ask for now, those first that have waited longest."""
        return await self._database.read(partial(read_doubts, issue_id=issue_id, now=now))

    async def asked(self, answers: Sequence[Asked]) -> None:
        """Record that comments were asked for."""
        await self._database.write(partial(record_asked, answers=answers))

    async def put_off_reading(self, thread: ThreadToRead, until: float) -> None:
        """Read a thread again at a later time; a new request to read it goes first."""
        await self._execute(sql.PUT_OFF_READING, thread.issue_id, thread.reread, until, thread.attempts + 1)

    async def known_texts(self, comment_ids: Collection[int]) -> dict[int, KnownText]:
        """Return what is known of the texts of comments, by their ids, as far as that need not be read again."""
        return await self._database.read(partial(read_known_texts, comment_ids=comment_ids))

    async def comments_held(self, issue_id: int, before: int) -> int:
        """Count the comments of a thread that are there by what we know, and were written before a time."""
        rows = await self._database.read(lambda work: work.fetch(sql.COMMENTS_HELD, issue_id, before))
        held: int = rows[0][0]
        return held

    async def note_gap(self, issue_id: int, gap: int) -> None:
        """Record by how many the number of comments that GitHub gives is off."""
        await self._execute(sql.SET_GAP, issue_id, gap)

    # Continuations

    async def continuing(self, petition_id: int, at: int) -> None:
        """Record that an issue is about to be opened that continues a petition."""
        await self._execute(sql.SET_CONTINUING, petition_id, at)

    async def continuing_at(self, petition_id: int) -> int:
        """Return when such an issue was last asked for that is not there yet, by what we know; 0 for never."""
        rows = await self._database.read(lambda work: work.fetch(sql.CONTINUING, petition_id))
        at: int = rows[0][0] if rows else 0
        return at

    # Bodies

    async def body(self, issue_id: int) -> KnownBody:
        """Return what is known of an issue's body."""
        return await self._database.read(partial(read_body, issue_id=issue_id))

    async def note_write(self, issue_id: int, made_from: str | None, body: str) -> None:
        """Record that a body is about to be written, and what it was made from."""
        work = partial(note_write, issue_id=issue_id, made_from=made_from, body=body, at=int(self._now()))
        await self._database.write(work)

    async def unheard_writes(self, issue_id: int, before: int) -> int:
        """Count our writes before a time of which no delivery has told."""
        return await self._database.read(partial(count_unheard_writes, issue_id=issue_id, before=before))

    async def heard_from_history(self, issue_id: int, last: LastBodies, before: int) -> bool:
        """Hear from a body's history whether somebody's edit was lost; tell whether the body is to be looked at.

        Of writes before a time there is nothing to be heard any more.
        """
        work = partial(record_body_history, issue_id=issue_id, last=last, before=before)
        return await self._database.write(work)

    async def left(self, issue_id: int, body: str | None) -> None:
        """Record that a body is as we want it."""
        await self._database.write(partial(note_left, issue_id=issue_id, body=body))

    async def has_written(self, issue_id: int, body: str | None) -> bool:
        """Return whether a body is one that we have written at some time."""
        return await self._database.read(partial(has_written, issue_id=issue_id, body=body))

    async def is_untouched_since(self, issue_id: int, body: str | None, write: int) -> bool:
        """Return whether a body is ours and nobody else has changed the letter since our write of this number."""
        return await self._database.read(partial(is_untouched_since, issue_id=issue_id, body=body, number=write))

    async def found(self, issue_id: int, lost_by: int) -> None:
        """Record that what a write replaced is back, or is out of date."""
        await self._database.write(partial(note_found, issue_id=issue_id, lost_by=lost_by))

    # Letters

    async def letter_to_trace(self, installation_id: int, now: float) -> ThreadToRead | None:
        """Return the first thread of a petition of whose letter it is not known what it said before."""
        read = partial(read_letter_to_trace, installation_id=installation_id, now=int(now))
        return await self._database.read(read)

    async def note_past(self, petition_id: int, bodies: Sequence[tuple[int, str]]) -> None:
        """Record bodies that people saved, each with its time, as the issue's edit history tells it."""
        work = partial(record_past, petition_id=petition_id, bodies=bodies, now=int(self._now()))
        await self._database.write(work)

    async def put_off_past(self, petition_id: int, until: int = NEVER) -> None:
        """Record when to ask what the letter said before; without a time, that this is known."""
        await self._database.write(partial(put_off_past, petition_id=petition_id, until=until))

    # Ages of accounts

    async def unaged(self, issue_id: int) -> list[int]:
        """Name a comment of everybody on an issue whose account's age is asked for and not known."""
        return await self._database.read(partial(read_unaged, issue_id=issue_id))

    async def note_ages(self, issue_id: int, born: Mapping[int, int]) -> None:
        """Record when the accounts of people who signed on an issue were opened; who is old enough counts now."""
        await self._database.write(partial(record_ages, issue_id=issue_id, born=born, now=int(self._now())))
        self._announce()

    # People who are to be forgotten

    async def people_called(self, login: str) -> list[int]:
        """Return the ids of all who were called so when we last heard of them."""
        return await self._database.read(partial(people_called, login=login))

    async def forget(self, people: Collection[int]) -> Forgotten:
        """Erase who these people are and what they gave of themselves, in all petitions, for good."""
        found = await self._database.write(partial(record_forgotten, people=people, now=int(self._now())))
        self._announce()
        return found

    async def anonymise(self, installation_id: int) -> list[ToAnonymise]:
        """Erase the details of petitions that ended long enough ago; what goes on gets them back from GitHub."""
        now = int(self._now())
        work = partial(read_to_anonymise, installation_id=installation_id, now=now)
        petitions = await self._database.read(work)
        for one in petitions:
            for issue_id in await self._database.write(partial(record_anonymity, one=one, now=now)):
                await self._database.write(partial(strip_thread, issue_id=issue_id, now=now))
        if petitions:
            self._announce()
        return petitions

    # Failed deliveries

    async def swept_until(self) -> int:
        """Return up to when the log of deliveries has been read; 0 for never."""
        return await self._database.read(read_swept_until)

    async def swept(self, failed: Sequence[FailedDelivery], arrived: Sequence[str], until: int) -> None:
        """Record what the log of deliveries said, and up to when it has been read."""
        await self._database.write(partial(record_sweep, failed=failed, arrived=arrived, swept_until=until))

    async def failed_deliveries(self) -> list[FailedDelivery]:
        """List deliveries that have not arrived, oldest first."""
        return await self._database.read(read_failed_deliveries)

    async def asked_for(self, guid: str, at: int) -> None:
        """Record that a delivery was asked for once more."""
        self._asked_for_delivery()
        await self._execute(sql.ASKED_FOR_DELIVERY, guid, at)

    async def give_up(self, guid: str) -> None:
        """Forget a delivery that GitHub cannot repeat."""
        await self._execute(sql.DROP_FAILED_DELIVERIES, [guid])

    # Everything

    async def petitions(self) -> list[int]:
        """List all petitions."""
        return await self._database.read(list_petitions)

    async def petitions_named(self, repository: str, number: int) -> list[int]:
        """List the petitions that an issue belongs to: one, or none."""
        owner, _, name = repository.partition("/")
        return await self._database.read(partial(find_petitions, owner=owner, name=name, number=number))

    async def inspect(self, petition_id: int) -> Inspection | None:
        """Check what is derived of a petition against a full fold of its comments; None where it is gone."""
        return await self._database.read(partial(inspect, petition_id=petition_id))

    # States

    async def conditions(self) -> list[Condition]:
        """List the petitions that are not fine, and why."""
        return await self._database.read(read_conditions)

    async def tell_conditions(self) -> list[Condition]:
        """List the petitions whose state has changed; each change is given out once, to one process."""
        changed = await self._database.read(read_new_conditions)
        return await self._database.write(partial(take_conditions, conditions=changed)) if changed else []

    async def _execute(self, statement: Statement, *values: object) -> None:
        await self._database.write(lambda transaction: transaction.execute(statement, *values))
