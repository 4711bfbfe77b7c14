"""What a block says of which comments it counts, judged by the comments that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from bot.store import Store
from sandbox.models import Issue, User


def counted_to(text: str) -> int | None:
    """Say up to when a text tells machines that every comment is counted."""
    said = _said_to_machines(text).get("counted_to")
    return None if said is None else int(datetime.fromisoformat(str(said)).timestamp())


async def left_out(text: str, threads: Sequence[Issue], flagged: Collection[User], store: Store) -> list[str]:
    """Name the comments that the bot does not know although a body that it writes says that it has counted them.

    What accounts wrote that were flagged as spam appears and disappears, and nobody is told of it. In an issue that
    has moved comments may have other ids, until it was read.
    """
    until, found = counted_to(text), list[str]()
    first = await store.threads.get(threads[0].id)
    if until is None or first is None:
        return found
    petition = await store.petitions.get_snapshot(first.petition_id, 0)
    if petition.coverage is None or [one.issue_id for one in petition.threads] != [one.id for one in threads]:
        return found
    for issue in threads:
        known = await store.threads.list_present(issue.id, until + 1)
        for one in issue.visible_comments:
            if one.created_at <= until and one.id not in known and one.user not in flagged:
                found.append(f"up to {until} all are counted, and not that of {one.user.login} of {one.created_at}")
    return found


def wrong_words(block: str, end: int | None, now: int, count: int) -> Iterator[str]:
    """Look whether a block tells people what it tells machines, and how many signed which text of the letter."""
    until, told = counted_to(block), _said_to_machines(block)
    words, later, waiting = "", int(told.get("later", 0)), told.get("waiting", 0)
    if until is not None and "Counting is paused" not in block:
        shown = min(until, end) if end is not None and end < now else until
        moment = datetime.fromtimestamp(shown, UTC)
        since = f", and {later} signature{'s' * (later > 1)} since" if later and shown == until != end else ""
        words = f"**Every comment up to {moment.day} {moment:%b %Y, %H:%M:%S} UTC is counted{since}.**"
    if re.findall(r"\*\*Every comment up to .*?\*\*", block) != [words] * bool(words):
        yield f"the block does not say {words!r}"
    if (re.findall(r"(\d+) comments? (?:is|are) waiting for data from GitHub", block) or ["0"]) != [
        str(waiting)
    ] and words:
        yield f"{waiting} comments wait, and the block does not say so"
    for these, earlier in re.findall(r"\*\*(\d+) (?:people|person) signed this text, (\d+) an earlier", block):
        if int(these) + int(earlier) != count or int(earlier) == 0:
            yield f"{these} signed this text and {earlier} an earlier one, together {count}"


def _said_to_machines(text: str) -> dict[str, str | int]:
    line = re.search(r"<!-- undersigned (\{.*\}) -->", text)
    said: dict[str, str | int] = json.loads(line[1]) if line else {}
    return said
