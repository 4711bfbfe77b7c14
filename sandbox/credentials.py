"""Who is calling: the App's key and JWTs, installation tokens that expire, personal tokens."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.types import Options

from sandbox.models import Installation, Refused, Repository, User
from sandbox.world import World

TOKEN_LIFE = 3600
"""Seconds an installation token lives."""
USER_TOKEN_LIFE = 8 * 3600
"""Seconds a token lives with which the App acts for a person."""
LEVELS = ("none", "read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token with what it may do."""

    value: str
    installation: Installation
    permissions: Mapping[str, str]
    minted_at: float
    expires_at: float
    actor: User
    """Who does what is done with it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: nobody, the App itself (by JWT), one of its installations, or a person."""

    actor: User | None = None
    is_app: bool = False
    token: Token | None = None

    @property
    def key(self) -> str:
        """Return the name of the rate-limit bucket."""
        if self.token is not None:
            return f"installation {self.token.installation.id}"
        if self.is_app:
            return "app"
        return "anonymous" if self.actor is None else f"user {self.actor.id}"


class Credentials:
    """The App's key pairs and every token handed out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = [_key(0)]
        self._tokens: dict[str, Token] = {}
        self._people: dict[str, tuple[User, float]] = {}
        self._actions: dict[int, Installation] = {}
        """What workflows act by, by repository: all of its tokens share one limit."""

    @property
    def private_key(self) -> str:
        """The latest private key in PEM (PKCS#1), as GitHub hands it out."""
        form = serialization.PrivateFormat.TraditionalOpenSSL
        pem = self._keys[-1].private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        return pem.decode()

    def add_key(self) -> None:
        """Make another private key; those before hold until they are deleted.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/managing-private-keys-for-github-apps
        """
        self._keys.append(_key(len(self._keys)))

    def delete_old_keys(self) -> None:
        """Delete all private keys but the latest."""
        del self._keys[:-1]

    def workflow_token(self, repository: Repository, actor: User, permissions: Mapping[str, str]) -> str:
        """Make a `GITHUB_TOKEN`, with which a workflow's job acts in its repository."""
        now = self._world.time()
        if repository.id not in self._actions:
            number, seen = self._world.next_id("installation"), {repository.id: repository}
            self._actions[repository.id] = Installation(number, repository.owner, now, now, {}, [], seen)
        self._actions[repository.id].permissions = dict(permissions)
        return self.mint(self._actions[repository.id], actor).value

    def mint(self, installation: Installation, actor: User | None = None) -> Token:
        """Make an installation token of today's form: some 520 characters with two dots."""
        now = self._world.now()
        parts = [
            base64.urlsafe_b64encode(self._world.random.randbytes(n)).decode().rstrip("=") for n in (54, 210, 114)
        ]
        token = Token(
            value=f"ghs_{self._world.app.id}_{'.'.join(parts)}",
            installation=installation,
            permissions=dict(installation.permissions),
            minted_at=now,
            expires_at=now + TOKEN_LIFE,
            actor=actor or self._world.app.bot,
        )
        self._tokens[token.value] = token
        return token

    def personal_token(self, user: User) -> str:
        """Make a token with which a person uses the API."""
        value = "ghp_" + self._world.random.randbytes(18).hex()
        self._people[value] = user, math.inf
        return value

    def user_token(self, user: User) -> str:
        """Make a token with which the App acts for a person who has agreed to that."""
        value = "ghu_" + self._world.random.randbytes(18).hex()
        self._people[value] = user, self._world.now() + USER_TOKEN_LIFE
        return value

    def revoke(self, value: str) -> bool:
        """Revoke a person's token; False where it is none."""
        return self._people.pop(value, None) is not None

    def caller(self, authorization: str | None) -> Caller:
        """Find out who calls from the header `Authorization`; 401 for what is no longer or was never valid."""
        if not authorization:
            return Caller()
        scheme, _, credentials = authorization.partition(" ")
        credentials = credentials.strip()
        if scheme.lower() not in {"bearer", "token"}:
            raise Refused(401, "Bad credentials")
        person, until = self._people.get(credentials, (None, 0.0))
        if self._world.now() < until:
            return Caller(actor=person)
        if credentials.startswith("ghs_"):
            return self._installation(credentials)
        if scheme.lower() == "bearer" and credentials.count(".") == 2:
            self._check_jwt(credentials)
            return Caller(is_app=True)
        raise Refused(401, "Bad credentials")

    def _installation(self, value: str) -> Caller:
        token = self._tokens.get(value)
        if token is None or token.expires_at <= self._world.now() or token.installation.deleted:
            raise Refused(401, "Bad credentials")
        if token.installation.suspended_at is not None:
            raise Refused(403, "This installation has been suspended")
        return Caller(actor=token.actor, token=token)

    def _check_jwt(self, value: str) -> None:
        claims = self._read_jwt(value)
        now, app = self._world.now(), self._world.app
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or issued > now:
            claim = "'Issued at' claim ('iat')"
            raise Refused(401, f"{claim} must be an Integer representing the time that the assertion was issued")
        if not isinstance(expires, int) or expires <= now:
            what = "a numeric value representing the future time at which the assertion expires"
            raise Refused(401, f"'Expiration time' claim ('exp') must be {what}")
        if expires > now + 600:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        if str(claims.get("iss")) not in {str(app.id), app.client_id}:
            raise Refused(404, "Integration not found")

    def _read_jwt(self, value: str) -> dict[str, object]:
        # The times are checked against the sandbox's own clock.
        own_clock: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
        for key in self._keys:
            with suppress(jwt.InvalidTokenError):
                claims: dict[str, object] = jwt.decode(
                    value, key.public_key(), algorithms=["RS256"], options=own_clock
                )
                return claims
        raise Refused(401, "A JSON web token could not be decoded")


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """Make an App's key, once per process: it takes a tenth of a second, and tests make many sandboxes."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
