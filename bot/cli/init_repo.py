"""`init-repo`: add the settings file, issue template and label to a repository, and ask before overwriting."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from bot import config
from bot.cli.command_base import (
    ENVIRONMENT,
    FAILED,
    OK,
    CliCommand,
    ask,
    configured,
    repository_argument,
    run,
    say,
    with_app,
)
from bot.github.errors import Forbidden
from bot.github.repository_setup import COLOR, DESCRIPTION, RepositorySetup
from bot.petition.settings import PATH
from bot.store_and_github_from_config import open_repository_setup

TEMPLATE: Final = ".github/ISSUE_TEMPLATE/petition.md"
"""Where GitHub looks for issue templates. What follows the front matter is the issue's body, and so the letter.

https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/manually-creating-a-single-issue-template-for-your-repository
"""

FORMER_FORM: Final = ".github/ISSUE_TEMPLATE/petition.yml"
"""The issue form of 0.1; GitHub puts a form's headings and check boxes into the issue, so that people sign them."""

Ask = Callable[[str], bool]
"""Ask a question; False for no."""


class NotWritable(Exception):
    """A file or folder cannot be written; the message says which and why."""


class InitReport(Struct):
    """What was done, line by line; `is_complete` if everything is there now."""

    may_overwrite: Ask
    lines: list[str] = field(default_factory=list)
    is_complete: bool = True

    def say(self, line: str) -> None:
        """Record what was done."""
        self.lines.append(line)

    def lack(self, line: str) -> None:
        """Record what was not done."""
        self.lines.append(line)
        self.is_complete = False

    def wants(self, path: str, text: str, known: str | None) -> bool:
        """Return whether a file is to be written, and record why not; `known` is what is there."""
        if known == text:
            self.say(f"Unchanged: {path}.")
        elif known is None or self.may_overwrite(f"{path} exists and differs. Overwrite it?"):
            return True
        else:
            self.lack(f"Skipped: {path}.")
        return False


def starter_files(label: str) -> dict[str, str]:
    """Return the files by their paths; the template puts `label` on the issue that it opens."""
    # A label may hold anything, and in single quotes YAML wants only those doubled.
    quoted = label.replace("'", "''")
    template = _text("issue-template.md").replace("'petition'", f"'{quoted}'")
    return {PATH: _text("petition.yml"), TEMPLATE: template}


def _text(name: str) -> str:
    return resources.files("bot").joinpath("repository_templates", name).read_text("utf-8")


def init_folder(folder: Path, label: str, may_overwrite: Ask) -> InitReport:
    """Write the files into a clone; the label is created on GitHub separately. Raises NotWritable."""
    done = InitReport(may_overwrite)
    try:
        if not folder.is_dir():
            raise NotWritable(f"{folder} is not a folder; give the folder of your clone")
        for path, text in starter_files(label).items():
            file = folder / path
            if not file.resolve().is_relative_to(folder.resolve()):
                raise NotWritable(f"{file} leads out of the clone, because of a symbolic link")
            if done.wants(path, text, _read(file)):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                done.say(f"Wrote {path}.")
        _mention_former_form(_read(folder / FORMER_FORM), done)
    except OSError as error:
        raise NotWritable(f"{error.filename}: {error.strerror}") from error
    done.say(
        f"Commit and push the files. Then create the label: gh label create {shlex.quote(label)} --color {COLOR}"
        f" --description '{DESCRIPTION}'"
    )
    return done


async def init_repository(repo: str, settings: config.Config, may_overwrite: Ask) -> InitReport:
    """Create the label and commit the files, as far as the token or the App can; raises `bot.github.errors`."""
    done = InitReport(may_overwrite)
    async with open_repository_setup(settings, repo) as setup:
        new = await setup.create_label(repo, settings.petition_label)
        done.say(f"{'Created' if new else 'Unchanged:'} the label `{settings.petition_label}`.")
        for path, text in starter_files(settings.petition_label).items():
            await _commit(setup, repo, path, text, done)
        with suppress(Forbidden):
            former = await setup.read_file(repo, FORMER_FORM)
            _mention_former_form(None if former is None else former.text, done)
    return done


def _mention_former_form(text: str | None, done: InitReport) -> None:
    if text is not None and "label: Letter" in text:
        done.lack(
            f"{FORMER_FORM} is the issue form of an earlier version. It puts headings and check boxes into the"
            " letter that people sign. Delete it; the template replaces it."
        )


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else None


async def _commit(setup: RepositorySetup, repo: str, path: str, text: str, done: InitReport) -> None:
    try:
        known = await setup.read_file(repo, path)
        if done.wants(path, text, None if known is None else known.text):
            await setup.write_file(repo, path, text, over=known)
            done.say(f"Committed {path}.")
    except Forbidden:
        done.lack(
            f"{path} is not written: the App cannot change files. Use a GITHUB_TOKEN of yours"
            " (Contents: write), or a clone: python -m bot init-repo --dir PATH"
        )


def _init_repo(options: argparse.Namespace) -> int:
    may_overwrite = (lambda _question: True) if options.yes else ask
    if options.dir is not None:
        label = config.read(ENVIRONMENT, credentials=False).petition_label
        done = init_folder(options.dir, label, may_overwrite)
    else:
        done = run(init_repository(options.repository, _with_token_or_app(), may_overwrite))
    say(*done.lines)
    return OK if done.is_complete else FAILED


def _with_token_or_app() -> config.Config:
    settings = configured(credentials=False)
    if settings.token:
        return settings
    if not settings.secret_key and not settings.has_credentials:
        raise config.ConfigError(["GITHUB_TOKEN is not set, and no App is configured"])
    return with_app()


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "repository",
        metavar="OWNER/REPO",
        nargs="?",
        type=repository_argument,
        help="the repository; uses your GITHUB_TOKEN, or the App, which can only create the label",
    )
    where.add_argument(
        "--dir", type=Path, metavar="PATH", help="write the files into a clone on this machine instead"
    )
    parser.add_argument("--yes", action="store_true", help="overwrite files that differ, without asking")


COMMANDS = {"init-repo": CliCommand(_init_repo, _init_arguments, failures=(NotWritable,))}
