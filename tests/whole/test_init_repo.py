"""`init-repo` prepares a repository or a clone of one, and writes over nothing that somebody wants to keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.init_repo import FORMER_FORM, TEMPLATE, NotWritable, init_folder, init_repository, starter_files
from bot.config import Config
from bot.petition.settings import PATH
from sandbox.server import LETTERS, Sandbox
from tests.whole.command_line import credentials, run
from tests.whole.scene import Scene

MINE = "goal: 5\n"

EARLIER = "name: Petition\nbody:\n  - type: textarea\n    attributes:\n      label: Letter\n"


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    sandbox.repository()
    return sandbox


def yes(_question: str) -> bool:
    return True


def no(_question: str) -> bool:
    return False


def of_the_owner(sandbox: Sandbox) -> Config:
    return Config(token=sandbox.token_of("lovelace"), api_url=sandbox.api_url)


# In a clone


def test_a_clone_gets_the_files(tmp_path: Path) -> None:
    done = init_folder(tmp_path, "petition", no)
    assert done.is_complete
    assert {path: (tmp_path / path).read_text() for path in (PATH, TEMPLATE)} == starter_files("petition")
    assert "gh label create petition " in done.lines[-1]
    again = init_folder(tmp_path, "petition", no)
    assert (again.is_complete, again.lines[:2]) == (True, [f"Unchanged: {PATH}.", f"Unchanged: {TEMPLATE}."])


def test_a_clones_own_file_is_written_over_only_if_somebody_says_so(tmp_path: Path) -> None:
    file = tmp_path / PATH
    file.parent.mkdir()
    file.write_text(MINE)
    assert not init_folder(tmp_path, "petition", no).is_complete
    assert file.read_text() == MINE
    assert init_folder(tmp_path, "petition", yes).is_complete
    assert file.read_text() != MINE


def test_the_form_of_an_earlier_version_is_mentioned_and_what_else_has_its_name_is_not(tmp_path: Path) -> None:
    former = tmp_path / FORMER_FORM
    former.parent.mkdir(parents=True)
    former.write_text(EARLIER)
    done = init_folder(tmp_path, "petition", yes)
    assert (done.is_complete, f"{FORMER_FORM} is the issue form of an earlier version" in done.lines[-2]) == (
        False,
        True,
    )
    former.write_text("name: My own\n")
    assert init_folder(tmp_path, "petition", yes).is_complete


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="no-such-folder"):
        init_folder(tmp_path / "no-such-folder", "petition", yes)
    (tmp_path / ".github").write_text("a file where a folder should be")
    with pytest.raises(NotWritable, match=r"\.github"):
        init_folder(tmp_path, "petition", yes)


@pytest.mark.parametrize("link", [".github", ".github/ISSUE_TEMPLATE", PATH])
def test_nothing_is_written_outside_of_a_clone(tmp_path: Path, link: str) -> None:
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    (clone / link).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (clone / link).symlink_to(elsewhere if link != PATH else elsewhere / "new.txt")
    with pytest.raises(NotWritable, match="leads out of the clone"):
        init_folder(clone, "petition", yes)
    assert not list(elsewhere.iterdir())


# Through the API


async def test_a_repository_gets_the_label_and_the_files(sandbox: Sandbox) -> None:
    done = await init_repository(LETTERS, of_the_owner(sandbox), no)
    repository = sandbox.repository()
    assert done.is_complete
    assert repository.labels["petition"].description
    assert {path: text.decode() for path, text in repository.files.items()} == starter_files("petition")
    again = await init_repository(LETTERS, of_the_owner(sandbox), no)
    assert (again.is_complete, [line for line in again.lines if "Unchanged" not in line]) == (True, [])


async def test_a_repositorys_own_file_is_written_over_only_if_somebody_says_so(sandbox: Sandbox) -> None:
    repository = sandbox.repository()
    sandbox.repositories.write_file(repository, PATH, MINE)
    assert not (await init_repository(LETTERS, of_the_owner(sandbox), no)).is_complete
    assert repository.files[PATH] == MINE.encode()
    assert (await init_repository(LETTERS, of_the_owner(sandbox), yes)).is_complete
    assert repository.files[PATH] != MINE.encode()


async def test_the_app_makes_the_label_and_says_who_can_write_the_files(sandbox: Sandbox) -> None:
    config = Config(app_id=str(sandbox.app_id), private_key=sandbox.private_key, api_url=sandbox.api_url)
    done = await init_repository(LETTERS, config, yes)
    assert "petition" in sandbox.repository().labels
    assert sandbox.repository().files == {}
    assert (done.is_complete, "GITHUB_TOKEN" in done.lines[-1], "--dir" in done.lines[-1]) == (False, True, True)


async def test_the_form_of_an_earlier_version_is_mentioned_in_a_repository_too(sandbox: Sandbox) -> None:
    sandbox.repositories.write_file(sandbox.repository(), FORMER_FORM, EARLIER)
    done = await init_repository(LETTERS, of_the_owner(sandbox), yes)
    assert (done.is_complete, "Delete it" in done.lines[-1]) == (False, True)


async def test_what_the_template_opens_holds_nothing_but_a_letter(stage: Scene) -> None:
    body = starter_files("petition")[TEMPLATE].rpartition("---\n")[2]
    shown = await stage.shows(stage.sandbox.petition("A letter", body), 0)
    assert shown.replace("\r\n", "\n").startswith(body)
    assert not {*"#<[*`"} & {*body}


async def test_the_label_is_the_configured_one(sandbox: Sandbox) -> None:
    await init_repository(LETTERS, replace(of_the_owner(sandbox), petition_label="Open letter"), no)
    assert "open letter" in sandbox.repository().labels
    assert b"labels: ['Open letter']" in sandbox.repository().files[TEMPLATE]


# As people type it


async def test_the_command_does_it_and_does_not_ask_where_nobody_is(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {"GITHUB_TOKEN": sandbox.token_of("lovelace"), "GITHUB_API_URL": sandbox.api_url}
    sandbox.repositories.write_file(sandbox.repository(), PATH, MINE)
    code, out, err = await run("init-repo", LETTERS, **environment)
    assert (code, f"Skipped: {PATH}" in out, "--yes" in err) == (1, True, True)
    code, out, _ = await run("init-repo", LETTERS, "--yes", **environment)
    assert (code, f"Committed {PATH}." in out) == (0, True)
    code, out, _ = await run("init-repo", "--dir", str(tmp_path))
    assert (code, (tmp_path / TEMPLATE).is_file()) == (0, True)


async def test_what_cannot_be_done_is_explained(sandbox: Sandbox) -> None:
    code, _, err = await run("init-repo", "letters")
    assert (code, "OWNER/REPO" in err, "Traceback" in err) == (2, True, False)
    code, _, err = await run("init-repo", "lovelace/nothing", **credentials(sandbox))
    assert (code, "lovelace/nothing does not exist" in err) == (2, True), err
    code, _, err = await run("init-repo", LETTERS)
    assert (code, "GITHUB_TOKEN" in err) == (2, True)
