"""The translations of a letter: the last good texts, what changes is shown, and nothing stays of what is gone."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.facts_from_github import IssueGone, Repository, SettingsFact
from bot.petition.letter_versions_and_translations import Translation, TranslationFault, digest_of
from bot.store import KnownTranslations, Store
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene, rows

GERMAN = Translation("de", "letters/de.md", digest_of("Brief"), 100)
MISSING = Translation("fr", "letters/fr.md", fault=TranslationFault.MISSING)
TEXTS = {GERMAN.digest: "Brief"}


async def known(store: Store) -> KnownTranslations:
    (petition,) = await store.translations.list_in_repository(REPOSITORY.id)
    assert (petition.petition_id, petition.number) == (LETTER.id, LETTER.number)
    return petition.known


async def record(scene: Scene, *found: Translation, at: int = 10, **more: KnownTranslations) -> None:
    before = more.get("began_with") or await known(scene.store)
    await scene.store.translations.record(LETTER.id, found, TEXTS, at, before)


async def test_what_was_read_is_shown_with_a_new_revision(scene: Scene) -> None:
    await scene.sign("ada")
    before = (await scene.snapshot()).revision
    await record(scene, GERMAN, MISSING)
    snapshot = await scene.snapshot()
    assert snapshot.revision > before
    assert snapshot.translations == KnownTranslations((GERMAN, MISSING), 10)
    assert snapshot.translations.offered == (GERMAN,)
    await record(scene, GERMAN, MISSING, at=20)
    assert (await scene.snapshot()).revision == snapshot.revision
    assert (await known(scene.store)).settings_read_at == 20


async def test_a_text_is_kept_until_another_one_is_read(scene: Scene) -> None:
    await scene.sign("ada")
    await record(scene, GERMAN)
    unreadable = Translation("de", GERMAN.path, GERMAN.digest, 100, TranslationFault.UNREADABLE)
    await scene.store.translations.record(LETTER.id, [unreadable], {}, 20, await known(scene.store))
    found = await scene.store.rosters.get_translation(LETTER.id, "de")
    assert found is not None
    assert (found.text, found.translation) == ("Brief", unreadable)
    assert await scene.store.rosters.get_translation(LETTER.id, "fr") is None
    await record(scene, at=30)
    assert await rows(scene.store, "SELECT * FROM translations") == []


async def test_where_two_read_at_once_the_text_that_one_of_them_got_stays(scene: Scene) -> None:
    await scene.sign("ada")
    await record(scene, GERMAN)
    both_began_with = await known(scene.store)
    newer = Translation("de", GERMAN.path, digest_of("Neuer Brief"), 200)
    write = scene.store.translations.record
    await write(LETTER.id, [newer], {newer.digest: "Neuer Brief"}, 20, both_began_with)
    unreadable = replace(GERMAN, fault=TranslationFault.UNREADABLE)
    await write(LETTER.id, [unreadable], {}, 21, both_began_with)
    found = await scene.store.rosters.get_translation(LETTER.id, "de")
    assert found is not None
    assert (found.text, found.translation) == ("Neuer Brief", replace(newer, fault=TranslationFault.UNREADABLE))
    # It is read again, as the second reading began before the first one ended.
    assert (await known(scene.store)).settings_read_at == 0


async def test_a_push_of_one_of_the_files_has_them_read_again_and_of_others_not(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.store.settings.record(REPOSITORY.id, "goal: 5", 10)
    await record(scene, GERMAN, MISSING)
    before = (await scene.snapshot()).revision
    await scene.store.record([SettingsFact(INSTALLATION, REPOSITORY.id, ("README.md",))])
    assert ((await scene.snapshot()).revision, (await known(scene.store)).settings_read_at) == (before, 10)
    began_with = await known(scene.store)
    await scene.store.record([SettingsFact(INSTALLATION, REPOSITORY.id, ("README.md", "letters/fr.md"))])
    assert (await known(scene.store)).settings_read_at == 0
    assert not (await scene.store.settings.get(REPOSITORY.id)).is_read
    # What was being read meanwhile is out of date.
    await record(scene, GERMAN, MISSING, at=11, began_with=began_with)
    assert (await known(scene.store)).settings_read_at == 0


async def test_nothing_stays_of_a_petition_whose_issue_was_deleted(scene: Scene) -> None:
    await scene.sign("ada")
    await record(scene, GERMAN)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    await scene.store.translations.record(LETTER.id, [GERMAN], TEXTS, 20, KnownTranslations())
    assert await rows(scene.store, "SELECT * FROM translations") == []


async def test_a_petition_that_moves_to_another_repository_leaves_the_files_of_the_first(scene: Scene) -> None:
    await scene.sign("ada")
    await record(scene, GERMAN)
    home = Repository(REPOSITORY.id + 1, "acme", "others")
    moved = replace(scene.issue, id=2_000, number=1)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (home, moved))])
    assert (await scene.snapshot()).count == 1
    assert await rows(scene.store, "SELECT * FROM translations") == []
