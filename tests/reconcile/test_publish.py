"""A `/sign` that was recorded is published with few transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import BodyEdit, CommentFact, Fact, IssueFact
from bot.store import Lease, Store
from sandbox.models import Issue
from tests.reconcile.scene import Scene, WorkerScene


def count_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return the list of transactions from now on: `read` or `write`, and what it runs."""
    found: list[tuple[str, str]] = []
    database = store.database
    for kind in ("read", "write"):
        run = getattr(database, kind)

        async def note(
            work: Callable[..., Any], *rest: Any, kind: str = kind, run: Callable[..., Any] = run
        ) -> Any:
            found.append((kind, repr(work)))
            return await run(work, *rest)

        monkeypatch.setattr(database, kind, note)
    return found


async def sign(stage: Scene, petition: Issue, login: str) -> None:
    """Record that somebody has signed, as a delivery tells of it."""
    now = int(stage.clock())
    client = stage.github.installation(stage.installation.id)
    shown = await client.get_issue(petition.repository.full_name, petition.number)
    comment = stage.sandbox.comment(petition, login, "/sign")
    version = Version(now, body_digest("/sign"), Writer.AUTHOR, Sign())
    seen = Comment(comment.id, now, Author(comment.user.id, login), now, (version,))
    await stage.store.record([CommentFact(stage.installation.id, shown.repository, shown.issue, seen)])


async def test_a_signature_is_published_with_few_transactions(
    shift: WorkerScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three reads find the work; one read and one write are around the call that reads the issue; then the mark."""
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    await shift.adopt(petition)
    await shift.work()
    await sign(stage, petition, "ada")
    stage.clock.pass_by(60)
    shift.is_held = True
    transactions = count_transactions(stage.store, monkeypatch)
    while stage.called("PATCH") < 2:
        await shift.worker.step(Lease(lambda: True))
    assert [kind for kind, _ in transactions] == ["read", "read", "read", "read", "write", "write"]
    snapshot = await stage.store.petitions.get_snapshot(petition.id, 0)
    assert snapshot.revision == snapshot.published_revision


async def test_an_edit_that_is_reported_while_a_change_is_recorded_is_not_overwritten(
    shift: WorkerScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The body was read before the edit, although all else is loaded again after it."""
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    await shift.adopt(petition)
    await shift.work()
    await sign(stage, petition, "ada")
    stage.clock.pass_by(60)
    stage.sandbox.issues.lock(petition, stage.sandbox.organizer())
    record, edit = stage.store.record, BodyEdit(petition.body or "", "Dear everybody,", by_app=False)
    reported: list[IssueFact] = []

    async def record_and_report(facts: Sequence[Fact]) -> None:
        await record(facts)
        reported.extend(replace(one, edit=edit) for one in facts if isinstance(one, IssueFact))
        await record(reported)

    monkeypatch.setattr(stage.store, "record", record_and_report)
    shift.is_held = True
    while not reported:
        await shift.worker.step(Lease(lambda: True))
    assert stage.called("PATCH") == 1
    assert await stage.store.petitions.list_due(stage.installation.id, stage.clock())
