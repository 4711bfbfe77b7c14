"""What it costs to build everything anew from an empty database."""

from __future__ import annotations

import time

from tests.whole.recorded_calls import surveyed, watched

PETITIONS = 3
COMMENTS = 2_500
"""As many as GitHub takes on one issue."""


async def test_three_full_threads_are_rebuilt_with_26_reads_and_one_write_each(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        stage.sandbox.world.now = lambda: time.time() - 86_400
        petitions = [stage.petition() for _ in range(PETITIONS)]
        stage.sandbox.world.now = lambda: time.time() - 80_000
        people = [stage.sandbox.user(f"person-{number}") for number in range(COMMENTS - 1)]
        for petition in petitions:
            for person in people:
                stage.sandbox.comments.create(petition, person, "/sign")
            stage.sandbox.comments.create(petition, people[0], "Well done, all of us.")
            # An open one would go on in another issue.
            stage.sandbox.issues.close(petition, petition.repository.owner)
        stage.sandbox.world.now = time.time
        await stage.start_bot()
        for petition in petitions:
            await stage.shows(petition, COMMENTS - 1)
        for petition in petitions:
            where = rf"/repos/lovelace/letters/issues/{petition.number}[/ ]"
            assert len(calls.like(f"GET {where}")) <= 26
            assert len(calls.like(f"PATCH {where}")) == 1
        reads = [call for call in calls.like("GET ") if "/issues/" not in call]
        assert len(reads) <= 2 * PETITIONS + 4, reads
        await surveyed(stage)
        # What the letter said before: who saved it when, and of what was not saved by us the text.
        assert len(calls.like("POST .*graphql")) == 2 * PETITIONS
