"""What was refused because the database could not take it is made up for as soon as it can, with nobody's help."""

from __future__ import annotations

import pytest

from tests.whole.scene import scene
from tests.whole.test_database_trouble import Trouble, full, locked, read_only, signing_until_refused


@pytest.mark.parametrize("trouble", [read_only, full, locked], ids=["read-only", "full", "locked"])
async def test_who_signed_while_the_database_was_away_is_counted_when_it_is_back(
    sqlite_url: str, trouble: Trouble
) -> None:
    async with scene(sqlite_url) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await stage.sandbox.settled()
        async with trouble(stage):
            _, taken = await signing_until_refused(stage, petition)
            other = stage.petition()
            stage.sign(other, "ada")
            await stage.sandbox.settled()
        await stage.shows(petition, taken + 2)
        await stage.shows(other, 1)
