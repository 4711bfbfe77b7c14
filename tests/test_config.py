"""The environment becomes one value, or one message that names every variable."""

from __future__ import annotations

import base64
import textwrap
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.config import VARIABLES, Config, ConfigError, read


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


KEY = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)).strip()
COMPLETE = {"GITHUB_APP_ID": "12", "GITHUB_PRIVATE_KEY": KEY, "GITHUB_WEBHOOK_SECRET": "a"}


def problems(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        read(environment)
    return str(error.value)


def test_the_credentials_are_enough() -> None:
    assert read(COMPLETE) == Config(app_id="12", private_key=KEY, webhook_secrets=("a",))


def test_defaults_are_those_of_the_table() -> None:
    assert read({}, credentials=False) == Config()
    assert {name for name, default in VARIABLES.items() if default} == {
        "GITHUB_API_URL", "DATABASE_URL", "HOST", "PORT", "PETITION_LABEL", "RESYNC_SECONDS",
        "LOG_LEVEL",
    }  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("", None), ("0", 0), ("2", 2)])
def test_no_proxy_is_something_else_than_nothing_said(value: str | None, expected: int | None) -> None:
    said = {} if value is None else {"TRUSTED_PROXIES": value}
    assert read(COMPLETE | said).trusted_proxies == expected
    assert "TRUSTED_PROXIES must be a whole number from 0 to 9" in problems(COMPLETE | {"TRUSTED_PROXIES": "-1"})


CRLF = KEY.replace("\n", "\r\n")
FORMS = {
    "plain": KEY,
    "with CRLF": CRLF,
    "with CR": KEY.replace("\n", "\r"),
    "escaped newlines": KEY.replace("\n", "\\n"),
    "escaped CRLF": KEY.replace("\n", "\\r\\n"),
    "escaped twice": KEY.replace("\n", "\\\\n"),
    "escaped in quotes": f'"{KEY.replace(chr(10), chr(92) + "n")}"',
    "on one line": KEY.replace("\n", " "),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of CRLF": base64.b64encode(CRLF.encode()).decode(),
    "base64 wrapped at 76": base64.encodebytes(KEY.encode()).decode(),
    "base64 wrapped at 64 with CRLF": "\r\n".join(textwrap.wrap(base64.b64encode(KEY.encode()).decode(), 64)),
    "base64 wrapped and escaped": base64.encodebytes(KEY.encode()).decode().replace("\n", "\\n"),
    "base64 on one line with blanks": base64.encodebytes(KEY.encode()).decode().replace("\n", " "),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_private_key_survives_settings_pages_and_shells(form: str, tmp_path: Path) -> None:
    assert read(COMPLETE | {"GITHUB_PRIVATE_KEY": FORMS[form]}).private_key.split() == KEY.split()
    path = tmp_path / "app.pem"
    path.write_text(FORMS[form], newline="")
    environment = COMPLETE | {"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": str(path)}
    assert read(environment).private_key.split() == KEY.split()


def test_the_private_key_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    path.write_text(KEY)
    environment = COMPLETE | {"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": str(path)}
    assert read(environment).private_key == KEY


def test_everything_that_is_missing_is_named_at_once() -> None:
    message = problems({})
    assert [line.split()[0] for line in message.splitlines()] == [
        "GITHUB_APP_ID",
        "GITHUB_PRIVATE_KEY",
        "GITHUB_WEBHOOK_SECRET",
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"GITHUB_PRIVATE_KEY_PATH": "/nowhere/app.pem"}, "GITHUB_PRIVATE_KEY and GITHUB_PRIVATE_KEY_PATH"),
        ({"GITHUB_PRIVATE_KEY": "", "GITHUB_PRIVATE_KEY_PATH": "/nowhere/app.pem"}, "cannot be read"),
        ({"GITHUB_PRIVATE_KEY": "garbage"}, "GITHUB_PRIVATE_KEY does not contain an RSA"),
        ({"GITHUB_PRIVATE_KEY": KEY[:300]}, "GITHUB_PRIVATE_KEY does not contain an RSA"),
        (
            {"GITHUB_PRIVATE_KEY": pem(ec.generate_private_key(ec.SECP256R1()))},
            "GITHUB_PRIVATE_KEY does not contain an RSA",
        ),
        ({"GITHUB_WEBHOOK_SECRET": " "}, "GITHUB_WEBHOOK_SECRET"),
        ({"GITHUB_WEBHOOK_SECRET": " , ,"}, "GITHUB_WEBHOOK_SECRET"),
        ({"GITHUB_CLIENT_ID": "Iv23"}, "GITHUB_CLIENT_SECRET is not set"),
        ({"GITHUB_CLIENT_SECRET": "hush"}, "GITHUB_CLIENT_ID is not set"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"RESYNC_SECONDS": "0"}, "RESYNC_SECONDS"),
        ({"GITHUB_API_URL": "api.github.com"}, "GITHUB_API_URL"),
        ({"PUBLIC_URL": "http://["}, "PUBLIC_URL"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str) -> None:
    assert named in problems(COMPLETE | change)


def test_secrets_rotate() -> None:
    assert read(COMPLETE | {"GITHUB_WEBHOOK_SECRET": "new, old"}).webhook_secrets == ("new", "old")


def test_a_config_never_shows_its_secrets() -> None:
    shown = repr(read(COMPLETE | {"GITHUB_WEBHOOK_SECRET": "hush", "DATABASE_URL": "postgresql://u:pw@h/d"}))
    assert "hush" not in shown
    assert "pw" not in shown
    assert "BEGIN" not in shown


def test_what_organizers_sign_in_with_is_a_secret_and_not_for_show() -> None:
    client = {"GITHUB_CLIENT_ID": "Iv23", "GITHUB_CLIENT_SECRET": "hush-hush"}
    config = read(COMPLETE | client | {"SECRET_KEY": "k" * 32})
    assert config.lets_sign_in
    assert "hush-hush" in config.secrets()
    assert "hush-hush" not in repr(config)
    assert not read(COMPLETE | client).lets_sign_in
