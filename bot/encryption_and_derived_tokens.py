"""Encrypt secrets at rest and derive tokens, all from one key, which only the environment has."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.time_types import EpochSeconds


class WrongKey(Exception):
    """The stored App is encrypted with another SECRET_KEY. Set that key again, or run drop-app and start over."""


def encrypt(text: str, secret_key: str, now: EpochSeconds) -> str:
    """Encrypt a text; `now` is stored in it."""
    return _box(secret_key).encrypt_at_time(text.encode(), int(now)).decode()


def decrypt(encrypted: str, secret_key: str) -> str:
    """Decrypt a text; raises WrongKey."""
    try:
        return _box(secret_key).decrypt(encrypted.encode()).decode()
    except InvalidToken:
        raise WrongKey(WrongKey.__doc__) from None


def derive(secret_key: str, purpose: str) -> str:
    """Return a token of 32 letters and digits, always the same for a purpose; it does not reveal the key."""
    return base64.b32encode(_derive(secret_key, purpose, 20)).decode().lower()


def operator_token(secret_key: str) -> str | None:
    """Return what opens the details of `/readyz`; None without a SECRET_KEY, when nothing does."""
    return derive(secret_key, "operator") if secret_key else None


def _box(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive(secret_key, "sealing", 32)))


def _derive(secret_key: str, purpose: str, length: int) -> bytes:
    info = f"undersigned {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret_key.encode())
