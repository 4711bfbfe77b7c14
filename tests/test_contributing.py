"""What contributors are given: the words, in which the guides are written, and forms that GitHub takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_documents import ROOT, table

WORDS = (ROOT / "docs/WORDS.md").read_text(encoding="utf-8")
PAGES = ("ACCESSIBILITY", "IMPACT_ASSESSMENT", "ORGANIZERS", "PRIVACY", "SIGNERS", "WORKFLOW")
GUIDES = ["CODE_OF_CONDUCT.md", "CONTRIBUTING.md", *(f"docs/{page}.md" for page in PAGES)]
FORMS = sorted(
    path for path in (ROOT / ".github/ISSUE_TEMPLATE").iterdir() if path.suffix == ".yml" and path.stem != "config"
)


def test_every_word_has_one_meaning() -> None:
    words = [word for cell, _ in table(WORDS, "# Words") for word in cell.split(", ")]
    assert len(words) > 20
    assert len(words) == len(set(words))


@pytest.mark.parametrize("document", GUIDES)
def test_guides_use_one_word_for_one_thing(document: str) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / document).read_text(encoding="utf-8"), flags=re.DOTALL)
    avoided = [word for _, words in table(WORDS, "## What we write") for word in words.split(", ")]
    assert len(avoided) > 10
    assert [word for word in avoided if re.search(rf"\b{word}\b", text, re.IGNORECASE)] == []


# Forms for issues: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms

FIELDS = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}


def read(path: Path) -> dict[str, Any]:
    form: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return form


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_takes(path: Path) -> None:
    form = read(path)
    assert {"name", "description", "body"} <= set(form) <= {"name", "description", "body", "title", "labels"}
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert asked
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert set(field["attributes"]) <= FIELDS[field["type"]]
        assert set(field.get("validations", {})) <= {"required"}
        assert all(isinstance(text, str) for text in field["attributes"].get("options", []))
    for names in ([field["id"] for field in asked], [field["attributes"]["label"] for field in asked]):
        assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w-]+", field["id"]) for field in asked)


def test_who_has_no_form_is_led_on_by_links_that_lead_somewhere() -> None:
    config = read(ROOT / ".github/ISSUE_TEMPLATE/config.yml")
    assert set(config) == {"blank_issues_enabled", "contact_links"}
    for link in config["contact_links"]:
        assert set(link) == {"name", "url", "about"}
        place = link["url"].removeprefix("https://github.com/OWNER/REPO/")
        assert place == "security/policy" or (ROOT / place.removeprefix("blob/main/")).is_file()


def test_the_form_that_the_accessibility_page_names_is_there() -> None:
    (named,) = re.findall(r"with the form \*(.+?)\*", (ROOT / "docs/ACCESSIBILITY.md").read_text(encoding="utf-8"))
    assert named in [read(path)["name"] for path in FORMS]
