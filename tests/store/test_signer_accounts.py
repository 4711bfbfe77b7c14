"""Which accounts organizers want looked at, and what is known of them."""

from __future__ import annotations

from bot.petition.abuse_signals import Account
from bot.store.signer_accounts import ASK_AGAIN_AFTER
from tests.store.scene import INSTALLATION, LETTER, Scene, person

NOW = 2_000_000_000.0

FORGET_EMPTY = "UPDATE accounts SET empty = NULL"
"""As after an upgrade."""


async def logins(scene: Scene, most: int = 9, now: float = NOW) -> list[str]:
    """Return who is still to be looked at, read in parts."""
    found: list[str] = []
    last = None
    while batch := await scene.store.signer_accounts.list_unreviewed(LETTER.id, last, most, now):
        found += [one.login for one in batch]
        last = batch[-1]
    return found


async def test_all_who_signed_are_looked_at_once_the_newest_first(scene: Scene) -> None:
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    accounts = scene.store.signer_accounts
    for most in (1, 2, 9):
        assert await logins(scene, most) == ["alan", "grace", "ada"]
    await accounts.record_reviewed([Account(person("grace").id, 1)], [person("ada").id], NOW)
    assert await logins(scene) == ["alan"]
    assert await logins(scene, now=NOW + ASK_AGAIN_AFTER + 1) == ["alan", "ada"], "GitHub told nothing of ada"
    await scene.store.privacy.forget([person("grace").id])
    assert await logins(scene) == ["alan"], "there is no login to ask for"


async def test_an_account_of_which_only_the_age_is_known_is_looked_at(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.store.signer_accounts.record_ages(LETTER.id, [Account(person("ada").id, 1)])
    await scene.store.database.write(lambda work: work.execute(FORGET_EMPTY))
    assert await logins(scene) == ["ada"]
    (ada,) = (await scene.store.signer_accounts.get_sample(LETTER.id, 9)).accounts.values()
    assert (ada.born, ada.is_empty, ada.is_only_aged) == (1, False, True)


async def test_a_request_is_due_until_it_is_done_and_later_where_it_was_postponed(scene: Scene) -> None:
    await scene.sign("ada")
    store = scene.store
    await store.petitions.mark_published(LETTER.id, 99, 1)
    for ack in await store.acknowledgements.drop_late_and_list(INSTALLATION, 9):
        await store.acknowledgements.record_given(ack.comment_id, ack.wanted, 1)
    for thread in await store.threads.list_to_read(INSTALLATION, NOW):
        await store.threads.mark_read(thread)
    assert await store.petitions.list_installations_with_work(NOW) == []
    await store.signer_accounts.request_review(LETTER.id)
    await store.signer_accounts.request_review(12_345)
    assert await store.petitions.list_installations_with_work(NOW) == [INSTALLATION]
    assert await store.signer_accounts.get_due_review(INSTALLATION, NOW) == LETTER.id
    await store.signer_accounts.postpone_review(LETTER.id, NOW + 1)
    await store.signer_accounts.request_review(LETTER.id)
    assert await store.signer_accounts.get_due_review(INSTALLATION, NOW) is None, "a request ends no wait"
    assert await store.signer_accounts.get_due_review(INSTALLATION, NOW + 1) == LETTER.id
    assert await store.signer_accounts.get_due_review(INSTALLATION + 1, NOW + 1) is None
    await store.signer_accounts.end_review(LETTER.id)
    assert await store.signer_accounts.get_due_review(INSTALLATION, NOW + 1) is None
