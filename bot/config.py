"""Read the environment once into a frozen `Config`; nothing else reads it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
LEAST_SECRET = 32


class ConfigError(Exception):
    """The configuration is incomplete or contradicts itself; `problems` names each variable."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


VARIABLES = {
    "GITHUB_APP_ID": "",
    "GITHUB_PRIVATE_KEY": "",
    "GITHUB_PRIVATE_KEY_PATH": "",
    "GITHUB_WEBHOOK_SECRET": "",
    "GITHUB_CLIENT_ID": "",
    "GITHUB_CLIENT_SECRET": "",
    "SECRET_KEY": "",
    "GITHUB_TOKEN": "",
    "REHEARSAL_SECOND_TOKEN": "",
    "GITHUB_API_URL": "https://api.github.com",
    "DATABASE_URL": "sqlite:///undersigned.db",
    "HOST": "0.0.0.0",  # noqa: S104 - a server listens; containers need all addresses
    "PORT": "8080",
    "TRUSTED_PROXIES": "",
    "PUBLIC_URL": "",
    "PETITION_LABEL": "petition",
    "RESYNC_SECONDS": "600",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "",
}
"""The variables with their defaults, empty where there is none; docs/REFERENCE.md explains them."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the operator decides. The key and the secrets never show in a repr."""

    app_id: str = ""
    private_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    second_token: str = field(default="", repr=False)
    api_url: str = VARIABLES["GITHUB_API_URL"]
    database_url: str = field(default=VARIABLES["DATABASE_URL"], repr=False)
    host: str = VARIABLES["HOST"]
    port: int = int(VARIABLES["PORT"])
    trusted_proxies: int | None = None
    """How many proxies say who calls; None for one, where it is on this machine or in a private network."""
    public_url: str | None = None
    petition_label: str = VARIABLES["PETITION_LABEL"]
    resync_seconds: int = int(VARIABLES["RESYNC_SECONDS"])
    log_level: str = VARIABLES["LOG_LEVEL"]
    log_format: str | None = None
    app_page: str = ""
    """Where GitHub shows the App, if it was stored by the set-up."""
    hook_url: str = ""
    """Where GitHub delivers, if the set-up was given another address for that."""

    @property
    def has_credentials(self) -> bool:
        """Return whether the environment says which App this is; if not, the database may."""
        return bool(self.app_id and self.private_key and self.webhook_secrets)

    @property
    def is_stored(self) -> bool:
        """Return whether the App's credentials are from the database."""
        return bool(self.app_page)

    @property
    def lets_sign_in(self) -> bool:
        """Return whether organizers can sign in on the pages."""
        return bool(self.client_id and self.client_secret and self.secret_key)

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown to anybody."""
        password = _password_of(self.database_url)
        return (
            self.private_key,
            *self.webhook_secrets,
            self.client_secret,
            self.secret_key,
            self.token,
            self.second_token,
            password,
        )


CREDENTIALS = ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_PATH", "GITHUB_WEBHOOK_SECRET")


def read(environment: Mapping[str, str], *, credentials: bool = True) -> Config:
    """Read the configuration; `credentials` says whether the command needs to be the App.

    With a SECRET_KEY the credentials may be in the database instead, but not half of them.
    Raises ConfigError naming every variable that is missing or wrong, not only the first.
    """
    problems: list[str] = []
    reader = _Reader(environment, problems)
    if credentials and reader.text("SECRET_KEY"):
        credentials = any(reader.text(name) for name in CREDENTIALS)
    config = Config(
        app_id=reader.text("GITHUB_APP_ID", required=credentials),
        private_key=reader.private_key(required=credentials),
        webhook_secrets=reader.secrets(required=credentials),
        client_id=reader.text("GITHUB_CLIENT_ID"),
        client_secret=reader.text("GITHUB_CLIENT_SECRET"),
        secret_key=reader.secret_key(),
        token=reader.text("GITHUB_TOKEN"),
        second_token=reader.text("REHEARSAL_SECOND_TOKEN"),
        api_url=reader.url("GITHUB_API_URL") or "",
        database_url=reader.text("DATABASE_URL"),
        host=reader.text("HOST"),
        port=reader.number("PORT", 0, 65535),
        trusted_proxies=reader.number("TRUSTED_PROXIES", 0, 9) if reader.text("TRUSTED_PROXIES") else None,
        public_url=reader.url("PUBLIC_URL"),
        petition_label=reader.text("PETITION_LABEL"),
        resync_seconds=reader.number("RESYNC_SECONDS", 1, 86_400),
        log_level=reader.choice("LOG_LEVEL", LOG_LEVELS) or VARIABLES["LOG_LEVEL"],
        log_format=reader.choice("LOG_FORMAT", LOG_FORMATS),
    )
    if bool(config.client_id) is not bool(config.client_secret):
        missing = "GITHUB_CLIENT_SECRET" if config.client_id else "GITHUB_CLIENT_ID"
        problems.append(f"{missing} is not set; set both GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET, or neither")
    if problems:
        raise ConfigError(problems)
    return config


def read_for_reading(environment: Mapping[str, str]) -> Config:
    """Read the configuration of a command that only reads from GitHub: a token of one's own is enough.

    Raises ConfigError.
    """
    config = read(environment, credentials=False)
    if not config.token and not (config.app_id and config.private_key):
        problem = (
            "GITHUB_TOKEN is not set, and no App is configured or stored. Set GITHUB_TOKEN"
            " (for a public petition, any"
            " token works), GITHUB_APP_ID and GITHUB_PRIVATE_KEY, or the SECRET_KEY of a stored App"
        )
        raise ConfigError([problem])
    return config


def read_for_storing(environment: Mapping[str, str]) -> Config:
    """Read the configuration of the command that stores the App: its credentials, and the key to encrypt them.

    Raises ConfigError.
    """
    problems: list[str] = []
    for name in ("GITHUB_APP_ID", "GITHUB_WEBHOOK_SECRET", "SECRET_KEY"):
        _Reader(environment, problems).text(name, required=True)
    _Reader(environment, problems).private_key(required=True)
    if problems:
        raise ConfigError(problems)
    return read(environment)


def read_for_delivering(environment: Mapping[str, str]) -> Config:
    """Read the configuration of a command that only signs: a webhook secret, or the key to a stored one.

    Raises ConfigError.
    """
    config = read(environment, credentials=False)
    if not config.webhook_secrets and not config.secret_key:
        raise ConfigError(
            ["GITHUB_WEBHOOK_SECRET is not set; set the webhook secret of the bot that receives the delivery"]
        )
    return config


class _Reader(Struct, frozen=True):
    environment: Mapping[str, str]
    problems: list[str]

    def text(self, name: str, *, required: bool = False) -> str:
        """Return the value, or the default when the variable is unset or blank."""
        value = self.environment.get(name, "").strip() or VARIABLES[name]
        if required and not value:
            self.problems.append(f"{name} is not set")
        return value

    def number(self, name: str, least: int, most: int) -> int:
        value = self.text(name)
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        self.problems.append(f"{name} must be a whole number from {least} to {most}, not {value!r}")
        return least

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.text(name).lower()
        if value and value not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value or None

    def url(self, name: str) -> str | None:
        value = self.text(name).rstrip("/")
        try:
            parts = urlsplit(value)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            good = False
        if value and not good:
            self.problems.append(f"{name} must be an http or https URL, not {value!r}")
        return value or None

    def secrets(self, *, required: bool) -> tuple[str, ...]:
        value = self.text("GITHUB_WEBHOOK_SECRET", required=required)
        secrets = tuple(secret.strip() for secret in value.split(",") if secret.strip())
        if value and not secrets:
            self.problems.append("GITHUB_WEBHOOK_SECRET contains only commas")
        return secrets

    def secret_key(self) -> str:
        value = self.text("SECRET_KEY")
        if value and len(value) < LEAST_SECRET:
            self.problems.append(f"SECRET_KEY is too short; it must have {LEAST_SECRET} characters or more")
        return value

    def private_key(self, *, required: bool) -> str:
        value, path = self.text("GITHUB_PRIVATE_KEY"), self.text("GITHUB_PRIVATE_KEY_PATH")
        if value and path:
            self.problems.append(
                "GITHUB_PRIVATE_KEY and GITHUB_PRIVATE_KEY_PATH are both set; set only one of them"
            )
        elif path:
            return self._checked_key(
                "GITHUB_PRIVATE_KEY_PATH", lambda: _unfold(Path(path).read_text(encoding="utf-8"))
            )
        elif value:
            return self._checked_key("GITHUB_PRIVATE_KEY", lambda: value)
        elif required:
            self.problems.append("GITHUB_PRIVATE_KEY (or GITHUB_PRIVATE_KEY_PATH) is not set")
        return ""

    def _checked_key(self, name: str, load: Callable[[], str]) -> str:
        try:
            pem = _unfold(load())
        except OSError as error:
            self.problems.append(f"the file of {name} cannot be read: {error.strerror}")
            return ""
        except UnicodeDecodeError:
            pem = ""
        if not _is_rsa_key(pem):
            self.problems.append(
                f"{name} does not contain an RSA private key in PEM format (-----BEGIN … PRIVATE KEY-----)"
            )
        return pem


def _password_of(url: str) -> str:
    """Return the password in a database's URL, wherever it stands there, or an empty text."""
    try:
        parts = urlsplit(url)
        return parts.password or dict(parse_qsl(parts.query)).get("password", "")
    except ValueError:
        return ""


def _is_rsa_key(pem: str) -> bool:
    try:
        # GitHub also reports a key that is not valid; checking its primes here would slow down the start.
        key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        return isinstance(key, RSAPrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _unfold(value: str) -> str:
    r"""Undo what settings pages and shells do to a PEM text: newlines escaped or lost, quotes, base64."""
    text = _ESCAPED_NEWLINE.sub("\n", value.strip().strip("\"'"))
    if "-----BEGIN" not in text:
        try:
            # Tools wrap base64 after 76 characters.
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            return ""
    on_one_line = _ON_ONE_LINE.fullmatch(text.strip())
    return "\n".join([on_one_line[1], *on_one_line[2].split(), on_one_line[3]]) if on_one_line else text


_ESCAPED_NEWLINE = re.compile(r"(?:\\+r)?\\+n|\\+r")
_ON_ONE_LINE = re.compile(r"(-----BEGIN [A-Z ]+-----)([A-Za-z0-9+/= ]+)(-----END [A-Z ]+-----)")
