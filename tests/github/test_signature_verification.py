from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github.webhooks import verify
from tests.chance import examples

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""


def sign(body: bytes, secret: str, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


def test_githubs_own_example_holds() -> None:
    assert verify(BODY, PUBLISHED, [SECRET])


def test_any_of_the_secrets_will_do() -> None:
    assert verify(BODY, PUBLISHED, ["the next one", SECRET])
    assert verify(BODY, PUBLISHED, [SECRET, "the last one"])


def test_secrets_may_be_in_any_script() -> None:
    assert verify(BODY, sign(BODY, "秘密🔑"), ["秘密🔑"])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256",
        PUBLISHED.removeprefix("sha256="),
        PUBLISHED.upper(),
        PUBLISHED[:-1],
        PUBLISHED + "0",
        PUBLISHED + " ",
        "sha256=" + "é" * 64,
        "sha256=" + "\udcff" * 64,
        "sha256=\0" + PUBLISHED,
        sign(BODY, SECRET, "sha1"),
        sign(BODY, SECRET, "sha512"),
        sign(BODY, "another secret"),
        "sha256=" + hashlib.sha256(BODY).hexdigest(),
    ],
)
def test_anything_else_is_refused(header: str | None) -> None:
    assert not verify(BODY, header, [SECRET])


def test_without_a_secret_nothing_is_believed() -> None:
    assert not verify(BODY, PUBLISHED, [])
    assert not verify(BODY, sign(BODY, ""), [""])


@given(body=st.binary(min_size=1), at=st.integers(0, 200))
@settings(max_examples=examples(100), deadline=None)
def test_one_flipped_bit_breaks_the_signature(body: bytes, at: int) -> None:
    flipped = bytearray(body)
    flipped[at % len(body)] ^= 1
    header = sign(body, SECRET)
    assert verify(body, header, [SECRET])
    assert not verify(bytes(flipped), header, [SECRET])
