"""The SQL of the pages; what sorts and searches is put together from parts, once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from bot.petition.organizers.settings import Detail
from bot.store.engine.dialect import Statement, statement
from bot.store.statements import COMMENT_COLUMNS

_SEEN = """
    JOIN repositories r ON r.id = p.repository_id AND r.accessible AND NOT r.deleted
    JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
"""

# A petition goes by the name of its first issue; the others, and those that were moved, lead there.
FIND_PETITION: Final = statement(f"""
    SELECT p.id, p.page_key, p.revision, p.count AS total,
           r.id AS repository_id, r.owner, r.name, r.private, r.archived, r.installation_id, first.number
    FROM repositories asked
    JOIN threads t ON t.repository_id = asked.id AND t.number = $3
    JOIN threads here ON here.issue_id = CASE WHEN t.gone THEN t.moved_to ELSE t.issue_id END AND NOT here.gone
    JOIN petitions p ON p.id = here.petition_id AND NOT p.gone
    {_SEEN}
    JOIN threads first ON first.issue_id =
        (SELECT f.issue_id FROM threads f WHERE f.petition_id = p.id AND NOT f.gone ORDER BY f.position LIMIT 1)
    WHERE lower(asked.owner) = lower($1) AND lower(asked.name) = lower($2)
    ORDER BY asked.as_of DESC, asked.id DESC LIMIT 1
""")

PUBLIC_PETITIONS: Final = statement(f"""
    SELECT p.id, r.id AS repository_id, r.owner, r.name, r.private, r.archived,
           t.number, t.title, p.count AS total, p.closed_at, p.rules,
           (SELECT max(s.signed_at) FROM signatures s WHERE s.petition_id = p.id) AS latest
    FROM petitions p
    {_SEEN} AND NOT r.private
    JOIN threads t ON t.petition_id = p.id AND t.position = 1 AND NOT t.gone
    WHERE p.labelled AND NOT p.gone
    ORDER BY latest DESC NULLS LAST, p.id DESC LIMIT $1
""")

DAYS: Final = statement("""
    SELECT day, signatures FROM days WHERE petition_id = $1 AND signatures > 0 ORDER BY day
""")

DAYS_SINCE: Final = statement("""
    SELECT petition_id, day, signatures FROM days
    WHERE petition_id = ANY($1::BIGINT[]) AND day > $2 AND signatures > 0
    ORDER BY petition_id, day
""")

REVISIONS: Final = statement("SELECT id, revision FROM petitions WHERE id = ANY($1::BIGINT[])")

WITHDRAWN: Final = statement("""
    SELECT count(DISTINCT c.author_id) FROM comments c
    WHERE c.petition_id = $1 AND c.command = 'unsign'
      AND c.author_id NOT IN (SELECT user_id FROM signatures WHERE petition_id = $1)
""")

CROWD: Final = statement("""
    SELECT s.user_id, s.login, s.comment_id, s.signed_at, a.born
    FROM signatures s LEFT JOIN accounts a ON a.user_id = s.user_id
    WHERE s.petition_id = $1 ORDER BY s.signed_at DESC, s.comment_id DESC LIMIT $2
""")

_COMMENT_OF_LOGIN = """
    SELECT id, author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1 AND NOT gone)
      AND lower(author_login) = lower($2)
    ORDER BY created_at DESC, id DESC LIMIT 1
"""
_ON_SQLITE = _COMMENT_OF_LOGIN.replace("lower(author_login) = lower($2)", "author_login = $2 COLLATE NOCASE")

# It looks at all comments of a petition: an index for it would have to be written with every comment.
COMMENT_OF_LOGIN: Final = Statement(
    sqlite=statement(_ON_SQLITE).sqlite, postgresql=statement(_COMMENT_OF_LOGIN).postgresql
)

WHAT_SOMEBODY_SAID: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments WHERE id = $3
    UNION ALL
    SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = $2 AND command IS NOT NULL AND +petition_id = $1
    UNION ALL
    SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND doubtful AND author_id = $2
""")
"""All comments of a person ($2) that may explain why they are not counted, and the one with the id $3."""

_DETAILS = ((Detail.NAME, "s.name"), (Detail.AFFILIATION, "s.affiliation"), (Detail.REASON, "s.reason"))


@cache
def signature_of_login(show: frozenset[Detail]) -> Statement:
    """Ask for the signature of whoever has a login ($2) on a petition ($1), with the details that are shown."""
    question = f"{_entry('signatures', show)} WHERE s.petition_id = $1 AND lower(s.login) = lower($2)"
    # SQLite compares without making a text of each login first.
    on_sqlite = question.replace("lower(s.login) = lower($2)", "s.login = $2 COLLATE NOCASE")
    return Statement(sqlite=statement(on_sqlite).sqlite, postgresql=question)


@cache
def roster_statement(
    *, by_name: bool, descending: bool, patterns: int, following: bool, show: frozenset[Detail]
) -> Statement:
    """Put together the question for a part of a roster: $1 petition, $2 rows, then the cursor, then patterns.

    Times are sorted by their index. Names and searches look at all signatures of a petition: an index for them
    would have to be written with every signature. What is not shown can neither be found nor sorted by.
    """
    kind = _Kind(by_name, descending, patterns, following, show)
    return Statement(
        sqlite=statement(_roster(kind, collation="", like="LIKE")).sqlite,
        postgresql=_roster(kind, collation=' COLLATE "C"', like="ILIKE"),
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    by_name: bool
    descending: bool
    patterns: int
    following: bool
    show: frozenset[Detail]


def _roster(kind: _Kind, *, collation: str, like: str) -> str:
    key = f"{_sort_name(kind.show)}{collation}" if kind.by_name else "s.signed_at"
    direction = "DESC" if kind.descending else "ASC"
    conditions = ["s.petition_id = $1"]
    if kind.following:
        key_type = "TEXT" if kind.by_name else "BIGINT"
        conditions.append(f"({key}, s.comment_id) {'<' if kind.descending else '>'} ($3::{key_type}, $4::BIGINT)")
    if kind.patterns:
        first = 5 if kind.following else 3
        columns = ["s.login", *(column for detail, column in _DETAILS[:2] if detail in kind.show)]
        alike = (
            f"{column} {like} ${first + number} ESCAPE '\\'"
            for column in columns
            for number in range(kind.patterns)
        )
        conditions.append(f"({' OR '.join(alike)})")
    # The rows of the page first: joining them is for fifty and not for all.
    page = f"""(
        SELECT * FROM signatures s WHERE {" AND ".join(conditions)}
        ORDER BY {key} {direction}, s.comment_id {direction} LIMIT $2
    )"""
    return f"{_entry(page, kind.show)} ORDER BY {key} {direction}, s.comment_id {direction}"


def _entry(source: str, show: frozenset[Detail]) -> str:
    details = ", ".join(column if detail in show else "NULL" for detail, column in _DETAILS)
    return f"""
        SELECT s.user_id, s.login, s.comment_id, s.signed_at, {details},
               r.id, r.owner, r.name, r.private, r.archived, t.number, {_sort_name(show)}
        FROM {source} s
        JOIN comments c ON c.id = s.comment_id
        JOIN threads t ON t.issue_id = c.issue_id
        JOIN repositories r ON r.id = t.repository_id
    """


def _sort_name(show: frozenset[Detail]) -> str:
    return "lower(COALESCE(s.name, s.login))" if Detail.NAME in show else "lower(s.login)"
