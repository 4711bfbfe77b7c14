"""What a repository is given is read by the bot, and by GitHub, as it is meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from bot.cli.init_repo import TEMPLATE, starter_files
from bot.github.repository_setup import COLOR, DESCRIPTION
from bot.petition import settings, settings_file

FILES = starter_files("petition")


def test_the_settings_file_changes_nothing_as_it_is() -> None:
    assert settings_file.read(FILES[settings.PATH]) == settings.DEFAULTS


def test_each_line_of_it_can_be_switched_on_and_no_key_is_left_out() -> None:
    lines = re.findall(r"^#(\w+): .*$", FILES[settings.PATH], re.MULTILINE)
    assert set(lines) == set(settings.KEYS)
    switched_on = re.sub(r"^#(\w+: )", r"\1", FILES[settings.PATH], flags=re.MULTILINE)
    assert isinstance(settings_file.read(switched_on), settings.Settings), settings_file.read(switched_on)


def test_what_it_shows_as_the_default_is_the_default() -> None:
    examples = {"goal", "deadline", "also_accept", "anonymise_after", "first", "counter", "site", "translations"}
    for key, line in re.findall(r"^#((\w+): .*)$", FILES[settings.PATH], re.MULTILINE):
        if line not in examples:
            assert settings_file.read(key) == settings.DEFAULTS, key
        else:
            assert settings_file.read(key) != settings.DEFAULTS, key


def test_its_deadline_is_still_to_come() -> None:
    (day,) = re.findall(r"^#deadline: (\S+)$", FILES[settings.PATH], re.MULTILINE)
    assert settings.read_deadline(day) > datetime(2026, 12, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("label", ["petition", "open letter", "it's: a #label", "نداء"])
def test_the_template_opens_an_issue_with_the_label(label: str) -> None:
    assert front_matter(starter_files(label)[TEMPLATE])["labels"] == [label]


def test_the_template_is_one_that_github_takes() -> None:
    # https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/manually-creating-a-single-issue-template-for-your-repository
    assert TEMPLATE.startswith(".github/ISSUE_TEMPLATE/")
    assert TEMPLATE.endswith(".md")
    given = front_matter(FILES[TEMPLATE])
    assert {"name", "about"} <= set(given) <= {"name", "about", "title", "labels", "assignees"}
    assert len(given["name"]) >= 3


def front_matter(template: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)^---\n", template, re.DOTALL | re.MULTILINE)
    assert found
    read: dict[str, Any] = yaml.safe_load(found[1])
    return read


def test_the_label_is_one_that_github_takes() -> None:
    assert re.fullmatch("[0-9a-f]{6}", COLOR)
    assert len(DESCRIPTION) <= 100
