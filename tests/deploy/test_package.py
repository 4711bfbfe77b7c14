"""The package is the bot: no sandbox, no tests, and a command `undersigned` that says so."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.bare import ROOT, plain_environment


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, and unpack it as pip does."""
    made = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made / "site")
    return made / "site"


def start(site: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Start its entry point, as the script that pip makes of it does, in a folder that is no clone."""
    (entry,) = re.findall(r"^undersigned = (.+):main$", _about(site, "entry_points.txt"), re.MULTILINE)
    code = f"from {entry} import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=site,
        env=plain_environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_wheel_has_the_bot_and_nothing_else(site: Path) -> None:
    assert [path.name for path in site.iterdir() if not path.name.endswith(".dist-info")] == ["bot"]
    packed, ours = (
        {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"}
        for root in (site / "bot", ROOT / "bot")
    )
    assert packed == ours


def test_the_wheel_offers_the_extras(site: Path) -> None:
    assert re.findall(r"^Provides-Extra: (.*)$", _about(site, "METADATA"), re.MULTILINE) == ["demo", "postgres"]


def test_an_installed_bot_says_where_the_demo_is(site: Path) -> None:
    code, said = start(site, "demo", "--signers", "1")
    assert code == 2
    assert said.startswith(
        "`demo` needs the sandbox, which is in the project's repository and not in the package. "
    )
    assert said.count("\n") == 1


def test_an_installed_bot_names_the_extra_that_it_lacks(site: Path) -> None:
    (site / "asyncpg.py").write_text("raise ModuleNotFoundError(name='asyncpg')\n")
    code, said = start(site, "migrate", DATABASE_URL="postgresql://127.0.0.1:1/d")
    (site / "asyncpg.py").unlink()
    assert code == 2
    assert said.startswith(f"PostgreSQL needs asyncpg, which is not installed for {sys.executable}. ")
    assert said.endswith(" Install undersigned[postgres] there.\n")


def _about(site: Path, file: str) -> str:
    (found,) = site.glob(f"*.dist-info/{file}")
    return found.read_text(encoding="utf-8")
