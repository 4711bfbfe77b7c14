"""What a repository is given so that petitions can begin in it: the texts of its files, and its label."""

from __future__ import annotations

from importlib import resources
from typing import Final

from bot.petition.organizers.settings import PATH

FORM: Final = ".github/ISSUE_TEMPLATE/petition.yml"
"""Where GitHub looks for issue forms.

https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
"""

COLOR: Final = "3d4fb5"
DESCRIPTION: Final = "People sign this by commenting /sign"


def starter_files(label: str) -> dict[str, str]:
    """Return the files by their paths; the form puts `label` on the issue that it opens."""
    # A label may hold anything, and in single quotes YAML wants only those doubled.
    quoted = label.replace("'", "''")
    form = _text("issue-form.yml").replace("'petition'", f"'{quoted}'")
    return {PATH: _text("petition.yml"), FORM: form}


def _text(name: str) -> str:
    return resources.files("bot.repository_templates").joinpath(name).read_text("utf-8")
