"""What a resync reads is let go of when it is over."""

from __future__ import annotations

import gc

import pytest

from bot.github.answers import Listing
from bot.reconcile.by_hand import resync_by_hand
from bot.sandbox.faults import Faults
from tests.reconcile.scene import Scene


@pytest.mark.parametrize("faults", [Faults(), Faults(where="/graphql", graphql_error=1.0)])
async def test_what_was_read_goes_without_waiting_for_the_garbage_collector(stage: Scene, faults: Faults) -> None:
    petition = stage.sandbox.petition()
    comment = stage.sandbox.comment(petition, "ada", "/sign")
    stage.clock.pass_by(10)
    stage.sandbox.state.edit_comment(comment, comment.user, "/sign Ada Lovelace")
    stage.sandbox.faults = faults
    gc.collect()
    gc.disable()
    try:
        found = await resync_by_hand(
            petition.repository.full_name, petition.number, stage.store, stage.github, "petition", stage.clock()
        )
        kept = [one for one in gc.get_objects() if isinstance(one, Listing)]
    finally:
        gc.enable()
    assert found.is_settled is (faults == Faults())
    assert kept == []
