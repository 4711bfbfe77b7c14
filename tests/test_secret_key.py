"""What is encrypted opens only with the key that encrypted it, and tokens do not reveal the key."""

from __future__ import annotations

import pytest

from bot.encryption_and_derived_tokens import WrongKey, decrypt, derive, encrypt

KEY, OTHER = "k" * 32, "o" * 32
NOON = 1_795_348_800.0


def test_what_was_encrypted_comes_out_again() -> None:
    sealed = encrypt("-----BEGIN … ✍️", KEY, NOON)
    assert decrypt(sealed, KEY) == "-----BEGIN … ✍️"
    assert "BEGIN" not in sealed


def test_what_another_key_encrypted_or_somebody_changed_does_not_open() -> None:
    changed = encrypt("x", KEY, NOON)[:-8] + "AAAAAAA="
    for sealed in (encrypt("x", OTHER, NOON), changed, "", "gibberish"):
        with pytest.raises(WrongKey, match="Set that key again"):
            decrypt(sealed, KEY)


def test_a_token_is_the_same_every_time_and_another_for_another_purpose_or_key() -> None:
    assert derive(KEY, "setup") == derive(KEY, "setup")
    assert len({derive(KEY, "setup"), derive(KEY, "operator"), derive(OTHER, "setup")}) == 3
    assert len(derive(KEY, "setup")) == 32
