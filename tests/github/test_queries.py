"""What the bot asks by GraphQL is valid by the schema that GitHub publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from bot.github.models import graphql

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema((ROOT / "tests/sandbox/github_schema.graphql").read_text("utf-8"))
QUERIES = (
    graphql.COMMENT_HISTORIES,
    graphql.COMMENT_AUTHORS,
    graphql.BODY_REVISIONS,
    graphql.REVISION_TEXTS,
    graphql.NEWEST_REACTIONS,
    graphql.VIEWER,
    graphql.accounts_by_login(["ada", "grace"])[0],
)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_valid_by_githubs_schema(query: str) -> None:
    assert not validate(SCHEMA, parse(query))


def test_a_field_that_github_does_not_have_is_found() -> None:
    query = graphql.REVISION_TEXTS.replace("diff", "text")
    assert [error.message for error in validate(SCHEMA, parse(query))] == [
        "Cannot query field 'text' on type 'UserContentEdit'."
    ]


def test_every_file_of_a_query_is_used() -> None:
    files = list((ROOT / "bot/github/queries").iterdir())
    assert files
    for file in files:
        assert any(file.read_text("utf-8") in query for query in QUERIES), file.name
