"""What people read is short, its headings and pictures are there, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import config, repository_sync
from bot.github import throttle
from bot.petition import settings
from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.reconcile.continuation_issues import COMMENT_LIMIT
from tests.test_documents import DOCUMENTS, README, ROOT, section
from tests.whole import test_kill, test_machine


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 130


def test_what_holds_under_stress_and_load_is_said_in_few_words() -> None:
    assert sum(len(page(name).split()) for name in ("RELIABILITY", "SCALING")) <= 1_800


@pytest.mark.parametrize("document", DOCUMENTS)
def test_headings_that_documents_link_to_exist(document: str) -> None:
    here = ROOT / document
    links = re.findall(r"\]\(([^)#\s]*\.md)?#([^)\s]+)\)", here.read_text(encoding="utf-8"))
    missing = [f"{to}#{name}" for to, name in links if name not in anchors(here.parent / to if to else here)]
    assert missing == []


def test_pictures_are_there_and_described() -> None:
    shown = re.findall(r"!\[(.*?)\]\((docs/\S+)\)", README)
    assert shown
    for description, picture in shown:
        assert len(description) > 20
        assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")


def test_the_readme_says_how_much_a_test_run_plays_and_how_often_the_bot_looks() -> None:
    words = {50: "fifty", 10: "ten"}
    resync = int(config.VARIABLES["RESYNC_SECONDS"])
    said = section(README, "## How it stays right")
    assert f"{test_machine.STEPS:,} random steps" in said
    assert f"{test_machine.STEPS:,} steps" in page("RELIABILITY")
    assert f"{words[test_kill.DEATHS]} kills" in said
    assert f"every {words[resync // 60]} minutes" in said


def test_documents_name_the_present_version_of_the_reading_of_comments() -> None:
    assert f"the present one is version {GRAMMAR}." in page("RECOUNT")
    assert f"(grammar version {GRAMMAR})" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_limits_that_documents_count_with_are_those_of_the_bot() -> None:
    scaling = page("SCALING")
    assert f"| {COMMENT_LIMIT:,} comments on an issue |" in scaling
    assert f"the next issue opens at {settings.DEFAULTS.comments_per_thread:,} |" in scaling
    ours = throttle.Limits()
    reactions = ours.content_per_hour - ours.reserve
    assert f"| {reactions} reactions an hour; {ours.reserve} stay for issues |" in scaling
    assert f"at most {reactions} an hour, or {repository_sync.MAX_REACTIONS} with each run" in page("SIGNERS")
    assert f"| reactions | {reactions} an hour | {repository_sync.MAX_REACTIONS} a run |" in page("WORKFLOW")


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """Return the names under which GitHub links the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
