"""A petition whose letter and names are in many scripts, and its pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.export.handover_pack import make_files, write
from bot.links import Pages, Site
from bot.petition.comments.commands import Sign
from bot.store import PetitionExport, Store
from tests.store.scene import LETTER, REPOSITORY, Scene, person

NAMES = {
    "ada": "Ada Lovelace", "grace": "مريم الحسيني", "alan": "דנה כהן", "linus": "अनन्या शर्मा", "barbara": "李娜",
    "edsger": "Павел Ильин",
}  # fmt: skip
TEXT = "# To the archive\n\nPlease **open** it.\n\n- now\n- for all\n\n| a |\n| - |\n| 1 |\n\n> #strong[x] $y$\n"
AT = 1_795_000_000
PAGES = Pages("https://petitions.example.org", REPOSITORY, LETTER.number)


async def signed(url: str, **unlisted: str) -> PetitionExport:
    """Return a petition that is signed by all these, and by some who asked not to be listed."""
    store = await Store.open(url)
    try:
        scene = Scene(store, clock=1_794_900_000)
        await scene.label()
        await store.letters.record(LETTER.id, LETTER.id, TEXT, scene.clock)
        for login, name in NAMES.items():
            await scene.say(person(login), Sign(name, "=1+1", "Because\nit is *time*."))
        await scene.unsign("edsger")
        for login, name in unlisted.items():
            await scene.edit(await scene.sign(login, name), Sign(unlisted=True))
        found = await store.rosters.get_export(LETTER.id)
    finally:
        await store.close()
    assert found is not None
    return found


@pytest.fixture
async def whole(sqlite_url: str) -> PetitionExport:
    return await signed(sqlite_url)


@pytest.fixture
def pack(whole: PetitionExport, tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    write(make_files(whole, PAGES, Site(), AT), folder)
    return folder
