"""`init-repo`: give a repository its settings file, its issue form and its label, and ask before overwriting."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.config import Config
from bot.github.client import GitHub, RepositorySetup, repository_setup_with_token
from bot.github.errors import Forbidden, GitHubError, NotFound
from bot.operations import github_of
from bot.repository_templates import COLOR, DESCRIPTION, starter_files

Ask = Callable[[str], bool]
"""Put a question to whoever is there; False for no."""


class NotWritable(Exception):
    """A file or folder cannot be written; the message says which and why."""


@dataclass(slots=True)
class Furnished:
    """What was done, line by line; `is_complete` if everything is there now."""

    lines: list[str] = field(default_factory=list)
    is_complete: bool = True

    def say(self, line: str) -> None:
        """Record what was done."""
        self.lines.append(line)

    def lack(self, line: str) -> None:
        """Record what was not done."""
        self.lines.append(line)
        self.is_complete = False


def init_folder(folder: Path, label: str, may_overwrite: Ask) -> Furnished:
    """Write the files into a clone; the label is made on GitHub, by somebody else. Raises NotWritable."""
    done = Furnished()
    try:
        if not folder.is_dir():
            raise NotWritable(f"{folder} is no folder; give the one of your clone")
        for path, text in starter_files(label).items():
            if not (folder / path).resolve().is_relative_to(folder.resolve()):
                raise NotWritable(f"{folder / path} leads out of the clone, by a link that somebody has put there")
            _put(folder / path, path, text, may_overwrite, done)
    except OSError as error:
        raise NotWritable(f"{error.filename}: {error.strerror}") from error
    done.say(
        f"Commit and push them, and make the label: gh label create '{label}' --color {COLOR}"
        f" --description '{DESCRIPTION}'"
    )
    return done


async def init_repository(repo: str, config: Config, may_overwrite: Ask) -> Furnished:
    """Make the label and commit the files, as far as the token or the App may; raises `bot.github.errors`."""
    done = Furnished()
    async with aiohttp.ClientSession() as session:
        if config.token:
            setup = repository_setup_with_token(session, config.token, config.api_url, time.time)
        else:
            github = github_of(config, session)
            setup = await github.get_repository_setup(await _installation(github, repo))
        new = await setup.create_label(repo, config.petition_label, COLOR, DESCRIPTION)
        done.say(f"The label `{config.petition_label}` {'is made' if new else 'was there'}.")
        for path, text in starter_files(config.petition_label).items():
            await _commit(setup, repo, path, text, may_overwrite, done)
    return done


def _put(file: Path, path: str, text: str, may_overwrite: Ask, done: Furnished) -> None:
    known = file.read_text(encoding="utf-8", errors="replace") if file.exists() else None
    if known == text:
        done.say(f"{path} was there.")
    elif known is None or may_overwrite(f"{path} is there and says something else. Write over it?"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        done.say(f"{path} is written.")
    else:
        done.lack(f"{path} was left as it is.")


async def _commit(
    setup: RepositorySetup, repo: str, path: str, text: str, may_overwrite: Ask, done: Furnished
) -> None:
    try:
        known = await setup.read_file(repo, path)
        if known is not None and known.text == text:
            done.say(f"{path} was there.")
        elif known is None or may_overwrite(f"{path} is there and says something else. Write over it?"):
            await setup.write_file(repo, path, text, over=known)
            done.say(f"{path} is committed.")
        else:
            done.lack(f"{path} was left as it is.")
    except Forbidden:
        done.lack(
            f"{path} is not written: the App may not change files. Do it with a GITHUB_TOKEN of yours (Contents:"
            " write) or in a clone: python -m bot init-repo --dir PATH"
        )


async def _installation(github: GitHub, repo: str) -> int:
    try:
        return await github.find_installation(repo)
    except NotFound:
        raise GitHubError(f"{repo} is not there, or the App is not installed on it") from None
